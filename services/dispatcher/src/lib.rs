//! The dispatcher: sends what is owed to clients. It leases a delivery, attempts it within the lease, and records what
//! came of it; webhook and e-mail differ in one step.
//!
//! It grades nothing and decides nothing about leads. Every delivery is a row: losing all offers loses nothing.

mod attempt;
mod in_flight;
mod lease;
mod outcome;
mod sweeper;
mod waiting;

pub use sweeper::tick;

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use ripen_domain::{delivery::Schedule, id::DeliveryId, link::Links};
use ripen_outbound::{mail::Mailer, webhook::WebhookSender};
use ripen_queue::Transport;
use ripen_runtime::{
    batch::{BatchOptions, BatchWriter},
    clock::Clock,
    config::Settings,
    health::Health,
    lifecycle::Stop,
};
use ripen_store::{Settled, Store, StoreError};
use tokio::task::JoinSet;

/// What the dispatcher works with.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// The queues.
    pub transport: Transport,
    /// The clock.
    pub clock: Clock,
    /// Sizes and times.
    pub settings: Arc<Settings>,
    /// Where trouble is shown.
    pub health: Health,
    /// Sends webhooks.
    pub webhooks: Arc<WebhookSender>,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// Makes the links by which clients say what became of a lead; none where nobody said how the outside names this
    /// installation.
    pub links: Option<Links>,
}

impl Context {
    fn schedule(&self) -> Schedule {
        let waits = self.settings.dispatcher.retry_schedule_s.iter().copied().map(Duration::from_secs).collect();
        Schedule { waits, longest_wait: LONGEST_RETRY_AFTER }
    }

    /// How long an offered row is not offered again.
    fn offer(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.settings.dispatcher.offer_s).unwrap_or(60))
    }
}

/// A client's wish to wait is heeded up to a day.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Records attempts, many with one commit; answers whether the lease still held.
pub(crate) type Recorder = BatchWriter<Settled, bool, StoreError>;

/// Why the dispatcher ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A part of it panicked.
    #[error("a part of the dispatcher panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Runs until asked to stop; attempts under way are finished.
///
/// # Errors
/// When a part of it dies.
pub async fn service(ctx: Context, stop: Stop) -> Result<(), ServiceError> {
    attempt::register_metrics();
    let recorder = recorder(ctx.store.clone());
    let mut parts = JoinSet::new();
    parts.spawn(lease::run(ctx.clone(), recorder, stop.clone()));
    parts.spawn(sweeper::run(ctx, stop));
    while let Some(ended) = parts.join_next().await {
        ended.map_err(ServiceError::Panicked)?;
    }
    Ok(())
}

fn recorder(store: Store) -> Recorder {
    let options = BatchOptions { max_batch: 128, capacity: 1024, in_flight: 2, ..BatchOptions::default() };
    BatchWriter::start(options, move |rows: Vec<Settled>| {
        let store = store.clone();
        async move {
            let asked: Vec<DeliveryId> = rows.iter().map(|row| row.delivery).collect();
            let held = store.deliveries_settle(&rows).await?;
            Ok(asked.into_iter().map(|delivery| held.contains(&delivery)).collect())
        }
    })
}
