//! Sweeps: due rows that nobody was offered lately, marked as offered and handed out. Each costs the same however many
//! rows are not due.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, EndpointId, LeadId};

use crate::{Store, StoreError};

/// How much a sweep takes and for how long nobody else offers it.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// What is due at this instant.
    pub now: Timestamp,
    /// Until when it counts as offered.
    pub until: Timestamp,
    /// At most so many rows.
    pub limit: i64,
}

impl Store {
    /// Promises that fell due after the start and not after the end of a time, oldest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_promises(&self, sweep: Sweep, due: Range<Timestamp>) -> Result<Vec<(LeadId, i64)>, StoreError> {
        let rows = sqlx::query!(
            "-- sweep.promises
            update promise p set offered_until = $2
            from (select lead_id, generation from promise
                  where state = 'scheduled' and due_at > $4 and due_at <= $5 and offered_until <= $1
                  order by due_at limit $3 for update skip locked) due
            where p.lead_id = due.lead_id and p.generation = due.generation
            returning p.lead_id, p.generation",
            sweep.now.to_sqlx(),
            sweep.until.to_sqlx(),
            sweep.limit,
            due.start.to_sqlx(),
            due.end.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (LeadId::from_uuid(row.lead_id), row.generation)).collect())
    }

    /// Leads whose facts changed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_regrades(&self, sweep: Sweep) -> Result<Vec<LeadId>, StoreError> {
        let rows = sqlx::query!(
            "-- sweep.regrades
            update regrade r set offered_until = $2
            from (select lead_id from regrade where offered_until <= $1 order by offered_until limit $3
                  for update skip locked) due
            where r.lead_id = due.lead_id returning r.lead_id",
            sweep.now.to_sqlx(),
            sweep.until.to_sqlx(),
            sweep.limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| LeadId::from_uuid(row.lead_id)).collect())
    }

    /// Asks for a regrade of open leads that were not decided by their program's active criteria, each program at its own
    /// pace; what it did not use within `burst` is lost. Level-triggered: called again and again until nothing is left.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_criteria(&self, now: Timestamp, burst: SignedDuration, limit: i64) -> Result<u64, StoreError> {
        let row = sqlx::query!(
            r#"-- sweep.criteria
            with paced as materialized (
              select id, criteria_id,
                     greatest(least(floor(extract(epoch from $1::timestamptz
                       - greatest(case when paced_at > $1 + interval '1 minute' then $2 else paced_at end, $2)) * pace), $3::bigint), 0)::bigint as allowed
              from program
              where criteria_id is not null and (select count(*) from (select 1 from regrade limit $3::bigint) waiting) < $3::bigint
              for no key update skip locked
            ), outdated as materialized (
              select l.id, p.id as program_id
              from paced p
              cross join lateral (
                select id from lead where program_id = p.id and stage in ('lead', 'contact', 'opportunity')
                  and (criteria_id < p.criteria_id or criteria_id > p.criteria_id or criteria_id is null)
                  and not exists (select 1 from regrade r where r.lead_id = lead.id)
                limit p.allowed) l
            ), asked as (
              insert into regrade (lead_id, version, why, offered_until, created_at)
              select id, 1, 'the criteria changed', $1, $1 from outdated
              on conflict do nothing
            ), used as (
              update program set paced_at = $1 where id in (select program_id from outdated)
            )
            select count(*) as "n!" from outdated"#,
            now.to_sqlx(),
            now.checked_sub(burst).unwrap_or(now).to_sqlx(),
            limit
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }

    /// Deliveries to be attempted: due ones, and leases that ran out.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_deliveries(&self, sweep: Sweep) -> Result<Vec<(DeliveryId, Option<EndpointId>)>, StoreError> {
        let rows = sqlx::query!(
            "-- sweep.deliveries
            with due as materialized (
              select id from delivery
              where state in ('pending', 'held') and endpoint_id is not null and due_at <= $1 and offered_until <= $1
              order by due_at limit $3 for update skip locked
            ), expired as materialized (
              select id from delivery where state = 'leased' and leased_until < clock_timestamp() and offered_until <= $1
              order by leased_until limit $3 for update skip locked
            )
            update delivery d set offered_until = $2
            where d.id in (select id from due union all select id from expired) returning d.id, d.endpoint_id",
            sweep.now.to_sqlx(), sweep.until.to_sqlx(), sweep.limit
        )
        .fetch_all(&self.pool)
        .await?;
        let offer = |id, endpoint: Option<_>| (DeliveryId::from_uuid(id), endpoint.map(EndpointId::from_uuid));
        Ok(rows.into_iter().map(|row| offer(row.id, row.endpoint_id)).collect())
    }

    /// Forgets offers that last longer than to `beyond`: called with the present when a process starts that owns the only
    /// (in-process) queues, and with the end of an offer made now when the clock was set back, so that an offer made under
    /// the clock of before does not outlast every other.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_forget_offers(&self, now: Timestamp, beyond: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- sweep.forget_spool
            update spool set offered_until = $1 where offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "-- sweep.forget_promises
            update promise set offered_until = $1 where state = 'scheduled' and due_at <= $1 and offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "-- sweep.forget_regrades
            update regrade set offered_until = $1 where offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "-- sweep.forget_deliveries
            update delivery set offered_until = $1
            where state in ('pending', 'held') and endpoint_id is not null and due_at <= $1 and offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends every lease: called once when a process starts that is the only one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_forget_leases(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- sweep.forget_leases
            update delivery set leased_until = clock_timestamp(), offered_until = $1 where state = 'leased'",
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
