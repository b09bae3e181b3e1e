//! The page behind a link: who the lead is, what was said of it, and a form for each thing that can be said. One column that
//! fits a phone, no script, nothing from elsewhere.

use std::fmt::Write as _;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    delivery::{ClientEvent, EventType, LeadContact, LeadData, Member, OutcomeKind},
    outcome::{Said, Wrong, currency_of},
    reach::{mailto, shown_phone, tel},
};
use ripen_store::{delivery::feed::SentDelivery, outcome::list::OutcomeRecord};
use ripen_web::{Problem, html::Escaped};

/// Where the style lies.
pub const STYLE_PATH: &str = "/o/style.css";
const STYLE: &str = include_str!("page.css");

/// Its own style and its own forms, and nothing else.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What is said above the lead.
pub enum Message {
    /// Nothing.
    None,
    /// It is recorded.
    Recorded,
    /// It was recorded before.
    Again,
    /// Somebody else said something meanwhile.
    Stale,
    /// It is outside the rules.
    Refused(String),
    /// Fields are wrong.
    Wrong(Vec<Wrong>),
}

/// The style.
pub async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ];
    (headers, STYLE).into_response()
}

/// A link that opens nothing: changed on its way, or too old.
pub fn dead(status: StatusCode) -> Response {
    let (title, why) = if status == StatusCode::GONE {
        ("This link has expired", "Links work for 24 months.")
    } else {
        ("This link does not work", "It may have been cut short on its way: open it from the mail again.")
    };
    page(status, title, &format!("<p>{why} Whoever sent you the lead can tell you more.</p>\n"))
}

/// What could not be carried out.
pub fn trouble(problem: &Problem) -> Response {
    let content = format!("<p>{}</p>\n<p>Go back and send it again in a moment.</p>\n", Escaped(problem.detail()));
    let mut response = page(problem.status(), problem.kind().title, &content);
    problem.set_headers(&mut response);
    response
}

/// The lead with its forms. `typed` is what stands in the forms already.
pub fn lead(status: StatusCode, sent: &SentDelivery, message: &Message, typed: &Said) -> Response {
    let event = ClientEvent::read(&sent.row.body).unwrap_or_default();
    let data = event.lead().cloned().unwrap_or_default();
    let mut html = String::new();
    let is_offer = event.event.get() == Some(&EventType::LeadOffered);
    let clock = clock(&data);
    notice(&mut html, message, sent.outcomes.last().map(|one| in_words(one, &clock)), is_offer);
    facts(&mut html, sent, &data);
    if is_offer {
        offer(&mut html, &data, &clock);
        return page(status, "A lead on offer", &html);
    }
    history(&mut html, &sent.outcomes, &clock);
    forms(&mut html, sent, message, typed);
    page(status, &name(&contact(&data)), &html)
}

fn notice(html: &mut String, message: &Message, newest: Option<String>, is_offer: bool) {
    let newest = newest.unwrap_or_else(|| "nothing".to_owned());
    let (class, text) = match message {
        Message::None => return,
        Message::Recorded | Message::Again if is_offer => {
            ("good", "Recorded. If you took it, everything about it is on its way to you.".to_owned())
        }
        Message::Recorded => ("good", format!("Recorded: {newest}. Thank you.")),
        Message::Again => ("good", format!("That was recorded before and counts once. Said last: {newest}.")),
        Message::Stale => {
            ("bad", format!("Not recorded: something else was said meanwhile ({newest}). Look, and say it again."))
        }
        Message::Refused(why) => ("bad", format!("Not recorded. {why}")),
        Message::Wrong(wrong) => {
            let all: Vec<_> = wrong.iter().map(|one| one.message.as_str()).collect();
            ("bad", format!("Not recorded. {}", all.join(" ")))
        }
    };
    line(html, format_args!("<p class=\"notice {class}\" role=\"status\">{}</p>", Escaped(&text)));
}

