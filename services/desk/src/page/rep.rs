//! A rep's own page: every open lead with how to reach them, and what is on offer. Nothing on it changes anything; each
//! lead leads to the page where something can be said of it.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use ripen_domain::delivery::{ClientEvent, EventType, OutcomeKind};
use ripen_store::team::rep_leads::{RepLead, RepLinks};
use ripen_web::page::Layout;

use super::{
    page,
    shown::{ContactWay, ShownLead, when},
};

/// So many leads are shown.
pub const MOST: usize = 200;
/// So many reasons are shown of each: what was most worth.
const REASONS: usize = 3;

#[derive(Template)]
#[template(path = "rep.html")]
struct RepPage {
    offers: Vec<OpenOffer>,
    /// Nothing was said of them yet.
    waiting: Vec<OpenLead>,
    accepted: Vec<OpenLead>,
    /// There are more.
    is_cut: bool,
}

impl RepPage {
    /// How many wait for a call: whoever asked not to be contacted does not.
    fn to_call(&self) -> usize {
        self.waiting.iter().filter(|one| matches!(one.lead.reach, ContactWay::By(_))).count()
    }
}

struct OpenLead {
    lead: ShownLead,
    since: String,
    link: String,
}

struct OpenOffer {
    lead: ShownLead,
    link: String,
}

/// The page. `link` makes the address of a delivery's page.
pub fn render(rep: &RepLinks, leads: &[RepLead], link: impl Fn(&RepLead) -> String) -> Response {
    // Offers apart: their body has no name and no way to reach the person before somebody takes them.
    let (offers, open): (Vec<_>, Vec<_>) =
        leads.iter().take(MOST).partition(|lead| lead.event == EventType::LeadOffered);
    let (accepted, waiting): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|lead| lead.newest == Some(OutcomeKind::Accepted));
    let all = |leads: Vec<&RepLead>| leads.into_iter().map(|lead| OpenLead::read(lead, link(lead))).collect();
    let content = RepPage {
        offers: offers.into_iter().map(|lead| OpenOffer { lead: read(lead), link: link(lead) }).collect(),
        waiting: all(waiting),
        accepted: all(accepted),
        // The caller reads one more than `MOST`, so that no count over all leads is needed.
        is_cut: leads.len() > MOST,
    };
    let reader = format!("for {}", rep.name);
    page("Your open leads", &[&rep.client, &reader], Layout::Column, content).response(StatusCode::OK)
}

impl OpenLead {
    fn read(lead: &RepLead, link: String) -> Self {
        let mut shown = read(lead);
        shown.reasons.truncate(REASONS);
        Self { since: when(lead.sent_at, &shown.clock), lead: shown, link }
    }
}

fn read(lead: &RepLead) -> ShownLead {
    // The body is from when the lead was sent; `do_not_contact` is of now and wins, so that nobody calls a person who
    // has opted out since.
    ShownLead::read(ClientEvent::read(&lead.body).as_ref(), lead.do_not_contact)
}
