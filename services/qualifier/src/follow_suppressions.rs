//! Follows suppressions that were added while a batch ran: beside the sweep of what is due, so that however much there is to
//! look at, no promise waits for it.

use std::time::Duration;

use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};

use crate::context::QualifierContext;

/// Lets other work of the database in between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Follows until asked to stop.
pub async fn run(ctx: QualifierContext, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.qualifier.sweep_interval_ms.max(10));
    every("looking for leads that were decided beside a suppression", interval, stop.soft(), || async {
        let followed = ctx.store.sweep_suppressions(ctx.clock.now()).await?;
        Ok::<_, ripen_store::StoreError>(NextTick::sooner_if(followed.more, PAUSE))
    })
    .await;
}
