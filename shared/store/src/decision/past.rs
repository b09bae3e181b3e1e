//! A lead's past as it was read: what costs computing to understand is left for threads that may block.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use ripen_domain::{
    criteria::{Answer, ClientFacts, Origin, PastAnswer, PastArrival, PastDecision, PastLead, SourceFacts},
    delivery::OutcomeKind,
    id::{ArrivalId, LeadId},
    lead::{Channel, Grade},
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{StoreError, decision::receipt::PackedReceipt};

/// A lead's past and what the client said of it last.
pub struct LeadPast {
    /// The lead.
    pub lead: LeadId,
    /// Its past.
    pub past: PastLead,
    /// What the client said last.
    pub outcome: Option<OutcomeKind>,
}

/// A lead's past, not understood yet.
pub struct PackedPast {
    lead: LeadId,
    client: Arc<ClientFacts>,
    source: Arc<SourceFacts>,
    pub(crate) decisions: Vec<PackedDecision>,
    pub(crate) arrivals: Vec<PackedArrival>,
    pub(crate) answers: Vec<PackedAnswer>,
    pub(crate) outcome: Option<OutcomeKind>,
}

pub(crate) struct PackedDecision {
    pub at: Timestamp,
    pub grade: Grade,
    pub score: i32,
    pub receipt: PackedReceipt,
}

pub(crate) struct PackedArrival {
    pub id: ArrivalId,
    pub received_at: Timestamp,
    pub submitted_at: Option<Timestamp>,
    pub amends: bool,
    pub of_source: Channel,
    pub submission: String,
}

pub(crate) struct PackedAnswer {
    pub question: String,
    pub at: Timestamp,
    pub origin: String,
    pub value: String,
}

impl PackedPast {
    pub(crate) const fn new(lead: LeadId, client: Arc<ClientFacts>, source: Arc<SourceFacts>) -> Self {
        Self { lead, client, source, decisions: Vec::new(), arrivals: Vec::new(), answers: Vec::new(), outcome: None }
    }

    /// How many decisions it has.
    #[must_use]
    pub const fn decisions(&self) -> usize {
        self.decisions.len()
    }

    /// The past, understood.
    ///
    /// # Errors
    /// When a receipt or an answer cannot be read.
    pub fn open(self) -> Result<LeadPast, StoreError> {
        let received = self.arrivals.iter().map(|arrival| (arrival.id, arrival.received_at)).collect();
        let answers = self.answers.into_iter().map(|answer| answer.open(&received));
        // Cloned here and not while reading: the reader's connection is the scarce thing.
        let past = PastLead {
            client: (*self.client).clone(),
            source: (*self.source).clone(),
            arrivals: self.arrivals.into_iter().map(PackedArrival::open).collect(),
            answers: answers.collect::<Result<_, _>>()?,
            decisions: self.decisions.into_iter().map(PackedDecision::open).collect::<Result<_, _>>()?,
        };
        Ok(LeadPast { lead: self.lead, past, outcome: self.outcome })
    }
}

impl PackedDecision {
    fn open(self) -> Result<PastDecision, StoreError> {
        let receipt = self.receipt.open()?;
        Ok(PastDecision { at: self.at, grade: self.grade, score: self.score, receipt })
    }
}

impl PackedArrival {
    fn open(self) -> PastArrival {
        // What an erased person had submitted says nothing any more.
        let said: Said = serde_json::from_str(&self.submission).unwrap_or_default();
        PastArrival {
            received_at: self.received_at,
            submitted_at: self.submitted_at,
            amends: self.amends,
            channel: said.channel.unwrap_or(self.of_source),
            // Only whether there was one: an address that is never read cannot reach a report.
            has_email: said.email.is_some(),
            has_phone: said.phone.is_some(),
            country: said.country,
            postal_code: said.postal_code,
            time_zone: said.time_zone,
        }
    }
}

impl PackedAnswer {
    fn open(self, received: &BTreeMap<ArrivalId, Timestamp>) -> Result<PastAnswer, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("the {what} of an answer"));
        let origin = self.origin.parse().map_err(|_| corrupt("origin"))?;
        let value = serde_json::from_str(&self.value).map_err(|_| corrupt("value"))?;
        let known_at = match &origin {
            Origin::Arrival(id) => received.get(id).map_or(self.at, |received_at| self.at.max(*received_at)),
            Origin::Person(_) => self.at,
        };
        Ok(PastAnswer { question: self.question, answer: Answer { value, at: self.at, origin }, known_at })
    }
}

/// Of a submission what criteria can see.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    channel: Option<Channel>,
    email: Option<IgnoredAny>,
    phone: Option<IgnoredAny>,
    country: Option<String>,
    postal_code: Option<String>,
    time_zone: Option<String>,
}
