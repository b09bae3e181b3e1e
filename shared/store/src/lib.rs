//! Every SQL statement of Ripen, one folder per aggregate. Nothing outside this crate names SQL.
//!
//! A [`Store`] is a pool of connections; a [`Transaction`] is one transaction over it. Functions take `now` and ids;
//! only the expiry of leases is judged by the database's own clock.
//!
//! It has two pools, and each statement outside of a transaction chooses one. `pool` is for what finds few rows by an index and must go on
//! whatever people ask for: its planner knows no scans, so a statement that needs one is slow there for ever. `lists` is for what may read
//! many rows, for people or by a sweep that nobody waits for: fewer connections, the planner as PostgreSQL ships it, and a limit on the
//! time of a statement, so that a report keeps no lead waiting. Transactions are of `pool`.
//!
//! Errors: every function fails with [`StoreError`] where the database is away or its transaction does not hold; what it
//! was to write is then not written. A function says only what it refuses beyond that.

pub mod appointment;
pub mod arrival;
pub mod audit;
pub mod call;
pub mod client;
pub mod criteria;
pub mod decision;
pub mod delivery;
pub mod desk;
pub mod doctor;
pub mod endpoint;
mod error;
pub mod lead;
mod limits;
pub mod live;
pub mod mail_circuit;
pub mod mail_refusal;
pub mod notice;
pub mod outcome;
pub mod partitions;
pub mod person;
mod pool;
pub mod process;
pub mod program;
pub mod promise;
pub mod queues;
mod reach;
pub mod schema;
pub mod sealing;
pub mod signing_key;
pub mod slot;
pub mod source;
pub mod suppression;
pub mod sweep;
pub mod team;
#[cfg(test)]
mod tests;
mod transaction;
pub mod user;

pub use error::{Failure, StoreError};
pub use limits::TimeLimits;
pub use reach::NotReached;
pub use ripen_domain::actor::Scope;
pub use transaction::Transaction;

use std::{sync::Arc, time::Duration};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::pool::{BoundedPool, PooledConnection, end_without_listener};

/// How lookups are planned: each statement once per connection, and by index. All are lookups of few rows in tables that grow
/// for years, and a plan made while a table was empty must not stay a scan of all of it.
const LOOKUPS: [(&str, &str); 6] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// How a store reaches its database.
#[derive(Clone)]
pub struct StoreOptions {
    /// `postgres://…`
    pub url: String,
    /// The most connections for lookups and writes.
    pub connections: u32,
    /// The most connections for lists, reports, searches and back-tests, beside those.
    pub list_connections: u32,
    /// After how long PostgreSQL gives up a statement of a list.
    pub list_timeout: Duration,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL waits for a connection; of lists, `list_timeout` bounds the statement.
    pub limits: TimeLimits,
}

impl StoreOptions {
    /// So many connections of each kind, with limits that suit a test or a command.
    #[must_use]
    pub fn new(url: impl Into<String>, connections: u32) -> Self {
        Self {
            url: url.into(),
            connections,
            list_connections: connections,
            list_timeout: Duration::from_secs(300),
            acquire_timeout: Duration::from_secs(3),
            limits: TimeLimits::default(),
        }
    }
}

/// Connections to Ripen's database, in two pools. Lookups and writes keep their plans; what reads much of a table, or by
/// filters that may be absent, is planned for what is there, and cannot take the connections of the others.
#[derive(Debug, Clone)]
pub struct Store {
    pool: BoundedPool,
    lists: BoundedPool,
    dictionaries: Arc<decision::receipt::Dictionaries>,
    criteria: criteria::loaded::LoadedCriteria,
    keys: Arc<sealing::StoreKeys>,
    source_changes: source::changes::SourceChanges,
}

impl Store {
    /// A store whose connections are opened when first needed.
    ///
    /// # Errors
    /// When the URL is no PostgreSQL URL.
    pub fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        // Parsed here so that a wrong URL stops the start, and not the first request.
        let connect = options.url.parse::<PgConnectOptions>()?;
        let lists = TimeLimits { statement: options.list_timeout, ..options.limits };
        let pool = |most| PgPoolOptions::new().max_connections(most).acquire_timeout(options.acquire_timeout);
        let of_lookups = connect.clone().options(LOOKUPS).options(options.limits.settings());
        // The planner as PostgreSQL ships it, but for compiling: people wait for these lists, and compiling one costs more than
        // it saves.
        // The time limit is the server's: a client that goes away would leave its report running.
        // Planned with the values each time: a filter that may be absent has one plan where it is and another where it is not.
        let of_lists =
            connect.options([("jit", "off"), ("plan_cache_mode", "force_custom_plan")]).options(lists.settings());
        Ok(Self {
            pool: BoundedPool::open(pool(options.connections), of_lookups, options.limits.of_lookups()),
            lists: BoundedPool::open(
                pool(options.list_connections).after_connect(end_without_listener),
                of_lists,
                lists.of_lists(),
            ),
            dictionaries: Arc::default(),
            criteria: criteria::loaded::LoadedCriteria::default(),
            keys: Arc::default(),
            source_changes: source::changes::SourceChanges::default(),
        })
    }

    /// A connection of lists for each of so many readers that share their work; fewer where others have the rest. Two that waited
    /// for all of theirs, each with half of what there is, would wait for each other.
    pub(crate) async fn reader_connections(&self, readers: usize) -> Result<Vec<PooledConnection>, StoreError> {
        let mut connections = vec![self.lists.acquire().await?];
        while connections.len() < readers {
            match self.lists.acquire().await {
                Ok(connection) => connections.push(connection),
                Err(sqlx::Error::PoolTimedOut) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(connections)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
        self.lists.close().await;
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        // On the pool of the lookups: a list that hangs must not make the process look unready.
        sqlx::query!("-- store.ping\nselect 1 as one").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// How far the clock that `now` reads is ahead of the database's; negative where it is behind. It is read before and after,
    /// so that a slow answer is not taken for a wrong clock.
    pub async fn clock_ahead(
        &self,
        now: impl Fn() -> jiff::Timestamp + Send + Sync,
    ) -> Result<jiff::SignedDuration, StoreError> {
        let before = now();
        let theirs = self.clock().await?;
        let after = now();
        Ok(match (before > theirs, after < theirs) {
            (true, _) => before.duration_since(theirs),
            (_, true) => after.duration_since(theirs),
            _ => jiff::SignedDuration::ZERO,
        })
    }

    /// The database's clock.
    pub async fn clock(&self) -> Result<jiff::Timestamp, StoreError> {
        let row = sqlx::query!(
            r#"-- store.clock
            select clock_timestamp() as "at!""#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.at.to_jiff())
    }
}
