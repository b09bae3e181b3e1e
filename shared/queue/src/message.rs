//! What goes in, what comes out, how a message ends, and why publishing can fail.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use uuid::Uuid;

/// A message to publish. The body is JSON; `Debug` shows only its length, for it may hold contact data.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Stable over repeated publishing, so that a consumer can tell a repetition.
    pub id: Uuid,
    /// The body as it travels.
    pub body: Bytes,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({}, {} bytes)", self.id, self.body.len())
    }
}

/// A message that waits to be settled. One that is never settled comes back when its consumer is dropped.
pub struct Received {
    /// The publisher's id. A message of a foreign publisher without one gets an id made from its body.
    pub id: Uuid,
    /// The body as it travelled.
    pub body: Bytes,
    /// How often it was delivered before; connections that broke count too.
    pub delivery_count: u32,
    /// In the dead queue: why it ended there.
    pub reason: Option<String>,
    /// In the dead queue: the name of the queue it came from.
    pub origin: Option<String>,
    /// In milliseconds of the transport's clock: not to be tried before. 0 where it waits for nothing.
    pub(crate) not_before: u64,
    pub(crate) tag: Tag,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({}, {} bytes, delivered {} times before)", self.id, self.body.len(), self.delivery_count)
    }
}

/// Which delivery of which connection: a tag of an old connection means nothing on the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) session: u64,
    pub(crate) number: u64,
}

/// How the handling of a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Handled, or was handled before: it is gone.
    Done,
    /// Could not be handled now, and why: it comes again soon, with a higher delivery count.
    Retry(String),
    /// Too early: it comes again after this time, at the end of the queue, with the delivery count it has then. However many
    /// wait, what waits for nothing is received: over RabbitMQ they keep half of the prefetch at most, and the others go round
    /// through the queue until their time. A long wait belongs in a row nevertheless.
    Later(Duration),
    /// Can never be handled, and why: it goes to the dead queue.
    Dead(String),
}

/// Why a message was not published. Whether it arrived nevertheless is unknown, except for `Full`, `Disconnected`,
/// `Blocked` and `Closed`; publishing it again is always safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// There is no connection now; one is being made.
    #[error("not connected to RabbitMQ")]
    Disconnected,
    /// RabbitMQ has raised a resource alarm and takes nothing.
    #[error("RabbitMQ blocks publishers: it is short of memory or disk")]
    Blocked,
    /// The queue has reached its limit.
    #[error("the queue is full")]
    Full,
    /// No queue took it.
    #[error("the queue does not exist")]
    Returned,
    /// The queue would confirm it, and may lose it; says why.
    #[error("the queue loses what it confirms: {0}")]
    Unfit(String),
    /// No confirm within the limit, or none for as long as that already.
    #[error("RabbitMQ did not confirm in time")]
    Silent,
    /// The connection broke before the confirm.
    #[error("the connection broke before the confirm")]
    Lost(#[source] Option<Arc<dyn Error + Send + Sync>>),
    /// The transport is closed.
    #[error("the transport is closed")]
    Closed,
}

impl PublishError {
    /// The word for metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Blocked => "blocked",
            Self::Full => "full",
            Self::Returned => "returned",
            Self::Unfit(_) => "unfit",
            Self::Silent => "silent",
            Self::Lost(_) => "lost",
            Self::Closed => "closed",
        }
    }
}

/// The address of RabbitMQ cannot be used. Says why, never the address: it holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address of RabbitMQ is not usable: {why}; write amqp://user:password@host:5672/vhost")]
pub struct InvalidUrl {
    pub(crate) why: String,
}
