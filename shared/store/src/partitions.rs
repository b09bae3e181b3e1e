//! Decisions, attempts and bodies lie in one partition for each month. Ids are UUIDv7 and begin with the time: a month is a range
//! of ids, and a lookup by id touches one partition. The months ahead are made in good time by whoever migrates and, once a day, by
//! the qualifier; what finds no month of its own lies in the default partition and is moved when its month is made. What need not
//! be kept is dropped by the month: it is taken out of its table first, with what has to be kept, and dropped when nobody waits for it.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use sqlx::{AssertSqlSafe, PgExecutor};
use uuid::Uuid;

use crate::{Store, StoreError, pool::BoundedConnection};

/// How long one statement on a whole month may take: no answer by then is a network that carries none.
const MOST_TIME: Duration = Duration::from_secs(3600);

/// Months made ahead, beside the current one.
const AHEAD: usize = 3;
/// The advisory lock under which months are made and dropped: any number that nothing else locks.
const LOCK: i64 = 0x0072_6970_656e_6d6f;
/// While a partition waits to be attached or dropped, others wait behind it: better to give up and try again.
const PATIENCE: &str = "2s";
/// The same where a month is dropped, which nobody waits for: behind it wait those who record what was sent.
const PATIENCE_TO_DROP: &str = "300ms";
/// A month is dropped where attempts of at most so many deliveries have to be kept: they are moved under a lock.
const MOST_KEPT: usize = 10_000;
/// And at most so many bytes of answers.
const MOST_KEPT_BYTES: i64 = 8 << 20;
/// What is said of a month that is no partition any more. One that a crash left so is known by it.
const DETACHED: &str = "No partition any more: to be dropped when what has to be kept of it is moved.";

/// How the months stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    /// Of the current and the next month, the partitions that are not there.
    pub missing: Vec<String>,
    /// Rows in the default partitions: every decision, and what else is of this month or later. What is older was kept when its
    /// month was dropped.
    pub stray: i64,
}

/// A table with a partition for each month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partitioned {
    Decisions,
    Attempts,
    DeliveryBodies,
    ArrivalBodies,
}

impl Partitioned {
    const ALL: [Self; 4] = [Self::Decisions, Self::Attempts, Self::DeliveryBodies, Self::ArrivalBodies];

    const fn table(self) -> &'static str {
        match self {
            Self::Decisions => "decision",
            Self::Attempts => "attempt",
            Self::DeliveryBodies => "delivery_body",
            Self::ArrivalBodies => "arrival_body",
        }
    }

    /// The column that says which month.
    const fn key(self) -> &'static str {
        match self {
            Self::Decisions => "id",
            Self::Attempts | Self::DeliveryBodies => "delivery_id",
            // Ids of arrivals are made from what their senders say, and have no time.
            Self::ArrivalBodies => "received_at",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Decisions => "Decisions",
            Self::Attempts => "Attempts",
            Self::DeliveryBodies => "Bodies of deliveries",
            Self::ArrivalBodies => "Bodies of arrivals",
        }
    }

    fn partition(self, month: Month) -> String {
        format!("{}_{:04}_{:02}", self.table(), month.first.year(), month.first.month())
    }

    /// Where the month begins, as the key says it.
    fn begin(self, month: Month) -> String {
        match self {
            Self::ArrivalBodies => month.begins().to_string(),
            _ => month.first_id().to_string(),
        }
    }

    /// Makes this month, moves what strayed into it, and attaches it. Names and keys are made here: none comes from outside.
    fn make(self, month: Month) -> String {
        let (table, key, name) = (self.table(), self.key(), self.partition(month));
        let (from, to) = (self.begin(month), self.begin(month.next()));
        format!(
            "-- partition.make
            create table {name} (like {table} including all);
            with strayed as (delete from {table}_default where {key} >= '{from}' and {key} < '{to}' returning *)
            insert into {name} select * from strayed;
            alter table {table} attach partition {name} for values from ('{from}') to ('{to}');
            comment on table {name} is '{} of {:04}-{:02}.'",
            self.title(),
            month.first.year(),
            month.first.month()
        )
    }
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

    /// The month in the name of a partition.
    fn named(partition: &str) -> Option<Self> {
        let (rest, month) = partition.rsplit_once('_')?;
        let (_, year) = rest.rsplit_once('_')?;
        Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok().map(|first| Self { first })
    }

    /// Its first instant. At the end of the calendar there is none; an empty range is made then, which PostgreSQL refuses.
    fn begins(self) -> Timestamp {
        self.first.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp())
    }

    /// The smallest id of this month (RFC 9562, 5.7: 48 bits of milliseconds come first).
    fn first_id(self) -> Uuid {
        first_id_at(self.begins())
    }
}

