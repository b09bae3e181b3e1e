//! One bounded queue in memory, shared by its publishers and consumers.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::message::{Message, PublishError, Received, Tag};

/// What a message is taken to need where its size is not known yet.
const LARGE_LEAD_BYTES: usize = 4 * 1024;

/// A message in the queue, or taken from it and not settled.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) id: Uuid,
    pub(super) body: Bytes,
    pub(super) delivery_count: u32,
    pub(super) reason: Option<String>,
    pub(super) origin: Option<String>,
}

impl From<Message> for Entry {
    fn from(Message { id, body }: Message) -> Self {
        Self { id, body, delivery_count: 0, reason: None, origin: None }
    }
}

impl Entry {
    pub(super) fn received(&self, number: u64) -> Received {
        let Self { id, body, delivery_count, reason, origin } = self.clone();
        Received { id, body, delivery_count, reason, origin, tag: Tag { session: 0, number } }
    }

    /// After a delivery that was not its last.
    pub(super) fn delivered(mut self) -> Self {
        self.delivery_count = self.delivery_count.saturating_add(1);
        self
    }
}

pub(super) struct LocalQueue {
    messages_max: usize,
    bytes_max: usize,
    store: Mutex<Store>,
    /// Rung for each message that a consumer may take.
    ready: Notify,
}

#[derive(Default)]
struct Store {
    ready: VecDeque<Entry>,
    /// Taken, or waiting to come again: they keep their place in the limits.
    taken: usize,
    /// Of all bodies, ready or taken.
    bytes: usize,
    closed: bool,
}

impl LocalQueue {
    pub(super) fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self { messages_max, bytes_max, store: Mutex::default(), ready: Notify::new() }
    }

    pub(super) fn publish(&self, entry: Entry) -> Result<(), PublishError> {
        let mut store = self.store();
        if store.closed {
            return Err(PublishError::Closed);
        }
        let bytes = store.bytes.saturating_add(entry.body.len());
        if store.ready.len() + store.taken >= self.messages_max || bytes > self.bytes_max {
            return Err(PublishError::Full);
        }
        store.bytes = bytes;
        store.ready.push_back(entry);
        drop(store);
        self.ready.notify_one();
        Ok(())
    }

    /// Messages that may still come in, if they are no larger than a large lead.
    pub(super) fn room(&self) -> usize {
        let store = self.store();
        let messages = self.messages_max.saturating_sub(store.ready.len() + store.taken);
        messages.min(self.bytes_max.saturating_sub(store.bytes) / LARGE_LEAD_BYTES)
    }

    /// Waits until there is a message, then takes up to `max`; nothing when the queue is closed.
    pub(super) async fn take(&self, max: usize) -> Vec<Entry> {
        loop {
            let ready = self.ready.notified();
            if let Some(entries) = self.try_take(max) {
                return entries;
            }
            ready.await;
        }
    }

    fn try_take(&self, max: usize) -> Option<Vec<Entry>> {
        let mut store = self.store();
        if store.closed {
            return Some(Vec::new());
        }
        let count = store.ready.len().min(max);
        let entries: Vec<_> = store.ready.drain(..count).collect();
        store.taken += count;
        let more = !store.ready.is_empty();
        drop(store);
        if more {
            self.ready.notify_one();
        }
        (count > 0).then_some(entries)
    }

    /// A taken message that is gone.
    pub(super) fn forget(&self, entry: &Entry) {
        let mut store = self.store();
        store.taken -= 1;
        store.bytes -= entry.body.len();
    }

    /// A taken message that comes again, after all others.
    pub(super) fn put_last(&self, entry: Entry) {
        let mut store = self.store();
        store.taken -= 1;
        store.ready.push_back(entry);
        drop(store);
        self.ready.notify_one();
    }

    /// Taken messages that come again, in their order and before all others.
    pub(super) fn put_first(&self, entries: impl DoubleEndedIterator<Item = Entry>) {
        let mut store = self.store();
        for entry in entries.rev() {
            store.taken -= 1;
            store.ready.push_front(entry);
        }
        drop(store);
        self.ready.notify_one();
    }

    pub(super) fn close(&self) {
        self.store().closed = true;
        self.ready.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.store().closed
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
