//! A look at a broker from outside, for `ripen doctor`: who answers, and whether the queues are as they should be.
//! Declares nothing that is not there.

use lapin::{Connection, ConnectionProperties};
use tokio::time::timeout;

use super::{connect, greeting};
use crate::{
    fitness,
    message::InvalidUrl,
    options::TransportOptions,
    topology::{self, Queue},
};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerCheck {
    /// Product and version, as the server says them.
    pub server: Result<String, String>,
    /// One for each queue; empty when there was no way in.
    pub queues: Vec<QueueCheck>,
    /// Why there was no way in, where there was none.
    pub refused: Option<String>,
}

/// What was found of one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueCheck {
    /// Which one.
    pub queue: Queue,
    /// How it is.
    pub state: QueueState,
}

/// How a queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueState {
    /// There, with the arguments it should have.
    Good {
        /// Messages ready for delivery.
        messages: u32,
        /// Consumers at this moment.
        consumers: u32,
    },
    /// There, with other arguments: RabbitMQ's words name the first that differs.
    Differs(String),
    /// There, and it loses what it confirms: why. Nothing is relied on it.
    Unfit(String),
    /// Not there; `ripen serve` declares it when it connects.
    Missing,
    /// RabbitMQ would not say.
    Failed(String),
}

/// Looks at the broker at `url`.
///
/// # Errors
/// When the address cannot be used. Whatever is wrong with the broker is in the answer.
pub async fn check(url: &str, options: &TransportOptions) -> Result<BrokerCheck, InvalidUrl> {
    let uri = connect::parse(url, options)?;
    // By hand first: the library keeps the version to itself, and a peer that is no broker would hang its attempt.
    let greeting = greeting::greet(&uri, options.connect_timeout).await;
    let server = greeting.map(|server| format!("{} {}", server.product, server.version)).map_err(|e| chain(&e));
    if server.is_err() {
        return Ok(BrokerCheck { server, queues: Vec::new(), refused: None });
    }
    let properties =
        ConnectionProperties::default().with_connection_name(format!("{} check", options.connection_name).into());
    let look = async {
        let connection = Connection::connect_uri(uri, properties).await?;
        let mut queues = Vec::new();
        for queue in Queue::ALL {
            queues.push(QueueCheck { queue, state: look(&connection, queue, options).await });
        }
        // Said goodbye even after a failure: RabbitMQ would log a connection that vanished.
        connect::close(&connection).await;
        Ok::<_, lapin::Error>(queues)
    };
    // One limit for all of it: a broker that answers each step slowly must not keep an operator waiting.
    Ok(match timeout(options.connect_timeout, look).await {
        Ok(Ok(queues)) => BrokerCheck { server, queues, refused: None },
        Ok(Err(error)) => BrokerCheck { server, queues: Vec::new(), refused: Some(error.to_string()) },
        Err(_) => BrokerCheck { server, queues: Vec::new(), refused: Some("no answer in time".to_owned()) },
    })
}

async fn look(connection: &Connection, queue: Queue, options: &TransportOptions) -> QueueState {
    match try_look(connection, queue, options).await {
        Ok((messages, consumers)) => QueueState::Good { messages, consumers },
        Err(error) if topology::is_missing(&error) => QueueState::Missing,
        Err(error) if topology::differs(&error) => match fitness::unfit(connection, queue, options).await {
            Ok(Some(why)) => QueueState::Unfit(why),
            Ok(None) => QueueState::Differs(error.to_string()),
            Err(error) => QueueState::Failed(error.to_string()),
        },
        Err(error) => QueueState::Failed(error.to_string()),
    }
}

/// Declares only what is there already, which changes nothing and compares every argument.
async fn try_look(connection: &Connection, queue: Queue, options: &TransportOptions) -> lapin::Result<(u32, u32)> {
    // A channel for each queue, because a refusal closes the channel it is given on.
    let channel = connection.create_channel().await?;
    // Passively first: declaring right away would make a queue that is missing.
    let found = topology::look(&channel, queue).await?;
    topology::declare(&channel, queue, options).await?;
    Ok((found.message_count(), found.consumer_count()))
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
