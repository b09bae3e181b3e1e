//! A next step that a person moves by hand, agreed with the lead's person or not.

use jiff::Timestamp;
use ripen_domain::{
    id::LeadId,
    promise::{Due, Kind, Open, PromiseEnd, State},
    touch::Effect,
};

use crate::{
    Scope, Store, StoreError,
    lead::{lock::Lockable, touch::Worked},
};

/// A next step that was agreed with the person.
#[derive(Debug, Clone, Copy)]
pub struct Agreed<'a> {
    /// When.
    pub due: Due,
    /// What was promised, in words.
    pub why: &'a str,
}

/// A next step moved by hand.
#[derive(Debug, Clone, Copy)]
pub struct NewStep<'a> {
    /// When, and why then.
    pub to: Agreed<'a>,
    /// It was agreed with the person: only a person moves it again.
    pub agreed: bool,
    /// Who moves it.
    pub by: &'a str,
}

impl Store {
    /// Moves the next step of a lead by hand, agreed with the person or not.
    ///
    /// # Errors
    /// When the database is away or the transaction fails: then nothing moved.
    pub async fn promise_move(
        &self,
        scope: Scope,
        lead: LeadId,
        NewStep { to, agreed, by }: NewStep<'_>,
        now: Timestamp,
    ) -> Result<Worked, StoreError> {
        let mut held = match self.hold(scope, lead).await? {
            Lockable::LockedLead(held) => held,
            Lockable::Not(why) => return Ok(why),
        };
        let standing = held.promises.iter().find(|promise| promise.kind == Kind::Requalify);
        let ends = |promise: &Open| if promise.worked { State::Kept } else { State::Moved };
        let replaced = standing.map(|promise| PromiseEnd { generation: promise.generation, state: ends(promise) });
        held.replace(replaced, (&to, agreed), (by, to.why), now).await?;
        held.batch.regrade_ask(lead, "a person moved its next step", now).await?;
        held.batch.commit().await?;
        Ok(Worked::Done(Effect { replaced, ..Effect::default() }))
    }
}
