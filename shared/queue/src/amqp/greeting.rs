//! RabbitMQ's first words, read without the library: they name its version, which the library keeps to itself, and a
//! broker that does not say them would hang an attempt to connect.

use std::{io, time::Duration};

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use lapin::{
    tcp::AMQPUriTcpExt as _,
    types::{AMQPValue, FieldTable, ShortString, parsing::parse_field_table},
    uri::AMQPUri,
};
use tokio::time::timeout;

/// What a client of AMQP 0-9-1 says first.
const HELLO: &[u8] = b"AMQP\x00\x00\x09\x01";

/// A frame's type, channel and length, then the class and method `connection.start` and the protocol's version.
const BEFORE_PROPERTIES: usize = 7 + 4 + 2;

/// Longest greeting that is read; RabbitMQ's is about half a kibibyte.
const LONGEST: usize = 64 << 10;

#[derive(Debug, thiserror::Error)]
pub(crate) enum GreetingError {
    #[error("no answer in time")]
    Slow,
    #[error("the connection failed")]
    Io(#[from] io::Error),
    #[error("it is not AMQP 0-9-1")]
    NotAmqp,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerVersion {
    pub(crate) product: String,
    pub(crate) version: String,
}

/// Connects, listens to the first frame, and hangs up.
pub(crate) async fn greet(uri: &AMQPUri, limit: Duration) -> Result<BrokerVersion, GreetingError> {
    timeout(limit, read(uri)).await.unwrap_or(Err(GreetingError::Slow))
}

async fn read(uri: &AMQPUri) -> Result<BrokerVersion, GreetingError> {
    let runtime = lapin::runtime::default_runtime().map_err(io::Error::other)?;
    let mut stream = uri.connect_async(&runtime).await?;
    stream.write_all(HELLO).await?;
    let mut head = [0; BEFORE_PROPERTIES];
    stream.read_exact(&mut head).await?;
    // Anything else that listens on the port fails here by its first bytes, and not by a length that it made up.
    let [1, 0, 0, length @ .., 0, 10, 0, 10, 0, 9] = head else { return Err(GreetingError::NotAmqp) };
    let length = u32::from_be_bytes(length) as usize;
    // A length from the wire must not decide how much memory is taken.
    let mut rest = vec![0; length.saturating_sub(BEFORE_PROPERTIES - 7).min(LONGEST)];
    stream.read_exact(&mut rest).await?;
    let (_, properties) = parse_field_table(rest.as_slice()).map_err(|_| GreetingError::NotAmqp)?;
    Ok(BrokerVersion { product: text(&properties, "product"), version: text(&properties, "version") })
}

fn text(properties: &FieldTable, key: &str) -> String {
    match properties.inner().get(&ShortString::from(key)) {
        Some(AMQPValue::LongString(value)) => value.to_string(),
        _ => "unknown".to_owned(),
    }
}
