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

use super::queue::{Entry, LocalQueue};
use crate::{
    message::{Outcome, Received},
    metrics,
    options::Options,
    topology::Queue,
};

pub(crate) struct LocalConsumer {
    name: Queue,
    source: Arc<LocalQueue>,
    dead: Arc<LocalQueue>,
    prefetch: usize,
    options: Arc<Options>,
    held: Mutex<Held>,
    /// One receiver at a time, so that two cannot take the same room twice.
    receiving: AsyncMutex<()>,
    /// Rung when something was settled.
    room: Notify,
}

#[derive(Default)]
struct Held {
    last: u64,
    unsettled: BTreeMap<u64, Entry>,
}

impl LocalConsumer {
    pub(super) fn new(
        name: Queue,
        source: Arc<LocalQueue>,
        dead: Arc<LocalQueue>,
        prefetch: u16,
        options: Arc<Options>,
    ) -> Self {
        let (held, receiving, room) = Default::default();
        Self { name, source, dead, prefetch: usize::from(prefetch.max(1)), options, held, receiving, room }
    }

    pub(crate) async fn next_batch(&self, max: usize) -> Vec<Received> {
        let _receiving = self.receiving.lock().await;
        loop {
            let room = self.prefetch.saturating_sub(self.held().unsettled.len());
            if room > 0 {
                let entries = self.source.take(max.min(room)).await;
                return self.hold(entries);
            }
            self.room.notified().await;
        }
    }

    fn hold(&self, entries: Vec<Entry>) -> Vec<Received> {
        let mut held = self.held();
        entries
            .into_iter()
            .map(|entry| {
                held.last += 1;
                let number = held.last;
                let received = entry.received(number);
                held.unsettled.insert(number, entry);
                received
            })
            .collect()
    }

    pub(crate) fn settle(&self, outcomes: Vec<(Received, Outcome)>) {
        for (received, outcome) in outcomes {
            let entry = self.held().unsettled.remove(&received.tag.number);
            match entry {
                Some(entry) => self.settle_one(entry, outcome),
                None => metrics::consumed(self.name, metrics::STALE, 1),
            }
        }
        self.room.notify_one();
    }

    fn settle_one(&self, entry: Entry, outcome: Outcome) {
        let (name, id) = (self.name.name(), entry.id);
        match outcome {
            Outcome::Done => {
                metrics::consumed(self.name, metrics::DONE, 1);
                self.source.forget(&entry);
            }
            Outcome::Retry(why) => {
                tracing::debug!(queue.name = name, message.id = %id, why, "to be tried again");
                metrics::consumed(self.name, metrics::RETRY, 1);
                self.put_after(self.options.retry_pause(entry.delivery_count), entry.delivered());
            }
            Outcome::Later(wait) => {
                metrics::consumed(self.name, metrics::LATER, 1);
                self.put_after(wait.min(self.options.later_max), entry);
            }
            Outcome::Dead(why) => {
                tracing::warn!(queue.name = name, message.id = %id, why, "dead letter");
                metrics::consumed(self.name, metrics::DEAD, 1);
                self.bury(entry, why);
            }
        }
    }

    fn bury(&self, entry: Entry, why: String) {
        let origin = Some(self.name.name().to_owned());
        let letter = Entry { reason: Some(why), origin, delivery_count: 0, ..entry.clone() };
        match self.dead.publish(letter) {
            Ok(()) => self.source.forget(&entry),
            Err(error) => {
                tracing::warn!(queue.name = self.name.name(), message.id = %entry.id, %error, "stays where it is");
                self.put_after(self.options.retry_pause(entry.delivery_count), entry.delivered());
            }
        }
    }

    /// The waiting does not end with the consumer: the queue keeps the message.
    fn put_after(&self, pause: Duration, entry: Entry) {
        let source = self.source.clone();
        tokio::spawn(async move {
            sleep(pause).await;
            source.put_last(entry);
        });
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LocalConsumer {
    fn drop(&mut self) {
        let unsettled = std::mem::take(&mut self.held().unsettled);
        self.source.put_first(unsettled.into_values().map(Entry::delivered));
    }
}
