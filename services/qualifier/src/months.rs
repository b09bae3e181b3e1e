//! Makes the partitions of the months ahead, once a day. What fails is tried again: until then decisions find a place in
//! the default partition, and nothing else waits for this.

use std::time::Duration;

use ripen_runtime::lifecycle::Stop;

use crate::Context;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure.
const SOON: Duration = Duration::from_secs(10 * 60);

/// Looks after the months until asked to stop.
pub async fn run(ctx: Context, stop: Stop) {
    loop {
        let wait = match ctx.store.months_make(ctx.clock.now()).await {
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
        };
        tokio::select! {
            () = stop.soft().cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}
