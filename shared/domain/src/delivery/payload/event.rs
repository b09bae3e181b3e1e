//! The event: its type, its instant and its data; and what a later event says beside the lead it is about.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    later::{DeadDelivery, DisabledEndpoint, EndpointTest, LeadOutcome, LeadRecall, LeadSuppression, LeadTaken},
    lead::{LeadData, LeadUpdate},
    member::Member,
    offered_facts::OfferTerms,
};
use crate::delivery::event_type::EventType;

const TYPE: &str = "type";
const TIMESTAMP: &str = "timestamp";
const DATA: &str = "data";

/// One body: what a webhook carries, a mail says and a page shows. Members are written in the order of their names.
#[derive(Clone, Default, PartialEq)]
pub struct ClientEvent {
    /// `type`: what it tells.
    pub event: Member<EventType>,
    /// When the body was frozen.
    pub timestamp: Member<Timestamp>,
    /// What it says.
    pub data: Member<EventData>,
    /// Members that this version does not know.
    pub more: Map<String, Value>,
}

/// The data of an event, by its type.
#[derive(Debug, Clone, PartialEq)]
pub enum EventData {
    /// The whole lead: matured, updated, offered, and types that this version does not know.
    Lead(Box<LeadData>),
    /// It is taken back.
    Recall(LeadRecall),
    /// It went to another.
    Taken(LeadTaken),
    /// The person must not be contacted.
    Suppression(LeadSuppression),
    /// Something was said of it.
    Outcome(Box<LeadOutcome>),
    /// A delivery was given up.
    DeadDelivery(DeadDelivery),
    /// An endpoint was disabled.
    DisabledEndpoint(DisabledEndpoint),
    /// A test.
    Test(EndpointTest),
}

impl ClientEvent {
    /// An event of this instant.
    #[must_use]
    pub fn new(event: EventType, timestamp: Timestamp, data: EventData) -> Self {
        Self { event: event.into(), timestamp: timestamp.into(), data: data.into(), more: Map::new() }
    }

    /// A test. No endpoint asks for it and no delivery tells it, so its type is none of [`EventType`].
    #[must_use]
    pub fn test(timestamp: Timestamp, data: EndpointTest) -> Self {
        // Not an event type: endpoints cannot choose it, and nothing that counts events meets it.
        let event = Member::Other(Value::from("endpoint.test"));
        Self { event, timestamp: timestamp.into(), data: EventData::Test(data).into(), more: Map::new() }
    }

    /// A frozen body; none where it is no JSON object.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Maps of texts and finite numbers always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The whole lead, where this tells it.
    #[must_use]
    pub fn lead(&self) -> Option<&LeadData> {
        match self.data.get() {
            Some(EventData::Lead(lead)) => Some(lead),
            _ => None,
        }
    }

    /// The whole lead to be changed, where this tells it.
    pub fn lead_mut(&mut self) -> Option<&mut LeadData> {
        match &mut self.data {
            Member::Is(EventData::Lead(lead)) => Some(lead),
            _ => None,
        }
    }
}

/// Shows no data: it is contact data from end to end.
impl fmt::Debug for ClientEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The type alone: bodies have names and numbers of persons, and must not come into a log.
        f.debug_struct("ClientEvent").field("event", &self.event.get()).finish_non_exhaustive()
    }
}

impl Serialize for ClientEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Members that this version does not know stay in the body.
        let mut members = self.more.clone();
        let mut put = |name: &str, value: Option<Value>| value.map(|value| members.insert(name.to_owned(), value));
        put(TYPE, (!self.event.is_absent()).then(|| self.event.to_value()));
        put(TIMESTAMP, (!self.timestamp.is_absent()).then(|| self.timestamp.to_value()));
        // Through a value, whose maps are in the order of their names: members of newer versions take their place among
        // those known here, and the bytes are those that were sent.
        put(DATA, (!self.data.is_absent()).then(|| self.data.to_value()));
        members.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClientEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut more = Map::deserialize(deserializer)?;
        let event: Member<EventType> = member(more.remove(TYPE));
        let timestamp = member(more.remove(TIMESTAMP));
        let data = match more.remove(DATA) {
            None => Member::Absent,
            Some(Value::Null) => Member::Null,
            Some(data @ Value::Object(_)) => EventData::read(event.get().copied(), data),
            Some(other) => Member::Other(other),
        };
        Ok(Self { event, timestamp, data, more })
    }
}

fn member<T: Serialize + DeserializeOwned>(value: Option<Value>) -> Member<T> {
    // Reading a member cannot fail: what is not understood is kept as it is.
    value.and_then(|value| Member::deserialize(value).ok()).unwrap_or_default()
}

