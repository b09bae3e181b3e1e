//! What the decisions of a unit of work come to, as it is written: one list for each table, so that each takes one statement.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::id::{DecisionId, LeadId};
use ripen_store::{
    decision::{maturation::MaturationRow, write::NewDecision},
    delivery::withdraw::OwedAgain,
    lead::join::LeadJoin,
    promise::write::{LeadPromiseEnd, PromisePutOff, PromiseRow},
};

/// What the decisions of a batch ask to be written.
#[derive(Debug, Default)]
pub struct BatchDecisions {
    /// One per lead.
    pub decisions: Vec<NewDecision>,
    /// Leads that became A.
    pub maturations: Vec<MaturationRow>,
    /// Those of them that became A because somebody of the firm worked on them, who may have slipped.
    pub by_hand: BTreeSet<LeadId>,
    /// Leads that are A again and that their clients have all the time: they are told, and not handed over again.
    pub(crate) again: Vec<AgainA>,
    /// Leads that are no longer A.
    pub withdrawn: Vec<LeadId>,
    /// Leads whose persons must not be contacted: nothing more of them goes out.
    pub(crate) barred: Vec<LeadId>,
    /// Leads that end because their person has another one in the client's program.
    pub(crate) joined: Vec<LeadJoin>,
    /// Promises that end.
    pub(crate) ended: Vec<LeadPromiseEnd>,
    /// Promises that came up when nobody may be called, and until when they wait.
    pub(crate) put_off: Vec<PromisePutOff>,
    /// Promises that are made.
    pub made: Vec<PromiseRow>,
    /// Regrades that are done, at the version read.
    pub(crate) regraded: Vec<(LeadId, i64)>,
}

impl BatchDecisions {
    /// The leads that became A.
    pub fn matured(&self) -> Vec<LeadId> {
        self.maturations.iter().map(|row| row.lead).collect()
    }
}

/// A lead that is A again while its client has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgainA {
    /// The lead.
    pub(crate) lead: LeadId,
    /// The decision that found it.
    pub(crate) decision: DecisionId,
    /// Because of what somebody of the firm did.
    pub(crate) by_hand: bool,
    /// Something arrived, or was said: where a disposition was taken back nothing was.
    pub(crate) has_news: bool,
}

impl AgainA {
    /// What is owed of it, to go then.
    pub(crate) fn owed(&self, due: Timestamp) -> OwedAgain {
        OwedAgain { lead: self.lead, due, has_news: self.has_news }
    }
}
