//! A rep's own page: every open lead with how to reach them, and what is on offer. Nothing on it changes anything; each
//! lead leads to the page where something can be said of it.

use axum::{http::StatusCode, response::Response};
use ripen_domain::delivery::{ClientEvent, EventType, LeadData, OutcomeKind};
use ripen_store::team::rep_leads::{RepLead, RepLinks};
use ripen_web::html::Escaped;

use crate::page::{clock, contact, line, name, page, reach, source, text, until, when};

/// So many leads are shown.
pub const MOST: usize = 200;

/// The page. `link` makes the address of a delivery's page.
pub fn leads(rep: &RepLinks, leads: &[RepLead], link: impl Fn(&RepLead) -> String) -> Response {
    let mut html = String::new();
    line(&mut html, format_args!("<p>{}, {}</p>", Escaped(&rep.name), Escaped(&rep.client)));
    let (offers, open): (Vec<_>, Vec<_>) = leads.iter().partition(|lead| lead.event == EventType::LeadOffered);
    if !offers.is_empty() {
        html.push_str("<h2>On offer</h2>\n");
        offers.iter().for_each(|lead| offer(&mut html, lead, &link(lead)));
    }
    html.push_str("<h2>Open leads</h2>\n");
    if open.is_empty() {
        html.push_str("<p>None. What comes in next is mailed to you.</p>\n");
    }
    open.iter().for_each(|lead| one(&mut html, lead, &link(lead)));
    if leads.len() > MOST {
        line(&mut html, format_args!("<p>Only the newest {MOST} are shown.</p>"));
    }
    page(StatusCode::OK, "Your open leads", &html)
}

fn one(html: &mut String, lead: &RepLead, link: &str) {
    let data = told(lead);
    let who = contact(&data);
    let said = if lead.newest == Some(OutcomeKind::Accepted) { "accepted" } else { "nothing said yet" };
    line(html, format_args!("<section>\n<h3>{}</h3>\n<dl>", Escaped(&name(&who))));
    reach(html, lead.do_not_contact, &who);
    line(html, format_args!("<dt>Since</dt><dd>{}, {said}</dd>", when(lead.sent_at, &clock(&data))));
    line(
        html,
        format_args!("</dl>\n<p><a class=\"button\" href=\"{}\">What became of it?</a></p>\n</section>", Escaped(link)),
    );
}

fn offer(html: &mut String, lead: &RepLead, link: &str) {
    let data = told(lead);
    let place = [text(&contact(&data).postal_code).unwrap_or_default().to_owned(), source(&data)];
    let place: Vec<_> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let until = until(&data, &clock(&data));
    line(html, format_args!("<section>\n<p>{}</p>", Escaped(&place.join(", "))));
    line(
        html,
        format_args!("<p><a class=\"button\" href=\"{}\">Look, until {until}</a></p>\n</section>", Escaped(link)),
    );
}

/// What the rep was told; nothing where that cannot be read.
fn told(lead: &RepLead) -> LeadData {
    ClientEvent::read(&lead.body).and_then(|event| event.lead().cloned()).unwrap_or_default()
}
