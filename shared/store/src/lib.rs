//! Every SQL statement of Ripen, one folder per aggregate. Nothing outside this crate names SQL.
//!
//! A [`Store`] is a pool of connections; a [`Transaction`] is one transaction over it. Functions take `now` and ids;
//! only the expiry of leases is judged by the database's own clock.

pub mod appointment;
pub mod arrival;
pub mod audit;
pub mod client;
pub mod criteria;
pub mod decision;
pub mod delivery;
pub mod doctor;
pub mod endpoint;
mod error;
pub mod lead;
pub mod notice;
pub mod outcome;
pub mod partitions;
pub mod person;
pub mod program;
pub mod promise;
pub mod schema;
mod signing_key;
pub mod source;
pub mod sweep;
pub mod team;
mod transaction;

pub use error::StoreError;
pub use ripen_domain::actor::Scope;
pub use transaction::Transaction;

use sqlx::{
    PgPool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{sync::Arc, time::Duration};

/// Each statement is planned once per connection and goes by index: all are lookups of few rows in tables that grow for
/// years, and a plan made while a table was empty must not stay a scan of all of it.
const PLANNER: [(&str, &str); 6] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// What back-tests and replays set instead, within their transaction.
const SCAN: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_custom_plan"),
    ("enable_seqscan", "on"),
    ("enable_bitmapscan", "on"),
    ("enable_hashjoin", "on"),
    ("enable_mergejoin", "on"),
];

/// A pool of connections to Ripen's database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    dictionaries: Arc<decision::receipt::Dictionaries>,
}

impl Store {
    /// A store over at most `max_connections` connections, opened when first needed.
    ///
    /// # Errors
    /// When the URL is no PostgreSQL URL.
    pub fn open(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(3))
            .test_before_acquire(false)
            .connect_lazy_with(url.parse::<PgConnectOptions>()?.options(PLANNER));
        Ok(Self { pool, dictionaries: Arc::default() })
    }

    /// A transaction that reads much of a table in order, where [`PLANNER`] is for few rows: planned for what is there.
    pub(crate) async fn scan(&self) -> Result<sqlx::Transaction<'static, Postgres>, StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- store.scan
            select set_config(name, value, true) from unnest($1::text[], $2::text[]) as s (name, value)",
            &SCAN.map(|(name, _)| name.to_owned())[..],
            &SCAN.map(|(_, value)| value.to_owned())[..]
        )
        .fetch_all(&mut *tx)
        .await?;
        Ok(tx)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query!("-- store.ping\nselect 1 as one").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// The database's clock.
    ///
    /// # Errors
    /// When the database is away.
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
