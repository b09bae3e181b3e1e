//! Forgets, once a day, what the configuration says need not be kept: whole months where something lies in months, else by the row.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::StoreError;

use crate::context::QualifierContext;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After a failure.
const SOON: Duration = Duration::from_secs(10 * 60);
/// Between two looks of which one part fails while another has more to do.
const AFTER_A_FAILURE: Duration = Duration::from_secs(10);
/// At most so many rows are changed by one statement: others wait for none of it.
const AT_ONCE: i64 = 2_000;
/// A message that waits is tried every minute; one that was not tried for so long is done.
const SUSPECTS_DAYS: u32 = 1;
/// What is told once is known by its mail: whatever looks for something to be told looks less far back.
const NOTICES_AT_LEAST: u32 = 60;
/// A place that was taken is given back within these days or never; a day is over later in the west.
const GIVEN_AT_LEAST: u32 = 30;
/// Links in mails live for 24 months, and an offer's asks who has taken it.
const CLAIMS_AT_LEAST: u32 = 2 * 366;
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
    /// Arrivals in the quarantine.
    pub quarantined: u64,
    /// Mails to people.
    pub notices: u64,
    /// Days of recipients, and offers.
    pub routed: u64,
    /// Months of bodies or attempts that were dropped whole; their rows are not counted above.
    pub months: usize,
    /// There is more than one look takes.
    pub more: bool,
    /// Some part of it could not be done, and was logged.
    pub failed: bool,
}

/// Forgets until asked to stop.
pub async fn run(ctx: QualifierContext, stop: Stop) {
    every("forgetting what need not be kept", SOON, stop.soft(), || async {
        let forgotten = tick(&ctx, ctx.clock.now()).await?;
        Ok::<_, StoreError>(NextTick::After(forgotten.pause()))
    })
    .await;
}

/// Forgets some of what is older at `now` than it is to be kept. A part that fails is logged, and keeps none of the others from
/// its turn.
///
/// # Errors
/// When the database is away: the rest is forgotten later.
pub async fn tick(ctx: &QualifierContext, now: Timestamp) -> Result<Forgotten, StoreError> {
    let keep = &ctx.settings.retention;
    let mut forgotten = Forgotten::default();
    if let Some(before) = begin(now, keep.raw_bodies_days) {
        forgotten.bodies = forgotten.part("bodies", ctx.store.arrivals_empty(before, AT_ONCE).await)?;
        let deleted = forgotten.part("bodies", ctx.store.arrival_bodies_delete(before, AT_ONCE).await)?;
        forgotten.bodies += deleted;
    }
    if let Some(before) = begin(now, keep.attempts_days) {
        forgotten.attempts = forgotten.part("attempts", ctx.store.attempts_delete(before, AT_ONCE).await)?;
        let answers = forgotten.part("answers", ctx.store.answers_forget(before, AT_ONCE).await)?;
        forgotten.attempts = forgotten.attempts.max(answers);
    }
    if let Some(before) = begin_at_least(now, keep.notices_days, NOTICES_AT_LEAST) {
        forgotten.notices = forgotten.part("notices", ctx.store.notices_forget(before, AT_ONCE).await)?;
    }
    forget_routing(ctx, now, &mut forgotten).await?;
    if let Some(before) = begin(now, keep.quarantined_days) {
        forgotten.quarantined = forgotten.part("quarantined", ctx.store.quarantined_delete(before, AT_ONCE).await)?;
    }
    if let Some(before) = begin(now, keep.seen_ids_days) {
        forgotten.ids = forgotten.part("ids", ctx.store.arrivals_forget(before, AT_ONCE).await)?;
    }
    // Of a message that another process ended while its note was on the way.
    if let Some(before) = begin(now, SUSPECTS_DAYS) {
        forgotten.part("suspects", ctx.store.suspects_forget(before).await)?;
    }
    // With every request too, but not of clients when none calls any more.
    forgotten.part("outcome requests", ctx.store.outcome_requests_forget(now).await)?;
    let Forgotten { bodies, attempts, ids, quarantined, notices, routed, .. } = forgotten;
    let most = [bodies, attempts, ids, quarantined, notices, routed].into_iter().max().unwrap_or_default();
    forgotten.more = i64::try_from(most).is_ok_and(|most| most >= AT_ONCE);
    // Last: what others hold too long to drop is tried again in some minutes, and the rows should not wait for that.
    if !forgotten.more {
        drop_months(ctx, now, &mut forgotten).await?;
    }
    if most > 0 || forgotten.months > 0 {
        let months = forgotten.months;
        tracing::info!(bodies, attempts, ids, quarantined, notices, routed, months, "forgot what need not be kept");
    }
    Ok(forgotten)
}

