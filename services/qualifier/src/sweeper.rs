//! Offers rows that are due: spooled arrivals, promises, regrades. The loop is a shell around [`tick`].

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use ripen_domain::{id::LeadId, message::RequalifyMessage};
use ripen_queue::{Message, Queue};
use ripen_runtime::lifecycle::Stop;
use ripen_store::{SpoolKey, StoreError, Sweep};

use crate::Context;

/// What one tick offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Spooled arrivals.
    pub spooled: usize,
    /// Promises that fell due.
    pub promises: usize,
    /// Leads whose facts changed.
    pub regrades: usize,
    /// Leads found that the active criteria have not decided.
    pub outdated: u64,
    /// There was more than one tick takes.
    pub more: bool,
}

/// Sweeps until asked to stop.
pub async fn run(ctx: Context, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.qualifier.sweep_interval_ms.max(10));
    if ctx.transport.is_local() {
        forget_offers(&ctx, &stop, interval).await;
    }
    loop {
        let wait = match tick(&ctx, ctx.clock.now()).await {
            Ok(swept) if swept.more => Duration::from_millis(5),
            Ok(_) => interval,
            Err(error) => {
                tracing::warn!(%error, "the sweep failed and is tried again");
                interval
            }
        };
        tokio::select! {
            () = stop.soft().cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// The queues of an earlier process went with it, and so did its offers.
async fn forget_offers(ctx: &Context, stop: &Stop, interval: Duration) {
    while ctx.store.sweep_forget_offers(ctx.clock.now()).await.is_err() {
        tokio::select! {
            () = stop.soft().cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
    }
}

/// Offers what is due at `now`.
///
/// # Errors
/// When the database is away: what was not offered stays due.
pub async fn tick(ctx: &Context, now: Timestamp) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    if !ctx.transport.is_ready() {
        return Ok(swept);
    }
    spooled(ctx, now, &mut swept).await?;
    if !clock_is_sound(ctx, now).await? {
        return Ok(swept);
    }
    let sizes = &ctx.settings.qualifier;
    let sweep =
        |limit: u32| Sweep { now, until: now.saturating_add(ctx.offer()).unwrap_or(now), limit: i64::from(limit) };
    let promises = ctx.store.sweep_promises(sweep(room(ctx, Queue::Requalify, sizes.promise_sweep))).await?;
    swept.promises = promises.len();
    swept.outdated = ctx.store.sweep_criteria(now, i64::from(sizes.regrade_sweep)).await?;
    let regrades = ctx.store.sweep_regrades(sweep(room(ctx, Queue::Requalify, sizes.regrade_sweep))).await?;
    swept.regrades = regrades.len();
    swept.more |= swept.promises == sizes.promise_sweep as usize || swept.regrades == sizes.regrade_sweep as usize;
    let fired = promises.into_iter().map(|(lead, generation)| (lead, Some(generation)));
    let messages = fired.chain(regrades.into_iter().map(|lead| (lead, None))).map(requalify).collect();
    ctx.transport.publish_all(Queue::Requalify, messages).await;
    Ok(swept)
}

/// How many offers the queue takes now, at most `limit`.
fn room(ctx: &Context, queue: Queue, limit: u32) -> u32 {
    u32::try_from(ctx.transport.room(queue)).unwrap_or(u32::MAX).min(limit)
}

/// Offers arrivals that rest in the spool. With RabbitMQ a confirmed one is safe there and leaves the spool.
async fn spooled(ctx: &Context, now: Timestamp, swept: &mut Swept) -> Result<(), StoreError> {
    let limit = room(ctx, Queue::Arrivals, ctx.settings.qualifier.spool_sweep);
    if limit == 0 {
        swept.more = true;
        return Ok(());
    }
    let until = now.saturating_add(ctx.offer()).unwrap_or(now);
    let rows = ctx.store.spool_claim(now, until, i64::from(limit)).await?;
    swept.spooled = rows.len();
    swept.more |= rows.len() == limit as usize;
    let keys: Vec<_> = rows.iter().map(|row| SpoolKey::of(row.id, &row.body)).collect();
    let messages = rows.into_iter().map(|row| Message { id: row.id, body: Bytes::from(row.body) }).collect();
    let published = ctx.transport.publish_all(Queue::Arrivals, messages).await;
    let confirmed: Vec<_> =
        keys.into_iter().zip(published).filter(|(_, result)| result.is_ok()).map(|(key, _)| key).collect();
    if !confirmed.is_empty() && !ctx.transport.is_local() {
        ctx.store.spool_delete(&confirmed).await?;
    }
    Ok(())
}

/// A clock that differs too far from the database's must not fire promises.
async fn clock_is_sound(ctx: &Context, now: Timestamp) -> Result<bool, StoreError> {
    let skew = ctx.store.clock().await?.duration_since(now).abs();
    let sound = skew.as_secs() <= i64::try_from(ctx.settings.clock.max_skew_s).unwrap_or(i64::MAX);
    let state =
        if sound { Ok(()) } else { Err(format!("this machine's clock is {} s off the database's", skew.as_secs())) };
    ctx.health.set("clock", state);
    Ok(sound)
}

fn requalify((lead, generation): (LeadId, Option<i64>)) -> Message {
    let body = serde_json::to_vec(&RequalifyMessage::V1 { lead, generation }).unwrap_or_default();
    Message { id: lead.uuid(), body: body.into() }
}
