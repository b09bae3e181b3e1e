//! Promises as batches, touches and outcomes write them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, LeadId},
    promise::{AgreedTime, Due, Kind, Open, PromiseEnd, State},
    said_by::SaidBy,
};
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    error::{one_row, word},
    lead::lead_row::LeadRow,
};

/// From whose words a step is whose date the criteria computed.
pub const CRITERIA: &str = "criteria";

/// A lead's open promise.
#[derive(Debug, Clone)]
pub struct OpenPromise {
    /// The lead.
    pub lead: LeadId,
    /// What it is.
    pub promise: Open,
}

/// A promise to write.
#[derive(Debug, Clone)]
pub struct PromiseRow {
    /// The lead.
    pub lead: LeadId,
    /// Its place in the lead's promises.
    pub generation: i64,
    /// Whose lead.
    pub client: ClientId,
    /// What happens when it falls due.
    pub kind: Kind,
    /// When; none where it waits for criteria.
    pub due_at: Option<Timestamp>,
    /// What was promised, in words.
    pub why: String,
    /// From whose words.
    pub from_whom: String,
}

/// A promise of a lead that ends, or becomes work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadPromiseEnd {
    /// The lead.
    pub lead: LeadId,
    /// Which of its promises, and the state it goes to.
    pub end: PromiseEnd,
}

/// A promise that came up when nobody may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromisePutOff {
    /// The lead.
    pub lead: LeadId,
    /// Which of its promises.
    pub generation: i64,
    /// Until when it waits.
    pub until: Timestamp,
}

/// Why a person ends a promise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndReason<'a> {
    /// Who says so.
    pub(crate) by: SaidBy<'a>,
    /// Why.
    pub(crate) why: &'a str,
}

/// A promise that somebody's words ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewPromise<'a> {
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) due: Due,
    /// By whose clock, where somebody named the time.
    pub(crate) zone: Option<&'a str>,
    /// What is promised, in words.
    pub(crate) why: &'a str,
    pub(crate) from_whom: SaidBy<'a>,
    /// Agreed with the person, or for now: only a person replaces it.
    pub(crate) agreed: bool,
}

