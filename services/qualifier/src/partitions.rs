//! Makes the partitions of the months ahead, once a day. Until a failed try is made good, decisions, attempts and bodies of those
//! months go to the default partitions, and nothing waits.

use std::time::Duration;

use jiff::Timestamp;
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::StoreError;
use tokio::{task::JoinHandle, time::timeout};

use crate::context::QualifierContext;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure.
const SOON: Duration = Duration::from_secs(10 * 60);
/// After a failure that passes: the database was stopped, or too busy to give the lock.
const SHORTLY: Duration = Duration::from_secs(2);
/// How long the first decision may be kept waiting.
const BEFORE_THE_FIRST_DECISION: Duration = Duration::from_secs(5);

/// Makes what is missing before the first decision. Where that takes too long it goes on beside the decisions, and is returned:
/// broken off in the middle, what the database had done by then would be for nothing.
///
/// Rows of the default partition are moved under a lock when their month is made: the fewer there are, the shorter
/// everybody waits for it.
pub async fn make_first(ctx: &QualifierContext, stop: &Stop) -> Option<JoinHandle<()>> {
    let ctx = ctx.clone();
    let mut making = tokio::spawn(async move {
        if let Err(error) = tick(&ctx, ctx.clock.now()).await {
            tracing::warn!(%error, "the partitions of the months ahead could not be made before the first decision");
        }
    });
    // A stop does not wait for a lock on the table.
    tokio::select! {
        () = stop.soft().cancelled() => Some(making),
        made = timeout(BEFORE_THE_FIRST_DECISION, &mut making) => made.is_err().then_some(making),
    }
}

/// Makes them until asked to stop, from when the first look is over.
pub async fn run(ctx: QualifierContext, stop: Stop, first: Option<JoinHandle<()>>) {
    if let Some(first) = first {
        tokio::select! {
            () = stop.soft().cancelled() => return,
            // A panic was logged where it happened, and meets the next look again.
            _ = first => {}
        }
    }
    every("making the partitions of the months ahead", SOON, stop.soft(), || async {
        // After a failure soon, after a success in a day: a month is made once.
        match tick(&ctx, ctx.clock.now()).await {
            // Arrivals of the moment lie in the default partition, and moving them is tried only for a moment, so that nobody
            // waits for it: the next moment may be a quieter one.
            Err(error) if error.is_unreachable() || error.is_conflict() => {
                tracing::info!(%error, "the partitions of the months ahead are tried again in a moment");
                Ok(NextTick::After(SHORTLY))
            }
            done => done.map(|_| NextTick::After(DAY)),
        }
    })
    .await;
}

/// Makes what is missing at `now`; returns how many were made.
async fn tick(ctx: &QualifierContext, now: Timestamp) -> Result<usize, StoreError> {
    let made = ctx.store.partitions_make(now).await?;
    if made > 0 {
        tracing::info!(made, "partitions of the months ahead were made");
    }
    Ok(made)
}
