//! Who can be given leads: a client's reps and endpoints, and whether each can take one now, and if not, why and from when.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{hours::Schedule, tier::HoldReason};
use crate::id::{EndpointId, InvalidId, RepId};

/// A rep, or an endpoint that no rep stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecipientId {
    /// A sales person.
    Rep(RepId),
    /// A webhook or an e-mail address of the whole team.
    Endpoint(EndpointId),
}

impl RecipientId {
    /// As the database keeps it.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Rep(rep) => rep.uuid(),
            Self::Endpoint(endpoint) => endpoint.uuid(),
        }
    }
}

impl fmt::Display for RecipientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rep(id) => id.fmt(f),
            Self::Endpoint(id) => id.fmt(f),
        }
    }
}

impl FromStr for RecipientId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // The prefixes of the two kinds differ: a text is never both.
        text.parse().map(Self::Rep).or_else(|_: InvalidId| text.parse().map(Self::Endpoint))
    }
}

impl Serialize for RecipientId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecipientId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A `Cow`, because keys of JSON objects and escaped texts cannot be borrowed.
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// For how long somebody takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pause {
    /// Until this day, which is the first one back, where the recipient is.
    Until(Date),
    /// Until somebody ends it.
    Open,
}

/// How many leads a local day may bring, and how many it brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// None for any number. With 0 nothing is taken on any day.
    pub per_day: Option<u32>,
    /// Leads given on the local day of `now`, open offers among them.
    pub given_today: u32,
}

impl Capacity {
    const fn is_full(self) -> bool {
        matches!(self.per_day, Some(most) if self.given_today >= most)
    }

    const fn is_none(self) -> bool {
        matches!(self.per_day, Some(0))
    }
}

/// One of those who can be given leads, as it stands at `now`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Which one.
    pub id: RecipientId,
    /// As people call it.
    pub name: String,
    /// The enabled endpoints that a lead for this recipient goes to.
    pub endpoints: Vec<EndpointId>,
    /// When it takes leads.
    pub schedule: Schedule,
    /// For how long it takes none.
    pub pause: Option<Pause>,
    /// How many a day.
    pub capacity: Capacity,
}

/// The client's own limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLimit {
    /// Where its days begin and end.
    pub zone: TimeZone,
    /// How many a day, over all recipients.
    pub capacity: Capacity,
}

impl ClientLimit {
    /// The date where the client is.
    #[must_use]
    pub fn date(&self, now: Timestamp) -> Date {
        Schedule { zone: self.zone.clone(), ..Schedule::always() }.date(now)
    }

    /// Until when the client takes no more leads, as far as that is known, and why; `None` while it takes some.
    #[must_use]
    pub fn full(&self, now: Timestamp) -> Option<(Option<Timestamp>, HoldReason)> {
        let most = self.capacity.per_day.unwrap_or_default();
        self.full_until(now).map(|until| (until, HoldReason::ClientFull(most)))
    }

    /// From when the client takes leads again, `None` while it does now.
    pub(super) fn full_until(&self, now: Timestamp) -> Option<Option<Timestamp>> {
        let capacity = self.capacity;
        let next_day = || Schedule { zone: self.zone.clone(), ..Schedule::always() }.day(now).1;
        // Two levels: not full, full until tomorrow, and full for good, which no day changes.
        capacity.is_full().then(|| (!capacity.is_none()).then(next_day))
    }
}

/// Why somebody cannot take a lead now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Away {
    /// Nowhere to send it.
    NoEndpoint,
    /// On vacation, or paused until told otherwise.
    Paused(Pause),
    /// Has had as many today as a day may bring.
    Full(u32),
    /// A day of the calendar on which it takes none.
    Holiday(Date),
    /// Outside of its hours.
    Closed,
}

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEndpoint => f.write_str("has no enabled endpoint"),
            Self::Paused(Pause::Until(date)) => write!(f, "is away, back on {date}"),
            Self::Paused(Pause::Open) => f.write_str("is paused until somebody ends it"),
            Self::Full(0) => f.write_str("takes no leads: its capacity is 0 a day"),
            Self::Full(most) => write!(f, "has had the {most} leads a day may bring"),
            Self::Holiday(date) => write!(f, "has a holiday on {date}"),
            Self::Closed => f.write_str("is outside of its hours"),
        }
    }
}

impl Recipient {
    /// Why it cannot take a lead now; none where it can.
    #[must_use]
    pub fn away(&self, now: Timestamp) -> Option<Away> {
        let today = self.schedule.date(now);
        let paused = self.pause.filter(|pause| match pause {
            Pause::Until(back) => today < *back,
            Pause::Open => true,
        });
        // First of all: hours and pauses of somebody who can be sent nothing would make a hold seem to end.
        if self.endpoints.is_empty() {
            return Some(Away::NoEndpoint);
        }
        if let Some(pause) = paused {
            return Some(Away::Paused(pause));
        }
        if let Some(full) = self.full() {
            return Some(full);
        }
        if self.schedule.is_open(now) {
            return None;
        }
        let holiday = self.schedule.holidays.contains(&today);
        Some(if holiday { Away::Holiday(today) } else { Away::Closed })
    }

    /// Why it can take no more today, whatever its hours are; none where it can.
    #[must_use]
    pub fn full(&self) -> Option<Away> {
        self.capacity.per_day.filter(|_| self.capacity.is_full()).map(Away::Full)
    }

    /// The first instant, neither before `now` nor before `from`, at which it can take a lead, as far as is known now.
    /// None where only a person can bring that about.
    #[must_use]
    pub fn next_available(&self, now: Timestamp, from: Timestamp) -> Option<Timestamp> {
        // Only a person can change these: a date would wake the lead for nothing each time.
        if self.endpoints.is_empty() || self.capacity.is_none() {
            return None;
        }
        let mut earliest = now.max(from);
        if self.capacity.is_full() {
            // The day's count begins again at the recipient's midnight, not at the server's.
            earliest = earliest.max(self.schedule.day(now).1);
        }
        match self.pause {
            Some(Pause::Open) => return None,
            // `start_of` and not midnight: on some dates a clock skips midnight.
            Some(Pause::Until(back)) => earliest = earliest.max(self.schedule.start_of(back)?),
            None => {}
        }
        self.schedule.next_opening(earliest)
    }
}
