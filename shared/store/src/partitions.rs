//! Decisions lie in one partition for each month. Ids are UUIDv7 and begin with the time: a month is a range of ids, and a
//! lookup by id touches one partition. The months ahead are made in good time by whoever migrates and, once a day, by the
//! qualifier; what finds no month of its own lies in the default partition and is moved when its month is made.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Months made ahead, beside the current one.
const AHEAD: usize = 3;
/// The advisory lock under which months are made: any number that nothing else locks.
const LOCK: i64 = 0x0072_6970_656e_6d6f;
/// While a partition waits to be attached, others wait behind it: better to give up and try again.
const PATIENCE: &str = "2s";

/// How the months stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    /// Of the current and the next month, the partitions that are not there.
    pub missing: Vec<String>,
    /// Decisions in the default partition.
    pub stray: i64,
}

/// One month, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Month {
    first: Date,
}

impl Month {
    fn of(at: Timestamp) -> Self {
        Self { first: TimeZone::UTC.to_datetime(at).date().first_of_month() }
    }

    /// The month after. At the end of time there is none, and it is this one.
    fn next(self) -> Self {
        Self { first: self.first.checked_add(1.month()).unwrap_or(self.first) }
    }

    /// This month and those after it.
    fn and_on(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |month| Some(month.next()))
    }

    fn partition(self) -> String {
        format!("decision_{:04}_{:02}", self.first.year(), self.first.month())
    }

    /// The smallest id of this month (RFC 9562, 5.7: 48 bits of milliseconds come first).
    fn first_id(self) -> Uuid {
        // At the end of the calendar there is no instant; the nil id makes an empty range, which PostgreSQL refuses.
        let begins = self.first.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_millisecond());
        Uuid::from_u128(u128::try_from(begins).unwrap_or(0) << 80)
    }

    /// Makes this month, moves what strayed into it, and attaches it. Names and ids are made here: none comes from outside.
    fn statement(self) -> String {
        let (name, from, to) = (self.partition(), self.first_id(), self.next().first_id());
        format!(
            "-- partition.make
            create table {name} (like decision including all);
            with strayed as (delete from decision_default where id >= '{from}' and id < '{to}' returning *)
            insert into {name} select * from strayed;
            alter table decision attach partition {name} for values from ('{from}') to ('{to}');
            comment on table {name} is 'Decisions of {:04}-{:02}.'",
            self.first.year(),
            self.first.month()
        )
    }
}

impl Store {
    /// Makes what is missing of the partitions for the month of `now` and the three after it; returns how many it made.
    /// Several processes at once wait for each other.
    ///
    /// # Errors
    /// When the database is away, this user may not make tables, or others hold the table for too long: trying again
    /// later is harmless.
    pub async fn partitions_make(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut made = 0;
        for month in Month::of(now).and_on().take(AHEAD + 1) {
            // Looked at without a lock first: once a day in every process, almost always to find that nothing is
            // missing.
            if !self.is_there(&month.partition()).await? {
                made += usize::from(self.partition_make(month).await?);
            }
        }
        Ok(made)
    }

    async fn partition_make(&self, month: Month) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        // Only for this transaction: `attach` waits for every statement on the table, and all others would wait
        // behind it.
        sqlx::query!(
            r#"-- partition.lock
            select set_config('lock_timeout', $1, true) as "patience!", pg_advisory_xact_lock($2)::text as "locked!""#,
            PATIENCE,
            LOCK
        )
        .fetch_one(&mut *tx)
        .await?;
        // Somebody else may have made it while this one waited.
        if is_there(&mut tx, &month.partition()).await? {
            return Ok(false);
        }
        // One transaction: rows that left the default partition and are in none would be lost to whoever reads.
        sqlx::raw_sql(AssertSqlSafe(month.statement())).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// How the months stand at `now`.
    pub async fn partitions(&self, now: Timestamp) -> Result<Partitions, StoreError> {
        let mut missing = Vec::new();
        for month in Month::of(now).and_on().take(2) {
            if !self.is_there(&month.partition()).await? {
                missing.push(month.partition());
            }
        }
        let row = sqlx::query!(
            r#"-- partition.stray
            select count(*) as "stray!" from decision_default"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Partitions { missing, stray: row.stray })
    }

    async fn is_there(&self, partition: &str) -> Result<bool, StoreError> {
        is_there(&mut *self.pool.acquire().await?, partition).await
    }
}

async fn is_there(connection: &mut sqlx::PgConnection, partition: &str) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        r#"-- partition.there
        select exists (select from pg_inherits i where i.inhparent = 'decision'::regclass and i.inhrelid = to_regclass($1)) as "there!""#,
        partition
    )
    .fetch_one(connection)
    .await?;
    Ok(row.there)
}

#[cfg(test)]
mod tests;
