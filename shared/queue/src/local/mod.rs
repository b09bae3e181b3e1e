//! The transport inside one process: the same contract over bounded queues in memory.
//!
//! Nothing here survives the process; what travels is either an offer of a row or a submission that is a row already.

mod consumer;
mod queue;

use std::sync::Arc;

pub(crate) use self::consumer::LocalConsumer;
use self::queue::LocalQueue;
use crate::{
    message::{Message, PublishError},
    options::TransportOptions,
    state::{LinkState, TransportState},
    topology::Queue,
};

pub(crate) struct Local {
    queues: [Arc<LocalQueue>; Queue::ALL.len()],
    options: Arc<TransportOptions>,
}

impl Local {
    pub(crate) fn new(options: TransportOptions) -> Self {
        let queues = Queue::ALL.map(|_| Arc::new(LocalQueue::new(options.local_messages_max, options.local_bytes_max)));
        Self { queues, options: Arc::new(options) }
    }

    pub(crate) fn publish(&self, queue: Queue, message: Message) -> Result<(), PublishError> {
        self.queue(queue).publish(message.into())
    }

    pub(crate) fn room(&self, queue: Queue) -> usize {
        self.queue(queue).room()
    }

    pub(crate) fn room_bytes(&self, queue: Queue) -> usize {
        self.queue(queue).room_bytes()
    }

    pub(crate) fn consume(&self, queue: Queue, prefetch: u16) -> LocalConsumer {
        let (source, dead) = (self.queue(queue).clone(), self.queue(Queue::Dead).clone());
        LocalConsumer::new(queue, source, dead, prefetch, self.options.clone())
    }

    pub(crate) fn state(&self) -> TransportState {
        let open = self.queues.iter().all(|queue| !queue.is_closed());
        let state = if open { LinkState::Ready } else { LinkState::Closed };
        TransportState { publishing: state, consuming: state }
    }

    pub(crate) fn close(&self) {
        self.queues.iter().for_each(|queue| queue.close());
    }

    fn queue(&self, queue: Queue) -> &Arc<LocalQueue> {
        // By position: the table and the queues are in the order of the enum.
        &self.queues[queue as usize]
    }
}
