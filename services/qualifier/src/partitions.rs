//! Makes the partitions of the months ahead, once a day. Until a failed try is made good, decisions of those months go to
//! the default partition, and nothing waits.

use std::time::Duration;

use jiff::Timestamp;
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::StoreError;

use crate::context::QualifierContext;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure.
const SOON: Duration = Duration::from_secs(10 * 60);
/// How long the first decision may be kept waiting.
const BEFORE_THE_FIRST_DECISION: Duration = Duration::from_secs(5);

/// Makes what is missing before the first decision, unless that takes too long.
///
/// Rows of the default partition are moved under a lock when their month is made: the fewer there are, the shorter
/// everybody waits for it.
pub async fn make_first(ctx: &QualifierContext, stop: &Stop) {
    // A stop does not wait for a lock on the table.
    tokio::select! {
        () = stop.soft().cancelled() => {}
        made = tokio::time::timeout(BEFORE_THE_FIRST_DECISION, tick(ctx, ctx.clock.now())) => {
            if let Ok(Err(error)) = made {
                tracing::warn!(%error, "the partitions of the months ahead could not be made before the first decision");
            }
        }
    }
}

/// Makes them until asked to stop.
pub async fn run(ctx: QualifierContext, stop: Stop) {
    every("making the partitions of the months ahead", SOON, stop.soft(), || async {
        // After a failure soon, after a success in a day: a month is made once.
        tick(&ctx, ctx.clock.now()).await.map(|_| NextTick::After(DAY))
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
