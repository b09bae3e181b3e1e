//! A rep's own page: every open lead with how to reach them and the forms for what comes next, and what is on offer. A form is sent to
//! the lead's own page, which says what is recorded, or what is wrong at its field.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::Timestamp;
use ripen_domain::{
    delivery::{ClientEvent, EventType, OutcomeKind},
    id::LeadId,
    outcome::{FixedReason, OutcomeFields},
    time_in_words::apart,
};
use ripen_store::{
    appointment::list::AppointmentRecord,
    delivery::feed::ContactEnd,
    team::rep_leads::{RepLead, RepLinks},
};
use ripen_web::page::Layout;

use super::{
    frame::Frame,
    page,
    say::{SayForms, SayState, SayTerms},
    shown::{ContactWay, ShownAppointment, ShownBy, ShownLead, ShownTime},
};

/// So many leads are shown.
pub const MOST: usize = 200;
/// So many reasons are shown of each: what was most worth.
const REASONS: usize = 3;

#[derive(Template)]
#[template(path = "rep.html")]
struct RepPage<'a> {
    frame: &'a Frame,
    /// How long the one that waits longest does.
    longest: Option<String>,
    offers: Vec<OpenOffer>,
    /// Nothing was said of them yet.
    waiting: Vec<OpenLead>,
    accepted: Vec<OpenLead>,
    /// So many are not shown, because links about them were ended.
    ended: usize,
    /// There are more.
    is_cut: bool,
    terms: SayTerms<'a>,
    /// Nothing: what was typed wrong is corrected on the lead's own page.
    typed: OutcomeFields,
}

impl RepPage<'_> {
    /// How many wait for a call: whoever asked not to be contacted does not, nor who has an appointment.
    fn to_call(&self) -> usize {
        self.waiting.iter().filter(|one| one.is_to_call()).count()
    }

    fn forms<'s>(&'s self, one: &'s OpenLead) -> SayForms<'s> {
        SayForms {
            action: &one.link,
            name: &one.lead.name,
            state: one.state,
            // A lead that is sold is no open lead.
            is_sold: false,
            seen: one.seen,
            terms: &self.terms,
            typed: &self.typed,
            sent: None,
            errors: &[],
        }
    }
}

struct OpenLead {
    lead: ShownLead,
    state: SayState,
    since: ShownTime,
    sent_at: Timestamp,
    link: String,
    /// The number of the outcome that the reader sees as the newest.
    seen: i32,
}

struct OpenOffer {
    lead: ShownLead,
    link: String,
}

/// When the page is made, and how its links are.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// By what leads are shown.
    pub by: ShownBy<'a>,
    /// What is agreed with persons, the earliest first.
    pub appointments: &'a [AppointmentRecord],
    /// Makes the address of a delivery's page.
    pub link: &'a dyn Fn(&RepLead) -> String,
    /// So many leads are not among those shown, because links about them were ended for whoever holds the page's own.
    pub ended: usize,
}

/// The page.
pub fn render(frame: &Frame, rep: &RepLinks, leads: &[RepLead], moment: Moment<'_>) -> Response {
    let Moment { by, link, ended, appointments: _ } = moment;
    // Offers apart: their body has no name and no way to reach the person before somebody takes them.
    let (offers, open): (Vec<_>, Vec<_>) =
        leads.iter().take(MOST).partition(|lead| lead.event == EventType::LeadOffered);
    let (accepted, waiting): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|lead| lead.newest == Some(OutcomeKind::Accepted));
    let all = |leads: Vec<&RepLead>| leads.into_iter().map(|lead| OpenLead::read(lead, (rep, moment))).collect();
    // Whoever waits longest first, as the heading counts them; who is not waited for stands behind.
    let mut waiting: Vec<OpenLead> = all(waiting);
    waiting.sort_by_key(|one| (!one.is_to_call(), one.sent_at));
    let to_call = waiting.iter().filter(|one| one.is_to_call());
    let longest = to_call.map(|one| one.sent_at).min().map(|since| apart(since, by.now));
    let content = RepPage {
        frame,
        longest,
        offers: offers.into_iter().map(|lead| OpenOffer { lead: read(lead, by), link: link(lead) }).collect(),
        waiting,
        accepted: all(accepted),
        // The caller reads one more than `MOST`, so that no count over all leads is needed.
        is_cut: leads.len() > MOST,
        ended,
        terms: SayTerms::of(&rep.amounts, &rep.client_country, &rep.return_reasons),
        typed: OutcomeFields::default(),
    };
    let reader = format!("for {}", rep.name);
    page("Your open leads", &[&rep.client, &reader], Layout::Column, content).response(StatusCode::OK)
}

impl OpenLead {
    fn is_to_call(&self) -> bool {
        self.state == SayState::Waiting && self.lead.appointment.is_none()
    }

    fn read(lead: &RepLead, (rep, Moment { by, link, ended: _, appointments }): (&RepLinks, Moment<'_>)) -> Self {
        let mut shown = read(lead, by);
        let agreed =
            appointments.iter().filter(|one| !lead.do_not_contact && of_lead(lead) == Some(one.appointment.lead));
        shown.appointment = agreed.filter_map(|one| ShownAppointment::of(one, Some(&rep.name), by.now)).next();
        shown.reasons.truncate(REASONS);
        let since = apart(lead.sent_at, by.now);
        let since = ShownTime::said(lead.sent_at, format!("Sent {since} ago"), &shown.clock);
        let state = SayState::of(lead.newest, ended(lead));
        Self { since, sent_at: lead.sent_at, state, lead: shown, link: link(lead), seen: lead.seen }
    }
}

/// The lead, as its body names it.
fn of_lead(lead: &RepLead) -> Option<LeadId> {
    let event = ClientEvent::read(&lead.body)?;
    event.lead()?.lead.get()?.id.get().copied()
}

fn read(lead: &RepLead, by: ShownBy<'_>) -> ShownLead {
    // The body is from when the lead was sent; `do_not_contact` is of now and wins, so that nobody calls a person who
    // has opted out since.
    ShownLead::read(ClientEvent::read(&lead.body).as_ref(), ended(lead), by)
}

fn ended(lead: &RepLead) -> Option<ContactEnd> {
    lead.do_not_contact.then_some(ContactEnd::DoNotContact)
}
