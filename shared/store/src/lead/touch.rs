//! What people of the firm do with a lead, in one transaction each: touches with their answers, and promises moved by hand.
//! The lead is decided again afterwards, by the qualifier, because of the regrade that is written beside it.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{LeadId, PersonId},
    promise::{Due, Kind, Open, State},
    touch::{Brought, Disposition, Effect, effect},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction, delivery::event::News, error::one_row, lead::load::LeadRow,
    transaction::again,
};

/// What is learned of a lead that a client has is told after the lead was decided again.
const DECIDED_WITHIN: SignedDuration = SignedDuration::from_secs(5);

/// A next step that was agreed with the person.
#[derive(Debug, Clone, Copy)]
pub struct Agreed<'a> {
    /// When.
    pub due: Due,
    /// What was promised, in words.
    pub why: &'a str,
}

/// A touch to record.
#[derive(Debug, Clone, Copy)]
pub struct NewTouch<'a> {
    /// The same id again is the same touch.
    pub id: Uuid,
    /// The lead.
    pub lead: LeadId,
    /// Who.
    pub by: &'a str,
    /// How it went.
    pub disposition: Disposition,
    /// Question and answer, checked before.
    pub answers: &'a [(String, Value)],
    /// Words to keep.
    pub note: Option<&'a str>,
    /// The next step, where one was agreed.
    pub agreed: Option<Agreed<'a>>,
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

/// What became of an attempt to change a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worked {
    /// It is recorded, and this follows from it.
    Done(Effect),
    /// It was recorded before, under the same id.
    Again,
    /// There is no such lead in the scope.
    Unknown,
    /// The lead is closed, for this reason, or won.
    Closed(String),
}

/// A lead under its locks, with its open promises.
struct Held {
    batch: Transaction,
    row: LeadRow,
    promises: Vec<Open>,
}

enum Taken {
    Held(Box<Held>),
    Not(Worked),
}

impl Store {
    /// Records a touch with everything that follows from it but the decision, which the regrade asks for.
    ///
    /// # Errors
    /// When the database is away or the transaction fails: then nothing was recorded.
    pub async fn touch(&self, scope: Scope, new: &NewTouch<'_>, now: Timestamp) -> Result<Worked, StoreError> {
        again(|| self.touch_try(scope, new, now)).await
    }

    async fn touch_try(&self, scope: Scope, new: &NewTouch<'_>, now: Timestamp) -> Result<Worked, StoreError> {
        let mut held = match self.hold(scope, new.lead).await? {
            Taken::Held(held) => held,
            Taken::Not(why) => return Ok(why),
        };
        let brought =
            Brought { disposition: new.disposition, answers: new.answers.len(), agreed: new.agreed.is_some() };
        let effect = effect(&held.promises, brought, now);
        if !held.batch.touch_insert(&held.row, new, effect.round, now).await? {
            return Ok(Worked::Again);
        }
        held.batch.said_insert(new, now).await?;
        held.batch.tell_said(new, now).await?;
        if let Some(generation) = effect.worked {
            held.batch.promise_worked(new.lead, generation, now).await?;
        }
        if let Some(agreed) = new.agreed {
            let why = format!("agreed with the person: {}", agreed.why);
            held.replace(effect.replaced, (&agreed, true), (new.by, &why), now).await?;
        }
        held.batch.lead_touched(&held.row, new, effect.round, now).await?;
        held.batch.person_touched(held.row.person, new.disposition, now).await?;
        if new.disposition == Disposition::DoNotContact {
            held.batch.tell_suppressed(held.row.person, now).await?;
        }
        held.batch.regrade_ask(new.lead, "a person worked on it", now).await?;
        held.batch.commit().await?;
        Ok(Worked::Done(effect))
    }

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
            Taken::Held(held) => held,
            Taken::Not(why) => return Ok(why),
        };
        let standing = held.promises.iter().find(|promise| promise.kind == Kind::Requalify);
        let ends = |promise: &Open| if promise.worked { State::Kept } else { State::Moved };
        let replaced = standing.map(|promise| (promise.generation, ends(promise)));
        held.replace(replaced, (&to, agreed), (by, to.why), now).await?;
        held.batch.regrade_ask(lead, "a person moved its next step", now).await?;
        held.batch.commit().await?;
        Ok(Worked::Done(Effect { replaced, ..Effect::default() }))
    }

    /// The lead under its locks, where it may be worked on.
    async fn hold(&self, scope: Scope, lead: LeadId) -> Result<Taken, StoreError> {
        let mut batch = self.begin().await?;
        let Some(row) = batch.lock_lead(scope, lead).await? else { return Ok(Taken::Not(Worked::Unknown)) };
        if !row.stage.is_open() {
            let why = row.closed.map_or_else(|| row.stage.word().to_owned(), |(_, why)| why);
            return Ok(Taken::Not(Worked::Closed(why)));
        }
        let promises = batch.promises_of(&[lead]).await?.into_iter().map(|open| open.promise).collect();
        Ok(Taken::Held(Box::new(Held { batch, row, promises })))
    }
}

