//! One consumer of one queue: takes what waits, has it decided as a batch, settles each message.
//!
//! While the database takes nothing it takes nothing either: what it held is back in the queue for those who can reach the
//! database, and nothing waits here until RabbitMQ ends the consumer.

use std::{sync::Arc, time::Duration};

use ripen_domain::message::DeliverMessage;
use ripen_queue::{Consumer, Message, Queue};
use ripen_runtime::{
    lifecycle::Stop,
    retry::{RetryLimit, retry},
};

use crate::{
    context::QualifierContext,
    handler::{BACKOFF, Handled, Handler},
    maturation::DueDelivery,
    standstill::Standstill,
    trial,
};

/// How long what goes back to the queue may take.
const GIVING_BACK: Duration = Duration::from_secs(5);

/// A worker of the qualifier.
pub struct Worker {
    /// What it works with.
    pub ctx: QualifierContext,
    /// What it consumes.
    pub queue: Queue,
    /// Where it says that it waits.
    pub standstill: Arc<Standstill>,
    /// Its number, another for each worker of the process.
    pub number: usize,
    /// When to stop.
    pub stop: Stop,
}

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    for grade in ["A", "B", "C"] {
        metrics::counter!("ripen_decisions_total", "grade" => grade).absolute(0);
    }
    // At zero from the start: a rate over a series that begins with its first event misses that event.
    metrics::counter!("ripen_arrivals_stored_total").absolute(0);
    metrics::counter!("ripen_dead_letters_total").absolute(0);
    metrics::counter!("ripen_batches_split_total").absolute(0);
}

impl Worker {
    /// Takes and decides until asked to stop; what is held then goes back to the queue.
    pub async fn run(self) {
        let batch = self.ctx.settings.qualifier.batch.max(1);
        // The next batch is here while this one is decided.
        let prefetch = u16::try_from(batch.saturating_mul(2)).unwrap_or(u16::MAX);
        loop {
            let consumer = self.ctx.transport.consume(self.queue, prefetch);
            if self.consume(&consumer, batch).await.is_done() {
                return;
            }
            // Another process may reach the database; and a consumer that holds messages for half an hour is ended.
            consumer.finish(GIVING_BACK).await;
            drop(consumer);
            if !self.until_the_database_takes_leads().await {
                return;
            }
        }
    }

    /// Until the database takes nothing, or the process stops.
    async fn consume(&self, consumer: &Consumer, batch: usize) -> Ended {
        let Self { ctx, queue, standstill, number, stop } = self;
        let handler = Handler { ctx, queue: *queue, stop, standstill, worker: *number };
        loop {
            let received = tokio::select! {
                biased;
                () = stop.soft().cancelled() => return Ended::Stopped,
                received = consumer.next_batch(batch) => received,
            };
            if received.is_empty() {
                return Ended::Stopped;
            }
            match handler.handle(received).await {
                Handled::Settled(settled) => consumer.settle(settled).await,
                Handled::Refused(settled) => {
                    consumer.settle(settled).await;
                    return Ended::Refused;
                }
                Handled::Stopped => return Ended::Stopped,
            }
        }
    }

    /// False when asked to stop before.
    async fn until_the_database_takes_leads(&self) -> bool {
        let passed = retry(BACKOFF, RetryLimit::None, self.stop.soft(), async || {
            let passed = trial::run(&self.ctx).await;
            passed.inspect_err(|error| self.standstill.waits(self.number, &error.to_string())).into()
        });
        let passed = passed.await.is_ok();
        if passed {
            self.standstill.works(self.number);
        }
        passed
    }
}

/// Why a consumer is given up.
enum Ended {
    Stopped,
    Refused,
}

impl Ended {
    const fn is_done(&self) -> bool {
        matches!(self, Self::Stopped)
    }
}

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
