//! One member of a payload's JSON object, as it stands there: bodies outlive the version that wrote them, so what a member
//! should be and what is found there are two things.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

/// What stands under a name. Whatever is read is written again as it was.
#[derive(Clone, Default, PartialEq)]
pub enum Member<T> {
    /// Nothing: the name is not there.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// What should be there.
    Is(T),
    /// Something else: a word of a newer version, or another type.
    Other(Value),
}

impl<T> Member<T> {
    /// The value where it is what it should be.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Null | Self::Other(_) => None,
        }
    }

    /// The value, or nothing at all where there is none.
    pub fn if_some(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Is)
    }

    /// The value, or `null` where there is none.
    pub fn or_null(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Is)
    }

    /// Whether the name is not there.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T: Serialize> Member<T> {
    /// As JSON; `null` where there is nothing.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Absent | Self::Null => Value::Null,
            // Every member is of texts, numbers and maps of texts, which always serialise.
            Self::Is(value) => serde_json::to_value(value).unwrap_or_default(),
            Self::Other(value) => value.clone(),
        }
    }
}

impl<T> From<T> for Member<T> {
    fn from(value: T) -> Self {
        Self::Is(value)
    }
}

impl<T: Serialize> Serialize for Member<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Is(value) => value.serialize(serializer),
            // As it was found: a body that is written again has the bytes it had.
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Serialize + DeserializeOwned> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_null() {
            return Ok(Self::Null);
        }
        // An instant with an offset or an id in capitals is understood, but would be written in another form: a client would
        // be shown other bytes than it was sent.
        let read =
            T::deserialize(&value).ok().filter(|read| serde_json::to_value(read).is_ok_and(|again| again == value));
        Ok(read.map_or(Self::Other(value), Self::Is))
    }
}
