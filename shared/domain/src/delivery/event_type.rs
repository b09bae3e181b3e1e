//! What an endpoint can be told of, and the ids of later events.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{id::DeliveryId, lead::words};

words! {
    /// What an endpoint can be told of.
    EventType "event type" {
        /// A lead became A.
        LeadMatured = "lead.matured",
        /// A lead is offered to several: who accepts first has it.
        LeadOffered = "lead.offered",
        /// A new enquiry or a correction of a delivered lead.
        LeadUpdated = "lead.updated",
        /// A delivered lead is taken back.
        LeadRecalled = "lead.recalled",
        /// A lead that was offered to several went to another.
        LeadTaken = "lead.taken",
        /// The person asked not to be contacted.
        LeadSuppressed = "lead.suppressed",
        /// An outcome was recorded.
        LeadOutcome = "lead.outcome",
        /// A delivery to one of the client's endpoints was given up.
        DeliveryDead = "delivery.dead",
        /// One of the client's endpoints was disabled for how it answers.
        EndpointDisabled = "endpoint.disabled",
    }
}

impl EventType {
    /// What a webhook is told of that names nothing: a lead, and that its person must not be contacted any more. Whoever has a
    /// lead and does not hear that goes on calling.
    pub const BY_WEBHOOK: [Self; 2] = [Self::LeadMatured, Self::LeadSuppressed];

    /// What an e-mail endpoint is told of: people are told everything that changes what they do.
    pub const BY_MAIL: [Self; 4] = [Self::LeadMatured, Self::LeadUpdated, Self::LeadRecalled, Self::LeadSuppressed];

    /// Whether endpoints choose to be told of it. Offers, and that one went to somebody else, are told to who is offered.
    #[must_use]
    pub const fn is_asked_for(self) -> bool {
        !matches!(self, Self::LeadOffered | Self::LeadTaken)
    }

    /// Whether it tells of what went wrong on the way, and not of a lead.
    #[must_use]
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::DeliveryDead | Self::EndpointDisabled)
    }

    /// Whether a client can say what became of it.
    #[must_use]
    pub const fn has_outcome(self) -> bool {
        matches!(self, Self::LeadMatured | Self::LeadOffered)
    }

    /// Whether it hands the lead over, with everything about it.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::LeadMatured | Self::LeadUpdated)
    }
}

/// The id of a later event about a delivery: the same event told again is the same. Its beginning is the time, as in every
/// id, so that ranges of ids are ranges of time.
#[must_use]
pub fn event_id(about: DeliveryId, event: EventType, cause: Uuid, now: Timestamp) -> DeliveryId {
    // Derived and not random: a transaction that runs again after a conflict makes the same id, and `on conflict do
    // nothing` keeps the event from being told twice.
    let derived = Uuid::new_v5(&Uuid::new_v5(&about.uuid(), event.word().as_bytes()), cause.as_bytes());
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let mut random = [0; 10];
    random.copy_from_slice(&derived.as_bytes()[..10]);
    DeliveryId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}
