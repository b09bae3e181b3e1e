//! The queues, in one table, and how RabbitMQ is told of them: declared again on every connect, so that a broker that
//! lost its data or a queue deleted by hand heals by itself.

use lapin::{
    Channel,
    options::QueueDeclareOptions,
    protocol::{AMQPErrorKind, AMQPSoftError},
    types::{AMQPValue, FieldTable},
};

use crate::options::TransportOptions;

/// The queues there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// Submissions on their way from intake to the qualifier.
    Arrivals,
    /// Leads to decide again.
    Requalify,
    /// Deliveries to attempt.
    Deliveries,
    /// What could not be handled, with the reason.
    Dead,
}

struct QueueDefinition {
    name: &'static str,
    /// How many failed deliveries RabbitMQ itself allows. A backstop: a connection that breaks counts against every
    /// message that was prefetched, so a small number would kill healthy messages.
    delivery_limit: i64,
    /// Where RabbitMQ puts what went over that limit.
    dead_letters: Option<Queue>,
}

/// RabbitMQ 4 gives a queue without a limit one of twenty, after which the last copy of a dead letter would vanish;
/// 3.x does not know "none". This is none.
const NO_DELIVERY_LIMIT: i64 = 1_000_000_000;

/// With a smaller limit a process that crashes again and again has what it held given up.
pub(crate) const FEWEST_DELIVERIES: i64 = 1_000;

/// In the order of [`Queue`].
const TABLE: [QueueDefinition; Queue::ALL.len()] = [
    QueueDefinition { name: "ripen.arrivals", delivery_limit: FEWEST_DELIVERIES, dead_letters: Some(Queue::Dead) },
    QueueDefinition { name: "ripen.requalify", delivery_limit: FEWEST_DELIVERIES, dead_letters: Some(Queue::Dead) },
    QueueDefinition { name: "ripen.deliveries", delivery_limit: FEWEST_DELIVERIES, dead_letters: Some(Queue::Dead) },
    QueueDefinition { name: "ripen.dead", delivery_limit: NO_DELIVERY_LIMIT, dead_letters: None },
];

impl Queue {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Arrivals, Self::Requalify, Self::Deliveries, Self::Dead];

    /// Its name in RabbitMQ and in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether what RabbitMQ gives up there goes to the dead queue.
    pub(crate) fn has_dead_letters(self) -> bool {
        self.row().dead_letters.is_some()
    }

    fn row(self) -> &'static QueueDefinition {
        &TABLE[self as usize]
    }

    pub(crate) fn arguments(self, options: &TransportOptions) -> FieldTable {
        let row = self.row();
        let mut table = FieldTable::default();
        let mut put = |name: &str, value: AMQPValue| {
            table.insert(name.into(), value);
        };
        // Replicated: what is confirmed survives the loss of a node.
        put("x-queue-type", text("quorum"));
        // Not `drop-head`, the default: a full queue would throw away its oldest leads without a word.
        put("x-overflow", text("reject-publish"));
        put("x-max-length-bytes", AMQPValue::LongLongInt(i64::try_from(options.queue_bytes_max).unwrap_or(i64::MAX)));
        put("x-delivery-limit", AMQPValue::LongLongInt(row.delivery_limit));
        if let Some(dead) = row.dead_letters {
            put("x-dead-letter-exchange", text(""));
            put("x-dead-letter-routing-key", text(dead.name()));
            // At most once, the default, loses a dead letter whose queue is not there at that moment.
            put("x-dead-letter-strategy", text("at-least-once"));
        }
        table
    }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Declares `queue` as the table says. RabbitMQ closes the channel when the queue exists with other arguments.
pub(crate) async fn declare(channel: &Channel, queue: Queue, options: &TransportOptions) -> lapin::Result<()> {
    // Durable and never exclusive or deleted with its consumers: what waits must outlive every process.
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.name().into(), durable, queue.arguments(options)).await.map(drop)
}

/// Looks whether `queue` is there, whatever its arguments. RabbitMQ closes the channel when it is not.
pub(crate) async fn look(channel: &Channel, queue: Queue) -> lapin::Result<lapin::Queue> {
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.name().into(), passive, FieldTable::default()).await
}

/// True when RabbitMQ says that the queue exists with other arguments.
pub(crate) fn differs(error: &lapin::Error) -> bool {
    is_soft(error, AMQPSoftError::PRECONDITIONFAILED)
}

/// True when RabbitMQ says that another connection has the queue for itself.
pub(crate) fn is_taken(error: &lapin::Error) -> bool {
    is_soft(error, AMQPSoftError::RESOURCELOCKED)
}

/// True when RabbitMQ says that there is no such queue.
pub(crate) fn is_missing(error: &lapin::Error) -> bool {
    is_soft(error, AMQPSoftError::NOTFOUND)
}

fn is_soft(error: &lapin::Error, soft: AMQPSoftError) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(error) if *error.kind() == AMQPErrorKind::Soft(soft))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_queue_at_its_place() {
        for queue in Queue::ALL {
            assert_eq!(queue.name(), format!("ripen.{queue:?}").to_lowercase());
        }
    }

    #[test]
    fn only_the_dead_queue_has_no_way_out() {
        let options = TransportOptions::default();
        for queue in Queue::ALL {
            let arguments = queue.arguments(&options);
            assert_eq!(arguments.contains_key("x-dead-letter-strategy"), queue != Queue::Dead);
        }
    }
}
