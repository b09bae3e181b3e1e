//! The transport over RabbitMQ: one connection for publishing and, once something consumes, one for consuming,
//! because an alarm blocks every connection that publishes.

mod broker;
pub(crate) mod check;
mod connect;
mod consumer;
mod flight;
mod greeting;
mod headers;
mod lane;
mod link;
mod publisher;
mod session;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

pub(crate) use consumer::AmqpConsumer;
use headers::Outgoing;
use tokio::time::timeout;

use self::{broker::Broker, link::Link, publisher::Publisher};
use crate::{
    message::{InvalidUrl, Message, PublishError},
    options::TransportOptions,
    state::{LinkState, TransportState},
    topology::Queue,
};

/// How long hanging up both connections may take, beside the last confirms.
const GOODBYES: Duration = Duration::from_secs(6);

pub(crate) struct Amqp {
    broker: Broker,
    publisher: Arc<Publisher>,
    link: OnceLock<Link>,
}

impl Amqp {
    pub(crate) fn new(url: &str, options: TransportOptions) -> Result<Self, InvalidUrl> {
        let broker = Broker::new(connect::parse(url, &options)?, options);
        let publisher = Publisher::start(broker.clone());
        Ok(Self { broker, publisher, link: OnceLock::new() })
    }

    pub(crate) async fn publish(&self, queue: Queue, message: Message) -> Result<(), PublishError> {
        self.publisher.publish(Outgoing::new(queue, message)).await
    }

    pub(crate) async fn publish_all(&self, queue: Queue, messages: Vec<Message>) -> Vec<Result<(), PublishError>> {
        let outgoing = messages.into_iter().map(|message| Outgoing::new(queue, message)).collect();
        let results = self.publisher.publish_all(outgoing).await;
        self.broker.published(queue, results.iter().filter(|result| result.is_ok()).count());
        results
    }

    pub(crate) fn room(&self, queue: Queue) -> usize {
        self.broker.room(queue)
    }

    pub(crate) fn consume(&self, queue: Queue, prefetch: u16) -> AmqpConsumer {
        // Made when something consumes: a process that only publishes needs no second connection.
        let link = self.link.get_or_init(|| Link::start(self.broker.clone()));
        AmqpConsumer::new(queue, prefetch, link.connection(), self.publisher.clone(), self.broker.options.clone())
    }

    pub(crate) fn unfit(&self, queue: Queue) -> Option<String> {
        self.broker.unfit(queue)
    }

    pub(crate) fn state(&self) -> TransportState {
        TransportState {
            publishing: self.publisher.state(),
            consuming: self.link.get().map_or(LinkState::Unused, Link::state),
        }
    }

    pub(crate) async fn close(&self) {
        let both = async {
            // Publishing first: what is consumed may still have to be published again or as a dead letter.
            self.publisher.close().await;
            if let Some(link) = self.link.get() {
                link.close().await;
            }
        };
        // A broker that answers nothing must not keep the process from its end, whatever of it is waited for.
        let limit = self.broker.options.confirm_timeout + GOODBYES;
        if timeout(limit, both).await.is_err() {
            tracing::warn!("RabbitMQ did not answer the goodbye; what was not settled comes again");
        }
    }
}
