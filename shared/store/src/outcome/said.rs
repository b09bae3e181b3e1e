//! An outcome as it is said, and what became of it.

use jiff::Timestamp;
use ripen_domain::{
    actor::Actor,
    delivery::OutcomeKind,
    id::{ClientId, DeliveryId, LeadId},
    outcome::{Consequences, How, Outcome, OutcomeQuestion, OutcomeRefused},
    said_by::SaidBy,
};
use uuid::Uuid;

/// An outcome to record.
#[derive(Debug, Clone, Copy)]
pub struct NewOutcome<'a> {
    /// About which delivery.
    pub delivery: DeliveryId,
    /// What is said.
    pub outcome: &'a Outcome,
    /// How it is said.
    pub how: How,
    /// By whom, as the client and timelines read it.
    pub by: SaidBy<'a>,
    /// Whoever records it: appointments that end with it name them.
    pub actor: &'a Actor,
    /// Makes ids of what people are told.
    pub fresh_id: fn(Timestamp) -> Uuid,
    /// Whoever says this was asked, and means it: it may take a sale back, and an amount may be unusual.
    pub confirmed: bool,
    /// The number of the outcome that whoever says this saw as the newest, 0 for none; none where nobody looked.
    pub seen: Option<i32>,
    /// Of a webhook's answer when it came; none where that makes no difference. One that came since waits on.
    pub answered_at: Option<Timestamp>,
}

/// An outcome that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeChange {
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// What was said of the delivery last.
    pub before: Option<OutcomeKind>,
    /// What follows for the lead.
    pub follows: Consequences,
    /// What is recorded otherwise than it was said, in words.
    pub told: Option<String>,
}

/// What became of an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded, and this follows from it.
    Done(OutcomeChange),
    /// It was said before: nothing changed.
    Again,
    /// No such delivery was sent in this scope.
    Unknown,
    /// It is outside the client's rules, or names a date that cannot be.
    Refused(OutcomeRefused),
    /// It takes a sale back or is probably a slip: whoever says it has to say that it is meant.
    Asked(OutcomeQuestion),
    /// Something else was said since whoever says this looked.
    Stale,
}

impl NewOutcome<'_> {
    /// Whether it counts once however often it comes: a file that is read again, an answer that is repeated, and a link,
    /// unless whoever follows it looked at what was said last.
    pub(crate) fn once(&self) -> bool {
        match self.how {
            How::Answer | How::Import => true,
            How::Link => self.seen.is_none(),
            How::Api | How::Command => false,
        }
    }
}
