//! What is told after a lead was handed over: that it is taken back, went to another, must not be contacted, what was said of
//! it; and what went wrong on the way to an endpoint. None of it says how to reach the person.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    lead::{AssignedRep, LeadNamed},
    member::Member,
    payload,
};
use crate::{
    delivery::event_type::EventType,
    id::{DeliveryId, EndpointId},
    lead::OutcomeKind,
    outcome::{AmountMeaning, Verdict},
};

payload! {
    /// `data` of `lead.recalled`: the lead is taken back.
    LeadRecall {
        /// The delivery that handed the lead over.
        delivery: DeliveryId,
        /// The lead.
        lead: LeadNamed,
        /// The rep it was for.
        assigned_to: AssignedRep,
        /// Why.
        reason: String,
        /// When.
        recalled_at: Timestamp,
    }
}

payload! {
    /// `data` of `lead.taken`: a lead that was offered to several went to another, or to nobody.
    LeadTaken {
        /// The delivery that offered it.
        delivery: DeliveryId,
        /// The lead.
        lead: LeadNamed,
        /// The rep it was offered to.
        assigned_to: AssignedRep,
        /// When.
        taken_at: Timestamp,
        /// True where nobody took it: it is not on offer any more.
        withdrawn: bool,
    }
}

payload! {
    /// `data` of `lead.suppressed`: the person must not be contacted.
    LeadSuppression {
        /// The delivery that handed the lead over.
        delivery: DeliveryId,
        /// The lead.
        lead: LeadNamed,
        /// The rep it was for.
        assigned_to: AssignedRep,
        /// Why.
        reason: String,
        /// Since when.
        suppressed_at: Timestamp,
    }
}

payload! {
    /// `data` of `lead.outcome`: something was said of the lead.
    LeadOutcome {
        /// The delivery that handed the lead over.
        delivery: DeliveryId,
        /// The lead.
        lead: LeadNamed,
        /// The rep it is for.
        assigned_to: AssignedRep,
        /// What was said.
        outcome: RecordedOutcome,
    }
}

payload! {
    /// One outcome of a delivery.
    RecordedOutcome {
        /// Counts what was said of the delivery.
        number: i32,
        /// What became of it.
        outcome: OutcomeKind,
        /// In the client's words.
        reason: String,
        /// What it was sold for.
        amount: String,
        /// Of which money.
        currency: String,
        /// What the amount is for the client.
        amount_is: AmountMeaning,
        /// The client's share of a price, in per cent.
        amount_share: String,
        /// When it was won or lost.
        happened_at: Timestamp,
        /// When a lead that is not ready may be.
        not_before: Timestamp,
        /// Who said it.
        said_by: String,
        /// When.
        at: Timestamp,
        /// Of which delivery.
        of: DeliveryId,
        /// What the firm says to a return.
        verdict: Verdict,
        /// Why.
        verdict_reason: String,
    }
}

payload! {
    /// `data` of `delivery.dead`: a delivery was given up.
    DeadDelivery {
        /// The delivery.
        delivery: DeliveryId,
        /// What it would have told.
        event: EventType,
        /// Where it was to go.
        endpoint: EndpointId,
        /// The lead it was about.
        lead: LeadNamed,
        /// Attempts that were made.
        attempts: i32,
        /// Why it was given up.
        reason: String,
        /// When.
        dead_at: Timestamp,
    }
}

payload! {
    /// `data` of `endpoint.disabled`: an endpoint was disabled for how it answers.
    DisabledEndpoint {
        /// The endpoint.
        endpoint: EndpointId,
        /// The delivery that it happened to.
        delivery: DeliveryId,
        /// What that told.
        event: EventType,
        /// The lead that was about.
        lead: LeadNamed,
        /// Why.
        reason: String,
        /// When.
        disabled_at: Timestamp,
    }
}

payload! {
    /// `data` of `endpoint.test`: a test that a person asked for.
    EndpointTest {
        /// The endpoint.
        endpoint: EndpointId,
        /// Whose it is: the client's slug.
        client: String,
        /// That it is a test.
        text: String,
    }
}
