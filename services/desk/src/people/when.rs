//! Instants as whoever reads the page writes them: how long ago, with the whole date and the zone on demand.

use std::{borrow::Borrow, fmt};

use jiff::{Timestamp, tz::TimeZone};

use super::viewer::Viewer;

/// Pages name it by its short name.
pub use self::ReadersTime as When;

/// How one viewer reads instants.
#[derive(Debug, Clone)]
pub struct ReadersTime {
    now: Timestamp,
    zone: TimeZone,
    has_twelve_hours: bool,
}

impl ReadersTime {
    /// As this viewer reads them.
    #[must_use]
    pub fn of(viewer: &Viewer, now: Timestamp) -> Self {
        Self { now, zone: viewer.zone(), has_twelve_hours: viewer.has_twelve_hours() }
    }

    /// By the clock of a place, with hours to 23.
    #[cfg(test)]
    pub(super) fn at_clock(now: Timestamp, zone: TimeZone) -> Self {
        Self { now, zone, has_twelve_hours: false }
    }

    /// The same in another place: a lead's.
    #[must_use]
    pub fn there(&self, zone: TimeZone) -> Self {
        Self { zone, ..self.clone() }
    }

    /// Whose clock it is.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.zone.clone()
    }

    /// The present.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The hour, as in `17:07` or `5:07 pm`.
    #[must_use]
    pub fn hour(&self, at: impl Borrow<Timestamp>) -> String {
        let at = *at.borrow();
        let there = at.to_zoned(self.zone.clone());
        if !self.has_twelve_hours {
            return there.strftime("%H:%M").to_string();
        }
        let hour = match there.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        format!("{hour}:{:02} {}", there.minute(), if there.hour() < 12 { "am" } else { "pm" })
    }

    /// The whole of it, as in `Tue 24 Nov 2026, 10:00 Chicago`.
    #[must_use]
    pub fn whole(&self, at: impl Borrow<Timestamp>) -> String {
        let at = *at.borrow();
        format!("{}, {} {}", self.whole_day(at), self.hour(at), self.place())
    }

    /// The day of it, as in `Tue 24 Nov 2026`.
    #[must_use]
    pub fn whole_day(&self, at: impl Borrow<Timestamp>) -> String {
        at.borrow().to_zoned(self.zone.clone()).strftime("%a %-d %b %Y").to_string()
    }

    /// Whether it is a time of this day.
    #[must_use]
    pub fn is_today(&self, at: impl Borrow<Timestamp>) -> bool {
        at.borrow().to_zoned(self.zone.clone()).date() == self.now.to_zoned(self.zone.clone()).date()
    }

    /// Whether it is a time of the day that follows.
    #[must_use]
    pub fn is_tomorrow(&self, at: impl Borrow<Timestamp>) -> bool {
        let tomorrow = self.now.to_zoned(self.zone.clone()).tomorrow();
        tomorrow.is_ok_and(|tomorrow| tomorrow.date() == at.borrow().to_zoned(self.zone.clone()).date())
    }

    /// The day, as in `16 Nov`; with its year where that is another.
    #[must_use]
    pub fn day(&self, at: impl Borrow<Timestamp>) -> String {
        let there = at.borrow().to_zoned(self.zone.clone());
        let is_this_year = there.year() == self.now.to_zoned(self.zone.clone()).year();
        there.strftime(if is_this_year { "%-d %b" } else { "%-d %b %Y" }).to_string()
    }

    /// The place of the clock, as in `Chicago`.
    #[must_use]
    pub fn place(&self) -> String {
        let name = self.zone.iana_name().unwrap_or("UTC");
        name.rsplit('/').next().unwrap_or(name).replace('_', " ")
    }

    /// How long ago or ahead, in words: `3 min ago`, `in 2 days`, `9 Dec`.
    #[must_use]
    pub fn near(&self, at: impl Borrow<Timestamp>) -> String {
        let at = *at.borrow();
        let seconds = at.duration_since(self.now).as_secs();
        let (size, is_ahead) = (seconds.unsigned_abs(), seconds > 0);
        let amount = match size {
            0..45 => return "now".to_owned(),
            45..5_400 => Amount(size.div_ceil(60).max(1), "min"),
            5_400..129_600 => Amount((size + 1_800) / 3_600, "h"),
            129_600..5_184_000 => Amount((size + 43_200) / 86_400, "days"),
            _ => return at.to_zoned(self.zone.clone()).strftime("%-d %b %Y").to_string(),
        };
        if is_ahead { format!("in {amount}") } else { format!("{amount} ago") }
    }

    /// The same where there is little room: `3 min`, `33 d`, `in 2 d`, `9 Dec 2026`.
    #[must_use]
    pub fn short(&self, at: impl Borrow<Timestamp>) -> String {
        let near = self.near(at);
        let size = near.strip_suffix(" ago").unwrap_or(&near);
        size.strip_suffix(" days").map_or_else(|| size.to_owned(), |days| format!("{days} d"))
    }
}

struct Amount(u64, &'static str);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(has_twelve_hours: bool) -> When {
        let zone = TimeZone::get("America/Chicago").unwrap();
        When { now: "2026-11-24T16:03:00Z".parse().unwrap(), zone, has_twelve_hours }
    }

    #[test]
    fn near_is_told_in_words_and_far_by_its_date() {
        let near = |at: &str| when(false).near(at.parse::<Timestamp>().unwrap());
        assert_eq!(near("2026-11-24T16:02:50Z"), "now");
        assert_eq!(near("2026-11-24T16:00:00Z"), "3 min ago");
        assert_eq!(near("2026-11-24T20:03:00Z"), "in 4 h");
        assert_eq!(near("2026-12-09T16:00:00Z"), "in 15 days");
        assert_eq!(near("2027-04-16T15:00:00Z"), "16 Apr 2027");
    }

    #[test]
    fn an_age_is_short_where_there_is_little_room() {
        let short = |at: &str| when(false).short(at.parse::<Timestamp>().unwrap());
        assert_eq!(short("2026-11-24T16:02:50Z"), "now");
        assert_eq!(short("2026-11-24T16:00:00Z"), "3 min");
        assert_eq!(short("2026-10-22T16:03:00Z"), "33 d");
        assert_eq!(short("2026-12-09T16:00:00Z"), "in 15 d");
        assert_eq!(short("2026-04-16T15:00:00Z"), "16 Apr 2026");
    }

    #[test]
    fn the_clock_is_the_readers() {
        let at: Timestamp = "2026-11-24T23:07:00Z".parse().unwrap();
        assert_eq!(when(false).whole(at), "Tue 24 Nov 2026, 17:07 Chicago");
        assert_eq!(when(true).hour(at), "5:07 pm");
        let day = |at: &str| when(false).day(at.parse::<Timestamp>().unwrap());
        assert_eq!([day("2026-11-17T03:00:00Z"), day("2025-11-16T15:00:00Z")], ["16 Nov", "16 Nov 2025"]);
    }
}