fn facts(html: &mut String, sent: &SentDelivery, data: &LeadData) {
    let lead = contact(data);
    html.push_str("<dl>\n");
    reach(html, sent.do_not_contact, &lead);
    let place: Vec<_> = [&lead.postal_code, &lead.country].into_iter().filter_map(text).collect();
    for (label, value) in [("Place", place.join(", ")), ("Came from", source(data))] {
        if !value.is_empty() {
            pair(html, label, &value);
        }
    }
    let because: Vec<_> = data.reasons.get().into_iter().flatten().filter_map(|reason| text(&reason.because)).collect();
    if !because.is_empty() {
        pair(html, "Why an A", &because.join("; "));
    }
    pair(html, "Sent", &when(sent.row.sent_at, &clock(data)));
    html.push_str("</dl>\n");
}

/// How to reach the person, if at all.
pub fn reach(html: &mut String, do_not_contact: bool, lead: &LeadContact) {
    if do_not_contact {
        return pair(html, "Contact", "This person asked not to be contacted.");
    }
    let (phone, email) = (text(&lead.phone), text(&lead.email));
    for (label, shown, link) in [
        ("Phone", phone.map(shown_phone), phone.and_then(tel)),
        ("E-mail", email.map(str::to_owned), email.and_then(mailto)),
    ] {
        match (shown, link) {
            (Some(shown), Some(link)) => {
                let (link, shown) = (Escaped(&link), Escaped(&shown));
                line(html, format_args!("<dt>{label}</dt><dd><a href=\"{link}\">{shown}</a></dd>"));
            }
            (Some(shown), None) => pair(html, label, &shown),
            (None, _) => {}
        }
    }
}

/// Two buttons: to take it, or to pass.
fn offer(html: &mut String, data: &LeadData, clock: &TimeZone) {
    line(html, format_args!("<h2>Who accepts first has it, until {}</h2>", Escaped(&until(data, clock))));
    form(html, OutcomeKind::Accepted, 0, ("Take it", ""));
    let passed = "<input type=\"hidden\" name=\"reason\" value=\"passed\">\n";
    form(html, OutcomeKind::Returned, 0, ("Pass", passed));
}

/// Until when a lead is on offer.
pub fn until(data: &LeadData, clock: &TimeZone) -> String {
    data.offered_until.get().map(|at| when(*at, clock)).unwrap_or_default()
}

fn history(html: &mut String, outcomes: &[OutcomeRecord], clock: &TimeZone) {
    if outcomes.is_empty() {
        return;
    }
    html.push_str("<h2>Said so far</h2>\n<ul>\n");
    for one in outcomes.iter().rev() {
        let said = format!("{}, {} ({})", in_words(one, clock), when(one.at, clock), one.by);
        line(html, format_args!("<li>{}</li>", Escaped(&said)));
    }
    html.push_str("</ul>\n");
}

fn forms(html: &mut String, sent: &SentDelivery, message: &Message, typed: &Said) {
    let seen = sent.outcomes.last().map_or(0, |newest| newest.number);
    let is_open =
        |kind: OutcomeKind| !matches!(message, Message::None) && typed.outcome.as_deref() == Some(kind.word());
    html.push_str("<h2>What became of it?</h2>\n");
    form(html, OutcomeKind::Accepted, seen, ("Accept it", ""));
    let reason = typed.reason.as_deref().unwrap_or_default();
    let (_, country, reasons) = &sent.client;
    let why = |label: &str| {
        format!(
            "<label>{label}<input name=\"reason\" maxlength=\"1000\" required value=\"{}\"></label>\n",
            Escaped(reason)
        )
    };
    let returned = if reasons.is_empty() { why("Why?") } else { choice(reasons, reason) };
    let currency =
        typed.currency.clone().or_else(|| currency_of(country).map(|one| one.to_string())).unwrap_or_default();
    let sold = format!(
        "<label>Sold for<input name=\"amount\" inputmode=\"decimal\" required placeholder=\"12500.00\" value=\"{}\"></label>\n\
         <label>Currency<input name=\"currency\" maxlength=\"3\" required autocapitalize=\"characters\" value=\"{}\"></label>\n",
        Escaped(typed.amount.as_deref().unwrap_or_default()),
        Escaped(&currency),
    );
    let date = format!(
        "<label>When may it be?<input type=\"date\" name=\"date\" required value=\"{}\"></label>\n\
         <label>What was agreed<input name=\"reason\" maxlength=\"1000\" value=\"{}\"></label>\n",
        Escaped(typed.date.as_deref().unwrap_or_default()),
        Escaped(reason),
    );
    for (kind, title, button, fields) in [
        (OutcomeKind::Won, "Won", "Record the sale", sold),
        (OutcomeKind::NotYet, "Not yet", "Give it back until then", date),
        (OutcomeKind::Lost, "Lost", "Record it as lost", why("Why?")),
        (OutcomeKind::Returned, "Return it: it is no A lead", "Return it", returned),
    ] {
        let open = if is_open(kind) { " open" } else { "" };
        line(html, format_args!("<details{open}><summary>{title}</summary>"));
        form(html, kind, seen, (button, &fields));
        html.push_str("</details>\n");
    }
}

