//! Offers deliveries that are due: retries, leases that ran out, held ones whose reason may be gone. The loop is a shell
//! around [`tick`].

use std::time::Duration;

use jiff::Timestamp;
use ripen_domain::message::DeliverMessage;
use ripen_queue::{Message, Queue};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{
    StoreError,
    delivery::sweep::SweptDelivery,
    sweep::{Sweep, SweepParts},
};
use tokio::sync::mpsc;

use crate::{clock_watch::ClockWatch, context::DispatcherContext, slots::SlotShare};

/// So many offers wait within this process: several sweeps of them.
const OWN_OFFERS: usize = 2000;

/// A way for what this process must send itself, because not every process has a slot for it.
pub fn own_offers() -> (mpsc::Sender<SweptDelivery>, mpsc::Receiver<SweptDelivery>) {
    mpsc::channel(OWN_OFFERS)
}

/// While the queue has fewer places, there is enough to do: a look passes over all that is offered already.
const WORTH_A_LOOK: i64 = 500;

/// Lets workers lease some of what was offered before more is.
const PAUSE_BETWEEN_FULL_TICKS: Duration = Duration::from_millis(20);

/// Sweeps until asked to stop.
pub async fn run(
    (ctx, clock): (DispatcherContext, ClockWatch),
    (slots, own): (SlotShare, mpsc::Sender<SweptDelivery>),
    stop: Stop,
) {
    let interval = Duration::from_millis(ctx.settings.dispatcher.sweep_interval_ms.max(10));
    every("the sweep of deliveries", interval, stop.soft(), || async {
        if !clock.look(&ctx).await? {
            return Ok(NextTick::InAPeriod);
        }
        let offered = sweep(&ctx, Some((&slots, &own)), ctx.clock.now()).await?;
        let is_full = offered >= ctx.settings.dispatcher.sweep as usize;
        Ok::<_, StoreError>(NextTick::sooner_if(is_full, PAUSE_BETWEEN_FULL_TICKS))
    })
    .await;
}

/// Offers what is due at `now`, as a process that works alone; returns how many.
///
/// # Errors
/// When the database is away: what was not offered stays due.
pub async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<usize, StoreError> {
    sweep(ctx, None, now).await
}

async fn sweep(
    ctx: &DispatcherContext,
    shared: Option<(&SlotShare, &mpsc::Sender<SweptDelivery>)>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    // As many as the queue takes: an offer that finds no room holds its row until the offer runs out.
    let room = u32::try_from(ctx.transport.room(Queue::Deliveries)).unwrap_or(u32::MAX);
    let limit = i64::from(ctx.settings.dispatcher.sweep.min(room));
    // Offered while RabbitMQ is away, a delivery would wait for its offer to run out.
    if limit < WORTH_A_LOOK.min(i64::from(ctx.settings.dispatcher.sweep)) || !ctx.transport.is_ready() {
        return Ok(0);
    }
    // One that fails must not keep what is due from going out.
    let mut parts = SweepParts::default();
    // First: the probe of a circuit that may be tried now goes out with this sweep.
    parts.part(ctx.store.sweep_circuits(now, limit).await)?;
    // In steps like the sweep itself: a replay of a year's deliveries must not fill the queue.
    parts.part(ctx.store.replay_range_step(now, limit).await)?;
    let until = now.saturating_add(ctx.offer()).unwrap_or(now);
    let sweep = Sweep { now, until, limit };
    let due = due(ctx, shared, sweep).await?;
    let offered = due.len();
    ctx.transport.publish_all(Queue::Deliveries, due.into_iter().map(message).collect()).await;
    parts.end(offered)
}

/// What is due and anybody can send. What only some processes can, and this one is one of them, is offered within it.
async fn due(
    ctx: &DispatcherContext,
    shared: Option<(&SlotShare, &mpsc::Sender<SweptDelivery>)>,
    sweep: Sweep,
) -> Result<Vec<SweptDelivery>, StoreError> {
    let others = match shared {
        Some((slots, own)) => slots.among_others().await.map(|places| (places, own)),
        None => None,
    };
    let Some((places, own)) = others else { return ctx.store.sweep_deliveries(sweep).await };
    // Room for all that one sweep finds: it is the only one that offers here, so that none is turned away below.
    let room = i64::try_from(own.capacity()).is_ok_and(|room| room >= sweep.limit);
    let offers = ctx.store.sweep_deliveries_shared(sweep, &places, room).await?;
    for offer in offers.here {
        if own.try_send(offer).is_err() {
            break;
        }
    }
    Ok(offers.anybody)
}

fn message(SweptDelivery { delivery, endpoint }: SweptDelivery) -> Message {
    let body = serde_json::to_vec(&DeliverMessage::V1 { delivery, endpoint }).unwrap_or_default();
    Message { id: delivery.uuid(), body: body.into() }
}
