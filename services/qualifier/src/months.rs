//! Makes the partitions of the months ahead, once a day. What fails is tried again: until then decisions find a place in
//! the default partition, and nothing else waits for this.

use std::time::Duration;

use ripen_runtime::lifecycle::Stop;

use crate::Context;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Before the first decision.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a failure.
const SOON: Duration = Duration::from_secs(10 * 60);

/// Makes what is missing before the first decision, for as long as nobody minds waiting.
pub async fn first(ctx: &Context, stop: &Stop) {
    tokio::select! {
        () = stop.soft().cancelled() => {}
        _ = tokio::time::timeout(PATIENCE, make(ctx)) => {}
    }
}

/// Looks after the months until asked to stop.
pub async fn run(ctx: Context, stop: Stop) {
    loop {
        let wait = make(&ctx).await;
        tokio::select! {
            () = stop.soft().cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Says when to look again.
async fn make(ctx: &Context) -> Duration {
    match ctx.store.months_make(ctx.clock.now()).await {
        Ok(made) => {
            if made > 0 {
                tracing::info!(made, "partitions of the months ahead were made");
            }
            DAY
        }
        Err(error) => {
            tracing::warn!(%error, "the partitions of the months ahead could not be made; it is tried again");
            SOON
        }
    }
}
