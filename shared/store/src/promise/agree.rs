//! A next step that a person moves by hand, agreed with the lead's person or not.

use jiff::Timestamp;
use ripen_domain::{
    actor::Actor,
    id::LeadId,
    promise::{Due, Kind, Open, PromiseEnd, State},
    touch::Effect,
};

use crate::{
    StoreError, Transaction,
    lead::{
        lock::{Lockable, NextStep},
        worked::{Worked, WorkedLead},
    },
};

/// A next step that was agreed with the person.
#[derive(Debug, Clone, Copy)]
pub struct Agreed<'a> {
    /// When.
    pub due: Due,
    /// By whose clock: a name of the tz database. The hour is kept, whatever becomes of its instant.
    pub zone: Option<&'a str>,
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
}

impl Transaction {
    /// Moves the next step of a lead by hand, agreed with the person or not.
    ///
    /// # Errors
    /// When the transaction fails: then nothing moved.
    pub async fn promise_move(
        &mut self,
        actor: &Actor,
        lead: LeadId,
        step: NewStep<'_>,
        now: Timestamp,
    ) -> Result<Worked, StoreError> {
        let mut held = match self.lead_hold(actor.scope(), lead).await? {
            Lockable::LockedLead(held) => held,
            Lockable::Not(why) => return Ok(why),
        };
        let standing = held.promises.iter().find(|promise| promise.kind == Kind::Requalify);
        let ends = |promise: &Open| if promise.worked { State::Kept } else { State::Moved };
        let replaced = standing.map(|promise| PromiseEnd { generation: promise.generation, state: ends(promise) });
        let Agreed { due, zone, why } = step.to;
        let next = NextStep { due, zone, why, agreed: step.agreed, by: &actor.name(), because: why };
        self.promise_replace(&mut held.row, replaced, next, now).await?;
        self.regrade_ask(lead, "a person moved its next step", now).await?;
        Ok(Worked::Done(WorkedLead {
            client: held.row.client,
            before: standing.and_then(|promise| promise.due_at),
            effect: Effect { replaced, ..Effect::default() },
        }))
    }
}
