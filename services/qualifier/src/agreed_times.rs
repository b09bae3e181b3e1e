//! Once after every start: agreed hours whose instants were computed by other rules of their zones are put where they lie by the
//! rules that this program brings. A change of those rules comes with a new program, so once is enough.

use std::time::Duration;

use jiff::Timestamp;
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{
    StoreError,
    promise::agreed_times::{AgreedPromise, MovedHour},
};

use crate::context::QualifierContext;

/// After a failure.
const SOON: Duration = Duration::from_secs(30);
/// A look once it is done: other processes of an older program may go on writing for as long as an upgrade takes.
const LATER: Duration = Duration::from_secs(24 * 60 * 60);
const AT_ONCE: i64 = 1_000;

/// Moves them until asked to stop.
pub async fn run(ctx: QualifierContext, stop: Stop) {
    every("putting agreed hours where their zones' rules say", SOON, stop.soft(), || async {
        recompute(&ctx, ctx.clock.now()).await.map(|_| NextTick::After(LATER))
    })
    .await;
}

/// Moves every agreed hour that lies at another instant now; returns how many were moved.
///
/// # Errors
/// When the database is away; what was moved stays moved.
pub async fn recompute(ctx: &QualifierContext, now: Timestamp) -> Result<u64, StoreError> {
    let mut after = None;
    let mut count = 0;
    loop {
        let promises = ctx.store.agreed_promises(after, AT_ONCE).await?;
        let moved: Vec<_> = promises.iter().filter_map(|promise| moved(promise, now)).collect();
        if !moved.is_empty() {
            count += ctx.store.agreed_promises_move(&moved).await?;
        }
        match promises.last() {
            Some(last) => after = Some((last.lead, last.generation)),
            None => break,
        }
    }
    if count > 0 {
        tracing::warn!(count, "the rules of time zones changed: agreed hours were put where they lie now");
    }
    Ok(count)
}

fn moved(promise: &AgreedPromise, now: Timestamp) -> Option<MovedHour> {
    let &AgreedPromise { lead, generation, due_at, .. } = promise;
    let to = promise.agreed.moved_from(due_at, now)?;
    Some(MovedHour { lead, generation, from: due_at, to })
}
