//! What a batch finds beside what people add: persons who must not be contacted because of what arrives, or of what is known of them since.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::id::{LeadId, PersonId};

use super::read::BarredPerson;
use crate::{StoreError, Transaction};

/// Persons of whom a batch finds that they must not be contacted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundBarred {
    /// They, each with why.
    pub persons: Vec<BarredPerson>,
    /// Those of them of whom that was not known before.
    pub newly: Vec<PersonId>,
    /// Leads of theirs that the batch itself decided, knowing it.
    pub decided: Vec<LeadId>,
}

impl Transaction {
    /// What follows from it: who ever had a lead of theirs is told, once, as where an entry is added, and what is open of theirs and was not
    /// decided knowingly is decided again. Comes after the batch's own deliveries, and before it ends regrades: in the order of its locks.
    pub async fn suppression_found(&mut self, found: &FoundBarred, now: Timestamp) -> Result<(), StoreError> {
        // Each is told of in the words of their own entry.
        let mut by_reason: BTreeMap<&str, Vec<PersonId>> = BTreeMap::new();
        for barred in &found.persons {
            by_reason.entry(&barred.why).or_default().push(barred.person);
        }
        for (why, persons) in by_reason {
            self.enqueue_suppressed(&persons, why, now).await?;
        }
        if !found.newly.is_empty() {
            // What names the number may be about a lead that is over: an open one beside it was not looked at.
            let why = "the person must not be contacted";
            self.regrade_ask_persons_but(&found.newly, &found.decided, why, now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
