//! Offers what was let go out of the quarantine, by a person or by the end of a source's pause, to be worked like what
//! arrives now. The rows are the truth: what is not taken in is offered again.

use jiff::Timestamp;
use ripen_domain::message::ArrivalMessage;
use ripen_queue::{Message, Queue};
use ripen_store::StoreError;

use crate::context::QualifierContext;

/// At most so many are let go or offered in one tick, so that what arrives now does not wait behind them.
const MOST: u32 = 200;

/// Offers what was released and is not worked yet; returns how many the queue took.
pub async fn tick(ctx: &QualifierContext, now: Timestamp, room: u32) -> Result<usize, StoreError> {
    let limit = i64::from(room.min(MOST));
    if limit == 0 || ctx.transport.room_bytes(Queue::Arrivals) == 0 {
        return Ok(0);
    }
    ctx.store.sweep_resumed_sources(now, limit).await?;
    let until = now.saturating_add(ctx.offer()).unwrap_or(now);
    let released = ctx.store.sweep_released(now, until, limit).await?;
    let ids: Vec<_> = released.iter().map(|arrival| arrival.id).collect();
    let messages = released.into_iter().map(|arrival| {
        let id = arrival.id.uuid();
        // An arrival always serialises: it was read from JSON.
        let body = serde_json::to_vec(&ArrivalMessage::V1(Box::new(arrival))).unwrap_or_default();
        Message { id, body: body.into() }
    });
    let published = ctx.transport.publish_all(Queue::Arrivals, messages.collect()).await;
    let (taken, refused): (Vec<_>, Vec<_>) = ids.into_iter().zip(published).partition(|(_, result)| result.is_ok());
    if !refused.is_empty() {
        // The queue filled up meanwhile: offered again by the next tick that finds room, and not when the offer's time is up.
        let refused: Vec<_> = refused.into_iter().map(|(id, _)| id).collect();
        ctx.store.released_offer_again(&refused, now).await?;
    }
    Ok(taken.len())
}
