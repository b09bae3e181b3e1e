//! The qualifier: turns arrivals and due promises into leads, decisions and deliveries. Only it writes decisions.
//!
//! Workers take what waits in `ripen.arrivals` and `ripen.requalify` and decide it in batches; a sweeper offers what
//! falls due; dead letters are put where people find them. It sends nothing to clients.

mod agreed_times;
mod another_person;
mod answers;
mod arrival_row;
mod arrivals;
mod batch;
mod batch_fault;
mod births;
mod bodies;
mod broken_criteria;
mod calls;
mod context;
mod dead_letters;
mod decide;
mod do_not_contact;
mod follow_suppressions;
mod forms;
mod handler;
mod key_conflicts;
mod known_since;
mod left_in_rows;
mod load_batch;
mod maturation;
mod maturing_locks;
mod message;
mod moved_program;
mod new_arrival;
mod other_enquiries;
mod partitions;
mod perhaps_same;
mod person_updates;
mod quarantined_wishes;
mod released;
mod reroute;
mod retention;
mod same_content;
mod set_aside;
mod setbacks;
mod standstill;
mod suspects;
mod sweeper;
mod trial;
mod undo_time;
mod updates;
mod wake_dispatcher;
mod ways;
mod worker;

pub use agreed_times::recompute;
pub use batch::{BatchReport, DecideError, decide};
pub use context::QualifierContext;
pub use maturation::DueDelivery;
pub use message::{Item, RequalifyLead};
pub use retention::{Forgotten, tick as forget};
pub use set_aside::WhyAside;
pub use sweeper::{Pace, Swept, tick};

use std::sync::Arc;

use ripen_queue::Queue;
use ripen_runtime::lifecycle::Stop;
use ripen_store::{lead::unit_of_work, team::assign};
use tokio::task::JoinSet;

use crate::{standstill::Standstill, suspects::Suspects, worker::Worker};

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
    // Before the workers: a decision in the default partition has to be moved later, under a lock.
    let making = partitions::make_first(&ctx, &stop).await;
    let mut parts = JoinSet::new();
    let standstill = Arc::new(Standstill::new(ctx.health.clone()));
    let suspects = Arc::new(Suspects::new(ctx.store.clone()));
    let queues = [Queue::Arrivals, Queue::Requalify].into_iter().cycle();
    for (number, queue) in queues.take(2 * ctx.settings.qualifier.workers.max(1)).enumerate() {
        let (ctx, standstill, stop) = (ctx.clone(), Arc::clone(&standstill), stop.clone());
        let suspects = Arc::clone(&suspects);
        parts.spawn(Worker { ctx, queue, standstill, suspects, number, stop }.run());
    }
    parts.spawn(standstill::watch(standstill, stop.clone()));
    parts.spawn(dead_letters::run(ctx.clone(), stop.clone()));
    parts.spawn(partitions::run(ctx.clone(), stop.clone(), making));
    parts.spawn(retention::run(ctx.clone(), stop.clone()));
    parts.spawn(follow_suppressions::run(ctx.clone(), stop.clone()));
    parts.spawn(agreed_times::run(ctx.clone(), stop.clone()));
    parts.spawn(sweeper::run(ctx, stop));
    // The first part that ends with a panic ends the service: the process goes down and is started again whole.
    while let Some(ended) = parts.join_next().await {
        ended.map_err(QualifierError::Panicked)?;
    }
    Ok(())
}
