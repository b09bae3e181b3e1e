//! Deliveries and outcomes as a client's programs read them.

use jiff::Timestamp;
use ripen_domain::{
    delivery::{ClientEvent, OutcomeKind},
    id::{DeliveryId, LeadId},
    outcome::How,
};
use ripen_store::{
    delivery::{
        attempt::AttemptRow,
        feed::{SentDelivery, SentRow},
        held::HeldLead,
    },
    outcome::list::OutcomeRecord,
};
use serde::Serialize;

/// A delivery in a list.
#[derive(Serialize)]
pub struct DeliveryView {
    delivery: DeliveryId,
    lead: LeadId,
    state: String,
    kind: Option<&'static str>,
    attempts: i32,
    sent_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// What was said last.
    outcome: Option<OutcomeKind>,
    /// The event as it was sent.
    payload: Option<ClientEvent>,
}

impl From<SentRow> for DeliveryView {
    fn from(row: SentRow) -> Self {
        Self {
            delivery: row.id,
            lead: row.lead,
            state: row.state,
            kind: row.kind.map(|kind| kind.word()),
            attempts: row.attempts,
            sent_at: row.sent_at,
            ended_at: row.ended_at,
            outcome: row.newest,
            payload: ClientEvent::read(&row.body),
        }
    }
}

/// Deliveries, and where to read on.
#[derive(Serialize)]
pub struct PageView {
    /// In an order that stays.
    pub deliveries: Vec<DeliveryView>,
    /// What to ask for as `after` next time, now or later.
    pub next: Option<DeliveryId>,
    /// There is more already.
    pub more: bool,
}

/// What a client gets later.
#[derive(Serialize)]
pub struct HeldView {
    /// The best first.
    pub held: Vec<HeldLeadView>,
    /// There is more.
    pub more: bool,
}

/// One lead that waits.
#[derive(Serialize)]
pub struct HeldLeadView {
    delivery: DeliveryId,
    lead: LeadId,
    score: i32,
    matured_at: Timestamp,
    reason: Option<String>,
    until: Timestamp,
}

impl From<HeldLead> for HeldLeadView {
    fn from(held: HeldLead) -> Self {
        let HeldLead { delivery, lead, score, matured_at, reason, until } = held;
        Self { delivery, lead, score, matured_at, reason, until }
    }
}

/// One delivery with everything that happened to it.
#[derive(Serialize)]
pub struct WholeView {
    #[serde(flatten)]
    delivery: DeliveryView,
    attempt_log: Vec<AttemptView>,
    outcomes: Vec<OutcomeView>,
}

impl From<SentDelivery> for WholeView {
    fn from(sent: SentDelivery) -> Self {
        Self {
            delivery: sent.row.into(),
            attempt_log: sent.attempts.into_iter().map(AttemptView::from).collect(),
            outcomes: sent.outcomes.iter().map(OutcomeView::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct AttemptView {
    number: i32,
    at: Timestamp,
    duration_ms: i32,
    status: Option<i32>,
    error: Option<String>,
}

impl From<AttemptRow> for AttemptView {
    fn from(row: AttemptRow) -> Self {
        Self { number: row.number, at: row.at, duration_ms: row.duration_ms, status: row.status, error: row.error }
    }
}

/// One thing that was said.
#[derive(Serialize)]
pub struct OutcomeView {
    number: i32,
    at: Timestamp,
    outcome: OutcomeKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    how: How,
    by: String,
}

impl From<&OutcomeRecord> for OutcomeView {
    fn from(record: &OutcomeRecord) -> Self {
        Self {
            number: record.number,
            at: record.at,
            outcome: record.kind,
            reason: record.reason.clone(),
            amount: record.sale.map(|sale| sale.amount_text()),
            currency: record.sale.map(|sale| sale.currency.to_string()),
            not_before: record.not_before,
            how: record.how,
            by: record.by.clone(),
        }
    }
}
