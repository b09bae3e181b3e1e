//! Replay of a range: a time range of an endpoint's deliveries, sent again under the same ids and with the same bytes. A replay is a
//! row that the dispatcher works off in steps, so that neither a crash nor a stop loses or doubles any of it.

use std::ops::Range;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{DeliveryId, EndpointId, LeadId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, delivery::stop_waiting::StopsWaiting, error::one_row};

/// A replay to begin.
#[derive(Debug, Clone)]
pub struct NewReplay {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Deliveries that came to be owed in this time, its end left out.
    pub range: Range<Timestamp>,
    /// Only what was given up, and nothing that was delivered.
    pub only_failed: bool,
}

/// How far a replay is.
#[derive(Debug, Clone)]
pub struct ReplayRecord {
    /// Its id.
    pub id: Uuid,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Every delivery of the range has been seen to.
    pub finished: bool,
    /// Deliveries made due again.
    pub replayed: i32,
    /// Deliveries left alone: under way anyway, withdrawn, or of leads that are over, were taken back, or are with somebody else since.
    pub passed_over: i32,
    /// Of those replayed: delivered again.
    pub delivered: i64,
    /// Of those replayed: not delivered again, be it that they are dead now or stay delivered as they were before.
    pub dead: i64,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
}

/// The lowest id of a delivery that came to be owed at an instant (UUIDv7: milliseconds first).
fn lowest(at: Timestamp) -> Uuid {
    // A range of ids is a range of time, so replays need no index over times.
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

impl Store {
    /// How many deliveries a replay would send again.
    pub async fn replay_range_count(&self, scope: Scope, new: &NewReplay, now: Timestamp) -> Result<i64, StoreError> {
        let found = sqlx::query!(
            r#"-- replay.count
            select count(*) as "n!" from delivery d
            where id > $1 and id < $2 and endpoint_id = $3 and ($4::uuid is null or client_id = $4)
              and (state = 'dead' and not delivery_given_on(d.id) or state in ('delivered', 'filed') and not $5)
              and not exists (select from delivery_over v where v.delivery_id = d.id and (v.why is not null or v.until <= $6))"#,
            lowest(new.range.start),
            lowest(new.range.end),
            new.endpoint.uuid(),
            scope.client_uuid(),
            new.only_failed,
            now.to_sqlx()
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(found.n)
    }
}

impl Transaction {
    /// Begins a replay under this id.
    ///
    /// # Errors
    /// `Moved` when the endpoint is not in the actor's scope.
    pub async fn replay_range_begin(
        &mut self,
        actor: &Actor,
        id: Uuid,
        new: &NewReplay,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Kept as ids: the range means the same rows however long the replay takes.
        let (after, until) = (lowest(new.range.start), lowest(new.range.end));
        let done = sqlx::query!(
            "-- replay.begin
            insert into replay (id, endpoint_id, after_id, until_id, asked_by, created_at, only_failed)
            select $1, id, $3, $4, $5, $6, $8 from endpoint where id = $2 and ($7::uuid is null or client_id = $7)",
            id,
            new.endpoint.uuid(),
            after,
            until,
            actor.name(),
            now.to_sqlx(),
            actor.scope().client_uuid(),
            new.only_failed
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "endpoint")
    }
}

impl Store {
    /// All replays, newest first.
    pub async fn replay_ranges(&self, scope: Scope, limit: i64) -> Result<Vec<ReplayRecord>, StoreError> {
        let rows = sqlx::query!(
            r#"-- replay.list
            select r.id, r.endpoint_id, r.state, r.replayed, r.passed_over, r.asked_by, r.created_at,
                   (select count(*) from delivery d where d.replay_id = r.id and d.state in ('delivered', 'filed') and d.ended_at >= r.created_at) as "delivered!",
                   (select count(*) from delivery d where d.replay_id = r.id and (d.state = 'dead' or d.state in ('delivered', 'filed') and d.ended_at < r.created_at)) as "dead!"
            from replay r join endpoint e on e.id = r.endpoint_id
            where $2::uuid is null or e.client_id = $2 order by r.id desc limit $1"#,
            limit,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let record = rows.into_iter().map(|row| ReplayRecord {
            id: row.id,
            endpoint: EndpointId::from_uuid(row.endpoint_id),
            finished: row.state == "finished",
            replayed: row.replayed,
            passed_over: row.passed_over,
            delivered: row.delivered,
            dead: row.dead,
            by: row.asked_by,
            created_at: row.created_at.to_jiff(),
        });
        Ok(record.collect())
    }

    /// Makes the next deliveries of the oldest running replay due, at most `limit`; returns how many it saw to. One
    /// transaction: its place in the range moves on with what it made due, or neither does.
    pub async fn replay_range_step(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let mut step = self.begin().await?;
        step.replay_waits_no_more(now, limit).await?;
        let (seen, dead) = step.replay_make_due(now, limit).await?;
        // After they are due: by that they are had again.
        if !dead.is_empty() {
            step.deliveries_now_with(&dead, now).await?;
        }
        step.commit().await?;
        Ok(seen)
    }
}

impl Transaction {
    /// Ends what waits to be given to somebody else because the next deliveries of the oldest running replay could not be delivered.
    async fn replay_waits_no_more(&mut self, now: Timestamp, limit: i64) -> Result<(), StoreError> {
        // `skip locked`, as the step itself, which comes to the same replay. Another one that is free by then has its turn first: what was
        // ended here is sent again with the next step.
        let rows = sqlx::query!(
            "-- replay.waiting
            with job as materialized (
              select id, endpoint_id, after_id, until_id from replay where state = 'running' order by id limit 1 for update skip locked
            ), next as materialized (
              select d.id from job j cross join lateral (
                select id from delivery where id > j.after_id and id < j.until_id and endpoint_id = j.endpoint_id
                order by id limit $2) d
            )
            select d.id, d.lead_id from next n join delivery d on d.id = n.id
            where d.state = 'dead' and d.event = 'lead.matured' and not delivery_given_on(d.id)
              and exists (select from delivery w where w.maturation_id = d.maturation_id and w.endpoint_id is null and w.state = 'held')
              and not exists (select from delivery_over v where v.delivery_id = d.id and (v.why is not null or v.until <= $1))
            order by d.id",
            now.to_sqlx(),
            limit
        )
        .fetch_all(self.connection())
        .await?;
        if rows.is_empty() {
            return Ok(());
        }
        // Before the deliveries, as every writer. Whoever accepted an offer while this waited has the lead: its delivery is passed over.
        let leads: Vec<_> = rows.iter().map(|row| LeadId::from_uuid(row.lead_id)).collect();
        self.leads_lock(&leads).await?;
        for row in rows {
            self.stop_waiting(DeliveryId::from_uuid(row.id), StopsWaiting::SentAgain, now).await?;
        }
        Ok(())
    }

    /// The step itself: how many deliveries it saw to, and which of those that it made due nobody was handed before.
    async fn replay_make_due(&mut self, now: Timestamp, limit: i64) -> Result<(u64, Vec<DeliveryId>), StoreError> {
        // `skip locked`: a second dispatcher works on the next replay. What is under way or withdrawn is left alone, and so
        // is what a lease would withdraw: a lead that is over stays delivered, as it was; and one that somebody else has because it could
        // not be delivered here, or two would work on it;
        // `excused` takes the old attempts out of the schedule, so that a retry after a replay has all its time
        // again.
        let row = sqlx::query!(
            r#"-- replay.step
            with job as materialized (
              select id, endpoint_id, after_id, until_id, only_failed from replay where state = 'running' order by id limit 1 for update skip locked
            ), next as materialized (
              select d.id from job j cross join lateral (
                select id from delivery where id > j.after_id and id < j.until_id and endpoint_id = j.endpoint_id
                order by id limit $2) d
            ), again as (
              update delivery d set state = 'pending', reason = 'replayed', reason_code = null, due_at = $1, offered_until = $1, ended_at = null,
                     first_delivered_at = coalesce(d.first_delivered_at, case when d.state in ('delivered', 'filed') then d.ended_at end),
                     excused = attempts, in_line = false, replay_id = j.id
              from job j
              where d.id = any(array(select id from next)) and (d.state = 'dead' and not delivery_given_on(d.id) or d.state in ('delivered', 'filed') and not j.only_failed)
                and not exists (select from delivery_over v where v.delivery_id = d.id and (v.why is not null or v.until <= $1))
              returning d.id, d.event = 'lead.matured' and d.first_delivered_at is null as was_dead
            ), counted as (
              select (select count(*) from next) as seen, (select count(*) from again) as replayed
            ), stepped as (
              update replay r
              set after_id = coalesce((select id from next order by id desc limit 1), r.after_id),
                  replayed = r.replayed + c.replayed::integer, passed_over = r.passed_over + (c.seen - c.replayed)::integer,
                  state = case when c.seen < $2 then 'finished' else r.state end,
                  ended_at = case when c.seen < $2 then $1::timestamptz end
              from job j, counted c where r.id = j.id
            )
            select seen as "seen!", array(select id from again where was_dead) as "dead!: Vec<Uuid>" from counted"#,
            now.to_sqlx(),
            limit
        )
        .fetch_one(self.connection())
        .await?;
        let dead = row.dead.into_iter().map(DeliveryId::from_uuid).collect();
        Ok((u64::try_from(row.seen).unwrap_or(0), dead))
    }
}
