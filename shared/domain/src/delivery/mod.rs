//! Passing a matured lead on: what the client is told, what an attempt's answer means, and when an endpoint is left alone.

pub mod circuit;
mod event_type;
mod facts;
mod payload;
mod retry;
mod state;

pub use self::{
    event_type::{EventType, event_id},
    facts::DeliveryFacts,
    payload::{
        AssignedRep, ClientEvent, CriteriaName, DeadDelivery, DisabledEndpoint, EndpointTest, EventData, EventDetail,
        HandoverKind, LeadContact, LeadData, LeadFlag, LeadHandover, LeadNamed, LeadNote, LeadOutcome, LeadReason,
        LeadRecall, LeadSource, LeadSuppression, LeadTaken, LeadUpdate, Member, OfferTerms, RecordedOutcome,
        UpdateKind,
    },
    retry::{Attempted, Next, RetrySchedule},
    state::DeliveryState,
};
pub use crate::lead::OutcomeKind;