/// The smallest id made at this instant or later.
pub(crate) fn first_id_at(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::try_from(at.as_millisecond()).unwrap_or(0) << 80)
}

/// A partition that is there.
struct ExistingMonth {
    name: String,
    month: Month,
    /// It holds everything from before, too: a table that was not partitioned once.
    is_past: bool,
}

impl Store {
    /// Makes what is missing of the partitions for the month of `now` and the three after it; returns how many it made.
    /// Several processes at once wait for each other.
    ///
    /// # Errors
    /// When the database is away, this user may not make tables, or others hold a table for too long: trying again
    /// later is harmless. The other tables' months are made all the same.
    pub async fn partitions_make(&self, now: Timestamp) -> Result<usize, StoreError> {
        let (mut made, mut failed) = (0, None);
        for table in Partitioned::ALL {
            match self.month_partitions_make(table, now).await {
                Ok(months) => made += months,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(made), Err)
    }

    async fn month_partitions_make(&self, table: Partitioned, now: Timestamp) -> Result<usize, StoreError> {
        let mut made = 0;
        for month in Month::of(now).and_on().take(AHEAD + 1) {
            // Looked at without a lock first: once a day in every process, almost always to find that nothing is
            // missing.
            if !self.is_there(table, month).await? {
                made += usize::from(self.partition_make(table, month).await?);
            }
        }
        Ok(made)
    }

    async fn partition_make(&self, table: Partitioned, month: Month) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin_within(MOST_TIME).await?;
        lock_partitions(tx.bounded(), PATIENCE).await?;
        // Somebody else may have made it while this one waited.
        if is_there(tx.bounded(), table, month).await? {
            return Ok(false);
        }
        // One transaction: rows that left the default partition and are in none would be lost to whoever reads.
        sqlx::raw_sql(AssertSqlSafe(table.make(month))).execute(tx.bounded()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Drops the months of raw bodies of arrivals that ended before `before`; returns how many.
    pub async fn arrival_bodies_drop(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.month_partitions_drop(Partitioned::ArrivalBodies, before).await
    }

    /// Drops the months of attempts that ended before `before`; returns how many. What has to be kept of a month, attempts
    /// made since and those of deliveries under way, moves to the default partition; where that is much, the month stays.
    pub async fn attempts_drop(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.month_partitions_drop(Partitioned::Attempts, before).await
    }

    async fn month_partitions_drop(&self, table: Partitioned, before: Timestamp) -> Result<usize, StoreError> {
        let mut dropped = 0;
        for name in self.detached(table).await? {
            dropped += usize::from(self.detached_drop(table, &name, before).await?);
        }
        for old in self.month_partitions(table).await? {
            if old.month.next().begins() <= before && self.partition_detach(table, &old, before).await? {
                dropped += usize::from(self.detached_drop(table, &old.name, before).await?);
            }
        }
        Ok(dropped)
    }

    /// Takes a month out of its table, but for what has to be kept of it; false where that is too much. Whoever writes to the
    /// table waits for no more than the move of that.
    async fn partition_detach(
        &self,
        table: Partitioned,
        old: &ExistingMonth,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let (parent, name) = (table.table(), &old.name);
        let kept = match table {
            // Planned as lists are, and without a lock: the whole month is read.
            Partitioned::Attempts => {
                let mut tx = self.lists.begin_within(MOST_TIME).await?;
                lock_partitions(tx.bounded(), PATIENCE_TO_DROP).await?;
                if !is_there(tx.bounded(), table, old.month).await? {
                    return Ok(false);
                }
                let kept = attempts_kept(tx.bounded(), name, before).await?;
                // Ended here, so that the transaction below does not wait for its lock.
                tx.commit().await?;
                kept
            }
            _ => KeptAttempts::default(),
        };
        if kept.deliveries.len() > MOST_KEPT || kept.bytes > MOST_KEPT_BYTES {
            tracing::warn!(partition = %name, "attempts of too many deliveries in it have to be kept: it is not dropped yet");
            return Ok(false);
        }
        // On the pool of lookups: what is kept is found by index.
        let mut tx = self.pool.begin_within(MOST_TIME).await?;
        lock_partitions(tx.bounded(), PATIENCE_TO_DROP).await?;
        if !is_there(tx.bounded(), table, old.month).await? {
            return Ok(false);
        }
        // The table before its month, in the order of whoever writes: the other way round the two would wait for each other.
        let detach = format!(
            "-- partition.detach
            lock table only {parent} in access exclusive mode;
            alter table {parent} detach partition {name};
            comment on table {name} is '{DETACHED}'"
        );
        sqlx::raw_sql(AssertSqlSafe(detach)).execute(tx.bounded()).await?;
        keep(tx.bounded(), (parent, name), kept.deliveries).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Drops what was a month. What was written to it between the look at it and the moment it was taken out is kept first.
    async fn detached_drop(&self, table: Partitioned, name: &str, before: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.lists.begin_within(MOST_TIME).await?;
        lock_partitions(tx.bounded(), PATIENCE_TO_DROP).await?;
        if !is_detached(tx.bounded(), table, name).await? {
            return Ok(false);
        }
        if table == Partitioned::Attempts {
            let kept = attempts_kept(tx.bounded(), name, before).await?;
            keep(tx.bounded(), (table.table(), name), kept.deliveries).await?;
        }
        let drop = format!("-- partition.drop\ndrop table {name}");
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(tx.bounded()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Months that were taken out of a table and are not dropped yet.
    async fn detached(&self, table: Partitioned) -> Result<Vec<String>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        detached(connection.bounded(), table).await
    }

    /// Up to when rows older than `before` are deleted one by one: months that are dropped whole begin there.
    pub(crate) async fn rows_until(&self, table: Partitioned, before: Timestamp) -> Result<Timestamp, StoreError> {
        let months = self.month_partitions(table).await?;
        let whole = months.iter().filter(|there| !there.is_past).map(|there| there.month.begins()).min();
        Ok(whole.map_or(before, |begin| begin.min(before)))
    }

    /// The months that are there, oldest first.
    async fn month_partitions(&self, table: Partitioned) -> Result<Vec<ExistingMonth>, StoreError> {
        let rows = sqlx::query!(
            r#"-- partition.list
            select c.relname::text as "name!", pg_get_expr(c.relpartbound, c.oid) like 'FOR VALUES FROM (MINVALUE)%' as "is_past!"
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = to_regclass($1) and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT' order by 1"#,
            table.table()
        )
        .fetch_all(&self.pool)
        .await?;
        // A partition that somebody named otherwise is theirs.
        let there = |name: String, is_past| Month::named(&name).map(|month| ExistingMonth { name, month, is_past });
        Ok(rows.into_iter().filter_map(|row| there(row.name, row.is_past)).collect())
    }

    /// How the months stand at `now`.
    pub async fn partitions(&self, now: Timestamp) -> Result<Partitions, StoreError> {
        let mut missing = Vec::new();
        for table in Partitioned::ALL {
            for month in Month::of(now).and_on().take(2) {
                if !self.is_there(table, month).await? {
                    missing.push(table.partition(month));
                }
            }
        }
        let month = Month::of(now);
        let row = sqlx::query!(
            r#"-- partition.stray
            select (select count(*) from decision_default)
                 + (select count(*) from attempt_default where delivery_id >= $1)
                 + (select count(*) from delivery_body_default where delivery_id >= $1)
                 + (select count(*) from arrival_body_default where received_at >= $2) as "stray!""#,
            month.first_id(),
            month.begins().to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Partitions { missing, stray: row.stray })
    }

    async fn is_there(&self, table: Partitioned, month: Month) -> Result<bool, StoreError> {
        is_there(&self.pool, table, month).await
    }
}

/// Only one at a time makes or drops months.
async fn lock_partitions(connection: BoundedConnection<'_>, patience: &str) -> Result<(), StoreError> {
    // Only for this transaction: `attach` waits for every statement on the table, and all others would wait behind it.
    sqlx::query!(
        r#"-- partition.lock
        select set_config('lock_timeout', $1, true) as "patience!", set_config('statement_timeout', '0', true) as "limit!",
               pg_advisory_xact_lock($2)::text as "locked!""#,
        patience,
        LOCK
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// What has to be kept of a month of attempts.
#[derive(Debug, Default)]
struct KeptAttempts {
    /// Of these deliveries, at most one more than may be.
    deliveries: Vec<Uuid>,
    /// Bytes of their answers.
    bytes: i64,
}

/// What has to be kept of a month: attempts made since, and all of deliveries under way.
async fn attempts_kept(
    mut connection: BoundedConnection<'_>,
    partition: &str,
    before: Timestamp,
) -> Result<KeptAttempts, StoreError> {
    let kept = format!(
        "-- partition.kept
        select distinct a.delivery_id from {partition} a join delivery d on d.id = a.delivery_id
        where a.at >= $1 or d.state not in ('delivered', 'filed', 'dead', 'withdrawn') limit $2"
    );
    let limit = i64::try_from(MOST_KEPT).unwrap_or(i64::MAX).saturating_add(1);
    let kept = sqlx::query_scalar(AssertSqlSafe(kept)).persistent(false).bind(before.to_sqlx()).bind(limit);
    let deliveries: Vec<Uuid> = kept.fetch_all(connection.bounded()).await?;
    let bytes = format!(
        "-- partition.kept_bytes
        select coalesce(sum(octet_length(answer)), 0)::bigint from {partition} where delivery_id = any($1)"
    );
    let bytes = sqlx::query_scalar(AssertSqlSafe(bytes)).persistent(false).bind(&deliveries);
    let bytes = bytes.fetch_one(connection).await?;
    Ok(KeptAttempts { deliveries, bytes })
}

/// Moves the attempts of these deliveries out of what was a month into the table: its month is gone, and the default partition
/// takes them.
async fn keep(
    connection: BoundedConnection<'_>,
    (parent, name): (&str, &str),
    deliveries: Vec<Uuid>,
) -> Result<(), StoreError> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let keep = format!(
        "-- partition.keep
        insert into {parent} select * from {name} where delivery_id = any($1) on conflict do nothing"
    );
    sqlx::query(AssertSqlSafe(keep)).persistent(false).bind(deliveries).execute(connection).await?;
    Ok(())
}

/// Tables that were months of this one and wait to be dropped.
async fn detached(executor: impl PgExecutor<'_>, table: Partitioned) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query!(
        r#"-- partition.detached
        select c.relname::text as "name!" from pg_class c
        where c.relnamespace = (select p.relnamespace from pg_class p where p.oid = to_regclass($1)) and c.relkind = 'r'
          and not c.relispartition and c.relname like $1 || '\_%' and obj_description(c.oid, 'pg_class') = $2 order by 1"#,
        table.table(),
        DETACHED
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| row.name).filter(|name| Month::named(name).is_some()).collect())
}

async fn is_detached(executor: impl PgExecutor<'_>, table: Partitioned, name: &str) -> Result<bool, StoreError> {
    Ok(detached(executor, table).await?.iter().any(|one| one == name))
}

async fn is_there(executor: impl PgExecutor<'_>, table: Partitioned, month: Month) -> Result<bool, StoreError> {
    // A table that was not partitioned once is the partition of everything up to the month it is named by.
    let row = sqlx::query!(
        r#"-- partition.there
        select exists (
          select from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = to_regclass($1)
            and (c.relname = $2
                 or c.relname > $2 and pg_get_expr(c.relpartbound, c.oid) like 'FOR VALUES FROM (MINVALUE)%')
        ) as "there!""#,
        table.table(),
        table.partition(month)
    )
    .fetch_one(executor)
    .await?;
    Ok(row.there)
}

#[cfg(test)]
mod tests;
