//! Getting a connection with the topology declared, noticing its end, and the pauses in between.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use lapin::{Connection, ConnectionProperties, Event, uri::AMQPUri};
use tokio::time::{sleep, timeout};

use super::{broker::Broker, greeting};
use crate::{message::InvalidUrl, options::TransportOptions};

/// A connection that held this long was a good one: the pauses start again from the first.
const GOOD_CONNECTION: Duration = Duration::from_secs(5);

/// How often a connection's state is looked at, besides its events.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("no answer in time")]
    Slow,
    #[error("RabbitMQ refused")]
    Refused(#[from] lapin::Error),
    #[error("the other end does not greet as RabbitMQ does")]
    NoGreeting(#[from] greeting::GreetingError),
}

pub(super) fn parse(url: &str, options: &TransportOptions) -> Result<AMQPUri, InvalidUrl> {
    let mut uri: AMQPUri = url.parse().map_err(|why| InvalidUrl { why })?;
    let seconds = options.heartbeat.as_secs().clamp(1, 600);
    let seconds = u16::try_from(seconds).unwrap_or(u16::MAX);
    // The address may ask for a shorter one, and not for a longer or none: what a stopped process holds comes back after two of
    // them, and one that vanished would be noticed by TCP alone, after minutes.
    let own = uri.query.heartbeat.filter(|own| *own > 0);
    uri.query.heartbeat = Some(own.map_or(seconds, |own| own.min(seconds)));
    Ok(uri)
}

/// Tries until it has a connection, with growing pauses; one for the life of a publisher or a link.
pub(super) struct Connector {
    broker: Broker,
    purpose: &'static str,
    /// Pauses since the last connection that held.
    pauses: u32,
    failures: u32,
    hung: bool,
    connected_at: Option<Instant>,
}

impl Connector {
    pub(super) fn new(broker: Broker, purpose: &'static str) -> Self {
        Self { broker, purpose, pauses: 0, failures: 0, hung: false, connected_at: None }
    }

    /// A connection on which every queue is declared. Only the caller's giving up ends the trying.
    pub(super) async fn connect(&mut self) -> Connection {
        // Before the first attempt too: a connection that broke at once would be followed by the next without a
        // pause.
        self.pause_after_a_connection().await;
        loop {
            match self.attempt().await {
                Ok(connection) => {
                    tracing::info!(amqp.purpose = self.purpose, failures = self.failures, "connected to RabbitMQ");
                    (self.failures, self.hung, self.connected_at) = (0, false, Some(Instant::now()));
                    return connection;
                }
                Err(error) => self.failed(&error).await,
            }
        }
    }

    async fn attempt(&self) -> Result<Connection, ConnectError> {
        let Broker { uri, options, .. } = &self.broker;
        if self.hung {
            // An attempt that hangs in the middle keeps a thread until the other end moves: ask first.
            greeting::greet(uri, options.connect_timeout).await?;
        }
        let name = format!("{} {}", options.connection_name, self.purpose);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        // Declared within the time limit: a broker that takes the connection and answers nothing must not look
        // connected.
        let connect = async {
            let connection = Connection::connect_uri(uri.clone(), properties).await?;
            self.broker.declare(&connection).await?;
            Ok(connection)
        };
        timeout(options.connect_timeout, connect).await.unwrap_or(Err(ConnectError::Slow))
    }

    async fn failed(&mut self, error: &ConnectError) {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        // Once as a warning and then quietly: an outage of an hour would fill the log with one line per attempt.
        if self.failures == 0 {
            tracing::warn!(amqp.purpose = self.purpose, %error, cause, "RabbitMQ cannot be reached; trying on");
        } else {
            tracing::debug!(amqp.purpose = self.purpose, %error, cause, failures = self.failures, "still no RabbitMQ");
        }
        self.failures = self.failures.saturating_add(1);
        // Only a timeout makes the greeting necessary; a refusal was an answer.
        self.hung |= matches!(error, ConnectError::Slow);
        self.pause().await;
    }

    /// A broker that takes connections and drops them at once must not be asked in a loop.
    async fn pause_after_a_connection(&mut self) {
        let Some(at) = self.connected_at.take() else { return };
        if at.elapsed() >= GOOD_CONNECTION {
            self.pauses = 0;
        }
        self.pause().await;
    }

    async fn pause(&mut self) {
        // With jitter: after a restart of RabbitMQ every replica would otherwise come back in the same moment.
        sleep(self.broker.options.reconnect_pause(self.pauses)).await;
        self.pauses = self.pauses.saturating_add(1);
    }
}

/// Returns when the connection is no longer usable. Its events tell of a channel's errors too, so only its state counts.
pub(super) async fn until_down(connection: &Connection) {
    let mut events = pin!(connection.events_listener());
    let mut cause = None;
    while connection.status().connected() {
        // Not by events alone: one that was missed would leave a dead connection in use.
        match timeout(LOOK, events.next()).await {
            Ok(Some(Event::Error(error))) => cause = Some(error),
            Ok(Some(Event::ConnectionBlocked(reason))) => tracing::warn!(reason, "RabbitMQ blocks publishers"),
            Ok(Some(Event::ConnectionUnblocked)) => tracing::info!("RabbitMQ takes messages again"),
            // No more events will come; the state still tells when the connection ends.
            Ok(None) => sleep(LOOK).await,
            Ok(Some(_)) | Err(_) => {}
        }
    }
    let cause = cause.map(tracing::field::display);
    tracing::warn!(cause, "the connection to RabbitMQ broke");
}

/// Says goodbye, but waits no longer than a moment for the answer.
pub(super) async fn close(connection: &Connection) {
    // The other end may be what is broken.
    if timeout(Duration::from_secs(2), connection.close(200, "closed".into())).await.is_err() {
        tracing::debug!("RabbitMQ did not answer the goodbye");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_for_no_longer_a_heartbeat_than_the_configuration() {
        let options = TransportOptions { heartbeat: Duration::from_secs(4), ..TransportOptions::default() };
        let seconds = |query: &str| parse(&format!("amqp://127.0.0.1/%2f{query}"), &options).unwrap().query.heartbeat;
        for (query, expected) in [("", 4), ("?heartbeat=60", 4), ("?heartbeat=0", 4), ("?heartbeat=2", 2)] {
            assert_eq!(seconds(query), Some(expected), "{query}");
        }
    }
}
