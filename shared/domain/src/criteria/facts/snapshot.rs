//! What is known about a lead at one instant: everything a decision may read, and nothing else. The qualifier fills it
//! from the database, the desk for a preview, a back-test from the past.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    id::{ArrivalId, InvalidId},
    lead::{Channel, Stage},
};

/// Who said something about a lead. Its text form is `arrival:arr_…` or `person:…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It came with a submission.
    Arrival(ArrivalId),
    /// An agent or an import wrote it down: the name.
    Person(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrival(id) => write!(f, "arrival:{id}"),
            Self::Person(name) => write!(f, "person:{name}"),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that names neither an arrival nor a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// The id after `arrival:` is none.
    #[error("no arrival's id")]
    Arrival(#[from] InvalidId),
    /// It begins with neither word.
    #[error("an origin begins with 'arrival:' or 'person:'")]
    Unknown,
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        match text.split_once(':') {
            Some(("arrival", id)) => Ok(Self::Arrival(id.parse()?)),
            Some(("person", name)) => Ok(Self::Person(name.to_owned())),
            _ => Err(InvalidOrigin::Unknown),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One answer as it was given. What it is worth to a decision is only known with its question.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// As given, of whatever type the sender chose.
    pub value: Value,
    /// When it was given.
    pub at: Timestamp,
    /// By whom.
    pub origin: Origin,
}

/// Shows no value: answers are personal data.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("at", &self.at).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// `lead.*` in a condition.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadFacts {
    /// How it came.
    pub channel: Channel,
    /// How far it has come.
    pub stage: Stage,
    /// Somebody has spoken to this person, or a link was confirmed.
    pub verified: bool,
    /// The person must not be contacted.
    pub do_not_contact: bool,
    /// Arrivals of any kind.
    pub arrivals: u32,
    /// Arrivals at least a day apart; amendments and double clicks do not count.
    pub enquiries: u32,
    /// Contact attempts.
    pub touches: u32,
    /// What the last contact attempt came to.
    pub last_disposition: Option<String>,
    /// The first arrival.
    pub first_arrived_at: Timestamp,
    /// The latest arrival.
    pub last_arrived_at: Timestamp,
    /// The latest conversation with the person.
    pub last_conversation_at: Option<Timestamp>,
    /// The date agreed with the person for the next step, while it stands: ahead, or come and not worked on yet.
    pub agreed_for: Option<Timestamp>,
    /// Rounds of work without progress.
    pub rounds: u32,
    /// The client returned it and nobody has spoken to the person since.
    pub returned: bool,
    /// An e-mail address is known.
    pub has_email: bool,
    /// A phone number is known.
    pub has_phone: bool,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// As given.
    pub postal_code: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
}

/// A lead of which nothing is known but that it is there; counts are 0 and instants the epoch.
impl Default for LeadFacts {
    fn default() -> Self {
        Self {
            channel: Channel::List,
            stage: Stage::Lead,
            verified: false,
            do_not_contact: false,
            arrivals: 0,
            enquiries: 0,
            touches: 0,
            last_disposition: None,
            first_arrived_at: Timestamp::UNIX_EPOCH,
            last_arrived_at: Timestamp::UNIX_EPOCH,
            last_conversation_at: None,
            agreed_for: None,
            rounds: 0,
            returned: false,
            has_email: false,
            has_phone: false,
            country: None,
            postal_code: None,
            time_zone: None,
        }
    }
}

/// Shows nothing that leads to the person.
impl fmt::Debug for LeadFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadFacts")
            .field("channel", &self.channel)
            .field("stage", &self.stage)
            .field("arrivals", &self.arrivals)
            .field("rounds", &self.rounds)
            .finish_non_exhaustive()
    }
}

/// `client.*` in a condition: the client the lead belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientFacts {
    /// Short name in addresses.
    pub slug: String,
    /// Full name.
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// IANA name.
    pub time_zone: String,
}

/// `source.*` in a condition: the source that is credited with the lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceFacts {
    /// Full name.
    pub name: String,
    /// How its leads arrive.
    pub channel: Channel,
}

impl Default for SourceFacts {
    fn default() -> Self {
        Self { name: String::new(), channel: Channel::List }
    }
}

/// Everything a decision may read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// By question id.
    pub answers: BTreeMap<String, Answer>,
    /// About the lead.
    pub lead: LeadFacts,
    /// About its client.
    pub client: ClientFacts,
    /// About its source.
    pub source: SourceFacts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_survives_its_text_form() {
        let arrival = Origin::Arrival(ArrivalId::from_uuid(uuid::Uuid::from_u128(7)));
        for origin in [arrival, Origin::Person("Casey: nights".into())] {
            assert_eq!(origin.to_string().parse(), Ok(origin));
        }
        for bad in ["", "arrival:", "arrival:lead_01h455vb4pex5vsknk084sn02q", "import", "Person:x"] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_answer_and_no_place() {
        let mut facts = Facts::default();
        let answer =
            Answer { value: "secret".into(), at: Timestamp::UNIX_EPOCH, origin: Origin::Person("Casey".into()) };
        facts.answers.insert("budget".into(), answer);
        facts.lead.postal_code = Some("60134".into());
        let shown = format!("{facts:?}");
        assert!(!shown.contains("secret") && !shown.contains("60134"), "{shown}");
    }
}