impl EventData {
    fn read(event: Option<EventType>, data: Value) -> Member<Self> {
        match event {
            None | Some(EventType::LeadMatured | EventType::LeadUpdated | EventType::LeadOffered) => {
                read(data, |lead| Self::Lead(Box::new(lead)))
            }
            Some(EventType::LeadRecalled) => read(data, Self::Recall),
            Some(EventType::LeadTaken) => read(data, Self::Taken),
            Some(EventType::LeadSuppressed) => read(data, Self::Suppression),
            Some(EventType::LeadOutcome) => read(data, |outcome| Self::Outcome(Box::new(outcome))),
            Some(EventType::DeliveryDead) => read(data, Self::DeadDelivery),
            Some(EventType::EndpointDisabled) => read(data, Self::DisabledEndpoint),
        }
    }
}

fn read<T: DeserializeOwned>(data: Value, of: impl Fn(T) -> EventData) -> Member<EventData> {
    T::deserialize(&data).map_or(Member::Other(data), |data| Member::Is(of(data)))
}

impl Serialize for EventData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Lead(data) => data.serialize(serializer),
            Self::Recall(data) => data.serialize(serializer),
            Self::Taken(data) => data.serialize(serializer),
            Self::Suppression(data) => data.serialize(serializer),
            Self::Outcome(data) => data.serialize(serializer),
            Self::DeadDelivery(data) => data.serialize(serializer),
            Self::DisabledEndpoint(data) => data.serialize(serializer),
            Self::Test(data) => data.serialize(serializer),
        }
    }
}

/// What an event says beside the lead that it is about, as far as it is known when the event comes to be. It is kept with the
/// delivery; the lead is added when the body is frozen.
#[derive(Debug, Clone, PartialEq)]
pub enum EventDetail {
    /// `lead.matured`: nothing, the lead is all.
    Matured,
    /// `lead.offered`: until when, and what it names.
    Offered(OfferTerms),
    /// `lead.updated`: what is new.
    Updated(LeadUpdate),
    /// `lead.recalled`.
    Recalled(LeadRecall),
    /// `lead.taken`.
    Taken(LeadTaken),
    /// `lead.suppressed`.
    Suppressed(LeadSuppression),
    /// `lead.outcome`.
    Outcome(Box<LeadOutcome>),
    /// `delivery.dead`.
    DeliveryDead(DeadDelivery),
    /// `endpoint.disabled`.
    EndpointDisabled(DisabledEndpoint),
}

impl EventDetail {
    /// The type of the event.
    #[must_use]
    pub const fn event(&self) -> EventType {
        match self {
            Self::Matured => EventType::LeadMatured,
            Self::Offered(_) => EventType::LeadOffered,
            Self::Updated(_) => EventType::LeadUpdated,
            Self::Recalled(_) => EventType::LeadRecalled,
            Self::Taken(_) => EventType::LeadTaken,
            Self::Suppressed(_) => EventType::LeadSuppressed,
            Self::Outcome(_) => EventType::LeadOutcome,
            Self::DeliveryDead(_) => EventType::DeliveryDead,
            Self::EndpointDisabled(_) => EventType::EndpointDisabled,
        }
    }

    /// As it is kept; `null` where there is nothing to say.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let value = match self {
            Self::Matured => return Value::Null,
            Self::Offered(detail) => serde_json::to_value(detail),
            Self::Updated(detail) => serde_json::to_value(detail),
            Self::Recalled(detail) => serde_json::to_value(detail),
            Self::Taken(detail) => serde_json::to_value(detail),
            Self::Suppressed(detail) => serde_json::to_value(detail),
            Self::Outcome(detail) => serde_json::to_value(detail),
            Self::DeliveryDead(detail) => serde_json::to_value(detail),
            Self::EndpointDisabled(detail) => serde_json::to_value(detail),
        };
        // Maps of texts and finite numbers always serialise.
        value.unwrap_or_default()
    }

    /// What was kept with a delivery of this event. What cannot be read says nothing: the event is told without it.
    #[must_use]
    pub fn read(event: EventType, kept: Option<Value>) -> Self {
        fn of<T: Default + DeserializeOwned>(kept: Option<Value>) -> T {
            kept.and_then(|kept| T::deserialize(kept).ok()).unwrap_or_default()
        }
        match event {
            EventType::LeadMatured => Self::Matured,
            EventType::LeadOffered => Self::Offered(of(kept)),
            EventType::LeadUpdated => Self::Updated(of(kept)),
            EventType::LeadRecalled => Self::Recalled(of(kept)),
            EventType::LeadTaken => Self::Taken(of(kept)),
            EventType::LeadSuppressed => Self::Suppressed(of(kept)),
            EventType::LeadOutcome => Self::Outcome(of(kept)),
            EventType::DeliveryDead => Self::DeliveryDead(of(kept)),
            EventType::EndpointDisabled => Self::EndpointDisabled(of(kept)),
        }
    }
}
