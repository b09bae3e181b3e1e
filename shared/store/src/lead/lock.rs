//! One lead under its locks, for whatever a person does with it.

use jiff::Timestamp;
use ripen_domain::{
    actor::Actor,
    id::LeadId,
    promise::{Due, Kind, Open, PromiseEnd, State},
};

use crate::{
    Scope, StoreError, Transaction,
    lead::{lead_row::LeadRow, worked::Worked},
    promise::write::{EndReason, NewPromise},
};

/// A lead under its locks, with its open promises.
pub(crate) struct LockedLead {
    pub(crate) row: LeadRow,
    pub(crate) promises: Vec<Open>,
}

pub(crate) enum Lockable {
    LockedLead(Box<LockedLead>),
    Not(Worked),
}

impl Transaction {
    /// The lead under its locks, where it may be worked on.
    pub(crate) async fn lead_hold(&mut self, scope: Scope, lead: LeadId) -> Result<Lockable, StoreError> {
        match self.lead_hold_any(scope, lead).await? {
            Lockable::LockedLead(held) if !held.row.stage.is_open() => {
                let why = held.row.closed.map_or_else(|| held.row.stage.word().to_owned(), |closed| closed.why);
                Ok(Lockable::Not(Worked::Closed(why)))
            }
            held => Ok(held),
        }
    }

    /// The lead under its locks, open or not.
    pub(crate) async fn lead_hold_any(&mut self, scope: Scope, lead: LeadId) -> Result<Lockable, StoreError> {
        let Some(row) = self.lock_lead(scope, lead).await? else { return Ok(Lockable::Not(Worked::Unknown)) };
        // Read under the lock: a promise that the qualifier ends meanwhile would otherwise be replaced a second time.
        let promises = self.promises_of(&[lead]).await?.into_iter().map(|open| open.promise).collect();
        Ok(Lockable::LockedLead(Box::new(LockedLead { row, promises })))
    }

    /// Ends one promise and makes the next, which takes the lead's next generation.
    pub(crate) async fn promise_replace(
        &mut self,
        lead: &mut LeadRow,
        replaced: Option<PromiseEnd>,
        next: ReplacementStep<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // The open one ends first: a lead has one open promise of a kind at a time, by a unique index.
        if let Some(ended) = replaced {
            self.promises_end_by(lead.id, &[ended], EndReason { by: next.by.into(), why: next.because }, now).await?;
        }
        let new = NewPromise {
            kind: Kind::Requalify,
            state: State::Scheduled,
            due: next.due,
            zone: next.zone,
            why: next.why,
            from_whom: next.by.into(),
            agreed: next.agreed,
        };
        self.promise_insert(lead, &new, now).await?;
        // The generation is counted on the lead, so that a message about the promise that ended finds another number
        // and is done.
        self.lead_set_generation(lead).await
    }
}

/// The step that takes the place of another.
#[derive(Clone, Copy)]
pub(crate) struct ReplacementStep<'a> {
    pub(crate) due: Due,
    /// By whose clock.
    pub(crate) zone: Option<&'a str>,
    /// What is promised.
    pub(crate) why: &'a str,
    /// Agreed with the person.
    pub(crate) agreed: bool,
    /// Who makes it.
    pub(crate) by: &'a Actor,
    /// Why the other one ends.
    pub(crate) because: &'a str,
}
