//! A sender's statement that turns out to be of somebody else: it goes over to another lead, with its answers and notes. What others
//! said stays where it is, and counts alone from then on.

use jiff::Timestamp;
use ripen_domain::id::SourceId;

use crate::{StoreError, Transaction, arrival::seen::ArrivalOwner, error::one_row};

/// What one sender said under one id of theirs, on its way to another lead.
#[derive(Debug, Clone)]
pub struct StatementMove {
    /// Who sent it.
    pub source: SourceId,
    /// The sender's own id for it.
    pub external_id: String,
    /// On whose lead it was, with what others said.
    pub from: ArrivalOwner,
    /// On whose it is from now on.
    pub to: ArrivalOwner,
}

impl Transaction {
    /// Moves a statement; both leads are decided again. Under the locks of both, after the other lead is written.
    pub async fn statement_move(&mut self, statement: &StatementMove, now: Timestamp) -> Result<(), StoreError> {
        let origins = self.arrivals_of_statement_take(statement).await?;
        self.statement_said_move(statement, &origins).await?;
        self.statement_uncount(statement).await?;
        let why = "a sender says that what it said is of somebody else";
        self.regrade_ask(statement.from.lead, why, now).await?;
        self.regrade_ask(statement.to.lead, why, now).await
    }

    /// Answers and notes of these origins go over.
    async fn statement_said_move(&mut self, statement: &StatementMove, origins: &[String]) -> Result<(), StoreError> {
        // Not by an update: what a join has copied may be there already.
        sqlx::query!(
            "-- lead.statement_said_move
            with answered as (
              delete from answer where lead_id = $1 and origin = any($3) returning question, at, origin, value
            ), noted as (
              delete from note where lead_id = $1 and origin = any($3) returning at, by, text, origin
            ), answers as (
              insert into answer (lead_id, question, at, origin, value)
              select $2, question, at, origin, value from answered on conflict do nothing
            )
            insert into note (lead_id, at, by, text, origin)
            select $2, at, by, text, origin from noted on conflict do nothing",
            statement.from.lead.uuid(),
            statement.to.lead.uuid(),
            origins
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The lead that it was on is what the others made of it: theirs is the credit too.
    async fn statement_uncount(&mut self, statement: &StatementMove) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- lead.statement_uncount
            with left_there as (
              select count(*)::int as arrivals, min(coalesce(submitted_at, received_at)) as first_at,
                     max(coalesce(submitted_at, received_at)) as last_at,
                     (array_agg(source_id order by received_at, id))[1] as source_id
              from arrival where lead_id = $1 and state = 'graded' and amends is null
            )
            update lead l set arrivals = greatest(t.arrivals, 1), enquiries = least(l.enquiries, greatest(t.arrivals, 1)),
                   source_id = coalesce(t.source_id, l.source_id), first_arrived_at = coalesce(t.first_at, l.first_arrived_at),
                   last_arrived_at = coalesce(t.last_at, l.last_arrived_at), last_enquiry_at = least(l.last_enquiry_at, t.last_at)
            from left_there t where l.id = $1",
            statement.from.lead.uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }
}
