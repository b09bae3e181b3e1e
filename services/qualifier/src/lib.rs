//! The qualifier: turns arrivals and due promises into leads, decisions and deliveries. Only it writes decisions.
//!
//! Workers take what waits in `ripen.arrivals` and `ripen.requalify` and decide it in batches; a sweeper offers what
//! falls due; dead letters are put where people find them. It sends nothing to clients.

mod absorb;
mod assign;
mod dead;
mod decide;
mod draft;
mod gather;
mod grade;
mod message;
mod months;
mod release;
mod sweeper;
mod worker;

pub use decide::{DecideError, Report, decide};
pub use message::{Item, Requalify};
pub use release::route_preview;
pub use sweeper::{Pace, Swept, tick};

use std::sync::Arc;

use jiff::SignedDuration;
use ripen_queue::{Queue, Transport};
use ripen_runtime::{clock::Clock, config::Settings, health::Health, lifecycle::Stop};
use ripen_store::{Store, criteria::load::Documents};
use tokio::task::JoinSet;

/// What the qualifier works with.
#[derive(Debug, Clone)]
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
    /// Criteria in use.
    pub documents: Documents,
}

impl Context {
    /// How long an offered row is not offered again.
    pub(crate) fn offer(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.settings.qualifier.offer_s).unwrap_or(60))
    }

    /// How long what somebody of the firm matured can be taken back before it goes out.
    pub(crate) fn undo(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.settings.qualifier.undo_s).unwrap_or(0))
    }
}

/// Why the qualifier ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A part of it panicked.
    #[error("a worker of the qualifier panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Runs until asked to stop.
///
/// # Errors
/// When a part of it dies.
pub async fn service(ctx: Context, stop: Stop) -> Result<(), ServiceError> {
    worker::register_metrics();
    months::first(&ctx, &stop).await;
    let mut parts = JoinSet::new();
    for _ in 0..ctx.settings.qualifier.workers.max(1) {
        parts.spawn(worker::run(ctx.clone(), Queue::Arrivals, stop.clone()));
        parts.spawn(worker::run(ctx.clone(), Queue::Requalify, stop.clone()));
    }
    parts.spawn(dead::run(ctx.clone(), stop.clone()));
    parts.spawn(months::run(ctx.clone(), stop.clone()));
    parts.spawn(sweeper::run(ctx, stop));
    while let Some(ended) = parts.join_next().await {
        ended.map_err(ServiceError::Panicked)?;
    }
    Ok(())
}
