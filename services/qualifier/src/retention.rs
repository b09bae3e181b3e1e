//! Forgets, once a day, what the configuration says need not be kept.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::StoreError;

use crate::context::QualifierContext;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure.
const SOON: Duration = Duration::from_secs(10 * 60);
/// At most so many rows are changed by one statement: others wait for none of it.
const AT_ONCE: i64 = 2_000;
/// Lets other work of the database in between.
const PAUSE: Duration = Duration::from_millis(200);

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Raw bodies of arrivals.
    pub bodies: u64,
    /// Attempts of deliveries.
    pub attempts: u64,
    /// Ids of arrivals.
    pub ids: u64,
    /// There is more than one look takes.
    pub more: bool,
}

/// Forgets until asked to stop.
pub async fn run(ctx: QualifierContext, stop: Stop) {
    every("forgetting what need not be kept", SOON, stop.soft(), || async {
        let forgotten = tick(&ctx, ctx.clock.now()).await?;
        Ok::<_, StoreError>(NextTick::After(if forgotten.more { PAUSE } else { DAY }))
    })
    .await;
}

/// Forgets some of what is older at `now` than it is to be kept.
///
/// # Errors
/// When the database is away: the rest is forgotten later.
pub async fn tick(ctx: &QualifierContext, now: Timestamp) -> Result<Forgotten, StoreError> {
    let keep = &ctx.settings.retention;
    let mut forgotten = Forgotten::default();
    if let Some(before) = begin(now, keep.raw_bodies_days) {
        forgotten.bodies = ctx.store.arrivals_empty(before, AT_ONCE).await?;
    }
    if let Some(before) = begin(now, keep.attempts_days) {
        forgotten.attempts = ctx.store.attempts_delete(before, AT_ONCE).await?;
    }
    if let Some(before) = begin(now, keep.seen_ids_days) {
        forgotten.ids = ctx.store.arrivals_forget(before, AT_ONCE).await?;
    }
    let most = forgotten.bodies.max(forgotten.attempts).max(forgotten.ids);
    forgotten.more = i64::try_from(most) == Ok(AT_ONCE);
    if most > 0 {
        let Forgotten { bodies, attempts, ids, .. } = forgotten;
        tracing::info!(bodies, attempts, ids, "forgot what need not be kept");
    }
    Ok(forgotten)
}

/// What is older is forgotten; none where it is kept for ever.
fn begin(now: Timestamp, days: u32) -> Option<Timestamp> {
    let hours = i64::from(days).checked_mul(24).filter(|hours| *hours > 0)?;
    now.checked_sub(SignedDuration::from_hours(hours)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_days_are_for_ever() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(begin(now, 0), None);
        assert_eq!(begin(now, 1), Some("2026-11-20T10:00:00Z".parse().unwrap()));
        assert_eq!(begin(now, u32::MAX), None, "longer than there is time");
    }
}
