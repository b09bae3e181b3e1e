//! Offers deliveries that are due: retries, leases that ran out, held ones whose reason may be gone. The loop is a shell
//! around [`tick`].

use std::time::Duration;

use jiff::Timestamp;
use ripen_domain::{
    id::{DeliveryId, EndpointId},
    message::DeliverMessage,
};
use ripen_queue::{Message, Queue};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{StoreError, sweep::Sweep};

use crate::{clock_watch::ClockWatch, context::DispatcherContext};

/// While the queue has fewer places, there is enough to do: a look passes over all that is offered already.
const WORTH_A_LOOK: i64 = 500;

/// Lets workers lease some of what was offered before more is.
const PAUSE_BETWEEN_FULL_TICKS: Duration = Duration::from_millis(20);

/// Sweeps until asked to stop.
pub async fn run(ctx: DispatcherContext, clock: ClockWatch, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.dispatcher.sweep_interval_ms.max(10));
    every("the sweep of deliveries", interval, stop.soft(), || async {
        if !clock.look(&ctx).await? {
            return Ok(NextTick::InAPeriod);
        }
        let offered = tick(&ctx, ctx.clock.now()).await?;
        let is_full = offered >= ctx.settings.dispatcher.sweep as usize;
        Ok::<_, StoreError>(NextTick::sooner_if(is_full, PAUSE_BETWEEN_FULL_TICKS))
    })
    .await;
}

/// Offers what is due at `now`; returns how many.
///
/// # Errors
/// When the database is away: what was not offered stays due.
pub async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<usize, StoreError> {
    // As many as the queue takes: an offer that finds no room holds its row until the offer runs out.
    let room = u32::try_from(ctx.transport.room(Queue::Deliveries)).unwrap_or(u32::MAX);
    let limit = i64::from(ctx.settings.dispatcher.sweep.min(room));
    // Offered while RabbitMQ is away, a delivery would wait for its offer to run out.
    if limit < WORTH_A_LOOK.min(i64::from(ctx.settings.dispatcher.sweep)) || !ctx.transport.is_ready() {
        return Ok(0);
    }
    // First: the probe of a circuit that may be tried now goes out with this sweep.
    ctx.store.sweep_circuits(now, limit).await?;
    // In steps like the sweep itself: a replay of a year's deliveries must not fill the queue.
    ctx.store.replay_step(now, limit).await?;
    let until = now.saturating_add(ctx.offer()).unwrap_or(now);
    let due = ctx.store.sweep_deliveries(Sweep { now, until, limit }).await?;
    let offered = due.len();
    ctx.transport.publish_all(Queue::Deliveries, due.into_iter().map(message).collect()).await;
    Ok(offered)
}

fn message((delivery, endpoint): (DeliveryId, Option<EndpointId>)) -> Message {
    let body = serde_json::to_vec(&DeliverMessage::V1 { delivery, endpoint }).unwrap_or_default();
    Message { id: delivery.uuid(), body: body.into() }
}
