//! A rep's own page: every open lead with how to reach them and the forms for what comes next, and what is on offer. A form is sent to
//! the lead's own page, which says what is recorded, or what is wrong at its field.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    delivery::{ClientEvent, EventType, KnownLead, OutcomeKind},
    id::{DeliveryId, LeadId},
    link::lifetime::{self, LIST_DAYS},
    outcome::{FixedReason, OutcomeFields},
    time::zone,
    time_in_words::apart,
    values::Conventions,
};
use ripen_store::{
    appointment::list::AppointmentRecord,
    delivery::feed::ContactEnd,
    team::{
        rep_closed::RepClosedLead,
        rep_leads::{RepLead, RepLinks},
    },
};
use ripen_web::page::{Layout, Page};

use super::{
    frame::{Frame, PageLink},
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
    /// What became of others lately, the last first.
    closed: Vec<ClosedLead>,
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
            figure: String::new(),
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

/// A lead of which it was said lately what became of it.
struct ClosedLead {
    name: String,
    /// `won, 12,500 USD`.
    what: String,
    at: ShownTime,
    link: String,
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
    /// What is known now of the leads that are the rep's.
    pub known: &'a BTreeMap<LeadId, KnownLead>,
    /// Makes the address of a delivery's page.
    pub link: &'a dyn Fn(DeliveryId) -> String,
    /// When the page's own link was made.
    pub link_made: Timestamp,
    /// What became of others lately, the last first.
    pub closed: &'a [RepClosedLead],
    /// So many leads are not among those shown, because links about them were ended for whoever holds the page's own.
    pub ended: usize,
}

/// The page.
pub fn render(frame: &Frame, rep: &RepLinks, leads: &[RepLead], moment: Moment<'_>) -> Response {
    let Moment { by, link, ended, link_made, closed, .. } = moment;
    let clock = zone(&rep.time_zone).unwrap_or(TimeZone::UTC);
    let until = PageLink::of(Some(&rep.name), lifetime::end_for_list(link_made), &clock);
    let frame = &frame.clone().of_link(PageLink { is_renewed: true, ..until });
    // Offers apart: their body has no name and no way to reach the person before somebody takes them.
    let (offers, open): (Vec<_>, Vec<_>) =
        leads.iter().take(MOST).partition(|lead| lead.event == EventType::LeadOffered);
    let (accepted, waiting): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|lead| lead.newest == Some(OutcomeKind::Accepted));
    let all = |leads: Vec<&RepLead>| leads.into_iter().map(|lead| OpenLead::read(lead, (rep, moment))).collect();
    // Whoever waits longest first, as the heading counts them; who is not waited for stands behind.
    let mut waiting: Vec<OpenLead> = all(waiting);
    waiting.sort_by_key(|one| (!one.is_to_call(), one.sent_at));
    // A return that the firm rejected: it is the rep's again.
    let is_open = |one: &RepClosedLead| leads.iter().any(|lead| lead.delivery == one.delivery);
    let to_call = waiting.iter().filter(|one| one.is_to_call());
    let longest = to_call.map(|one| one.sent_at).min().map(|since| apart(since, by.now));
    let content = RepPage {
        frame,
        longest,
        offers: offers
            .into_iter()
            .map(|lead| OpenOffer { lead: read(lead, moment), link: link(lead.delivery) })
            .collect(),
        waiting,
        accepted: all(accepted),
        closed: closed
            .iter()
            .filter(|one| !is_open(one))
            .map(|one| ClosedLead::read(one, (rep, moment), &clock))
            .collect(),
        // The caller reads one more than `MOST`, so that no count over all leads is needed.
        is_cut: leads.len() > MOST,
        ended,
        terms: SayTerms::of(&rep.amounts, &rep.client_country, &rep.return_reasons),
        typed: OutcomeFields::default(),
    };
    let reader = format!("for {}", rep.name);
    let header: [&str; 2] = [&rep.client, &reader];
    let page = page("Your open leads", &header, Layout::Column, content);
    Page { header_link: frame.header_link(), ..page }.response(StatusCode::OK)
}

impl ClosedLead {
    /// Its name and what became of it: how to reach the person stands on the lead's own page, as far as they may still be reached.
    fn read(lead: &RepClosedLead, (rep, moment): (&RepLinks, Moment<'_>), clock: &TimeZone) -> Self {
        let Moment { by, link, .. } = moment;
        // As of a lead that ended: a number that was typed for a name is none of a list that is folded open at a desk.
        let shown = ShownLead::read(told(&lead.body, lead.lead, moment).as_ref(), Some(ContactEnd::Withdrawn), by);
        let written = Conventions::of(None, Some(&rep.client_country));
        let sale = lead.sale.map(|sale| format!(", {}", sale.in_words(&written))).unwrap_or_default();
        let what = match lead.kind {
            OutcomeKind::Won => "won",
            OutcomeKind::Lost => "lost",
            OutcomeKind::NotYet => "not yet",
            OutcomeKind::Returned | OutcomeKind::Accepted => "given back",
        };
        let (what, at) = (format!("{what}{sale}"), ShownTime::near(lead.said_at, by.now, clock));
        Self { name: shown.name, what, at, link: link(lead.delivery) }
    }
}

impl OpenLead {
    fn is_to_call(&self) -> bool {
        self.state == SayState::Waiting && self.lead.appointment.is_none()
    }

    fn read(lead: &RepLead, (rep, moment): (&RepLinks, Moment<'_>)) -> Self {
        let Moment { by, link, appointments, .. } = moment;
        let mut shown = read(lead, moment);
        let agreed = appointments.iter().filter(|one| !lead.do_not_contact && lead.lead == one.appointment.lead);
        shown.appointment = agreed.filter_map(|one| ShownAppointment::of(one, Some(&rep.name), by.now)).next();
        shown.reasons.truncate(REASONS);
        let since = apart(lead.sent_at, by.now);
        let since = ShownTime::said(lead.sent_at, format!("Sent {since} ago"), &shown.clock);
        let state = SayState::of(lead.newest, ended(lead));
        Self { since, sent_at: lead.sent_at, state, lead: shown, link: link(lead.delivery), seen: lead.seen }
    }
}

/// What is told of a lead, by what is known now where that was looked up: a number from before a correction leads to a stranger.
fn told(body: &[u8], lead: LeadId, moment: Moment<'_>) -> Option<ClientEvent> {
    let sent = ClientEvent::read(body)?;
    Some(match moment.known.get(&lead) {
        Some(now) => sent.with_what_is_known(now),
        None => sent,
    })
}

fn read(lead: &RepLead, moment: Moment<'_>) -> ShownLead {
    let told = match lead.event {
        // Who has an offer learns nothing by having the lead's other deliveries.
        EventType::LeadOffered => ClientEvent::read(&lead.body),
        _ => told(&lead.body, lead.lead, moment),
    };
    // `do_not_contact` is of now too and wins, so that nobody calls a person who has opted out since.
    ShownLead::read(told.as_ref(), ended(lead), moment.by)
}

fn ended(lead: &RepLead) -> Option<ContactEnd> {
    lead.do_not_contact.then_some(ContactEnd::DoNotContact)
}
