//! The page of one lead: who it is, what was said of it, and a form for each thing that can be said. A lead on offer has two
//! forms, to take it or to pass.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::tz::TimeZone;
use ripen_actions::FieldError;
use ripen_domain::{
    delivery::{ClientEvent, EventType, OutcomeKind},
    outcome::{OutcomeFields, currency_of},
};
use ripen_store::{delivery::feed::SentDelivery, outcome::list::OutcomeRecord};
use ripen_web::page::Layout;

use super::{
    page,
    shown::{ContactWay, ShownFact, ShownLead, when},
};

/// What is said above the lead.
pub enum LeadNotice {
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
    Wrong(Vec<FieldError>),
}

/// A [`LeadNotice`] in words.
struct Notice {
    is_bad: bool,
    text: String,
}

#[derive(Template)]
#[template(path = "lead.html")]
struct LeadPage<'a> {
    lead: &'a ShownLead,
    facts: Vec<ShownFact>,
    notice: Option<Notice>,
    /// What was said, the newest first.
    history: Vec<String>,
    /// The number of the newest outcome, which forms send back.
    seen: i32,
    /// The outcome whose form was sent and did not end well.
    sent: Option<&'a str>,
    typed: &'a OutcomeFields,
    currency: String,
    /// The reasons for which the client returns leads; empty where any will do.
    return_reasons: &'a [String],
}

impl LeadPage<'_> {
    fn is_open(&self, kind: OutcomeKind) -> bool {
        self.sent == Some(kind.word())
    }

    fn reason(&self) -> &str {
        self.typed.reason.as_deref().unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage<'a> {
    lead: &'a ShownLead,
    facts: Vec<ShownFact>,
    notice: Option<Notice>,
}

/// The lead with its forms. `typed` is what stands in the forms already.
pub fn render(status: StatusCode, sent: &SentDelivery, message: &LeadNotice, typed: &OutcomeFields) -> Response {
    // An unreadable body still gives a page: the outcome of the lead can be recorded all the same.
    let event = ClientEvent::read(&sent.row.body);
    let is_offer = event.as_ref().is_some_and(|event| event.event.get() == Some(&EventType::LeadOffered));
    // The body is from when the lead was sent; `do_not_contact` is of now and hides the ways to reach the person.
    let shown = ShownLead::read(event.as_ref(), sent.do_not_contact);
    let clock = &shown.clock;
    let notice = notice(message, sent.outcomes.last().map(|one| in_words(one, clock)), is_offer);
    let facts = facts(sent, &shown);
    let (client, country, return_reasons) = &sent.client;
    let reader = sent.rep.as_ref().map(|rep| format!("for {}", rep.name));
    let header: Vec<&str> = [Some(client.as_str()), reader.as_deref()].into_iter().flatten().collect();
    if is_offer {
        let content = OfferPage { lead: &shown, facts, notice };
        return page("A lead on offer", &header, Layout::Column, content).response(status);
    }
    let content = LeadPage {
        lead: &shown,
        facts,
        notice,
        history: history(&sent.outcomes, clock),
        // A form sent back with an older number is refused as stale, so that two people with the same link do not
        // overwrite each other unseen.
        seen: sent.outcomes.last().map_or(0, |newest| newest.number),
        sent: typed.outcome.as_deref().filter(|_| !matches!(message, LeadNotice::None)),
        typed,
        // The client's country decides the currency only where none was typed: a corrected form keeps what the reader
        // chose.
        currency: typed.currency.clone().or_else(|| Some(currency_of(country)?.to_string())).unwrap_or_default(),
        return_reasons,
    };
    page(&shown.name, &header, Layout::Column, content).response(status)
}

fn notice(message: &LeadNotice, newest: Option<String>, is_offer: bool) -> Option<Notice> {
    let newest = newest.unwrap_or_else(|| "nothing".to_owned());
    let (is_bad, text) = match message {
        LeadNotice::None => return None,
        // Before the general arms: an offer's page never shows what was said, only that it counted.
        LeadNotice::Recorded | LeadNotice::Again if is_offer => {
            (false, "Recorded. If you took it, everything about it is on its way to you.".to_owned())
        }
        LeadNotice::Recorded => (false, format!("Recorded: {newest}. Thank you.")),
        LeadNotice::Again => (false, format!("That was recorded before and counts once. Said last: {newest}.")),
        LeadNotice::Stale => {
            (true, format!("Not recorded: something else was said meanwhile ({newest}). Look, and say it again."))
        }
        LeadNotice::Refused(why) => (true, format!("Not recorded. {why}")),
        LeadNotice::Wrong(wrong) => {
            let all: Vec<_> = wrong.iter().map(|one| one.message.as_str()).collect();
            (true, format!("Not recorded. {}", all.join(" ")))
        }
    };
    Some(Notice { is_bad, text })
}

fn facts(sent: &SentDelivery, lead: &ShownLead) -> Vec<ShownFact> {
    let all = [
        ("Place", lead.place.clone()),
        ("Came from", lead.source.clone()),
        ("Sent", when(sent.row.sent_at, &lead.clock)),
    ];
    let known = all.into_iter().filter(|(_, value)| !value.is_empty());
    known.map(|(label, value)| ShownFact { label, value }).collect()
}

fn history(outcomes: &[OutcomeRecord], clock: &TimeZone) -> Vec<String> {
    let said = |one: &OutcomeRecord| format!("{}, {} ({})", in_words(one, clock), when(one.at, clock), one.by);
    outcomes.iter().rev().map(said).collect()
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
