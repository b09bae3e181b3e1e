//! A consumer over RabbitMQ: its own channel, opened again on every new connection, and what follows each outcome.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt as _, StreamExt as _};
use lapin::{
    Channel, Connection,
    options::{BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::sleep,
};

use super::{
    headers::{self, Outgoing},
    link::LinkConnection,
    publisher::Publisher,
    session::Session,
};
use crate::{
    fitness,
    message::{Received, Settlement},
    metrics,
    options::TransportOptions,
    topology::Queue,
};

/// How long a message keeps its place in the prefetch where too many wait already: they go round through the queue at this
/// pace, and what nobody tried yet comes in between.
const CROWDED_PAUSE: Duration = Duration::from_millis(100);

pub(crate) struct AmqpConsumer {
    opener: Opener,
    publisher: Arc<Publisher>,
    receiving: AsyncMutex<Receiving>,
    session: Mutex<Option<Arc<Session>>>,
    /// Places of the prefetch in which messages may wait their whole time. The others stay free for what was not tried yet, or
    /// as many waiting messages as the prefetch would stop everybody.
    waiting: Arc<Semaphore>,
    /// What is still to be settled: waiting its time, or on its way to another queue. Ends with the consumer.
    pending: Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct Receiving {
    /// Goes on when a caller gives up waiting, or an impatient one would never see it finished.
    opening: JoinSet<Option<Opened>>,
    stream: Option<Stream>,
    sessions: u64,
}

struct Opened {
    channel: Channel,
    deliveries: lapin::Consumer,
}

struct Stream {
    session: u64,
    deliveries: lapin::Consumer,
}

impl AmqpConsumer {
    pub(super) fn new(
        queue: Queue,
        prefetch: u16,
        connection: watch::Receiver<LinkConnection>,
        publisher: Arc<Publisher>,
        options: Arc<TransportOptions>,
    ) -> Self {
        let waiting = Arc::new(Semaphore::new(usize::from(prefetch / 2)));
        let opener = Opener { queue, prefetch: prefetch.max(1), connection, options };
        let (receiving, session, pending) = Default::default();
        Self { opener, publisher, receiving, session, waiting, pending }
    }

    pub(crate) async fn next_batch(&self, max: usize) -> Vec<Received> {
        // One receiver at a time: two would split the messages of one channel and settle each other's tags.
        let mut receiving = self.receiving.lock().await;
        loop {
            if let Some(stream) = &mut receiving.stream {
                let batch = stream.next_batch(max).await;
                // Never empty while the channel lives: an empty one means that it is gone.
                if !batch.is_empty() {
                    let due = self.due(batch);
                    if due.is_empty() {
                        continue;
                    }
                    return due;
                }
                // The channel is gone, and what it had delivered will be delivered again.
                receiving.stream = None;
                *self.session() = None;
            }
            // Kept in the set: a caller that gives up waiting and comes back finds the same opening and not a second
            // channel.
            if receiving.opening.is_empty() {
                receiving.opening.spawn(self.opener.clone().open());
            }
            match receiving.opening.join_next().await {
                Some(Ok(Some(opened))) => self.begin(&mut receiving, opened),
                Some(Ok(None)) => return Vec::new(),
                Some(Err(error)) => tracing::error!(%error, "opening a channel failed"),
                None => {}
            }
        }
    }

    /// Those that may be tried now. Of the others, which went through the queue because too many waited, the waiting goes on.
    fn due(&self, batch: Vec<Received>) -> Vec<Received> {
        let now = (self.opener.options.clock)();
        let (due, early): (Vec<_>, Vec<_>) = batch.into_iter().partition(|received| received.not_before <= now);
        if let Some(session) = self.session().clone() {
            for received in early {
                let rest = Duration::from_millis(received.not_before.saturating_sub(now));
                self.settle_apart(session.clone(), received, Settlement::Later(rest));
            }
        }
        due
    }

    fn begin(&self, receiving: &mut Receiving, Opened { channel, deliveries }: Opened) {
        // Tags begin anew on each channel: the number tells old ones from new.
        receiving.sessions += 1;
        let session = receiving.sessions;
        *self.session() = Some(Arc::new(Session::new(session, channel)));
        receiving.stream = Some(Stream { session, deliveries });
    }

    pub(crate) async fn settle(&self, outcomes: Vec<(Received, Settlement)>) {
        let queue = self.opener.queue;
        // Between two connections everything is stale, and comes again by itself.
        let Some(session) = self.session().clone() else {
            metrics::consumed(queue, metrics::STALE, outcomes.len());
            return;
        };
        // Acknowledged on the new channel, an old tag would settle another message.
        let (outcomes, stale): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(received, _)| received.tag.session == session.number);
        metrics::consumed(queue, metrics::STALE, stale.len());
        let mut done = Vec::with_capacity(outcomes.len());
        for (received, outcome) in outcomes {
            match outcome {
                // Collected: a batch that is done is one acknowledgement.
                Settlement::Done => done.push(received.tag.number),
                outcome => self.settle_apart(session.clone(), received, outcome),
            }
        }
        if !done.is_empty() {
            metrics::consumed(queue, metrics::DONE, done.len());
            // In a task of its own: a caller that gives up half-way must not stop it there.
            let settling = tokio::spawn(async move { report(session.settle(done, Vec::new()).await) });
            let _ = settling.await;
        }
    }

    /// What needs time or another queue does not hold up the rest.
    fn settle_apart(&self, session: Arc<Session>, received: Received, outcome: Settlement) {
        let apart = Apart {
            queue: self.opener.queue,
            session,
            publisher: self.publisher.clone(),
            pause: self.opener.options.retry_pause(received.delivery_count),
            options: self.opener.options.clone(),
            place: self.waiting.clone().try_acquire_owned().ok(),
        };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that ended would otherwise be kept until the consumer goes.
        while pending.try_join_next().is_some() {}
        pending.spawn(apart.settle(received, outcome));
    }

    /// Waits for what is settled apart.
    pub(crate) async fn finish(&self, limit: Duration) {
        let mut pending = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while pending.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::debug!(queue.name = self.opener.queue.name(), "some messages are not settled yet and come back");
        }
    }

    fn session(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it takes to open a channel and consume on it.
#[derive(Clone)]
struct Opener {
    queue: Queue,
    prefetch: u16,
    connection: watch::Receiver<LinkConnection>,
    options: Arc<TransportOptions>,
}

impl Opener {
    /// On the connection there is, or as soon as there is one; `None` when the transport is closed.
    async fn open(mut self) -> Option<Opened> {
        loop {
            let current =
                // Not only once: the connection that is there may break before the channel is open.
                self.connection.wait_for(|current| !matches!(current, LinkConnection::Away)).await.ok()?.clone();
            let LinkConnection::Open(connection) = current else { return None };
            match self.consume(&connection).await {
                Ok(opened) => return Some(opened),
                Err(error) => {
                    tracing::warn!(queue.name = self.queue.name(), %error, "cannot consume; trying on");
                    sleep(self.options.refused_pause()).await;
                }
            }
        }
    }

    async fn consume(&self, connection: &Connection) -> lapin::Result<Opened> {
        // For this queue again: it may have been deleted since the connection was made, and consuming would be
        // refused for ever.
        drop(fitness::ensure(connection, &[self.queue], &self.options).await?);
        let channel = connection.create_channel().await?;
        // Before consuming: without a limit RabbitMQ sends the whole queue into this process's memory.
        channel.basic_qos(self.prefetch, BasicQosOptions::default()).await?;
        let (name, options) = (self.queue.name().into(), BasicConsumeOptions::default());
        let deliveries = channel.basic_consume(name, "".into(), options, FieldTable::default()).await?;
        Ok(Opened { channel, deliveries })
    }
}

impl Stream {
    /// What waits, at least one and at most `max`; nothing when the channel is gone.
    async fn next_batch(&mut self, max: usize) -> Vec<Received> {
        let mut batch = Vec::new();
        // The first is waited for; of the rest only what is here already is taken, so that no message waits for a
        // full batch.
        let mut next = self.deliveries.next().await;
        while let Some(Ok(delivery)) = next {
            batch.push(headers::received(delivery, self.session));
            if batch.len() >= max {
                break;
            }
            // An error after the first message is seen by the next call: what was taken is delivered all the same.
            next = self.deliveries.next().now_or_never().flatten();
        }
        batch
    }
}

/// One message that is not simply done.
struct Apart {
    queue: Queue,
    session: Arc<Session>,
    publisher: Arc<Publisher>,
    pause: Duration,
    options: Arc<TransportOptions>,
    /// Where it may wait its whole time; none where too many wait already.
    place: Option<OwnedSemaphorePermit>,
}

impl Apart {
    async fn settle(self, received: Received, outcome: Settlement) {
        match outcome {
            Settlement::Done => self.end(&received, true).await,
            Settlement::Retry(why) => {
                tracing::debug!(queue.name = self.queue.name(), message.id = %received.id, why, "to be tried again");
                // A rejected message is delivered again at once: without a pause it would go round at full speed.
                metrics::consumed(self.queue, metrics::RETRY, 1);
                sleep(self.pause).await;
                self.end(&received, false).await;
            }
            Settlement::Later(wait) => {
                metrics::consumed(self.queue, metrics::LATER, 1);
                let wait = wait.min(self.options.later_max);
                let again = Outgoing::again(self.queue, &received);
                if self.place.is_some() || wait <= CROWDED_PAUSE {
                    sleep(wait).await;
                    return self.replace(&received, again).await;
                }
                // By the clock that all processes share: whoever gets it next waits for what is left.
                let due = (self.options.clock)().saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                sleep(CROWDED_PAUSE).await;
                self.replace(&received, again.not_before(due)).await;
            }
            Settlement::Dead(why) => {
                tracing::warn!(queue.name = self.queue.name(), message.id = %received.id, why, "dead letter");
                metrics::consumed(self.queue, metrics::DEAD, 1);
                self.replace(&received, Outgoing::dead(self.queue, &received, &why)).await;
            }
        }
    }

    /// Acknowledged only once the other message is confirmed; otherwise it comes again and is settled anew.
    async fn replace(&self, received: &Received, outgoing: Outgoing) {
        // The new message first: acknowledged before, a crash in between would lose the only copy.
        let published = self.publisher.publish_for_good(outgoing).await;
        if let Err(error) = &published {
            tracing::warn!(queue.name = self.queue.name(), message.id = %received.id, %error, "stays where it is");
            // Paused, or a message whose target is full would go round at full speed.
            sleep(self.pause).await;
        }
        self.end(received, published.is_ok()).await;
    }

    async fn end(&self, received: &Received, done: bool) {
        let (session, tag) = (self.session.clone(), vec![received.tag.number]);
        // A task of its own: aborted between the bookkeeping and the wire, the two would differ.
        let settling = tokio::spawn(async move {
            let (done, again) = if done { (tag, Vec::new()) } else { (Vec::new(), tag) };
            report(session.settle(done, again).await);
        });
        let _ = settling.await;
    }
}

/// A channel that broke delivers its messages again; there is nothing else to do about it.
fn report(settled: lapin::Result<()>) {
    if let Err(error) = settled {
        tracing::debug!(%error, "the channel broke before its messages were settled");
    }
}