fn form(html: &mut String, kind: OutcomeKind, seen: i32, (button, fields): (&str, &str)) {
    line(
        html,
        format_args!(
            "<form method=\"post\">\n<input type=\"hidden\" name=\"seen\" value=\"{seen}\">\n{fields}\
             <button name=\"outcome\" value=\"{kind}\">{button}</button>\n</form>"
        ),
    );
}

/// The client's reasons of return.
fn choice(reasons: &[String], chosen: &str) -> String {
    let mut html = "<label>Why?<select name=\"reason\" required><option value=\"\">Choose</option>\n".to_owned();
    for reason in reasons {
        let selected = if reason == chosen { " selected" } else { "" };
        line(&mut html, format_args!("<option{selected}>{}</option>", Escaped(reason)));
    }
    html.push_str("</select></label>\n");
    html
}

fn in_words(said: &OutcomeRecord, clock: &TimeZone) -> String {
    let what = match said.kind {
        OutcomeKind::Accepted => "accepted",
        OutcomeKind::Returned => "returned",
        OutcomeKind::NotYet => "not yet",
        OutcomeKind::Won => "won",
        OutcomeKind::Lost => "lost",
    };
    let sale = said.sale.map(|sale| format!(", {sale}")).unwrap_or_default();
    let date = said.not_before.map(|at| format!(" before {}", at.to_zoned(clock.clone()).date())).unwrap_or_default();
    let reason = said.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{what}{sale}{date}{reason}")
}

/// Who it is, as far as that was said.
pub fn name(lead: &LeadContact) -> String {
    let parts: Vec<_> = [&lead.first_name, &lead.last_name].into_iter().filter_map(text).collect();
    let whole = lead.name.get().cloned();
    let name = if parts.is_empty() { whole } else { Some(parts.join(" ")) };
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "A lead".to_owned())
}

/// The text of a member; none where it has none.
pub fn text(member: &Member<String>) -> Option<&str> {
    member.get().map(String::as_str)
}

/// Whom the event is about.
pub fn contact(data: &LeadData) -> LeadContact {
    data.lead.get().cloned().unwrap_or_default()
}

/// Name of the source, empty where it is not told.
pub fn source(data: &LeadData) -> String {
    data.source.get().and_then(|source| text(&source.name)).unwrap_or_default().to_owned()
}

/// The clock of who got this; bodies of before it was said have UTC.
pub fn clock(data: &LeadData) -> TimeZone {
    text(&data.time_zone).and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// An instant in words.
pub fn when(at: Timestamp, clock: &TimeZone) -> String {
    at.to_zoned(clock.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string()
}

fn pair(html: &mut String, label: &str, value: &str) {
    line(html, format_args!("<dt>{label}</dt><dd>{}</dd>", Escaped(value)));
}

/// A line of HTML.
pub fn line(html: &mut String, content: std::fmt::Arguments<'_>) {
    let _cannot_fail = writeln!(html, "{content}");
}

/// A whole page. `title` is escaped here, `content` is HTML already.
pub fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let title = Escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex, nofollow\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<link rel=\"stylesheet\" href=\"{STYLE_PATH}\"></head>\n\
         <body><main><h1>{title}</h1>\n{content}</main></body></html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow")),
    ];
    (status, headers, html).into_response()
}
