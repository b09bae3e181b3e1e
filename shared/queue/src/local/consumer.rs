//! A consumer of a local queue: what it holds unsettled, and what follows each outcome.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::sleep,
};

use super::queue::{LocalQueue, QueuedMessage};
use crate::{
    message::{Received, Settlement},
    metrics,
    options::TransportOptions,
    topology::Queue,
};

pub(crate) struct LocalConsumer {
    name: Queue,
    source: Arc<LocalQueue>,
    dead: Arc<LocalQueue>,
    prefetch: usize,
    options: Arc<TransportOptions>,
    held: Mutex<UnsettledMessages>,
    /// One receiver at a time, so that two cannot take the same room twice.
    receiving: AsyncMutex<()>,
    /// Rung when something was settled.
    room: Notify,
}

#[derive(Default)]
struct UnsettledMessages {
    last: u64,
    unsettled: BTreeMap<u64, QueuedMessage>,
}

impl LocalConsumer {
    pub(super) fn new(
        name: Queue,
        source: Arc<LocalQueue>,
        dead: Arc<LocalQueue>,
        prefetch: u16,
        options: Arc<TransportOptions>,
    ) -> Self {
        let (held, receiving, room) = Default::default();
        // At least one: with none, a consumer would wait for ever.
        Self { name, source, dead, prefetch: usize::from(prefetch.max(1)), options, held, receiving, room }
    }

    pub(crate) async fn next_batch(&self, max: usize) -> Vec<Received> {
        let _receiving = self.receiving.lock().await;
        loop {
            // Counted against what is held and not settled, as RabbitMQ counts a prefetch.
            let room = self.prefetch.saturating_sub(self.held().unsettled.len());
            if room > 0 {
                let messages = self.source.take(max.min(room)).await;
                return self.hold(messages);
            }
            self.room.notified().await;
        }
    }

    fn hold(&self, messages: Vec<QueuedMessage>) -> Vec<Received> {
        let mut held = self.held();
        messages
            .into_iter()
            // Numbered without gaps, so that a tag means one delivery of this consumer.
            .map(|message| {
                held.last += 1;
                let number = held.last;
                let received = message.received(number);
                held.unsettled.insert(number, message);
                received
            })
            .collect()
    }

    pub(crate) fn settle(&self, outcomes: Vec<(Received, Settlement)>) {
        for (received, outcome) in outcomes {
            let message = self.held().unsettled.remove(&received.tag.number);
            match message {
                // A count that was raised is kept, as over RabbitMQ.
                Some(message) => {
                    let delivery_count = message.delivery_count.max(received.delivery_count);
                    self.settle_one(QueuedMessage { delivery_count, ..message }, outcome);
                }
                None => metrics::consumed(self.name, metrics::STALE, 1),
            }
        }
        // Once for the whole batch: the receiver counts the room itself.
        self.room.notify_one();
    }

    fn settle_one(&self, message: QueuedMessage, outcome: Settlement) {
        let (name, id) = (self.name.name(), message.id);
        match outcome {
            Settlement::Done => {
                metrics::consumed(self.name, metrics::DONE, 1);
                self.source.forget(&message);
            }
            Settlement::Retry(why) => {
                tracing::debug!(queue.name = name, message.id = %id, why, "to be tried again");
                metrics::consumed(self.name, metrics::RETRY, 1);
                self.put_after(self.options.retry_pause(message.delivery_count), message.delivered());
            }
            Settlement::Later(wait) => {
                metrics::consumed(self.name, metrics::LATER, 1);
                self.put_after(wait.min(self.options.later_max), message);
            }
            Settlement::Dead(why) => {
                tracing::warn!(queue.name = name, message.id = %id, why, "dead letter");
                metrics::consumed(self.name, metrics::DEAD, 1);
                self.bury(message, why);
            }
        }
    }

    fn bury(&self, message: QueuedMessage, why: String) {
        let origin = Some(self.name.name().to_owned());
        // It counts from nothing in its new queue, like a message that is published there.
        let letter = QueuedMessage { reason: Some(why), origin, delivery_count: 0, ..message.clone() };
        match self.dead.publish(letter) {
            Ok(()) => self.source.forget(&message),
            Err(error) => {
                tracing::warn!(queue.name = self.name.name(), message.id = %message.id, %error, "stays where it is");
                self.put_after(self.options.retry_pause(message.delivery_count), message.delivered());
            }
        }
    }

    /// The waiting does not end with the consumer: the queue keeps the message.
    fn put_after(&self, pause: Duration, message: QueuedMessage) {
        // Counted from now on and not when the task runs: what is published meanwhile finds the room. It stays in the queue's
        // keeping, so that it cannot be refused when its time comes.
        self.source.wait(&message);
        let source = self.source.clone();
        tokio::spawn(async move {
            sleep(pause).await;
            source.put_last(message);
        });
    }

    fn held(&self) -> MutexGuard<'_, UnsettledMessages> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LocalConsumer {
    fn drop(&mut self) {
        // Sorted by number: they come again in the order in which they were taken.
        let unsettled = std::mem::take(&mut self.held().unsettled);
        self.source.put_first(unsettled.into_values().map(QueuedMessage::delivered));
    }
}
