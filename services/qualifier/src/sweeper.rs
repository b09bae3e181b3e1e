//! Offers rows that are due: spooled arrivals, promises, regrades; has what is held routed again. The loop is a shell around
//! [`tick`].
//!
//! Promises that fell due while nothing ran are offered oldest first at a rate of their own, so that neither what arrives
//! nor what falls due now waits behind them.

use std::{ops::Range, time::Duration};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{backoff::Backoff, id::LeadId, message::RequalifyMessage};
use ripen_queue::{Message, Queue};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
    retry::{GaveUp, RetryLimit, retry},
};
use ripen_store::{
    StoreError,
    arrival::spool::{SpoolKey, SpoolRoom},
    sweep::{Sweep, SweepParts},
};
use tokio::{sync::Mutex, time::Instant};

use crate::{context::QualifierContext, released, reroute};

/// What one tick offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Spooled arrivals.
    pub spooled: usize,
    /// Arrivals let go out of the quarantine.
    pub released: usize,
    /// Promises that fell due, the overdue included.
    pub promises: usize,
    /// Promises that had been due for some time.
    pub overdue: usize,
    /// Leads whose facts changed.
    pub regrades: usize,
    /// Leads found that the active criteria have not decided.
    pub outdated: u64,
    /// There was more than one tick takes.
    pub more: bool,
}

/// What a sweeper remembers from one tick to the next.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    last: Option<Timestamp>,
    overdue: f64,
}

impl Pace {
    /// The rate's worth of a second at most: what a pause saved up is not fired at once.
    fn pass(&mut self, now: Timestamp, per_second: u32) {
        // Up to a second, however long the pause was: what was saved up would all be called due in the first moment
        // after a stop.
        let gone = self.last.map_or(1.0, |last| now.duration_since(last).as_secs_f64().clamp(0.0, 1.0));
        let rate = f64::from(per_second);
        // Never more than a second's worth, and at least one, so that a rate below one still fires.
        self.overdue = gone.mul_add(rate, self.overdue).min(rate.max(1.0));
        self.last = Some(now);
    }

    /// How many overdue promises may be offered now.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count between 0 and a rate")]
    const fn allowed(self) -> u32 {
        self.overdue as u32
    }

    fn use_up(&mut self, offered: usize) {
        self.overdue -= f64::from(u32::try_from(offered).unwrap_or(u32::MAX));
    }

    /// Whether the clock was set back since the last tick.
    fn went_back(self, now: Timestamp) -> bool {
        // Corrections of less than a second are ordinary and hold nothing up for long.
        self.last.is_some_and(|last| last.duration_since(now) > SignedDuration::from_secs(1))
    }
}

/// Lets other work of the database in between two ticks that took all they may.
const PAUSE_BETWEEN_FULL_TICKS: Duration = Duration::from_millis(5);

/// The most bytes that one look takes from the spool, whatever the queue would hold: they are in memory meanwhile.
const SWEPT_BYTES: usize = 32 << 20;

/// How long the release of what the queue did not take is tried.
const RELEASED_WITHIN: Duration = Duration::from_secs(5);
const RELEASE_BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(1) };

/// Sweeps until asked to stop.
pub async fn run(ctx: QualifierContext, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.qualifier.sweep_interval_ms.max(10));
    // Only where the queues are in this process: with RabbitMQ other sweepers' offers are still in their queues.
    if ctx.transport.is_local() {
        forget_offers(&ctx, &stop, interval).await;
    }
    // Never contended: ticks do not overlap.
    let pace = Mutex::new(Pace::default());
    every("the sweep of what is due", interval, stop.soft(), || async {
        let swept = tick(&ctx, &mut *pace.lock().await, ctx.clock.now()).await?;
        Ok::<_, StoreError>(NextTick::sooner_if(swept.more, PAUSE_BETWEEN_FULL_TICKS))
    })
    .await;
}

/// The queues of an earlier process went with it, and so did its offers.
async fn forget_offers(ctx: &QualifierContext, stop: &Stop, interval: Duration) {
    let backoff = Backoff { first: interval, longest: interval };
    // Without a limit: until the old offers are forgotten, what they hold looks offered to queues that are gone.
    let forgotten = retry(backoff, RetryLimit::None, stop.soft(), || async { forget(ctx).await.into() }).await;
    // Asked to stop before the database answered: the next start does it.
    drop(forgotten);
}

