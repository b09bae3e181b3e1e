//! The dispatcher: sends what is owed to clients. It leases a delivery, attempts it within the lease, and records what
//! came of it; webhook and e-mail differ in one step.
//!
//! It grades nothing and decides nothing about leads. Every delivery is a row: losing all offers loses nothing.

mod alert;
mod attempt;
mod clock_watch;
mod context;
mod endpoint_queues;
mod in_flight;
mod lease;
mod notice;
mod outcome;
mod record;
mod sweeper;

pub use context::DispatcherContext;
pub use sweeper::tick;

use ripen_runtime::lifecycle::Stop;
use tokio::task::JoinSet;

/// Why the dispatcher ended.
#[derive(Debug, thiserror::Error)]
pub enum DispatcherError {
    /// A part of it panicked.
    #[error("a part of the dispatcher panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Runs until asked to stop; attempts under way are finished.
///
/// # Errors
/// When a part of it dies.
pub async fn service(ctx: DispatcherContext, stop: Stop) -> Result<(), DispatcherError> {
    attempt::register_metrics();
    record::register_metrics();
    notice::register_metrics();
    let recorder = record::recorder(&ctx);
    let clock = clock_watch::ClockWatch::default();
    let mut parts = JoinSet::new();
    parts.spawn(lease::run((ctx.clone(), clock.clone()), recorder, stop.clone()));
    parts.spawn(notice::run(ctx.clone(), clock.clone(), stop.clone()));
    parts.spawn(alert::run(ctx.clone(), stop.clone()));
    parts.spawn(outcome::run(ctx.clone(), stop.clone()));
    parts.spawn(sweeper::run(ctx, clock, stop));
    // The first part that panics ends the service: the process goes down and is started again whole.
    while let Some(ended) = parts.join_next().await {
        ended.map_err(DispatcherError::Panicked)?;
    }
    Ok(())
}
