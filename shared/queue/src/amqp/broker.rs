//! The address of RabbitMQ together with the bounds of everything that is done with it.

use std::sync::Arc;

use lapin::uri::AMQPUri;

use crate::options::TransportOptions;

/// A broker and how it is used.
#[derive(Clone)]
pub(super) struct Broker {
    pub(super) uri: AMQPUri,
    pub(super) options: Arc<TransportOptions>,
}