async fn forget(ctx: &QualifierContext) -> Result<(), StoreError> {
    let now = ctx.clock.now();
    ctx.store.sweep_forget_offers(now, now).await?;
    // Leases too: with the local transport no other process can hold one.
    ctx.store.sweep_forget_leases(now).await
}

/// Offers what is due at `now`.
///
/// # Errors
/// When the database is away: what was not offered stays due.
pub async fn tick(ctx: &QualifierContext, pace: &mut Pace, now: Timestamp) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    // What is offered is not offered again for a while: an offer to nobody would delay it by that.
    if !ctx.transport.is_ready() {
        return Ok(swept);
    }
    // One part that fails must not keep the others from their turn.
    let mut parts = SweepParts::default();
    // Arrivals wait for no time of day: a clock that is off does not hold them up.
    parts.part(spooled(ctx, now, &mut swept).await)?;
    let room_for_arrivals = room(ctx, Queue::Arrivals, ctx.settings.qualifier.spool_sweep);
    swept.released = parts.part(released::tick(ctx, now, room_for_arrivals).await)?;
    swept.more |= swept.released > 0;
    if !clock_is_sound(ctx).await? {
        return parts.end(swept);
    }
    // Offers are marked by the clock: set back an hour, it would hold them for that hour.
    if pace.went_back(now) {
        ctx.store.sweep_forget_offers(now, until(ctx, now)).await?;
    }
    parts.part(promises(ctx, pace, now, &mut swept).await)?;
    let sizes = &ctx.settings.qualifier;
    // Two seconds' worth at most, so that an hour without a sweeper does not regrade an hour's share at once.
    let (burst, limit) = (SignedDuration::from_secs(2), i64::from(sizes.regrade_sweep));
    swept.outdated = parts.part(ctx.store.sweep_criteria(now, burst, limit).await)?;
    let regrades = parts.part(ctx.store.sweep_regrades(sweep(ctx, now, sizes.regrade_sweep)).await)?;
    swept.regrades = regrades.len();
    swept.more |= swept.regrades == sizes.regrade_sweep as usize;
    publish(ctx, regrades.into_iter().map(|lead| (lead, None))).await;
    // Before what is held is routed: what is no question any more goes out with the same tick.
    parts.part(ctx.store.sweep_perhaps_same(now).await)?;
    swept.more |= parts.part(reroute::tick(ctx, now).await)?;
    parts.end(swept)
}

/// Promises of the last minutes, and of those that are overdue as many as their rate allows.
async fn promises(
    ctx: &QualifierContext,
    pace: &mut Pace,
    now: Timestamp,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let sizes = &ctx.settings.qualifier;
    let late = SignedDuration::from_secs(i64::try_from(sizes.overdue_after_s).unwrap_or(i64::MAX));
    let overdue_before = now.checked_sub(late).unwrap_or(Timestamp::MIN);
    let due = |from: Timestamp, to: Timestamp| Range { start: from, end: to };
    // What fell due just now goes first: a callback at nine must not wait behind what was due while nothing ran.
    let on_time = sweep(ctx, now, sizes.promise_sweep);
    let fired = ctx.store.sweep_promises(on_time, due(overdue_before, now)).await?;
    swept.more |= fired.len() == sizes.promise_sweep as usize;
    swept.promises = fired.len();
    // Counted with every tick, also where nothing is overdue: otherwise the pause itself would count as time in hand.
    pace.pass(now, sizes.overdue_per_s);
    let taken = u32::try_from(fired.len()).unwrap_or(u32::MAX);
    publish_promises(ctx, fired).await;
    // Together they take no more than one sweep may: both lists go to the same queue.
    let limit = sizes.promise_sweep.saturating_sub(taken).min(pace.allowed());
    if limit > 0 {
        let overdue =
            ctx.store.sweep_promises(sweep(ctx, now, limit), due(Timestamp::UNIX_EPOCH, overdue_before)).await?;
        pace.use_up(overdue.len());
        swept.overdue = overdue.len();
        swept.more |= overdue.len() == limit as usize && pace.allowed() > 0;
        swept.promises += overdue.len();
        publish_promises(ctx, overdue).await;
    }
    Ok(())
}

/// Before anything else of a tick may fail: what is marked as offered is not offered again for a while.
async fn publish_promises(ctx: &QualifierContext, fired: Vec<(LeadId, i64)>) {
    publish(ctx, fired.into_iter().map(|(lead, generation)| (lead, Some(generation)))).await;
}