impl Held {
    /// Ends one promise and makes the next, which takes the lead's next generation.
    async fn replace(
        &mut self,
        replaced: Option<(i64, State)>,
        (next, agreed): (&Agreed<'_>, bool),
        (by, why): (&str, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some((generation, state)) = replaced {
            let done = sqlx::query!(
                "-- promise.replace
                update promise set state = $3, ended_at = $4, ended_by = $5, ended_why = $6
                where lead_id = $1 and generation = $2 and state in ('scheduled', 'work')",
                self.row.id.uuid(),
                generation,
                state.word(),
                now.to_sqlx(),
                by,
                why
            )
            .execute(self.batch.connection())
            .await?;
            one_row(done.rows_affected(), "promise")?;
        }
        self.row.generation = self.row.generation.saturating_add(1);
        sqlx::query!(
            "-- promise.agree
            insert into promise (lead_id, generation, client_id, kind, state, due_at, due_until, why, from_whom, agreed,
                                 offered_until, created_at)
            values ($1, $2, $3, 'requalify', 'scheduled', $4, $5, $6, $7, $8, $9, $9)",
            self.row.id.uuid(),
            self.row.generation,
            self.row.client.uuid(),
            next.due.at.to_sqlx(),
            next.due.until.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            next.why,
            by,
            agreed,
            now.to_sqlx()
        )
        .execute(self.batch.connection())
        .await?;
        let done = sqlx::query!(
            "-- lead.set_generation
            update lead set generation = $2 where id = $1",
            self.row.id.uuid(),
            self.row.generation
        )
        .execute(self.batch.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }
}

impl Transaction {
    pub(crate) async fn person_of(&mut self, scope: Scope, lead: LeadId) -> Result<Option<PersonId>, StoreError> {
        let row = sqlx::query!(
            "-- lead.person_of
            select person_id from lead where id = $1 and ($2::uuid is null or client_id = $2)",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| PersonId::from_uuid(row.person_id)))
    }

    /// Whether the touch is new.
    async fn touch_insert(
        &mut self,
        lead: &LeadRow,
        new: &NewTouch<'_>,
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
            new.by,
            new.disposition.word(),
            i32::try_from(new.answers.len()).unwrap_or(i32::MAX),
            round
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Who has the lead is told what else was learned.
    async fn tell_said(&mut self, new: &NewTouch<'_>, now: Timestamp) -> Result<(), StoreError> {
        if new.answers.is_empty() && new.note.is_none() || new.disposition == Disposition::DoNotContact {
            return Ok(());
        }
        let kind = if new.disposition.is_conversation() { "conversation" } else { "note" };
        let said = json!({"kind": kind, "by": new.by});
        // The decision that follows withdraws it where the lead is no A any more.
        let due_at = now.saturating_add(DECIDED_WITHIN).unwrap_or(now);
        let news = News { lead: new.lead, event: EventType::LeadUpdated, cause: new.id, said, mailed: true, due_at };
        self.tell(&[news], now).await?;
        Ok(())
    }

    /// Answers and words of a touch.
    async fn said_insert(&mut self, new: &NewTouch<'_>, now: Timestamp) -> Result<(), StoreError> {
        let questions: Vec<_> = new.answers.iter().map(|(question, _)| question.clone()).collect();
        let values: Vec<_> = new.answers.iter().map(|(_, value)| value.to_string()).collect();
        sqlx::query!(
            "-- answer.record
            insert into answer (lead_id, question, at, origin, value)
            select $1, ($2::text[])[i], $3, $4, ($5::text[])[i]::json from generate_subscripts($2::text[], 1) i
            on conflict do nothing",
            new.lead.uuid(),
            &questions,
            now.to_sqlx(),
            format!("person:{}", new.by),
            &values
        )
        .execute(self.connection())
        .await?;
        if let Some(text) = new.note {
            sqlx::query!(
                "-- note.record
                insert into note (lead_id, at, by, text) values ($1, $2, $3, $4) on conflict do nothing",
                new.lead.uuid(),
                now.to_sqlx(),
                new.by,
                text
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    async fn promise_worked(&mut self, lead: LeadId, generation: i64, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- promise.worked
            update promise set worked_at = $3 where lead_id = $1 and generation = $2 and state in ('scheduled', 'work')",
            lead.uuid(),
            generation,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "promise")
    }

    async fn lead_touched(
        &mut self,
        lead: &LeadRow,
        new: &NewTouch<'_>,
        round: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let spoke = new.disposition.is_conversation();
        let done = sqlx::query!(
            "-- lead.touched
            update lead set touches = touches + 1, rounds = rounds + $2::boolean::integer,
                            last_disposition = case when $3 then $4 else last_disposition end,
                            last_conversation_at = case when $5 then $6::timestamptz else last_conversation_at end,
                            stage = case when $5 and stage = 'lead' then 'contact' else stage end
            where id = $1",
            lead.id.uuid(),
            round,
            new.disposition.is_attempt(),
            new.disposition.word(),
            spoke,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    /// Who was spoken to is known to be who it says; a phone that reaches somebody else is no way to this person.
    async fn person_touched(
        &mut self,
        person: PersonId,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- person.touched
            update person set verified = verified or $2, do_not_contact = do_not_contact or $3,
                              phone = case when $4 then null else phone end, updated_at = $5
            where id = $1 and ($2 or $3 or $4)",
            person.uuid(),
            disposition.is_conversation(),
            disposition == Disposition::DoNotContact,
            disposition == Disposition::WrongNumber,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Asks for the lead to be decided again.
    pub(crate) async fn regrade_ask(&mut self, lead: LeadId, why: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- regrade.ask
            insert into regrade (lead_id, version, why, offered_until, created_at) values ($1, 1, $2, $3, $3)
            on conflict (lead_id) do update set version = regrade.version + 1, why = excluded.why,
                                                offered_until = excluded.offered_until",
            lead.uuid(),
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
