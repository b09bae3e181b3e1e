//! What of arrivals need not be kept for ever: the bytes as they came, and the ids by which a retry is known.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;

use crate::{Store, StoreError, partitions::Partitioned};

impl Store {
    /// Empties raw bodies that lie in `arrival`, from before they had months, of what was received before `before`, at most `limit`;
    /// what was parsed of them stays. Returns how many.
    pub async fn arrivals_empty(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- arrival.empty
            update arrival set raw = ''
            where id in (select id from arrival where received_at < $1 and raw <> '' order by received_at limit $2)",
            before.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }

    /// Deletes raw bodies received before `before` that are in no month which is dropped whole, at most `limit`. Returns how many.
    pub async fn arrival_bodies_delete(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let until = self.rows_until(Partitioned::ArrivalBodies, before).await?;
        let done = sqlx::query!(
            "-- arrival.body_delete
            delete from arrival_body b using (
              select o.arrival_id, o.received_at from arrival_body o where o.received_at < $1 limit $2
            ) old
            where b.arrival_id = old.arrival_id and b.received_at = old.received_at and b.received_at < $1",
            until.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }

    /// Deletes what was received before `before` and ended in the quarantine, at most `limit`: what was given up, and what a machine
    /// filled in, was a test, or reused a key and nobody let go. What a pause keeps waits for its end. Its body and id go with it.
    /// Returns how many.
    pub async fn quarantined_delete(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let row = sqlx::query!(
            r#"-- arrival.quarantined_delete
            with old as materialized (
              select a.id from arrival a
              where a.id in (
                  select w.id from (
                    (select id, received_at from arrival
                     where state = 'quarantined' and dropped_at is not null and received_at < $1 order by received_at, id limit $2)
                    union all
                    (select id, received_at from arrival
                     where state = 'quarantined' and released_at is null and dropped_at is null and received_at < $1
                       and reason in ('honeypot', 'test', 'key_reused') order by received_at, id limit $2)
                  ) w order by w.received_at limit $2)
                -- Nobody let it go since.
                and a.state = 'quarantined' and (a.dropped_at is not null or a.released_at is null)
              for update skip locked
            ), bodies as (
              delete from arrival_body where arrival_id = any(array(select id from old))
            ), ids as (
              delete from arrival_seen where id = any(array(select id from old))
            ), gone as (
              delete from arrival where id = any(array(select id from old)) returning id
            )
            select count(*) as "n!" from gone"#,
            before.to_sqlx(),
            limit
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }

    /// Forgets ids seen before `before`, at most `limit`. What is stored under its own id is known by that nevertheless; whatever else
    /// was the same as something would be a new arrival. Dead and quarantined ones stay, for they wait. Returns how many.
    pub async fn arrivals_forget(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- arrival.forget
            delete from arrival_seen
            where id in (select id from arrival_seen where seen_at < $1 and ended not in ('dead', 'quarantined')
                         order by seen_at limit $2)",
            before.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
