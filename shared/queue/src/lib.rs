//! Transport between services: RabbitMQ, or bounded queues inside the process, with one contract.
//!
//! Publishers get an answer only after the message is held durably (RabbitMQ) or queued (local); consumers take what
//! waits and say of each message how it ended. The same contract suite runs on both. Nothing here knows what a message
//! means: bodies are bytes, and what happens after an error is the caller's business. The only crate that names lapin.

mod amqp;
mod fitness;
mod local;
mod message;
mod metrics;
mod options;
mod state;
mod topology;
mod transport;

pub use amqp::check::{BrokerCheck, QueueCheck, QueueState, check};
pub use message::{InvalidUrl, Message, PublishError, Received, Settlement};
pub use options::TransportOptions;
pub use state::{LinkState, TransportState};
pub use topology::Queue;
pub use transport::{Consumer, Transport};
