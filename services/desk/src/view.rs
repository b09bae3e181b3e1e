//! Deliveries and outcomes as a client's programs read them.

use jiff::Timestamp;
use ripen_domain::{
    delivery::{ClientEvent, OutcomeKind},
    id::{DeliveryId, LeadId},
    link::LinkKeys,
    outcome::{AmountMeaning, How, Verdict},
    routing::OfferOver,
    touch::Disposition,
};
use ripen_store::{
    delivery::{
        attempt::AttemptRow,
        feed::{SentDelivery, SentRow},
        held::HeldLead,
    },
    lead::show::ClientTry,
    outcome::list::OutcomeRecord,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A delivery in a list.
#[derive(Serialize, ToSchema)]
pub struct DeliveryView {
    /// The delivery.
    #[schema(value_type = String, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    delivery: DeliveryId,
    /// The lead.
    #[schema(value_type = String, example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    lead: LeadId,
    /// `pending`, `held`, `leased`, `delivered`, `filed`, `dead` or `withdrawn`.
    #[schema(example = "delivered")]
    state: String,
    /// `webhook` or `email`.
    #[schema(example = "webhook")]
    kind: Option<&'static str>,
    /// How often it was attempted.
    attempts: i32,
    /// When it was attempted first.
    sent_at: Timestamp,
    /// When it was delivered, given up or withdrawn.
    ended_at: Option<Timestamp>,
    /// What was said last.
    #[schema(value_type = Option<String>, example = "accepted")]
    outcome: Option<OutcomeKind>,
    /// The event as it was sent, but for links that are over: those are made anew. Of a lead that was withdrawn or taken back, and of a person who asked not to be contacted,
    /// without who it is and how to reach them.
    #[schema(value_type = Option<Object>)]
    payload: Option<ClientEvent>,
}

impl DeliveryView {
    /// What was sent, with links that open as it is read.
    pub fn of(row: SentRow, keys: &LinkKeys, now: Timestamp) -> Self {
        Self {
            delivery: row.id,
            lead: row.lead,
            state: row.state,
            kind: row.kind.map(|kind| kind.word()),
            attempts: row.attempts,
            sent_at: row.sent_at,
            ended_at: row.ended_at,
            outcome: row.newest,
            // Read back through the event type: a body that this version cannot read is null, and the rest of the
            // delivery stays readable.
            payload: match row.ended {
                None => {
                    ClientEvent::read(&row.body).map(|event| event.with_links_that_open(keys, row.links_since, now))
                }
                Some(_) => ClientEvent::read(&row.body).map(ClientEvent::without_contact),
            },
        }
    }
}

/// Deliveries, and where to read on.
#[derive(Serialize, ToSchema)]
pub struct DeliveryPage {
    /// In an order that stays.
    pub deliveries: Vec<DeliveryView>,
    /// What to ask for as `after` next time, now or later.
    #[schema(value_type = Option<String>, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    pub next: Option<DeliveryId>,
    /// There is more already.
    pub more: bool,
}

/// What a client gets later.
#[derive(Serialize, ToSchema)]
pub struct HeldPage {
    /// The best first.
    pub held: Vec<HeldLeadView>,
    /// What to ask for as `after` to read on.
    #[schema(value_type = Option<String>, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    pub next: Option<DeliveryId>,
    /// There is more.
    pub more: bool,
}

/// One lead that waits.
#[derive(Serialize, ToSchema)]
pub struct HeldLeadView {
    /// The delivery that will hand it over.
    #[schema(value_type = String, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    delivery: DeliveryId,
    /// The lead.
    #[schema(value_type = String, example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    lead: LeadId,
    /// Its score.
    score: i32,
    /// When it became A.
    matured_at: Timestamp,
    /// What it waits for.
    reason: Option<String>,
    /// When it goes on by itself; null where that is not known, because somebody has to do something first.
    until: Option<Timestamp>,
}

impl From<HeldLead> for HeldLeadView {
    fn from(held: HeldLead) -> Self {
        let HeldLead { delivery, lead, score, matured_at, reason, until } = held;
        Self { delivery, lead, score, matured_at, reason, until }
    }
}

/// One delivery with everything that happened to it.
#[derive(Serialize, ToSchema)]
pub struct WholeDelivery {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Where it offered a lead: `open`, `yours`, `taken` by somebody else, or `over`.
    #[schema(value_type = Option<String>, example = "open")]
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<&'static str>,
    /// Every attempt, the first one first.
    attempt_log: Vec<AttemptView>,
    /// Everything that was said of it, the newest last.
    outcomes: Vec<OutcomeView>,
    /// What the client's own people did with the lead, the newest last: calls in vain are no outcome.
    tries: Vec<TryView>,
}

/// What somebody of the client did with a lead.
#[derive(Serialize, ToSchema)]
struct TryView {
    /// When.
    at: Timestamp,
    /// Who.
    by: String,
    /// How it went.
    #[schema(value_type = String, example = "no_answer")]
    disposition: Disposition,
}

impl From<ClientTry> for TryView {
    fn from(one: ClientTry) -> Self {
        Self { at: one.at, by: one.by, disposition: one.disposition }
    }
}

impl WholeDelivery {
    /// As it is at an instant.
    pub fn of(sent: SentDelivery, keys: &LinkKeys, now: Timestamp) -> Self {
        let ended = sent.row.ended.is_some();
        Self {
            offer: sent.offer.map(|made| match made.offer.over(made.to, now) {
                Some(OfferOver::Won(_)) => "yours",
                Some(OfferOver::Taken(_)) => "taken",
                Some(OfferOver::TimeOver(_) | OfferOver::NotYours) => "over",
                None if ended || !made.waits => "over",
                None => "open",
            }),
            delivery: DeliveryView::of(sent.row, keys, now),
            attempt_log: sent.attempts.into_iter().map(AttemptView::from).collect(),
            outcomes: sent.outcomes.iter().map(OutcomeView::from).collect(),
            tries: sent.tries.into_iter().map(TryView::from).collect(),
        }
    }
}

/// One attempt to deliver.
#[derive(Serialize, ToSchema)]
struct AttemptView {
    /// From 1.
    number: i32,
    /// When it was over.
    at: Timestamp,
    /// How long it took, in milliseconds.
    duration_ms: i32,
    /// The status of the answer: of HTTP, or of the mail server.
    status: Option<i32>,
    /// Why there was no answer.
    error: Option<String>,
}

impl From<AttemptRow> for AttemptView {
    fn from(row: AttemptRow) -> Self {
        Self { number: row.number, at: row.at, duration_ms: row.duration_ms, status: row.status, error: row.error }
    }
}

/// One thing that was said.
#[derive(Serialize, ToSchema)]
pub struct OutcomeView {
    /// From 1, per delivery.
    number: i32,
    /// When it was said.
    at: Timestamp,
    /// What became of the lead.
    #[schema(value_type = String, example = "won")]
    outcome: OutcomeKind,
    /// Why, in the client's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What it was sold for.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// What the amount is for the client: `income` or `price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "income")]
    amount_is: Option<AmountMeaning>,
    /// The client's share of a price, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_share: Option<String>,
    /// When it was won or lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    happened_at: Option<Timestamp>,
    /// When it may be ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    /// By which way it was said.
    #[schema(value_type = String, example = "api")]
    how: How,
    /// Who said it.
    by: String,
    /// What the firm says to a return: `upheld` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "upheld")]
    verdict: Option<Verdict>,
    /// Why, in the firm's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict_reason: Option<String>,
}

impl From<&OutcomeRecord> for OutcomeView {
    fn from(record: &OutcomeRecord) -> Self {
        Self {
            number: record.number,
            at: record.at,
            outcome: record.kind,
            // As text: a JSON number is a float for many programs, and cents would be lost.
            reason: record.reason.clone(),
            amount: record.sale.map(|sale| sale.amount_text()),
            currency: record.sale.map(|sale| sale.currency.to_string()),
            amount_is: record.terms.meaning,
            amount_share: record.terms.share.map(|share| share.normalize().to_string()),
            happened_at: matches!(record.kind, OutcomeKind::Won | OutcomeKind::Lost).then_some(record.happened_at),
            not_before: record.not_before,
            how: record.how,
            by: record.by.clone(),
            verdict: record.verdict.as_ref().map(|one| one.verdict),
            verdict_reason: record.verdict.as_ref().map(|one| one.why.clone()),
        }
    }
}

/// An outcome that was recorded, now or before.
#[derive(Serialize, ToSchema)]
pub struct RecordedOutcome {
    /// The delivery.
    #[schema(value_type = String, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    pub delivery: DeliveryId,
    /// What is said of it now.
    pub outcome: Option<OutcomeView>,
    /// What was recorded otherwise than it was said, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<String>,
}
