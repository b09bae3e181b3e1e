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
        lock::{Lockable, ReplacementStep},
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
    pub async fn promise_move(
        &mut self,
        actor: &Actor,
        lead: LeadId,
        step: NewStep<'_>,
        now: Timestamp,
    ) -> Result<Worked, StoreError> {
        // The locks first: a batch may be about to end the very promise that is moved.
        let mut held = match self.lead_hold(actor.scope(), lead).await? {
            Lockable::LockedLead(held) => held,
            Lockable::Not(why) => return Ok(why),
        };
        let standing = held.promises.iter().find(|promise| promise.kind == Kind::Requalify);
        // A promise that was worked on is kept, not moved: its round counts, whoever sets the next date.
        let ends = |promise: &Open| if promise.worked { State::Kept } else { State::Moved };
        let replaced = standing.map(|promise| PromiseEnd { generation: promise.generation, state: ends(promise) });
        let Agreed { due, zone, why } = step.to;
        let next = ReplacementStep { due, zone, why, agreed: step.agreed, by: actor, because: why };
        self.promise_replace(&mut held.row, replaced, next, now).await?;
        // The decision must see the new date: criteria may ask for an earlier one, unless it was agreed.
        self.regrade_ask(lead, "a person moved its next step", now).await?;
        Ok(Worked::Done(WorkedLead {
            client: held.row.client,
            before: standing.and_then(|promise| promise.due_at),
            effect: Effect { replaced, ..Effect::default() },
        }))
    }
}
