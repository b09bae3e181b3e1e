//! One lead under its locks, for whatever a person does with it.

use jiff::Timestamp;
use ripen_domain::{
    id::LeadId,
    promise::{Kind, Open, PromiseEnd, State},
};

use crate::{
    Scope, Store, StoreError, Transaction,
    lead::{load::LeadRow, touch::Worked},
    promise::{agree::Agreed, write::NewPromise},
};

/// A lead under its locks, with its open promises.
pub(crate) struct LockedLead {
    pub(crate) batch: Transaction,
    pub(crate) row: LeadRow,
    pub(crate) promises: Vec<Open>,
}

impl LockedLead {
    /// Ends one promise and makes the next, which takes the lead's next generation.
    pub(crate) async fn replace(
        &mut self,
        replaced: Option<PromiseEnd>,
        (next, agreed): (&Agreed<'_>, bool),
        (by, why): (&str, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(ended) = replaced {
            self.batch.promises_end_by(self.row.id, &[ended], (by, why), now).await?;
        }
        let new = NewPromise {
            kind: Kind::Requalify,
            state: State::Scheduled,
            due: next.due,
            why: next.why,
            from_whom: by,
            agreed,
        };
        self.batch.promise_insert(&mut self.row, &new, now).await?;
        self.batch.lead_set_generation(&self.row).await
    }
}

pub(crate) enum Lockable {
    LockedLead(Box<LockedLead>),
    Not(Worked),
}

impl Store {
    /// The lead under its locks, where it may be worked on.
    pub(crate) async fn hold(&self, scope: Scope, lead: LeadId) -> Result<Lockable, StoreError> {
        let mut batch = self.begin().await?;
        let Some(row) = batch.lock_lead(scope, lead).await? else { return Ok(Lockable::Not(Worked::Unknown)) };
        if !row.stage.is_open() {
            let why = row.closed.map_or_else(|| row.stage.word().to_owned(), |(_, why)| why);
            return Ok(Lockable::Not(Worked::Closed(why)));
        }
        let promises = batch.promises_of(&[lead]).await?.into_iter().map(|open| open.promise).collect();
        Ok(Lockable::LockedLead(Box::new(LockedLead { batch, row, promises })))
    }
}
