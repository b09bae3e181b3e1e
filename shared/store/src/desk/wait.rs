//! Leads that were looked at and may not be called yet: passed over until their gates open, so that nobody reads them again and again.
//! Every list leaves out who has a row here. Of the many that sleep, whom their lists leave out without looking a row up, the lead is marked
//! too: see [`crate::lead`]'s `asleep`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, LeadId};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction};

/// So many rows that are over are cleared at once.
const CLEARED: i64 = 64;

/// A lead that is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskWait {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// Until when.
    pub until: Timestamp,
    /// When all its gates have opened by themselves; none where somebody has to open one.
    pub opens_at: Option<Timestamp>,
    /// It is one of the many: their lists leave it out without looking it up.
    pub sleeps: bool,
}

impl Transaction {
    /// Passes leads over until then.
    pub async fn desk_wait_note(&mut self, waits: &[DeskWait], now: Timestamp) -> Result<(), StoreError> {
        if waits.is_empty() {
            return Ok(());
        }
        let leads: Vec<_> = waits.iter().map(|wait| wait.lead.uuid()).collect();
        let clients: Vec<_> = waits.iter().map(|wait| wait.client.uuid()).collect();
        let until: Vec<_> = waits.iter().map(|wait| wait.until.to_sqlx()).collect();
        let opens: Vec<_> = waits.iter().map(|wait| wait.opens_at.map(ToSqlx::to_sqlx)).collect();
        // Rows that another agent is writing are left to that agent: both found the same.
        let noted = sqlx::query_scalar!(
            r#"-- desk_wait.note
            with known as materialized (
              select lead_id from desk_wait where lead_id = any($1) for update skip locked
            ), renewed as (
              update desk_wait w set until = n.until, opens_at = n.opens_at, looked_at = $4
              from known k join unnest($1::uuid[], $3::timestamptz[], $5::timestamptz[]) as n (lead_id, until, opens_at) on n.lead_id = k.lead_id
              where w.lead_id = k.lead_id
              returning w.lead_id
            ), added as (
              insert into desk_wait (lead_id, client_id, until, opens_at, looked_at)
              select n.lead_id, n.client_id, n.until, n.opens_at, $4
              from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $5::timestamptz[]) as n (lead_id, client_id, until, opens_at)
              where n.lead_id not in (select lead_id from known)
              order by n.lead_id on conflict (lead_id) do nothing
              returning lead_id
            )
            select lead_id as "lead_id!" from renewed union all select lead_id from added"#,
            &leads,
            &clients,
            &until[..],
            now.to_sqlx(),
            &opens[..] as &[Option<jiff_sqlx::Timestamp>]
        )
        .fetch_all(self.connection())
        .await?;
        // Only of what has a row: nothing else would wake it.
        let noted: BTreeSet<_> = noted.into_iter().collect();
        let asleep = waits.iter().filter(|wait| wait.sleeps).map(|wait| wait.lead.uuid());
        self.leads_fall_asleep(&asleep.filter(|lead| noted.contains(lead)).collect::<Vec<_>>()).await
    }

    /// Wakes leads whose time has come, the first of them first and of one time the oldest: many sleep until one hour. A bounded number
    /// at once; of one that somebody works on this very moment the row stays, because nothing else would wake it.
    pub async fn desk_wait_clear(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let due = sqlx::query_scalar!(
            "-- desk_wait.due
            select lead_id from desk_wait where until <= $1 order by until, lead_id limit $2 for update skip locked",
            now.to_sqlx(),
            CLEARED
        )
        .fetch_all(self.connection())
        .await?;
        if due.is_empty() {
            return Ok(());
        }
        let woken = self.leads_wake_free(&due).await?;
        sqlx::query!(
            "-- desk_wait.clear
            delete from desk_wait w where w.lead_id = any($1)
              and (w.lead_id = any($2) or not exists (select from lead l where l.id = w.lead_id))",
            &due,
            &woken
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Looks at a lead again, of which something changed, as soon as somebody asks for the next.
    pub(crate) async fn desk_wait_wake(&mut self, lead: LeadId) -> Result<(), StoreError> {
        self.leads_wake(&[lead.uuid()], &[]).await?;
        sqlx::query!("-- desk_wait.wake\ndelete from desk_wait where lead_id = $1", lead.uuid())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Looks at all leads of these persons again: where they are, or their number, may be another.
    pub(crate) async fn desk_wait_wake_persons(&mut self, persons: &[Uuid]) -> Result<(), StoreError> {
        self.leads_wake(&[], persons).await?;
        // In the order of ids, as their leads are locked.
        sqlx::query!(
            "-- desk_wait.wake_persons
            with known as materialized (
              select w.lead_id from desk_wait w join lead l on l.id = w.lead_id
              where l.person_id = any($1) order by w.lead_id for update of w
            )
            delete from desk_wait w using known k where w.lead_id = k.lead_id",
            persons
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Looks at leads again that got another next step: it may fall due before they would have been looked at.
    pub(crate) async fn desk_wait_wake_all(&mut self, leads: &[Uuid]) -> Result<(), StoreError> {
        if leads.is_empty() {
            return Ok(());
        }
        // In the order of ids, as batches lock leads.
        sqlx::query!(
            "-- desk_wait.wake_all
            with known as materialized (
              select lead_id from desk_wait where lead_id = any($1) order by lead_id for update
            )
            delete from desk_wait w using known k where w.lead_id = k.lead_id",
            leads
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Looks at a lead again as soon as somebody asks for the next.
    pub async fn desk_wait_forget(&mut self, scope: Scope, lead: LeadId) -> Result<(), StoreError> {
        if self.lead(scope, lead).await?.is_none() {
            return Ok(());
        }
        self.leads_wake(&[lead.uuid()], &[]).await?;
        sqlx::query!(
            "-- desk_wait.forget
            delete from desk_wait where lead_id = $1 and ($2::uuid is null or client_id = $2)",
            lead.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
