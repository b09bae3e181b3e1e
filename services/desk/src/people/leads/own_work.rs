//! Filters of a list of leads that ask for what the reader did or promised: what the figures of their day link to.

use jiff::{Timestamp, ToSpan as _, Zoned, tz::TimeZone};
use ripen_domain::{id::UserId, touch::Disposition};
use ripen_store::lead::touched::{PromisedFilter, TouchFollowed, TouchedFilter};
use serde::Deserialize;

use crate::people::viewer::Viewer;

/// Who reads a list, and when: days are those of their clock, and "me" is they.
#[derive(Debug, Clone)]
pub struct LeadsReader {
    /// The present.
    pub now: Timestamp,
    /// Their clock.
    pub zone: TimeZone,
    /// They.
    pub user: UserId,
}

impl LeadsReader {
    /// A viewer, now.
    #[must_use]
    pub fn of(viewer: &Viewer, now: Timestamp) -> Self {
        Self { now, zone: viewer.zone(), user: viewer.id() }
    }
}

/// Whose work is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerChoice {
    /// The reader's own.
    Me,
}

impl WorkerChoice {
    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Me => "me",
        }
    }
}

/// On which days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayChoice {
    /// Today.
    #[default]
    Today,
    /// The day before.
    Yesterday,
    /// The thirty days that end with today.
    Month,
}

impl DayChoice {
    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Month => "month",
        }
    }

    /// As a chip says.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Month => "in 30 days",
        }
    }

    /// From its beginning to its end, by a clock.
    #[must_use]
    pub fn span(self, now: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let today = now.to_zoned(zone.clone()).start_of_day().unwrap_or_else(|_| now.to_zoned(zone.clone()));
        let ahead = |days: i64| today.checked_add(days.days()).map_or(now, |day: Zoned| day.timestamp());
        match self {
            Self::Today => (today.timestamp(), ahead(1)),
            Self::Yesterday => (ahead(-1), today.timestamp()),
            Self::Month => (ahead(-29), ahead(1)),
        }
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowChoice {
    /// Somebody was spoken with.
    Spoke,
    /// This way.
    Was(Disposition),
}

impl<'de> Deserialize<'de> for HowChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "spoke" {
            return Ok(Self::Spoke);
        }
        word.parse().map(Self::Was).map_err(|_| serde::de::Error::custom("no way a call can go"))
    }
}

impl HowChoice {
    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Spoke => "spoke",
            Self::Was(disposition) => disposition.word(),
        }
    }

    fn dispositions(self) -> Vec<Disposition> {
        match self {
            Self::Spoke => Disposition::ALL.iter().copied().filter(|one| one.is_conversation()).collect(),
            Self::Was(disposition) => vec![disposition],
        }
    }
}

/// What followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FollowedChoice {
    /// It became an A by it.
    BecameA,
    /// The client took that A.
    Accepted,
    /// The client gave that A back.
    Returned,
    /// It was closed.
    Closed,
}

impl FollowedChoice {
    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BecameA => "became_a",
            Self::Accepted => "accepted",
            Self::Returned => "returned",
            Self::Closed => "closed",
        }
    }

    const fn followed(self) -> TouchFollowed {
        match self {
            Self::BecameA => TouchFollowed::BecameA,
            Self::Accepted => TouchFollowed::Accepted,
            Self::Returned => TouchFollowed::Returned,
            Self::Closed => TouchFollowed::Closed,
        }
    }
}

/// The touches that are meant.
pub fn touched(
    reader: &LeadsReader,
    day: DayChoice,
    (how, followed): (Option<HowChoice>, Option<FollowedChoice>),
) -> TouchedFilter {
    let (from, to) = day.span(reader.now, &reader.zone);
    TouchedFilter {
        user: reader.user,
        from,
        to,
        how: how.map(HowChoice::dispositions).unwrap_or_default(),
        followed: followed.map(FollowedChoice::followed),
    }
}

/// The promises that are meant: of today, those that are still ahead.
pub fn promised(reader: &LeadsReader, day: DayChoice) -> PromisedFilter {
    let (from, to) = day.span(reader.now, &reader.zone);
    PromisedFilter { user: reader.user, from: if day == DayChoice::Today { reader.now } else { from }, to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_readers_clock_and_thirty_end_with_today() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        // 21:00 of the day before in Chicago.
        let now: Timestamp = "2026-11-24T03:00:00Z".parse().unwrap();
        let span = |day: DayChoice| day.span(now, &zone);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(span(DayChoice::Today), (at("2026-11-23T06:00:00Z"), at("2026-11-24T06:00:00Z")));
        assert_eq!(span(DayChoice::Yesterday), (at("2026-11-22T06:00:00Z"), at("2026-11-23T06:00:00Z")));
        // Clocks were put back on 1 November.
        assert_eq!(span(DayChoice::Month), (at("2026-10-25T05:00:00Z"), at("2026-11-24T06:00:00Z")));
    }
}
