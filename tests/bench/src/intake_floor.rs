//! The floor of intake: a bare axum handler that parses the JSON and publishes the same bytes with a confirm.
//!
//! A process of its own, as Ripen's is. It knows no sources, makes no ids and keeps nothing when RabbitMQ is away.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post, serve::ListenerExt as _};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use serde_json::Value;
use tokio::{net::TcpListener, signal::unix::SignalKind};

/// The queue it publishes to.
pub const QUEUE: &str = "floor";
/// As many as Ripen publishes on.
const CHANNELS: usize = 2;

#[derive(Clone)]
struct Floor {
    channels: Arc<[Channel]>,
    turn: Arc<AtomicUsize>,
}

/// Serves until asked to stop.
pub async fn serve(amqp: &str) {
    let connection = Connection::connect(amqp, ConnectionProperties::default()).await.expect("RabbitMQ answers");
    let mut channels = Vec::new();
    for _ in 0..CHANNELS {
        let channel = connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        channels.push(channel);
    }
    declare(&channels[0]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    crate::report::note(&format!("The floor{}{}", crate::process::READY, listener.local_addr().expect("it is bound")));
    let floor = Floor { channels: channels.into(), turn: Arc::default() };
    let app = Router::new().route("/v1/leads", post(take)).with_state(floor);
    let mut stop = tokio::signal::unix::signal(SignalKind::terminate()).expect("signals work");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket of ours"));
    // Kept connections would hold up an orderly end for ever; nothing is under way when a floor is stopped.
    tokio::select! {
        served = axum::serve(listener, app) => served.expect("the listener holds"),
        _ = stop.recv() => {}
    }
}

/// Makes the queue: on disk, as Ripen's are, and without any limit.
pub async fn declare(channel: &Channel) {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(QUEUE.into(), durable, arguments).await.expect("a queue");
}

/// Publishes a persistent message and waits for the confirm.
pub async fn publish(channel: &Channel, body: &[u8], properties: BasicProperties) {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let published = channel.basic_publish("".into(), QUEUE.into(), options, body, properties.with_delivery_mode(2));
    let confirmed = published.await.expect("RabbitMQ takes messages").await.expect("RabbitMQ confirms");
    assert!(matches!(confirmed, Confirmation::Ack(None)), "RabbitMQ refuses a message");
}

async fn take(State(floor): State<Floor>, body: Bytes) -> StatusCode {
    if serde_json::from_slice::<Value>(&body).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    let turn = floor.turn.fetch_add(1, Ordering::Relaxed);
    let channel = &floor.channels[turn % floor.channels.len()];
    publish(channel, &body, BasicProperties::default().with_content_type("application/json".into())).await;
    StatusCode::ACCEPTED
}
