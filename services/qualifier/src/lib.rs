//! The qualifier: turns arrivals and due promises into leads, decisions and deliveries. Only it writes decisions.
//!
//! Workers take what waits in `ripen.arrivals` and `ripen.requalify` and decide it in batches; a sweeper offers what
//! falls due; dead letters are put where people find them. It sends nothing to clients.

mod agreed_times;
mod arrivals;
mod assign;
mod batch;
mod calls;
mod context;
mod dead_letters;
mod decide;
mod load;
mod maturation;
mod message;
mod partitions;
mod reroute;
mod sweeper;
mod unit_of_work;
mod worker;

pub use agreed_times::recompute;
pub use batch::{BatchReport, DecideError, decide};
pub use context::QualifierContext;
pub use maturation::DueDelivery;
pub use message::{Item, RequalifyLead};
pub use reroute::route_preview;
pub use sweeper::{Pace, Swept, tick};

use ripen_queue::Queue;
use ripen_runtime::lifecycle::Stop;
use tokio::task::JoinSet;

/// Why the qualifier ended.
#[derive(Debug, thiserror::Error)]
pub enum QualifierError {
    /// A part of it panicked.
    #[error("a worker of the qualifier panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Runs until asked to stop.
///
/// # Errors
/// When a part of it dies.
pub async fn service(ctx: QualifierContext, stop: Stop) -> Result<(), QualifierError> {
    worker::register_metrics();
    for loosening in &ctx.settings.calling.loosen {
        tracing::warn!(%loosening, "shipped rules of calling do not count, as configured");
    }
    partitions::make_first(&ctx, &stop).await;
    let mut parts = JoinSet::new();
    for _ in 0..ctx.settings.qualifier.workers.max(1) {
        parts.spawn(worker::run(ctx.clone(), Queue::Arrivals, stop.clone()));
        parts.spawn(worker::run(ctx.clone(), Queue::Requalify, stop.clone()));
    }
    parts.spawn(dead_letters::run(ctx.clone(), stop.clone()));
    parts.spawn(partitions::run(ctx.clone(), stop.clone()));
    parts.spawn(agreed_times::run(ctx.clone(), stop.clone()));
    parts.spawn(sweeper::run(ctx, stop));
    while let Some(ended) = parts.join_next().await {
        ended.map_err(QualifierError::Panicked)?;
    }
    Ok(())
}