async fn publish(ctx: &QualifierContext, offers: impl Iterator<Item = (LeadId, Option<i64>)>) {
    let messages = offers.map(requalify).collect();
    // What is not taken is offered again when its time is up.
    ctx.transport.publish_all(Queue::Requalify, messages).await;
}

/// What is due now, as much as the queue has room for and at most `limit`.
fn sweep(ctx: &QualifierContext, now: Timestamp, limit: u32) -> Sweep {
    // No more than the queue takes: what is offered in vain is not offered again for a minute.
    Sweep { now, until: until(ctx, now), limit: i64::from(room(ctx, Queue::Requalify, limit)) }
}

fn until(ctx: &QualifierContext, now: Timestamp) -> Timestamp {
    now.saturating_add(ctx.offer()).unwrap_or(now)
}

/// How many offers the queue takes now, at most `limit`.
fn room(ctx: &QualifierContext, queue: Queue, limit: u32) -> u32 {
    u32::try_from(ctx.transport.room(queue)).unwrap_or(u32::MAX).min(limit)
}

/// Offers arrivals that rest in the spool. With RabbitMQ a confirmed one is safe there and leaves the spool.
async fn spooled(ctx: &QualifierContext, now: Timestamp, swept: &mut Swept) -> Result<(), StoreError> {
    let limit = room(ctx, Queue::Arrivals, ctx.settings.qualifier.spool_sweep);
    let bytes = ctx.transport.room_bytes(Queue::Arrivals).min(SWEPT_BYTES);
    if limit == 0 || bytes == 0 {
        // The queue is full of arrivals: the next tick follows soon, because these are leads that somebody waits to
        // hear from.
        swept.more = true;
        return Ok(());
    }
    let room = SpoolRoom { rows: i64::from(limit), bytes: i64::try_from(bytes).unwrap_or(i64::MAX) };
    let rows = ctx.store.spool_claim(now, until(ctx, now), room).await?;
    swept.spooled = rows.len();
    let taken: usize = rows.iter().map(|row| row.body.len()).sum();
    swept.more |= rows.len() == limit as usize || taken >= bytes;
    let keys: Vec<_> = rows.iter().map(|row| SpoolKey::of(row.id, &row.body)).collect();
    let messages = rows.into_iter().map(|row| Message { id: row.id, body: Bytes::from(row.body) }).collect();
    let published = ctx.transport.publish_all(Queue::Arrivals, messages).await;
    let (confirmed, refused): (Vec<_>, Vec<_>) =
        keys.into_iter().zip(published).partition(|(_, result)| result.is_ok());
    let keys = |pairs: Vec<(SpoolKey, _)>| pairs.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let (confirmed, refused) = (keys(confirmed), keys(refused));
    if !refused.is_empty() {
        // The queue filled up meanwhile, or is gone: offered again by the next tick that finds it well. Before anything else that
        // may fail, and tried more than once: rows that stay claimed are offered to nobody for as long as an offer lasts.
        let (never, limit) = (Stop::default(), RetryLimit::Until(Instant::now() + RELEASED_WITHIN));
        let released = retry(RELEASE_BACKOFF, limit, never.soft(), || async {
            ctx.store.spool_release(&refused, now).await.into()
        });
        if let Err(GaveUp::Limit(error)) = released.await {
            return Err(error);
        }
    }
    if !confirmed.is_empty() && ctx.transport.keeps(Queue::Arrivals) {
        ctx.store.spool_delete(&confirmed).await?;
    }
    Ok(())
}

/// A clock that differs too far from the database's must not fire promises. Looked at afresh: a sweep of the spool may have
/// taken longer than a clock may be off.
async fn clock_is_sound(ctx: &QualifierContext) -> Result<bool, StoreError> {
    let ahead = ctx.store.clock_ahead(|| ctx.clock.now()).await?.abs();
    let sound = ahead.as_secs() <= i64::try_from(ctx.settings.clock.max_skew_s).unwrap_or(i64::MAX);
    let state =
        if sound { Ok(()) } else { Err(format!("this machine's clock is {} s off the database's", ahead.as_secs())) };
    // Shown in any case: a replica that fires nothing must not count as ready.
    ctx.health.set("clock", state);
    Ok(sound)
}

fn requalify((lead, generation): (LeadId, Option<i64>)) -> Message {
    let body = serde_json::to_vec(&RequalifyMessage::V1 { lead, generation }).unwrap_or_default();
    // The lead's id serves as the message's: offers of one lead that meet are the same to whoever looks for repeats.
    Message { id: lead.uuid(), body: body.into() }
}
