//! One bounded queue in memory, shared by its publishers and consumers.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::message::{Message, PublishError, Received, Tag};

/// A message in the queue, or taken from it and not settled.
#[derive(Clone)]
pub(super) struct QueuedMessage {
    pub(super) id: Uuid,
    pub(super) body: Bytes,
    pub(super) delivery_count: u32,
    pub(super) reason: Option<String>,
    pub(super) origin: Option<String>,
}

impl From<Message> for QueuedMessage {
    fn from(Message { id, body }: Message) -> Self {
        Self { id, body, delivery_count: 0, reason: None, origin: None }
    }
}

impl QueuedMessage {
    pub(super) fn received(&self, number: u64) -> Received {
        let Self { id, body, delivery_count, reason, origin } = self.clone();
        Received { id, body, delivery_count, reason, origin, not_before: 0, tag: Tag { session: 0, number } }
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
    contents: Mutex<QueueContents>,
    /// Rung for each message that a consumer may take.
    ready: Notify,
}

#[derive(Default)]
struct QueueContents {
    ready: VecDeque<QueuedMessage>,
    /// Taken, or waiting to come again.
    taken: usize,
    /// Of those that were taken the ones that wait to come again.
    waiting: usize,
    /// Of all bodies, ready or taken.
    bytes: usize,
    /// Of the bodies that wait.
    waiting_bytes: usize,
    closed: bool,
}

impl LocalQueue {
    pub(super) fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self { messages_max, bytes_max, contents: Mutex::default(), ready: Notify::new() }
    }

    pub(super) fn publish(&self, message: QueuedMessage) -> Result<(), PublishError> {
        let mut contents = self.contents();
        if contents.closed {
            return Err(PublishError::Closed);
        }
        if self.room_in(&contents) == 0 || message.body.len() > self.room_bytes_in(&contents) {
            return Err(PublishError::Full);
        }
        contents.bytes = contents.bytes.saturating_add(message.body.len());
        contents.ready.push_back(message);
        drop(contents);
        self.ready.notify_one();
        Ok(())
    }

    /// Messages that may still come in, whatever their size.
    pub(super) fn room(&self) -> usize {
        self.room_in(&self.contents())
    }

    /// Bytes of bodies that may still come in.
    pub(super) fn room_bytes(&self) -> usize {
        self.room_bytes_in(&self.contents())
    }

    fn room_in(&self, contents: &QueueContents) -> usize {
        // What was taken keeps its place, or a slow consumer would make the bound meaningless. What waits for its time takes no
        // place from others, up to as many again: messages that meet a lock would otherwise stop everybody.
        let waiting = contents.waiting.min(self.messages_max);
        self.messages_max.saturating_sub((contents.ready.len() + contents.taken).saturating_sub(waiting))
    }

    fn room_bytes_in(&self, contents: &QueueContents) -> usize {
        let waiting = contents.waiting_bytes.min(self.bytes_max);
        self.bytes_max.saturating_sub(contents.bytes.saturating_sub(waiting))
    }

    /// Waits until there is a message, then takes up to `max`; nothing when the queue is closed.
    pub(super) async fn take(&self, max: usize) -> Vec<QueuedMessage> {
        loop {
            // Made before looking: a queue that is closed in between would ring for nobody.
            let ready = self.ready.notified();
            if let Some(messages) = self.try_take(max) {
                return messages;
            }
            ready.await;
        }
    }

    fn try_take(&self, max: usize) -> Option<Vec<QueuedMessage>> {
        // One lock over the look and the taking: two consumers would otherwise take the same messages.
        let mut contents = self.contents();
        if contents.closed {
            return Some(Vec::new());
        }
        let count = contents.ready.len().min(max);
        let messages: Vec<_> = contents.ready.drain(..count).collect();
        contents.taken += count;
        let more = !contents.ready.is_empty();
        drop(contents);
        // A ring wakes one consumer, who may have left some: the next one has to hear of them.
        if more {
            self.ready.notify_one();
        }
        (count > 0).then_some(messages)
    }

    /// A taken message that is gone.
    pub(super) fn forget(&self, message: &QueuedMessage) {
        let mut contents = self.contents();
        contents.taken -= 1;
        contents.bytes -= message.body.len();
    }

    /// A taken message waits to come again.
    pub(super) fn wait(&self, message: &QueuedMessage) {
        let mut contents = self.contents();
        contents.waiting += 1;
        contents.waiting_bytes += message.body.len();
    }

    /// A message that waited comes again, after all others.
    pub(super) fn put_last(&self, message: QueuedMessage) {
        let mut contents = self.contents();
        contents.taken -= 1;
        contents.waiting -= 1;
        contents.waiting_bytes -= message.body.len();
        contents.ready.push_back(message);
        drop(contents);
        self.ready.notify_one();
    }

    /// Taken messages that come again, in their order and before all others.
    pub(super) fn put_first(&self, messages: impl DoubleEndedIterator<Item = QueuedMessage>) {
        let mut contents = self.contents();
        // From the back, so that the first one taken is the first one again.
        for message in messages.rev() {
            contents.taken -= 1;
            contents.ready.push_front(message);
        }
        drop(contents);
        self.ready.notify_one();
    }

    pub(super) fn close(&self) {
        // Under the lock, and only then are the waiting woken: one that looks now sees it.
        self.contents().closed = true;
        self.ready.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.contents().closed
    }

    fn contents(&self) -> MutexGuard<'_, QueueContents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u128, bytes: usize) -> QueuedMessage {
        Message { id: Uuid::from_u128(number), body: vec![b'x'; bytes].into() }.into()
    }

    #[tokio::test]
    async fn room_counts_bytes_and_not_messages_alone() {
        let queue = LocalQueue::new(10, 1_000);
        queue.publish(message(1, 400)).unwrap();
        queue.publish(message(2, 400)).unwrap();
        assert!(matches!(queue.publish(message(3, 400)), Err(PublishError::Full)));
        assert_eq!((queue.room(), queue.room_bytes()), (8, 200));
        queue.publish(message(4, 200)).unwrap();
        let taken = queue.take(2).await;
        assert_eq!(queue.room_bytes(), 0, "what was taken is still in memory");
        queue.forget(&taken[0]);
        assert_eq!((queue.room(), queue.room_bytes()), (8, 400));
        // What waits for its time takes no room from others, and has its own again afterwards.
        queue.wait(&taken[1]);
        assert_eq!(queue.room_bytes(), 800);
        queue.publish(message(5, 800)).unwrap();
        queue.put_last(taken[1].clone());
        assert_eq!(queue.room_bytes(), 0);
        assert!(matches!(queue.publish(message(6, 1)), Err(PublishError::Full)));
    }

    #[tokio::test]
    async fn what_waits_is_bounded_too() {
        let queue = LocalQueue::new(10, 1_000);
        for number in 0..3 {
            queue.publish(message(number, 900)).unwrap();
            let taken = queue.take(1).await;
            queue.wait(&taken[0]);
            assert_eq!(queue.room_bytes() > 900, number == 0, "as many bytes as the queue holds may wait beside");
            if queue.room_bytes() < 900 {
                return;
            }
        }
        panic!("it has room for whatever waits");
    }
}
