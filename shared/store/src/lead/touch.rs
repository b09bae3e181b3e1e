//! Touches: what a person of the firm did with a lead, recorded with everything that follows from it in one transaction. The
//! lead is decided again afterwards, by the qualifier, because of the regrade that is written beside it.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    delivery::{EventDetail, LeadUpdate, UpdateKind},
    id::LeadId,
    promise::Kind,
    touch::{Disposition, TouchResult, effect},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    delivery::event::Event,
    lead::{
        load::LeadRow,
        lock::{Lockable, ReplacementStep},
        worked::{Worked, WorkedLead},
    },
    promise::agree::Agreed,
    suppression::write::NewSuppression,
};

/// What is learned of a lead that a client has is told after the lead was decided again.
const DECIDED_WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// Why somebody must not be contacted who said so.
const ASKED: &str = "the person asked not to be contacted";

/// A touch to record.
#[derive(Debug, Clone, Copy)]
pub struct NewTouch<'a> {
    /// The same id again is the same touch.
    pub id: Uuid,
    /// The lead.
    pub lead: LeadId,
    /// How it went.
    pub disposition: Disposition,
    /// Question and answer, checked before.
    pub answers: &'a [(String, Value)],
    /// Words to keep.
    pub note: Option<&'a str>,
    /// The next step, where one was agreed.
    pub agreed: Option<Agreed<'a>>,
}

impl Transaction {
    /// Records a touch with everything that follows from it but the decision, which the regrade asks for.
    pub async fn touch(&mut self, actor: &Actor, new: &NewTouch<'_>, now: Timestamp) -> Result<Worked, StoreError> {
        // The locks first: what follows from the touch depends on the open promises, which a batch may be about to
        // end.
        let mut held = match self.lead_hold_to_touch(actor.scope(), new).await? {
            Lockable::LockedLead(held) => held,
            Lockable::Not(why) => return Ok(why),
        };
        let by = actor.name();
        let brought =
            TouchResult { disposition: new.disposition, answers: new.answers.len(), agreed: new.agreed.is_some() };
        let effect = effect(&held.promises, brought, now);
        // Before anything else is written: the same touch again, from a second click or a retry, must not count a
        // second round.
        if !self.touch_insert(&held.row, (&by, new), effect.round, now).await? {
            return Ok(Worked::Again);
        }
        self.said_insert((&by, new), now).await?;
        self.enqueue_update((&by, new), now).await?;
        if let Some(generation) = effect.worked {
            self.promise_worked(new.lead, generation, now).await?;
        }
        // After `promise_worked`: the round counts for the promise that was worked on, and only then does the agreed
        // one take its place.
        if let Some(Agreed { due, zone, why }) = new.agreed {
            let because = format!("agreed with the person: {why}");
            let next = ReplacementStep { due, zone, why, agreed: true, by: &by, because: &because };
            self.promise_replace(&mut held.row, effect.replaced, next, now).await?;
        }
        self.lead_touched(&held.row, new, effect.round, now).await?;
        self.person_touched(held.row.person, new.disposition, now).await?;
        // In the same transaction: a client that has the lead must not call a person who asked not to be contacted.
        if new.disposition == Disposition::DoNotContact {
            let asked = NewSuppression { client: Some(held.row.client), why: ASKED, by: &by, at: now };
            self.person_opt_out((actor.scope().within(held.row.client), held.row.person), &asked).await?;
        }
        // Last, and deciding nothing here: only the qualifier grades, from the facts as they are when it reads them.
        self.regrade_ask(new.lead, "a person worked on it", now).await?;
        let before = held.promises.iter().find(|promise| promise.kind == Kind::Requalify);
        let before = before.and_then(|promise| promise.due_at);
        Ok(Worked::Done(WorkedLead { client: held.row.client, before, effect }))
    }

    /// The lead under its locks. Whoever won a lead or closed it long ago can still be told not to call again, and then nobody
    /// may; everything else is done with open leads.
    async fn lead_hold_to_touch(&mut self, scope: Scope, new: &NewTouch<'_>) -> Result<Lockable, StoreError> {
        if new.disposition == Disposition::DoNotContact && new.agreed.is_none() {
            self.lead_hold_any(scope, new.lead).await
        } else {
            self.lead_hold(scope, new.lead).await
        }
    }

    /// Whether the touch is new.
    async fn touch_insert(
        &mut self,
        lead: &LeadRow,
        (by, new): (&str, &NewTouch<'_>),
        round: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- touch.insert
            insert into touch (id, lead_id, client_id, at, by, disposition, answers, round)
            values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing",
            new.id,
            lead.id.uuid(),
            lead.client.uuid(),
            now.to_sqlx(),
            by,
            new.disposition.word(),
            i32::try_from(new.answers.len()).unwrap_or(i32::MAX),
            round
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Who has the lead is told what else was learned.
    async fn enqueue_update(&mut self, (by, new): (&str, &NewTouch<'_>), now: Timestamp) -> Result<(), StoreError> {
        if new.answers.is_empty() && new.note.is_none() || new.disposition == Disposition::DoNotContact {
            return Ok(());
        }
        let kind = if new.disposition.is_conversation() { UpdateKind::Conversation } else { UpdateKind::Note };
        let what = LeadUpdate { kind: kind.into(), by: by.to_owned().into(), ..LeadUpdate::default() };
        // The decision that follows withdraws it where the lead is no A any more.
        let due_at = now.saturating_add(DECIDED_WITHIN).unwrap_or(now);
        let news = Event { lead: new.lead, detail: EventDetail::Updated(what), cause: new.id, mailed: true, due_at };
        self.enqueue(&[news], now).await?;
        Ok(())
    }
}
