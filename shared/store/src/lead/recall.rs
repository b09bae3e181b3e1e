//! Taking a matured lead back.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{delivery::EventType, id::LeadId, lead::Grade};
use serde_json::json;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, delivery::event::News, lead::load::LeadRow, transaction::again};

/// What became of an attempt to take a lead back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// Nobody had it yet, or this many deliveries were told.
    Done {
        /// Deliveries that were stopped.
        stopped: u64,
        /// Endpoints that had it and are told.
        told: usize,
    },
    /// There is no such lead in the scope.
    Unknown,
    /// It is no A lead, so no client has it.
    NotMatured,
}

impl Transaction {
    /// The lead goes back to the desk: no A until somebody spoke with the person again, and work at once.
    async fn recall_lead(&mut self, row: &LeadRow, (by, why): (&str, &str), now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- news.recall_lead
            with ended as (
              update promise set state = 'moved', ended_at = $3, ended_by = $4, ended_why = $5
              where lead_id = $1 and state in ('scheduled', 'work')
            ), made as (
              insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, agreed, offered_until, created_at)
              values ($1, $2, $6, 'requalify', 'work', $3, $5, $4, true, $3, $3)
            )
            update lead set generation = $2, returned_at = $3 where id = $1",
            row.id.uuid(),
            row.generation.saturating_add(1),
            now.to_sqlx(),
            by,
            why,
            row.client.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Takes a matured lead back: what was not sent yet is stopped, who has it is told, and the lead is the desk's again.
    ///
    /// # Errors
    /// When the database is away or the transaction fails: then nothing happened.
    pub async fn lead_recall(
        &self,
        scope: Scope,
        lead: LeadId,
        by_why: (&str, &str),
        now: Timestamp,
    ) -> Result<Recalled, StoreError> {
        again(|| self.recall_try(scope, lead, by_why, now)).await
    }

    async fn recall_try(
        &self,
        scope: Scope,
        lead: LeadId,
        (by, why): (&str, &str),
        now: Timestamp,
    ) -> Result<Recalled, StoreError> {
        let mut batch = self.begin().await?;
        let Some(row) = batch.lock_lead(scope, lead).await? else { return Ok(Recalled::Unknown) };
        let is_a = row.decided.is_some_and(|(_, _, grade, _)| grade == Grade::A);
        let is_back = row.returned_at.is_some_and(|at| row.last_conversation_at.is_none_or(|spoken| spoken <= at));
        if !is_a || !row.stage.is_open() || is_back {
            return Ok(Recalled::NotMatured);
        }
        let words = format!("taken back: {why}");
        let stopped = batch.recall_pending(lead, &words, now).await?;
        let said = json!({"reason": why, "recalled_at": now});
        let news = News { lead, event: EventType::LeadRecalled, cause: Uuid::nil(), said, mailed: true, due_at: now };
        let told = batch.tell(&[news], now).await?;
        batch.recall_lead(&row, (by, &words), now).await?;
        batch.regrade_ask(lead, &words, now).await?;
        batch.commit().await?;
        Ok(Recalled::Done { stopped, told })
    }
}
