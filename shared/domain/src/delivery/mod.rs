//! Passing a matured lead on: what the client is told, what an attempt's answer means, and when an endpoint is left alone.

mod changes;
pub mod circuit;
mod event_type;
mod facts;
mod frozen_body;
mod known_lead;
mod mail_stage;
mod payload;
mod refusal_words;
mod refused_row;
mod retry;
mod retry_after;
mod sender_pause;
mod state;
mod told_words;

pub use self::{
    changes::{changes, outdates, tells_the_same},
    event_type::{EventType, event_id},
    facts::DeliveryFacts,
    frozen_body::FrozenBody,
    known_lead::KnownLead,
    mail_stage::MailStage,
    payload::{
        AssignedRep, ClientEvent, CriteriaName, DeadDelivery, DisabledEndpoint, EndpointTest, EventData, EventDetail,
        HandoverKind, LeadCall, LeadChange, LeadContact, LeadData, LeadFlag, LeadHandover, LeadNamed, LeadNote,
        LeadOutcome, LeadReason, LeadRecall, LeadSource, LeadSuppression, LeadTaken, LeadUpdate, Member, OfferTerms,
        OfferedFact, RecordedOutcome, UpdateKind,
    },
    refusal_words::refusal_words,
    refused_row::RefusedRow,
    retry::{Attempted, Next, RetrySchedule},
    retry_after::LONGEST_RETRY_AFTER,
    sender_pause::SenderPause,
    state::DeliveryState,
    told_words::TellsWords,
};
pub use crate::lead::OutcomeKind;
