//! One consumer of one queue: takes what waits, has it decided as a batch, settles each message.
//!
//! While the database takes nothing it takes nothing either: what it held is back in the queue for those who can reach the
//! database, and nothing waits here until RabbitMQ ends the consumer.

use std::{sync::Arc, time::Duration};

use ripen_queue::{Consumer, Queue};
use ripen_runtime::{
    lifecycle::Stop,
    retry::{RetryLimit, retry},
};

use crate::{
    context::QualifierContext,
    handler::{BACKOFF, HELD_AT_MOST, Handled, Handler},
    standstill::Standstill,
    suspects::Suspects,
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
    /// What was tried alone.
    pub suspects: Arc<Suspects>,
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
    async fn consume(&self, consumer: &Consumer, batch: usize) -> ConsumerEnd {
        let Self { ctx, queue, standstill, suspects, number, stop } = self;
        let handler =
            Handler { ctx, queue: *queue, stop, standstill, suspects, worker: *number, held_at_most: HELD_AT_MOST };
        loop {
            let received = tokio::select! {
                biased;
                () = stop.soft().cancelled() => return ConsumerEnd::Stopped,
                received = consumer.next_batch(batch) => received,
            };
            if received.is_empty() {
                return ConsumerEnd::Stopped;
            }
            match handler.handle(received).await {
                Handled::Settled(settled) => consumer.settle(settled).await,
                Handled::Refused(settled) => {
                    consumer.settle(settled).await;
                    return ConsumerEnd::Refused;
                }
                Handled::Stopped => return ConsumerEnd::Stopped,
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
enum ConsumerEnd {
    Stopped,
    Refused,
}

impl ConsumerEnd {
    const fn is_done(&self) -> bool {
        matches!(self, Self::Stopped)
    }
}
