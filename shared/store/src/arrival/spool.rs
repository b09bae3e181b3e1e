//! Arrivals received and not yet stored: written by intake, offered by the sweeper, removed by the qualifier's batch.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{hash::ContentHash, id::ClientId};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, arrival::seen::hash};

/// One waiting arrival.
#[derive(Debug, Clone)]
pub struct SpoolRow {
    /// The arrival's id.
    pub id: Uuid,
    /// The message, byte for byte.
    pub body: Vec<u8>,
    /// When intake had the whole body.
    pub received_at: Timestamp,
    /// Until then no sweeper offers it again.
    pub offered_until: Timestamp,
}

/// How much of the spool may be offered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolRoom {
    /// So many rows.
    pub rows: i64,
    /// So many bytes of bodies.
    pub bytes: i64,
}

/// One row of the spool: an arrival's id, and which of the bodies that came under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpoolKey {
    /// The arrival's id.
    pub id: Uuid,
    /// The message, hashed.
    pub digest: ContentHash,
}

impl SpoolKey {
    /// The key of a message.
    #[must_use]
    pub fn of(id: Uuid, body: &[u8]) -> Self {
        Self { id, digest: ContentHash::of(body) }
    }
}

/// Ids and digests, each as a column.
pub(crate) fn key_columns(keys: &[SpoolKey]) -> (Vec<Uuid>, Vec<Vec<u8>>) {
    keys.iter().map(|key| (key.id, key.digest.bytes().to_vec())).unzip()
}

impl Store {
    /// Keeps these arrivals; one that is there already, byte for byte, stays as it is.
    pub async fn spool_insert(&self, rows: Vec<SpoolRow>) -> Result<(), StoreError> {
        let mut ids = Vec::with_capacity(rows.len());
        let mut bodies = Vec::with_capacity(rows.len());
        let mut received = Vec::with_capacity(rows.len());
        let mut offered = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(row.id);
            bodies.push(row.body);
            received.push(row.received_at.to_sqlx());
            offered.push(row.offered_until.to_sqlx());
        }
        // The same post again is the same id and digest: a vendor's retry or a second intake must not double the row.
        sqlx::query!(
            "-- spool.insert
            insert into spool (id, body, received_at, offered_until)
            select ($1::uuid[])[i], ($2::bytea[])[i], ($3::timestamptz[])[i], ($4::timestamptz[])[i]
            from generate_subscripts($1::uuid[], 1) i
            on conflict do nothing",
            &ids,
            &bodies,
            &received[..],
            &offered[..]
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes rows that nobody was offered lately, as many as there is room for, and marks them offered until `until`; oldest
    /// offer first. One that is larger than all the room is taken alone.
    pub async fn spool_claim(
        &self,
        now: Timestamp,
        until: Timestamp,
        room: SpoolRoom,
    ) -> Result<Vec<SpoolRow>, StoreError> {
        // Oldest offer first, so that rows which cannot be published do not keep later ones from their turn. `skip
        // locked` lets replicas share the rows.
        let rows = sqlx::query!(
            "-- spool.claim
            with waiting as materialized (
              select id, digest, offered_until, received_at, octet_length(body) as size from spool where offered_until <= $1
              order by offered_until, received_at limit $3 for update skip locked
            ), fits as (
              select id, digest, sum(size) over (order by offered_until, received_at, id, digest) - size as before from waiting
            )
            update spool set offered_until = $2 where (id, digest) in (select id, digest from fits where before < $4::bigint)
            returning id, body, received_at, offered_until",
            now.to_sqlx(),
            until.to_sqlx(),
            room.rows,
            room.bytes
        )
        .fetch_all(&self.pool)
        .await?;
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|row| SpoolRow {
                id: row.id,
                body: row.body,
                received_at: row.received_at.to_jiff(),
                offered_until: row.offered_until.to_jiff(),
            })
            .collect();
        // `returning` keeps no order.
        rows.sort_by_key(|row| row.received_at);
        Ok(rows)
    }

    /// Rows whose offer found no room are offered as soon as there is some.
    pub async fn spool_release(&self, keys: &[SpoolKey], now: Timestamp) -> Result<(), StoreError> {
        let (ids, digests) = key_columns(keys);
        sqlx::query!(
            "-- spool.release
            update spool s set offered_until = $3 from generate_subscripts($1::uuid[], 1) i
            where s.id = ($1::uuid[])[i] and s.digest = ($2::bytea[])[i]",
            &ids,
            &digests,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Rows of messages that were left for later are offered again when the time of each has come; returns those that are there.
    pub async fn spool_offer_later(&self, later: &[(SpoolKey, Timestamp)]) -> Result<Vec<SpoolKey>, StoreError> {
        let (ids, digests) = key_columns(&later.iter().map(|(key, _)| *key).collect::<Vec<_>>());
        let until: Vec<_> = later.iter().map(|(_, until)| until.to_sqlx()).collect();
        let rows = sqlx::query!(
            "-- spool.offer_later
            update spool s set offered_until = ($3::timestamptz[])[i] from generate_subscripts($1::uuid[], 1) i
            where s.id = ($1::uuid[])[i] and s.digest = ($2::bytea[])[i] returning s.id, s.digest",
            &ids,
            &digests,
            &until[..]
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|row| Ok(SpoolKey { id: row.id, digest: hash(row.digest)? })).collect()
    }

    /// Removes rows that are safe elsewhere: confirmed by RabbitMQ.
    pub async fn spool_delete(&self, keys: &[SpoolKey]) -> Result<(), StoreError> {
        let (ids, digests) = key_columns(keys);
        // By digest as well: an amendment under the same id is another row, which may not be confirmed yet.
        sqlx::query!(
            "-- spool.delete
            delete from spool s using generate_subscripts($1::uuid[], 1) i
            where s.id = ($1::uuid[])[i] and s.digest = ($2::bytea[])[i]",
            &ids,
            &digests
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How many arrivals wait.
    pub async fn spool_count(&self) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- spool.count
            select count(*) as "n!" from spool"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.n)
    }
}

impl Transaction {
    /// Keeps one arrival of a client with whatever else this transaction does; the next sweep offers it. One that is there
    /// already, byte for byte, stays as it is. `Moved` when the client is not in the scope: what waits here is anybody's, and
    /// nothing behind it asks again.
    pub async fn spool_add(&mut self, scope: Scope, client: ClientId, row: SpoolRow) -> Result<(), StoreError> {
        if !scope.covers(client) {
            return Err(StoreError::Moved("client"));
        }
        sqlx::query!(
            "-- spool.add
            insert into spool (id, body, received_at, offered_until) values ($1, $2, $3, $4) on conflict do nothing",
            row.id,
            row.body,
            row.received_at.to_sqlx(),
            row.offered_until.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Forgets offers that last longer than to `beyond`.
    pub(crate) async fn spool_forget_offers(&mut self, now: Timestamp, beyond: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- spool.forget_offers
            update spool set offered_until = $1 where offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
