//! A message as AMQP carries it: which property and header means what.

use bytes::Bytes;
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, FieldTable},
};
use uuid::Uuid;

use crate::{
    message::{Message, Received, Tag},
    topology::Queue,
};

/// How often RabbitMQ counted a failed delivery.
const FAILED: &str = "x-delivery-count";

/// How often RabbitMQ handed it to a consumer, where that is counted apart (4.x).
const ACQUIRED: &str = "x-acquired-count";

/// Deliveries before it was published again by us.
const BEFORE: &str = "ripen-delivery-count";
const REASON: &str = "ripen-reason";

/// Headers travel in one frame, and RabbitMQ ends a connection over a frame that is too long.
const LONGEST_REASON: usize = 2_000;

const ORIGIN: &str = "ripen-origin";

/// Before when it is not to be tried: Unix time in milliseconds. Versions that do not know it try it early, which is harmless.
const NOT_BEFORE: &str = "ripen-not-before";

/// A message to publish, with what it carries besides its body.
pub(super) struct Outgoing {
    pub(super) queue: Queue,
    pub(super) id: Uuid,
    pub(super) body: Bytes,
    headers: Option<FieldTable>,
}

impl Outgoing {
    pub(super) fn new(queue: Queue, message: Message) -> Self {
        Self { queue, id: message.id, body: message.body, headers: None }
    }

    /// The message once more, for the end of its queue; it keeps its count.
    pub(super) fn again(queue: Queue, received: &Received) -> Self {
        let mut headers = FieldTable::default();
        // The count travels on, so that a message that keeps coming back is still seen as suspicious.
        headers.insert(BEFORE.into(), AMQPValue::LongUInt(received.delivery_count));
        // A dead letter that is put off keeps where it came from and why.
        if let (Some(reason), Some(origin)) = (&received.reason, &received.origin) {
            insert_end(&mut headers, reason, origin);
        }
        // A reference to the same bytes: bodies are not copied.
        Self { queue, id: received.id, body: received.body.clone(), headers: Some(headers) }
    }

    /// Not to be tried before this time, in milliseconds of the transport's clock.
    pub(super) fn not_before(mut self, at: u64) -> Self {
        let headers = self.headers.get_or_insert_default();
        headers.insert(NOT_BEFORE.into(), AMQPValue::LongLongInt(i64::try_from(at).unwrap_or(i64::MAX)));
        self
    }

    /// The message for the dead queue.
    pub(super) fn dead(origin: Queue, received: &Received, reason: &str) -> Self {
        let mut headers = FieldTable::default();
        insert_end(&mut headers, reason, origin.name());
        Self { queue: Queue::Dead, id: received.id, body: received.body.clone(), headers: Some(headers) }
    }

    /// Persistent, JSON, named by its id.
    pub(super) fn properties(&self) -> BasicProperties {
        let properties = BasicProperties::default()
            // Persistent: a quorum queue writes to disk in any case, a queue that somebody declared otherwise does
            // not.
            .with_delivery_mode(2)
            .with_content_type("application/json".into())
            .with_message_id(self.id.to_string().into());
        match &self.headers {
            Some(headers) => properties.with_headers(headers.clone()),
            None => properties,
        }
    }
}

fn insert_end(headers: &mut FieldTable, reason: &str, origin: &str) {
    // Cut at a character's edge, because a header is text.
    let reason = &reason[..reason.floor_char_boundary(LONGEST_REASON)];
    headers.insert(REASON.into(), AMQPValue::LongString(reason.into()));
    headers.insert(ORIGIN.into(), AMQPValue::LongString(origin.into()));
}

/// The id a message was published with, where there is one.
pub(super) fn id_of(properties: &BasicProperties) -> Option<Uuid> {
    properties.message_id().as_ref().and_then(|id| Uuid::parse_str(id.as_str()).ok())
}

/// What a delivery says.
pub(super) fn received(delivery: Delivery, session: u64) -> Received {
    let tag = Tag { session, number: delivery.delivery_tag };
    let headers = delivery.properties.headers().clone().unwrap_or_default();
    let body = Bytes::from(delivery.data);
    Received {
        // From the body, so that the same message without an id is the same to whoever counts its tries.
        id: id_of(&delivery.properties).unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_OID, &body)),
        body,
        delivery_count: delivery_count(&headers),
        not_before: headers.inner().get(NOT_BEFORE).and_then(number).unwrap_or(0),
        // What RabbitMQ says of it comes first: it moved the message after we last touched it.
        reason: first_death(&headers, "reason").or_else(|| text(&headers, REASON)),
        origin: first_death(&headers, "queue").or_else(|| text(&headers, ORIGIN)),
        tag,
    }
}

fn delivery_count(headers: &FieldTable) -> u32 {
    let count = |key| headers.inner().get(key).and_then(number).unwrap_or(0);
    // A count that RabbitMQ keeps begins anew when the message is published again, so ours is added.
    let total = count(FAILED).max(count(ACQUIRED)).saturating_add(count(BEFORE));
    u32::try_from(total).unwrap_or(u32::MAX)
}

/// RabbitMQ's own note of a dead letter: the latest death stands first.
fn first_death(headers: &FieldTable, key: &str) -> Option<String> {
    match headers.inner().get("x-death")? {
        AMQPValue::FieldArray(deaths) => match deaths.as_slice().first()? {
            AMQPValue::FieldTable(death) => text(death, key),
            _ => None,
        },
        _ => None,
    }
}

fn text(table: &FieldTable, key: &str) -> Option<String> {
    match table.inner().get(key)? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

fn number(value: &AMQPValue) -> Option<u64> {
    // Which integer RabbitMQ uses differs between versions; a negative count is none.
    match *value {
        AMQPValue::ShortShortInt(n) => u64::try_from(n).ok(),
        AMQPValue::ShortShortUInt(n) => Some(n.into()),
        AMQPValue::ShortInt(n) => u64::try_from(n).ok(),
        AMQPValue::ShortUInt(n) => Some(n.into()),
        AMQPValue::LongInt(n) => u64::try_from(n).ok(),
        AMQPValue::LongUInt(n) => Some(n.into()),
        AMQPValue::LongLongInt(n) => u64::try_from(n).ok(),
        _ => None,
    }
}
