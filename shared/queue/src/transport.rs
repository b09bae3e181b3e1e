//! The interface of both transports: publishing, consuming, settling. Which of the two it is, its users need not know.

use std::sync::Arc;

use crate::{
    amqp::{Amqp, AmqpConsumer},
    local::{Local, LocalConsumer},
    message::{InvalidUrl, Message, PublishError, Received, Settlement},
    metrics,
    options::TransportOptions,
    state::{LinkState, TransportState},
    topology::Queue,
};

/// A way for messages from one service to another. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Transport {
    kind: TransportKind,
}

#[derive(Clone)]
enum TransportKind {
    Amqp(Arc<Amqp>),
    Local(Arc<Local>),
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_local() { "Transport(local)" } else { "Transport(RabbitMQ)" })
    }
}

impl Transport {
    /// Queues inside this process. What they hold ends with it, so they carry only offers of what is stored.
    #[must_use]
    pub fn local(options: TransportOptions) -> Self {
        metrics::register();
        Self { kind: TransportKind::Local(Arc::new(Local::new(options))) }
    }

    /// RabbitMQ. Connects in the background, and again for ever; must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be used. A broker that is away is no error.
    pub fn amqp(url: &str, options: TransportOptions) -> Result<Self, InvalidUrl> {
        let amqp = Amqp::new(url, options)?;
        metrics::register();
        Ok(Self { kind: TransportKind::Amqp(Arc::new(amqp)) })
    }

    /// Publishes a message and waits until the queue has it. Fails at once while that is known to be impossible.
    ///
    /// # Errors
    /// Says why the message must be published again, or kept elsewhere.
    pub async fn publish(&self, queue: Queue, message: Message) -> Result<(), PublishError> {
        let result = match &self.kind {
            TransportKind::Amqp(amqp) => amqp.publish(queue, message).await,
            TransportKind::Local(local) => local.publish(queue, message),
        };
        metrics::published(queue, &result);
        result
    }

    /// Publishes many in their order, and waits for all; one result for each.
    pub async fn publish_all(&self, queue: Queue, messages: Vec<Message>) -> Vec<Result<(), PublishError>> {
        let results = match &self.kind {
            TransportKind::Amqp(amqp) => amqp.publish_all(queue, messages).await,
            TransportKind::Local(local) => messages.into_iter().map(|message| local.publish(queue, message)).collect(),
        };
        results.iter().for_each(|result| metrics::published(queue, result));
        results
    }

    /// A consumer that holds up to `prefetch` unsettled messages.
    #[must_use]
    pub fn consume(&self, queue: Queue, prefetch: u16) -> Consumer {
        let kind = match &self.kind {
            TransportKind::Amqp(amqp) => ConsumerKind::Amqp(amqp.consume(queue, prefetch)),
            TransportKind::Local(local) => ConsumerKind::Local(local.consume(queue, prefetch)),
        };
        Consumer { kind, _transport: self.clone() }
    }

    /// True for queues inside this process: what must not be lost has to be stored before it is published.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.kind, TransportKind::Local(_))
    }

    /// Whether what the queue has confirmed outlives the processes: what must not be lost is stored before it is published to
    /// one that does not keep it, and until it is handled.
    #[must_use]
    pub fn keeps(&self, queue: Queue) -> bool {
        match &self.kind {
            TransportKind::Amqp(amqp) => amqp.unfit(queue).is_none(),
            TransportKind::Local(_) => false,
        }
    }

    /// Queues of RabbitMQ that lose what they confirm, each with why and what to do.
    #[must_use]
    pub fn unfit(&self) -> Vec<String> {
        match &self.kind {
            TransportKind::Amqp(amqp) => Queue::ALL.iter().filter_map(|queue| amqp.unfit(*queue)).collect(),
            TransportKind::Local(_) => Vec::new(),
        }
    }

    /// About how many more messages the queue takes now. Of submissions RabbitMQ says so only by refusing; of offers a bound
    /// of ours says so, or those that nobody takes would be made again and again.
    #[must_use]
    pub fn room(&self, queue: Queue) -> usize {
        match &self.kind {
            TransportKind::Amqp(amqp) => amqp.room(queue),
            TransportKind::Local(local) => local.room(queue),
        }
    }

    /// How many bytes of bodies the queue takes now.
    #[must_use]
    pub fn room_bytes(&self, queue: Queue) -> usize {
        match &self.kind {
            TransportKind::Amqp(_) => usize::MAX,
            TransportKind::Local(local) => local.room_bytes(queue),
        }
    }

    /// True when messages can be published now, and consumed if anything consumes.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let TransportState { publishing, consuming } = self.state();
        publishing == LinkState::Ready && matches!(consuming, LinkState::Ready | LinkState::Unused)
    }

    /// How both directions are.
    #[must_use]
    pub fn state(&self) -> TransportState {
        match &self.kind {
            TransportKind::Amqp(amqp) => amqp.state(),
            TransportKind::Local(local) => local.state(),
        }
    }

    /// Takes nothing more, waits for outstanding confirms, and ends every consumer's waiting. Settle first.
    pub async fn close(&self) {
        match &self.kind {
            TransportKind::Amqp(amqp) => amqp.close().await,
            TransportKind::Local(local) => local.close(),
        }
    }
}

/// One consumer of one queue. Several share a queue; what one holds unsettled goes back when it is dropped.
///
/// Receiving and settling may go on at the same time, from different tasks.
pub struct Consumer {
    kind: ConsumerKind,
    /// The connections last as long as anything uses them.
    _transport: Transport,
}

enum ConsumerKind {
    Amqp(AmqpConsumer),
    Local(LocalConsumer),
}

impl Consumer {
    /// Waits for a message, then takes what is there already, up to `max` in all; never lingers for more. Goes on by
    /// itself after a connection broke. Empty only when the transport is closed. Can be cancelled: nothing is lost.
    pub async fn next_batch(&self, max: usize) -> Vec<Received> {
        match &self.kind {
            ConsumerKind::Amqp(consumer) => consumer.next_batch(max.max(1)).await,
            ConsumerKind::Local(consumer) => consumer.next_batch(max.max(1)).await,
        }
    }

    /// Waits until what was settled apart (tried again, later, dead) has reached its queue, at most for `limit`: what has not by
    /// then comes back when the consumer is dropped.
    pub async fn finish(&self, limit: std::time::Duration) {
        if let ConsumerKind::Amqp(consumer) = &self.kind {
            consumer.finish(limit).await;
        }
    }

    /// Says how messages ended. What was received on a connection that has broken since is passed over: it comes again.
    /// A `Later` or `Dead` that cannot be published stays where it is and comes again.
    pub async fn settle(&self, outcomes: Vec<(Received, Settlement)>) {
        match &self.kind {
            ConsumerKind::Amqp(consumer) => consumer.settle(outcomes).await,
            ConsumerKind::Local(consumer) => consumer.settle(outcomes),
        }
    }
}
