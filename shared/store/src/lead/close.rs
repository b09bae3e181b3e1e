//! Leads that a person of the firm closes and opens again. Criteria and outcomes close leads by ways of their own.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{ClientId, LeadId},
    lead::{Grade, Stage},
    promise::{Due, Kind, PromiseEnd, State},
};

use crate::{
    Scope, StoreError, Transaction,
    appointment::change::AppointmentChange,
    error::one_row,
    lead::{
        end_dependents::{LeadEnding, PromisesToEnd},
        lead_row::LeadRow,
        lock::Lockable,
        worked::Worked,
    },
    promise::write::NewPromise,
};

/// What became of an attempt to close a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosedByHand {
    /// It is closed.
    Done {
        /// Whose.
        client: ClientId,
        /// How far it had come.
        before: Stage,
        /// Deliveries that were stopped.
        stopped: u64,
    },
    /// There is no such lead in the scope.
    Unknown,
    /// It is not open any more, for this reason.
    Ended(String),
    /// Its client has it, or is about to: it is taken back before it is closed.
    WithClient,
}

/// What became of an attempt to open a lead again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReopenedByHand {
    /// It is open, and work at once.
    Done {
        /// Whose.
        client: ClientId,
        /// Why it was closed.
        before: String,
        /// How far it has come.
        stage: Stage,
    },
    /// There is no such lead in the scope.
    Unknown,
    /// It is not closed.
    NotClosed,
    /// The person has another open lead of the program, on which everything goes on.
    Another(LeadId),
    /// The person must not be contacted: why.
    Barred(String),
}

impl Transaction {
    /// Closes an open lead: promises end, appointments are cancelled, and what was not sent yet is stopped.
    pub async fn lead_close(
        &mut self,
        scope: Scope,
        lead: LeadId,
        why: &str,
        change: AppointmentChange<'_>,
    ) -> Result<ClosedByHand, StoreError> {
        let held = match self.lead_hold(scope, lead).await? {
            Lockable::LockedLead(held) => held,
            Lockable::Not(Worked::Closed(why)) => return Ok(ClosedByHand::Ended(why)),
            Lockable::Not(_) => return Ok(ClosedByHand::Unknown),
        };
        let is_a = held.row.decided.is_some_and(|last| last.grade == Grade::A);
        let standing = self.handover_standings(&[lead]).await?.pop();
        // A client that works a lead, whatever its grade is by now, would not hear that it is over: a recall tells it.
        if is_a && !held.row.came_back() || standing.is_some_and(|standing| standing.is_handed_over) {
            return Ok(ClosedByHand::WithClient);
        }
        let now = change.now;
        let dropped =
            |open: &ripen_domain::promise::Open| PromiseEnd { generation: open.generation, state: State::Dropped };
        let ended: Vec<_> = held.promises.iter().map(dropped).collect();
        let end =
            LeadEnding { lead, by: change.actor.into(), why, promises: PromisesToEnd::These(&ended), is_sold: false };
        let stopped = self.lead_let_go(&end, change).await?;
        let done = sqlx::query!(
            "-- lead.close
            update lead set stage = 'closed', closed_at = $2, closed_reason = $3, closed_code = 'closed', goes_on_as = null where id = $1",
            lead.uuid(),
            now.to_sqlx(),
            why
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")?;
        Ok(ClosedByHand::Done { client: held.row.client, before: held.row.stage, stopped })
    }

    /// Opens a closed lead again: work at once, and decided anew.
    pub async fn lead_reopen(
        &mut self,
        actor: &Actor,
        lead: LeadId,
        why: &str,
        now: Timestamp,
    ) -> Result<ReopenedByHand, StoreError> {
        let Some(mut row) = self.lock_lead(actor.scope(), lead).await? else { return Ok(ReopenedByHand::Unknown) };
        let Some(closed) = row.closed.clone().filter(|_| row.stage == Stage::Closed) else {
            return Ok(ReopenedByHand::NotClosed);
        };
        if let Some(other) = self.another_open_lead(&row).await? {
            return Ok(ReopenedByHand::Another(other));
        }
        if let Some(barred) = self.person_barred(actor.scope(), row.person).await? {
            return Ok(ReopenedByHand::Barred(barred));
        }
        // As far as it had come: whoever was spoken with is known.
        let stage = if row.last_conversation_at.is_some() { Stage::Contact } else { Stage::Lead };
        let due = Due { at: now, until: None };
        let next = NewPromise {
            kind: Kind::Requalify,
            state: State::Work,
            due,
            zone: None,
            why,
            from_whom: actor.into(),
            agreed: true,
        };
        self.promise_insert(&mut row, &next, now).await?;
        let done = sqlx::query!(
            "-- lead.reopen
            update lead set stage = $2, closed_at = null, closed_reason = null, closed_code = null, goes_on_as = null, generation = $3 where id = $1",
            lead.uuid(),
            stage.word(),
            row.generation
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")?;
        self.regrade_ask(lead, "a person opened it again", now).await?;
        Ok(ReopenedByHand::Done { client: row.client, before: closed.why, stage })
    }

    /// Another lead of the person in the same line of business that is open.
    async fn another_open_lead(&mut self, row: &LeadRow) -> Result<Option<LeadId>, StoreError> {
        let other = sqlx::query_scalar!(
            "-- lead.another_open
            select id from lead
            where person_id = $1 and program_id = $2 and id <> $3 and stage in ('lead', 'contact', 'opportunity')",
            row.person.uuid(),
            row.program.uuid(),
            row.id.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(other.map(LeadId::from_uuid))
    }
}
