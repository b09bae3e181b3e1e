//! Wakes the dispatcher after a commit. It sends nothing itself, and a delivery whose offer is lost is found by the sweeper.

use ripen_domain::message::DeliverMessage;
use ripen_queue::{Message, Queue};

use crate::{context::QualifierContext, maturation::DueDelivery};

/// Wakes the dispatcher. Should that fail, its sweeper finds the deliveries.
pub async fn offer_deliveries(ctx: &QualifierContext, deliveries: &[DueDelivery]) {
    if deliveries.is_empty() {
        return;
    }
    let published = ctx.transport.publish_all(Queue::Deliveries, deliveries.iter().map(offer).collect()).await;
    let offers = deliveries.iter().zip(published);
    let refused: Vec<_> = offers.filter(|(_, result)| result.is_err()).map(|(due, _)| due.delivery).collect();
    if refused.is_empty() {
        return;
    }
    tracing::info!(deliveries = refused.len(), "offers did not get through; the sweeper makes them again");
    // Marked as not offered: the sweeper would otherwise leave them alone until the offer of the batch runs out.
    let now = ctx.clock.now();
    if let Err(error) = ctx.store.deliveries_release(&refused, now, now).await {
        tracing::info!(%error, "and only when their time is up");
    }
}

/// The offer of a delivery to the dispatcher.
fn offer(due: &DueDelivery) -> Message {
    let offer = DeliverMessage::V1 { delivery: due.delivery, endpoint: Some(due.endpoint) };
    let body = serde_json::to_vec(&offer).unwrap_or_default();
    Message { id: due.delivery.uuid(), body: body.into() }
}