/// How many each recipient was given on which day, and to whom leads were offered.
async fn forget_routing(ctx: &QualifierContext, now: Timestamp, forgotten: &mut Forgotten) -> Result<(), StoreError> {
    let days = ctx.settings.retention.routing_days;
    if let Some(before) = begin_at_least(now, days, GIVEN_AT_LEAST) {
        let before = before.to_zoned(TimeZone::UTC).date();
        forgotten.routed = forgotten.part("given", ctx.store.given_forget(before, AT_ONCE).await)?;
    }
    if let Some(before) = begin_at_least(now, days, CLAIMS_AT_LEAST) {
        let claims = forgotten.part("claims", ctx.store.claims_forget(before, AT_ONCE).await)?;
        forgotten.routed = forgotten.routed.max(claims);
    }
    Ok(())
}

impl Forgotten {
    /// What a part did; nothing where it failed.
    fn part<T: Default>(&mut self, what: &'static str, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Err(error @ StoreError::Unreachable(_)) => Err(error),
            Err(error) => {
                self.failed = true;
                tracing::warn!(what, %error, "what need not be kept cannot be forgotten, and is tried again");
                Ok(T::default())
            }
            done => done,
        }
    }

    /// Until the next look.
    const fn pause(&self) -> Duration {
        match (self.more, self.failed) {
            (true, false) => PAUSE,
            // What fails each time is not tried five times a second.
            (true, true) => AFTER_A_FAILURE,
            (false, true) => SOON,
            (false, false) => DAY,
        }
    }
}

/// Drops the months of which nothing need be kept at `now`.
async fn drop_months(ctx: &QualifierContext, now: Timestamp, forgotten: &mut Forgotten) -> Result<(), StoreError> {
    let keep = &ctx.settings.retention;
    if let Some(before) = begin(now, keep.raw_bodies_days) {
        let dropped = forgotten.part("months of bodies", ctx.store.arrival_bodies_drop(before).await)?;
        forgotten.months += dropped;
    }
    if let Some(before) = begin(now, keep.attempts_days) {
        let dropped = forgotten.part("months of attempts", ctx.store.attempts_drop(before).await)?;
        forgotten.months += dropped;
    }
    Ok(())
}

/// What is older is forgotten; none where it is kept for ever.
fn begin(now: Timestamp, days: u32) -> Option<Timestamp> {
    let hours = i64::from(days).checked_mul(24).filter(|hours| *hours > 0)?;
    now.checked_sub(SignedDuration::from_hours(hours)).ok()
}

/// The same of what is needed for so many days, whatever the configuration says.
fn begin_at_least(now: Timestamp, days: u32, least: u32) -> Option<Timestamp> {
    begin(now, if days == 0 { 0 } else { days.max(least) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_fails_keeps_no_other_from_its_turn() {
        let mut forgotten = Forgotten::default();
        assert_eq!(forgotten.part::<u64>("ids", Err(StoreError::TooSlow)).unwrap(), 0);
        assert_eq!(forgotten.part("attempts", Ok(7)).unwrap(), 7);
        assert!(forgotten.failed);
        assert_eq!(forgotten.pause(), SOON, "and comes again before a day is over");
        let away = forgotten.part::<u64>("ids", Err(StoreError::Unreachable("08006".to_owned())));
        assert!(away.is_err(), "it is of no use to go on");
    }

    #[test]
    fn zero_days_are_for_ever() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(begin(now, 0), None);
        assert_eq!(begin(now, 1), Some("2026-11-20T10:00:00Z".parse().unwrap()));
        assert_eq!(begin(now, u32::MAX), None, "longer than there is time");
        assert_eq!((begin_at_least(now, 0, 60), begin_at_least(now, 7, 60)), (None, begin(now, 60)));
    }
}