impl Transaction {
    /// The open promises of these leads.
    pub async fn promises_of(&mut self, leads: &[LeadId]) -> Result<Vec<OpenPromise>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // Without a lock of their own: promises change only under the lock of their lead, which the caller holds or
        // only looks.
        let rows = sqlx::query!(
            "-- promise.open_of
            select lead_id, generation, kind, state, due_at, agreed, from_whom, worked_at from promise
            where lead_id = any($1) and state in ('scheduled', 'work')",
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let promise = Open {
                    generation: row.generation,
                    kind: word(&row.kind)?,
                    state: word(&row.state)?,
                    due_at: row.due_at.map(jiff_sqlx::Timestamp::to_jiff),
                    agreed: row.agreed,
                    by_hand: row.from_whom != CRITERIA,
                    worked: row.worked_at.is_some(),
                };
                Ok(OpenPromise { lead: LeadId::from_uuid(row.lead_id), promise })
            })
            .collect()
    }

    /// Moves open promises on, each to its state.
    ///
    /// # Errors
    /// `Moved` when one was no longer open.
    pub async fn promises_end(&mut self, ended: &[LeadPromiseEnd], now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = ended.iter().map(|one| one.lead.uuid()).collect();
        let generations: Vec<_> = ended.iter().map(|one| one.end.generation).collect();
        let states: Vec<_> = ended.iter().map(|one| one.end.state.word().to_owned()).collect();
        // The open states are named: a promise that a person ended since it was read must fail the batch, which then
        // reads again.
        let done = sqlx::query!(
            "-- promise.end
            update promise p set state = n.state, ended_at = case when n.state in ('scheduled', 'work') then null else $4::timestamptz end
            from unnest($1::uuid[], $2::bigint[], $3::text[]) as n (lead_id, generation, state)
            where p.lead_id = n.lead_id and p.generation = n.generation and p.state in ('scheduled', 'work')",
            &leads, &generations, &states, now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        // Fewer rows than asked for mean that somebody else moved one on: nothing of this batch may stand.
        if usize::try_from(done.rows_affected()) == Ok(ended.len()) {
            Ok(())
        } else {
            Err(StoreError::Moved("promise"))
        }
    }

    /// Puts off promises that came up when nobody may be called; nobody is offered them before.
    ///
    /// # Errors
    /// `Moved` when one was no longer scheduled.
    pub async fn promises_put_off(&mut self, put_off: &[PromisePutOff]) -> Result<(), StoreError> {
        let leads: Vec<_> = put_off.iter().map(|one| one.lead.uuid()).collect();
        let generations: Vec<_> = put_off.iter().map(|one| one.generation).collect();
        let until: Vec<_> = put_off.iter().map(|one| one.until.to_sqlx()).collect();
        // The window keeps its end while that lies ahead; a time that is over would leave a promise that can never be
        // in time.
        let done = sqlx::query!(
            "-- promise.put_off
            update promise p set due_at = n.until, due_until = case when p.due_until > n.until then p.due_until end,
                                 offered_until = n.until
            from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) as n (lead_id, generation, until)
            where p.lead_id = n.lead_id and p.generation = n.generation and p.state = 'scheduled'",
            &leads,
            &generations,
            &until[..]
        )
        .execute(self.connection())
        .await?;
        if usize::try_from(done.rows_affected()) == Ok(put_off.len()) {
            Ok(())
        } else {
            Err(StoreError::Moved("promise"))
        }
    }

    pub(crate) async fn promise_worked(
        &mut self,
        lead: LeadId,
        generation: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Only an open one: a round must not be counted for a promise that a decision has ended meanwhile.
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

    /// Ends open promises, each in its state, because somebody said so.
    pub(crate) async fn promises_end_by(
        &mut self,
        lead: LeadId,
        ended: &[PromiseEnd],
        EndReason { by, why }: EndReason<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let generations: Vec<_> = ended.iter().map(|end| end.generation).collect();
        let states: Vec<_> = ended.iter().map(|end| end.state.word().to_owned()).collect();
        // The open states are named for the same reason as in `promises_end`, which ends those of a whole batch.
        let done = sqlx::query!(
            "-- promise.end_by
            update promise p set state = n.state, ended_at = $4, ended_by = $5, ended_why = $6
            from unnest($2::bigint[], $3::text[]) as n (generation, state)
            where p.lead_id = $1 and p.generation = n.generation and p.state in ('scheduled', 'work')",
            lead.uuid(),
            &generations,
            &states,
            now.to_sqlx(),
            by.to_string(),
            why
        )
        .execute(self.connection())
        .await?;
        if usize::try_from(done.rows_affected()) == Ok(ended.len()) {
            Ok(())
        } else {
            Err(StoreError::Moved("promise"))
        }
    }

    /// Ends every open promise of a lead because somebody said so.
    pub(crate) async fn promises_end_all(
        &mut self,
        lead: LeadId,
        reason: EndReason<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // No count is checked: how many are open is what the caller does not know.
        sqlx::query!(
            "-- promise.end_all
            update promise set state = 'moved', ended_at = $2, ended_by = $3, ended_why = $4
            where lead_id = $1 and state in ('scheduled', 'work')",
            lead.uuid(),
            now.to_sqlx(),
            reason.by.to_string(),
            reason.why
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Makes a promise that somebody's words ask for. It takes the next generation of the lead, whose row is written by the
    /// caller.
    pub(crate) async fn promise_insert(
        &mut self,
        lead: &mut LeadRow,
        new: &NewPromise<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // The generation is taken here and written with the lead by the caller, in the same transaction: a message
        // about it must find both.
        lead.generation = lead.generation.saturating_add(1);
        let agreed = new.zone.and_then(|zone| AgreedTime::at(new.due.at, zone));
        sqlx::query!(
            "-- promise.insert
            insert into promise (lead_id, generation, client_id, kind, state, due_at, due_until, why, from_whom, agreed,
                                 offered_until, created_at, agreed_civil, zone)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)",
            lead.id.uuid(),
            lead.generation,
            lead.client.uuid(),
            new.kind.word(),
            new.state.word(),
            new.due.at.to_sqlx(),
            new.due.until.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            new.why,
            new.from_whom.to_string(),
            new.agreed,
            now.to_sqlx(),
            agreed.as_ref().map(|agreed| agreed.civil.to_sqlx()) as Option<jiff_sqlx::DateTime>,
            agreed.as_ref().map(|agreed| agreed.zone.as_str())
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct PromiseArrays {
    pub(crate) leads: Vec<Uuid>,
    pub(crate) generations: Vec<i64>,
    pub(crate) clients: Vec<Uuid>,
    pub(crate) kinds: Vec<String>,
    pub(crate) due: Vec<Option<jiff_sqlx::Timestamp>>,
    pub(crate) why: Vec<String>,
    pub(crate) whom: Vec<String>,
}

impl From<&[PromiseRow]> for PromiseArrays {
    fn from(rows: &[PromiseRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.leads.push(row.lead.uuid());
            columns.generations.push(row.generation);
            columns.clients.push(row.client.uuid());
            columns.kinds.push(row.kind.word().to_owned());
            columns.due.push(row.due_at.map(ToSqlx::to_sqlx));
            columns.why.push(row.why.clone());
            columns.whom.push(row.from_whom.clone());
        }
        columns
    }
}
