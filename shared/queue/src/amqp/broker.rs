//! The address of RabbitMQ together with the bounds of everything that is done with it, and what is known of its queues.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
};

use lapin::{Channel, Connection, uri::AMQPUri};

use crate::{
    fitness,
    options::TransportOptions,
    topology::{self, Queue},
};

/// A broker and how it is used. Clones share what is known of the queues.
#[derive(Clone)]
pub(super) struct Broker {
    pub(super) uri: AMQPUri,
    pub(super) options: Arc<TransportOptions>,
    /// Queues that lose what they confirm, and why.
    unfit: Arc<RwLock<BTreeMap<Queue, String>>>,
    /// Messages that wait in each queue: as RabbitMQ said last, and what was published since.
    waiting: Arc<[AtomicU32; Queue::ALL.len()]>,
}

impl Broker {
    pub(super) fn new(uri: AMQPUri, options: TransportOptions) -> Self {
        Self { uri, options: Arc::new(options), unfit: Arc::default(), waiting: Arc::default() }
    }

    /// Declares every queue, and notes how each is.
    pub(super) async fn declare(&self, connection: &Connection) -> lapin::Result<()> {
        let found: BTreeMap<_, _> =
            fitness::ensure(connection, &Queue::ALL, &self.options).await?.into_iter().collect();
        let mut unfit = self.unfit.write().unwrap_or_else(PoisonError::into_inner);
        for (queue, why) in found.iter().filter(|(queue, _)| !unfit.contains_key(queue)) {
            tracing::error!(
                queue.name = queue.name(),
                why,
                "nothing is relied on this queue: delete it, and it is declared as it should be"
            );
        }
        *unfit = found;
        Ok(())
    }

    /// Notes how many messages wait in the queues of offers.
    pub(super) async fn count(&self, channel: &Channel) -> lapin::Result<()> {
        for queue in [Queue::Requalify, Queue::Deliveries] {
            let found = topology::look(channel, queue).await?;
            self.waiting[queue as usize].store(found.message_count(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// So many more wait now.
    pub(super) fn published(&self, queue: Queue, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.waiting[queue as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// How many more offers the queue may hold. Submissions are no offers: RabbitMQ refuses them where there are too many.
    pub(super) fn room(&self, queue: Queue) -> usize {
        match queue {
            Queue::Requalify | Queue::Deliveries => {
                let waiting = self.waiting[queue as usize].load(Ordering::Relaxed);
                self.options.offers_max.saturating_sub(waiting) as usize
            }
            Queue::Arrivals | Queue::Dead => usize::MAX,
        }
    }

    /// Why nothing is relied on this queue, where that is so.
    pub(super) fn unfit(&self, queue: Queue) -> Option<String> {
        let unfit = self.unfit.read().unwrap_or_else(PoisonError::into_inner);
        unfit.get(&queue).map(|why| format!("{} {why}", queue.name()))
    }
}
