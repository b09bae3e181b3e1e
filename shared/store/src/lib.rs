//! Every SQL statement of Ripen, one file per aggregate. Nothing outside this crate names SQL.
//!
//! A [`Store`] is a pool of connections; a [`Batch`] is the qualifier's one transaction. Functions take `now` and ids;
//! only the expiry of leases is judged by the database's own clock.

mod appointment;
mod appointment_row;
mod appointment_write;
mod arrival;
mod arrival_write;
mod batch;
mod circuit;
mod claim;
mod client;
mod client_token;
mod criteria;
mod dead_letter;
mod decision;
mod delivery;
mod delivery_ledger;
mod doctor;
mod endpoint;
mod endpoint_terms;
mod error;
mod facts;
mod feed;
mod history;
mod lead;
mod lead_write;
mod lease;
mod ledger;
mod news;
mod notice;
mod outcome;
mod outcome_write;
mod partition;
mod past;
mod person;
mod program;
mod promise;
mod receipt;
mod rep_leads;
mod replay;
mod resend;
mod route;
mod schema;
mod scope;
mod signing_key;
mod source;
mod spool;
mod sweep;
mod team;
mod touch;
mod unrouted;
mod watch;

pub use appointment::{Ahead, AppointmentFilter, AppointmentRecord};
pub use appointment_write::{Change, Unbookable, Wish};
pub use arrival::{ArrivalRow, ArrivalState, ArrivalStatus, Ended, Noted, Seen};
pub use arrival_write::Brought;
pub use batch::Batch;
pub use claim::NewOffer;
pub use client::{ClientRecord, NewClient, SourceName, Work};
pub use client_token::{ClientTokenRecord, NewClientToken, TokenHolder};
pub use criteria::{Activation, ActiveCriteria, CriteriaRecord, NewBacktest};
pub use dead_letter::{DeadLetter, NewDeadLetter};
pub use decision::DecisionRecord;
pub use delivery::{AttemptRow, Due, Leased, NewDelivery, Settled};
pub use delivery_ledger::{DeliveryFilter, DeliveryRecord};
pub use doctor::Finding;
pub use endpoint::{EndpointKind, EndpointRecord, NewEndpoint, RepRecord};
pub use endpoint_terms::{EndpointChange, EndpointTerms};
pub use error::StoreError;
pub use facts::{AnswerRow, NoteRow};
pub use feed::{FeedStart, SentDelivery, SentRow};
pub use history::{PastReader, Period};
pub use lead::{LeadRow, MaturationRow, NewDecision, RoutingNote};
pub use lease::{Claim, Claimed};
pub use ledger::{LeadRecord, PromiseRecord, TouchRecord};
pub use news::{News, Recalled};
pub use notice::{DueNotice, Handed, NewNotice, NoticeEnd, NoticeKind, OnceNotice};
pub use outcome::{NewOutcome, OutcomeRecord, Recorded};
pub use partition::Months;
pub use past::{PackedPast, Past};
pub use person::{KnownPerson, PersonRow};
pub use program::{ClientChange, ClientTerms, ProgramRecord};
pub use promise::{OpenPromise, PromiseRow};
pub use receipt::PackedReceipt;
pub use rep_leads::{RepLead, RepLinks};
pub use replay::{DecisionReader, StoredDecision};
pub use resend::{NewReplay, ReplayRecord};
pub use route::{RepChange, RouteRecord, RoutedRecord};
pub use schema::SchemaState;
pub use scope::Scope;
pub use source::{NewSource, SourceFormat, SourceRecord, State};
pub use spool::{SpoolKey, SpoolRow};
pub use sweep::Sweep;
pub use team::{Team, Turns};
pub use touch::{Agreed, NewStep, NewTouch, Worked};
pub use unrouted::{HeldLead, Rerouted, Unrouted};
pub use watch::{Broken, Untouched};

use sqlx::{
    PgPool, Postgres, Transaction,
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
    dictionaries: Arc<receipt::Dictionaries>,
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
    pub(crate) async fn scan(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
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
