//! A lead's past, and what was known of it at an instant: nothing later ever gets into a back-test.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    criteria::{
        decision::receipt::Cause,
        facts::snapshot::{Answer, ClientFacts, Facts, LeadFacts, SourceFacts},
    },
    lead::{Channel, ENQUIRY_APART, Grade},
};

/// One arrival of the past, as far as criteria can see it.
#[derive(Debug, Clone)]
pub struct PastArrival {
    /// When it became known.
    pub received_at: Timestamp,
    /// When it was submitted, where the sender said so.
    pub submitted_at: Option<Timestamp>,
    /// It corrects an earlier one, and does not count.
    pub amends: bool,
    /// How it came.
    pub channel: Channel,
    /// It names an e-mail address.
    pub has_email: bool,
    /// It names a phone number.
    pub has_phone: bool,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// As given.
    pub postal_code: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
}

/// One decision of the past.
#[derive(Debug, Clone)]
pub struct PastDecision {
    /// The instant.
    pub at: Timestamp,
    /// The grade given.
    pub grade: Grade,
    /// The points.
    pub score: i32,
    /// The receipt, byte for byte.
    pub receipt: String,
}

/// One answer of the past.
#[derive(Debug, Clone)]
pub struct PastAnswer {
    /// The question's id.
    pub question: String,
    /// What was said, and when.
    pub answer: Answer,
    /// When it became known: what was said last year may have come today.
    pub known_at: Timestamp,
}

/// Everything known of one lead, and when.
#[derive(Debug, Clone, Default)]
pub struct PastLead {
    /// Its client.
    pub client: ClientFacts,
    /// Its source.
    pub source: SourceFacts,
    /// Oldest first.
    pub arrivals: Vec<PastArrival>,
    /// Oldest first.
    pub answers: Vec<PastAnswer>,
    /// Oldest first.
    pub decisions: Vec<PastDecision>,
}

/// What a receipt says was known of what people did at the desk, beside why it was made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::criteria) struct DeskFacts {
    pub(in crate::criteria) cause: Cause,
    pub(in crate::criteria) closed: Option<String>,
    inputs: NotedInputs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NotedInputs {
    #[serde(rename = "lead.stage")]
    stage: Option<NotedValue<crate::lead::Stage>>,
    #[serde(rename = "lead.verified")]
    verified: Option<NotedValue<bool>>,
    #[serde(rename = "lead.do_not_contact")]
    do_not_contact: Option<NotedValue<bool>>,
    #[serde(rename = "lead.touches")]
    touches: Option<NotedValue<u32>>,
    #[serde(rename = "lead.agreed_for")]
    agreed_for: Option<NotedValue<Timestamp>>,
    #[serde(rename = "lead.rounds")]
    rounds: Option<NotedValue<u32>>,
    #[serde(rename = "lead.returned")]
    returned: Option<NotedValue<bool>>,
    #[serde(rename = "lead.last_disposition")]
    last_disposition: Option<NotedValue<String>>,
    #[serde(rename = "lead.last_conversation_at")]
    last_conversation_at: Option<NotedValue<Timestamp>>,
}

#[derive(Debug, Deserialize)]
struct NotedValue<T> {
    value: T,
}

impl PastLead {
    /// What was known at an instant. What the desk did is taken from the decision's own receipt, where it was read.
    pub(in crate::criteria) fn facts_at(&self, at: Timestamp, noted: DeskFacts) -> (Facts, Cause) {
        // Sorted by when it was said: of those that were known the last counts.
        let known = self.answers.iter().filter(|one| one.known_at <= at && one.answer.at <= at);
        let answers: BTreeMap<_, _> = known.map(|one| (one.question.clone(), one.answer.clone())).collect();
        let mut lead = self.arrived_by(at);
        let inputs = noted.inputs;
        // What no row of the past keeps is taken from the receipt, which has it if the criteria of then read it.
        lead.stage = inputs.stage.map_or(lead.stage, |read| read.value);
        lead.verified = inputs.verified.is_some_and(|read| read.value);
        lead.do_not_contact = inputs.do_not_contact.is_some_and(|read| read.value);
        lead.touches = inputs.touches.map_or(0, |read| read.value);
        lead.agreed_for = inputs.agreed_for.map(|read| read.value);
        lead.rounds = inputs.rounds.map_or(0, |read| read.value);
        lead.returned = inputs.returned.is_some_and(|read| read.value);
        lead.last_disposition = inputs.last_disposition.map(|read| read.value);
        lead.last_conversation_at = inputs.last_conversation_at.map(|read| read.value);
        (Facts { answers, lead, client: self.client.clone(), source: self.source.clone() }, noted.cause)
    }

    fn arrived_by(&self, at: Timestamp) -> LeadFacts {
        let mut lead = LeadFacts::default();
        let mut enquired_at = None;
        // By when it was received: what was submitted earlier and came later was not known yet.
        for arrival in self.arrivals.iter().take_while(|arrival| arrival.received_at <= at) {
            lead.has_email |= arrival.has_email;
            lead.has_phone |= arrival.has_phone;
            for (field, said) in [
                (&mut lead.country, &arrival.country),
                (&mut lead.postal_code, &arrival.postal_code),
                (&mut lead.time_zone, &arrival.time_zone),
            ] {
                if said.is_some() && (field.is_none() || arrival.amends) {
                    field.clone_from(said);
                }
            }
            // A correction is no enquiry and does not count as an arrival.
            if arrival.amends {
                continue;
            }
            let arrived = arrival.submitted_at.unwrap_or(arrival.received_at);
            let first = lead.arrivals == 0;
            lead.arrivals += 1;
            lead.channel = if first { arrival.channel } else { lead.channel.min(arrival.channel) };
            lead.first_arrived_at = if first { arrived } else { lead.first_arrived_at.min(arrived) };
            lead.last_arrived_at = if first { arrived } else { lead.last_arrived_at.max(arrived) };
            if enquired_at.is_none_or(|before| arrived.duration_since(before) >= ENQUIRY_APART) {
                lead.enquiries += 1;
                enquired_at = Some(arrived);
            }
        }
        lead
    }
}
