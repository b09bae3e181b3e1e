//! Records attempts, many with one commit, and then what they say about their endpoints' circuits.
//!
//! Two commits: an attempt that is recorded and not counted for its circuit, because the process died in between, is made
//! up for by the next one.

use std::collections::BTreeMap;

use ripen_domain::{
    delivery::circuit::{Change, EndpointHealth},
    id::{DeliveryId, EndpointId},
};
use ripen_runtime::{
    batch::{BatchOptions, BatchWriter},
    random::jitter,
};
use ripen_store::{StoreError, delivery::settle::Settled, endpoint::circuit::DeliveryHealth};

use crate::context::DispatcherContext;

/// Pauses before probes are spread by this part, up and down.
const JITTER: f64 = 0.1;

/// One attempt to record.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// What the delivery's row keeps.
    pub settled: Settled,
    /// What it says about its endpoint; none where that is nothing new.
    pub(crate) health: Option<(EndpointId, EndpointHealth)>,
}

/// Records attempts; answers whether the lease still held.
pub type Recorder = BatchWriter<AttemptRecord, bool, StoreError>;

/// Starts recording.
pub fn recorder(ctx: &DispatcherContext) -> Recorder {
    // Bounded: attempts wait for their place here while the database is slow, and permits bound them in turn.
    let options = BatchOptions { max_batch: 128, capacity: 1024, ..BatchOptions::default() };
    let ctx = ctx.clone();
    BatchWriter::start(options, move |rows: Vec<AttemptRecord>| {
        let ctx = ctx.clone();
        async move {
            // Recorded first, counted for the circuits afterwards: see above.
            let (settled, health): (Vec<_>, Vec<_>) = rows.into_iter().map(|row| (row.settled, row.health)).unzip();
            let held = ctx.store.deliveries_settle(&settled).await?;
            let asked: Vec<DeliveryId> = settled.into_iter().map(|row| row.delivery).collect();
            let held: Vec<bool> = asked.iter().map(|delivery| held.contains(delivery)).collect();
            // An attempt whose lease was lost is counted by whoever holds it now.
            let health = asked.iter().zip(health).zip(&held).filter(|(_, held)| **held);
            let counted = health
                .filter_map(|((delivery, health), _)| health.map(|(endpoint, health)| (endpoint, *delivery, health)));
            update_circuits(&ctx, counted).await;
            Ok(held)
        }
    })
}

/// Counts attempts for the circuits of their endpoints and says what that changed.
async fn update_circuits(
    ctx: &DispatcherContext,
    attempts: impl Iterator<Item = (EndpointId, DeliveryId, EndpointHealth)>,
) {
    let mut by_endpoint = BTreeMap::<_, Vec<_>>::new();
    for (endpoint, delivery, health) in attempts {
        by_endpoint.entry(endpoint).or_default().push(DeliveryHealth { delivery, health });
    }
    if by_endpoint.is_empty() {
        // Most batches say nothing new about any endpoint: no transaction for them.
        return;
    }
    let updated = ctx.store.circuits_update(&by_endpoint, &ctx.circuit_terms(), jitter(JITTER), ctx.clock.now()).await;
    match updated {
        Ok(changes) => changes.iter().for_each(|(endpoint, change)| log_change(*endpoint, change)),
        // Not an error of the attempt, which is recorded.
        Err(error) => tracing::warn!(%error, "attempts could not be counted for their circuits; the next ones are"),
    }
}

fn log_change(endpoint: EndpointId, change: &Change) {
    let what = match change {
        Change::Kept => return,
        Change::Opened => {
            tracing::warn!(endpoint.id = %endpoint, "the endpoint keeps failing: its deliveries wait, but for a probe now and then");
            "opened"
        }
        Change::Closed => {
            tracing::info!(endpoint.id = %endpoint, "the endpoint works again: everything that waited goes out");
            "closed"
        }
        Change::Disabled(why) => {
            tracing::error!(endpoint.id = %endpoint, why, "the endpoint is disabled: its deliveries wait until `ripen endpoint resume`");
            "disabled"
        }
    };
    metrics::counter!("ripen_circuits_total", "change" => what).increment(1);
}

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    for change in ["opened", "closed", "disabled"] {
        metrics::counter!("ripen_circuits_total", "change" => change).absolute(0);
    }
}
