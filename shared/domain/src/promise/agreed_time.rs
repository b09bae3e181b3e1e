//! The hour that was agreed: what a clock shows, and whose clock. The instant follows from it by the rules of the zone, and those
//! change.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// A civil date and time with its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedTime {
    /// What the clock shows.
    pub civil: DateTime,
    /// Whose clock: a name of the tz database.
    pub zone: String,
}

impl AgreedTime {
    /// What the zone's clock shows at an instant; none for a zone without a name that is known.
    #[must_use]
    pub fn at(instant: Timestamp, zone: &str) -> Option<Self> {
        let clock = TimeZone::get(zone).ok()?;
        Some(Self { civil: clock.to_datetime(instant), zone: zone.to_owned() })
    }

    /// The instant, by the rules that are known now. An hour that the clock skips is the one after it, and of an hour that comes
    /// twice the first.
    #[must_use]
    pub fn instant(&self) -> Option<Timestamp> {
        TimeZone::get(&self.zone).ok()?.to_timestamp(self.civil).ok()
    }

    /// The instant, where it is ahead and another than the one a promise has: the rules changed since it was made.
    ///
    /// What is past was put off since, or is work already, and is not brought back.
    #[must_use]
    pub fn moved_from(&self, due_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        self.instant().filter(|instant| *instant != due_at && *instant > now && due_at > now)
    }
}

/// `2027-04-12 14:30 America/Chicago`
impl fmt::Display for AgreedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.civil.strftime("%F %H:%M"), self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_hour_stays_and_the_instant_follows_the_rules() {
        let agreed = AgreedTime::at(at("2027-04-12T19:30:00Z"), "America/Chicago").unwrap();
        assert_eq!(agreed.to_string(), "2027-04-12 14:30 America/Chicago");
        assert_eq!(agreed.instant(), Some(at("2027-04-12T19:30:00Z")));
        // As a process wrote it that did not know of summer time there.
        let now = at("2026-11-29T10:00:00Z");
        assert_eq!(agreed.moved_from(at("2027-04-12T20:30:00Z"), now), Some(at("2027-04-12T19:30:00Z")));
        assert_eq!(agreed.moved_from(at("2027-04-12T19:30:00Z"), now), None, "it is there");
    }

    #[test]
    fn what_is_past_or_was_put_off_stays() {
        let agreed = AgreedTime::at(at("2027-04-12T19:30:00Z"), "America/Chicago").unwrap();
        assert_eq!(agreed.moved_from(at("2027-04-13T14:00:00Z"), at("2027-04-12T20:00:00Z")), None, "put off");
        assert_eq!(agreed.moved_from(at("2027-04-12T18:30:00Z"), at("2027-04-12T19:00:00Z")), None, "it fell due");
        assert_eq!(AgreedTime::at(at("2027-04-12T19:30:00Z"), "Mars/Olympus"), None);
    }

    #[test]
    fn an_hour_that_a_clock_skips_or_shows_twice_is_still_one_instant() {
        let agreed = |civil: &str| AgreedTime { civil: civil.parse().unwrap(), zone: "America/Chicago".to_owned() };
        assert_eq!(agreed("2027-03-14T02:30").instant(), Some(at("2027-03-14T08:30:00Z")), "half past three");
        assert_eq!(agreed("2027-11-07T01:30").instant(), Some(at("2027-11-07T06:30:00Z")));
    }
}
