//! When a person of the firm says the next step is: a moment, a day, a month, or so many days from now. A lead's own words
//! of time ("the lease ends in May") are a window, and the step falls due when the window opens.

use std::{fmt, str::FromStr};

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime, Time},
};

use crate::calling::{Hours, Place, is_allowed, next_allowed};

/// How far ahead a promise may lie, in days: further is a slip of the pen.
const FURTHEST_DAYS: i64 = 3_660;

/// A time as people write it. Its text forms are those of [`InvalidWhen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// By the clock of the place where the person is.
    Moment(DateTime),
    /// Some time in these days, both included.
    Days {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
    },
    /// So many days from now, by the calendar of the place where the person is.
    Ahead(i64),
}

/// A text that names no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time: write a moment by the person's clock, without an offset (2027-04-03T14:30), a day (2027-04-03), days (2027-04-03/2027-04-09), a month \
     (2027-04), a quarter (2027-Q2), a year (2027) or days from now (30d)"
)]
pub struct InvalidWhen(String);

impl FromStr for When {
    type Err = InvalidWhen;

    fn from_str(text: &str) -> Result<Self, InvalidWhen> {
        let text = text.trim();
        // Cut: the text stands in an error that is logged and sent back.
        read(text).ok_or_else(|| InvalidWhen(text.chars().take(64).collect()))
    }
}

fn read(text: &str) -> Option<When> {
    if let Some(days) = text.strip_suffix('d') {
        return digits(days).map(When::Ahead);
    }
    // Before the moment: a range of days has a slash, a moment has none.
    if let Some((from, to)) = text.split_once('/') {
        let ((from, _), (_, to)) = (days_of(from)?, days_of(to)?);
        return (from <= to).then_some(When::Days { from, to });
    }
    if let Some((_, clock)) = text.split_once(['T', ' ']) {
        // It is by the person's clock: an offset would be left out, and the call promised hours off.
        return if clock.contains(['+', '-']) { None } else { text.parse().ok().map(When::Moment) };
    }
    days_of(text).map(|(from, to)| When::Days { from, to })
}

/// First and last day of a day, month, quarter or year.
fn days_of(text: &str) -> Option<(Date, Date)> {
    let parts: Vec<_> = text.split('-').collect();
    // Four digits: "27" would be the year 27.
    let year = i16::try_from(digits(parts.first().filter(|year| year.len() == 4)?)?).ok()?;
    let two = |part: &str| digits(part).filter(|_| part.len() == 2).and_then(|n| i8::try_from(n).ok());
    match parts.as_slice() {
        [_] => Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?)),
        [_, quarter] if quarter.starts_with('Q') => {
            let quarter = digits(&quarter[1..]).filter(|n| (1..=4).contains(n) && quarter.len() == 2)?;
            let last = i8::try_from(quarter * 3).ok()?;
            Some((Date::new(year, last - 2, 1).ok()?, Date::new(year, last, 1).ok()?.last_of_month()))
        }
        [_, month] => {
            let first = Date::new(year, two(month)?, 1).ok()?;
            Some((first, first.last_of_month()))
        }
        [_, month, day] => {
            let date = Date::new(year, two(month)?, two(day)?).ok()?;
            Some((date, date))
        }
        _ => None,
    }
}

fn digits(text: &str) -> Option<i64> {
    // Five digits at most: more than any bound of days, and no overflow to think of.
    let plain = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// The day or days are named, in the form that is read.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moment(at) => write!(f, "{at}"),
            Self::Days { from, to } if from == to => write!(f, "{from}"),
            Self::Days { from, to } => write!(f, "{from}/{to}"),
            Self::Ahead(days) => write!(f, "{days}d"),
        }
    }
}

/// When a promise falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Not before: in hours in which the person may be called.
    pub at: Timestamp,
    /// Before this; none where it is a moment.
    pub until: Option<Timestamp>,
}

/// A time that cannot be promised, and what could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDueDate {
    /// It is over.
    #[error("{0} is past")]
    Past(When),
    /// It is too far ahead.
    #[error("{0} is more than ten years ahead")]
    TooFar(When),
    /// The person may not be called then.
    #[error("nobody may be called at {0} where this person is: the next moment is {1}")]
    Closed(When, DateTime),
}

impl When {
    /// When it falls due for a person who is at these places, of which the first counts for the calendar.
    ///
    /// # Errors
    /// When it is past, too far ahead, or at a time at which the person may not be called.
    pub fn due(self, now: Timestamp, hours: &Hours, places: &[Place]) -> Result<Due, InvalidDueDate> {
        // Without a place there is no calendar to count by.
        let Some(home) = places.first() else { return Err(InvalidDueDate::Past(self)) };
        // The person's date, which may be another than the firm's.
        let today = home.zone.to_datetime(now).date();
        let last = today.checked_add(Span::new().days(FURTHEST_DAYS)).unwrap_or(Date::MAX);
        let start = |date: Date| home.zone.to_timestamp(date.to_datetime(Time::midnight())).ok();
        let (from, to) = match self {
            Self::Moment(at) => return self.moment(at, now, hours, places),
            Self::Days { from, to } => (from, to),
            Self::Ahead(days) => {
                let date = Span::new().try_days(days).and_then(|span| today.checked_add(span));
                let date = date.map_err(|_| InvalidDueDate::TooFar(self))?;
                (date, date)
            }
        };
        if from > last {
            return Err(InvalidDueDate::TooFar(self));
        }
        let until =
            // The last day may be today: it counts until the person's midnight.
            to.tomorrow().ok().and_then(start).filter(|until| *until > now).ok_or(InvalidDueDate::Past(self))?;
        // Not before `now`, where the window is open already, and not outside of the hours in which the person may be
        // called.
        let at = next_allowed(start(from).unwrap_or(now).max(now), hours, places);
        match self {
            _ if at < until => Ok(Due { at, until: Some(until) }),
            // So many days from now may be a Sunday: nobody meant that day and no other.
            Self::Ahead(_) => Ok(Due { at, until: home.zone.to_datetime(at).date().tomorrow().ok().and_then(start) }),
            _ => Err(InvalidDueDate::Closed(self, home.zone.to_datetime(at))),
        }
    }

    /// As [`Self::due`]; where nobody may be called then, on the next day on which somebody may, and whether that is so.
    ///
    /// # Errors
    /// When it is past or too far ahead.
    pub fn due_or_next(self, now: Timestamp, hours: &Hours, places: &[Place]) -> Result<(Due, bool), InvalidDueDate> {
        let closed = match self.due(now, hours, places) {
            Err(InvalidDueDate::Closed(_, next)) => next,
            due => return due.map(|due| (due, false)),
        };
        let home = places.first().ok_or(InvalidDueDate::Past(self))?;
        let instant = |at: DateTime| home.zone.to_timestamp(at).map_err(|_| InvalidDueDate::TooFar(self));
        let next_day = closed.date().tomorrow().map_err(|_| InvalidDueDate::TooFar(self))?;
        let until = instant(next_day.to_datetime(Time::midnight()))?;
        Ok((Due { at: instant(closed)?, until: Some(until) }, true))
    }

    fn moment(self, at: DateTime, now: Timestamp, hours: &Hours, places: &[Place]) -> Result<Due, InvalidDueDate> {
        let home = places.first().ok_or(InvalidDueDate::Past(self))?;
        // A time that the clock there skips is taken as the one after the gap, and one shown twice as the first.
        let at = home.zone.to_timestamp(at).ok().filter(|at| *at > now).ok_or(InvalidDueDate::Past(self))?;
        if at.duration_since(now).as_hours() > FURTHEST_DAYS * 24 {
            return Err(InvalidDueDate::TooFar(self));
        }
        // Refused, not moved: a moment was agreed in words, and the person would be called at another.
        if !is_allowed(at, hours, places) {
            return Err(InvalidDueDate::Closed(self, home.zone.to_datetime(next_allowed(at, hours, places))));
        }
        Ok(Due { at, until: None })
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::calling::Whereabouts;

    const NOW: &str = "2026-11-22T18:00:00Z";

    fn places(zone: &str) -> Vec<Place> {
        vec![Place { region: None, zone: TimeZone::get(zone).unwrap() }]
    }

    fn due(text: &str, zone: &str) -> Result<(String, Option<String>), String> {
        let when: When = text.parse().map_err(|error: InvalidWhen| error.to_string())?;
        let due = when.due(NOW.parse().unwrap(), &Hours::default(), &places(zone));
        due.map(|due| (due.at.to_string(), due.until.map(|at| at.to_string()))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_window_falls_due_when_its_first_day_opens_and_lasts_to_the_end_of_its_last() {
        for (text, at, until) in [
            ("2027-04", "2027-04-01T14:00:00Z", "2027-05-01T05:00:00Z"),
            ("2027-04-05", "2027-04-05T14:00:00Z", "2027-04-06T05:00:00Z"),
            ("2027-04-05/2027-04-09", "2027-04-05T14:00:00Z", "2027-04-10T05:00:00Z"),
            ("2027-04/2027-05", "2027-04-01T14:00:00Z", "2027-06-01T05:00:00Z"),
            ("2027-Q2", "2027-04-01T14:00:00Z", "2027-07-01T05:00:00Z"),
            ("2028", "2028-01-01T15:00:00Z", "2029-01-01T06:00:00Z"),
            ("2026-11", "2026-11-23T15:00:00Z", "2026-12-01T06:00:00Z"),
            ("30d", "2026-12-22T15:00:00Z", "2026-12-23T06:00:00Z"),
        ] {
            assert_eq!(due(text, "America/Chicago"), Ok((at.to_owned(), Some(until.to_owned()))), "{text}");
        }
    }

    #[test]
    fn a_moment_with_an_offset_is_refused_and_not_read_without_it() {
        for text in
            ["2026-12-03T10:30-06:00", "2026-12-03 10:30+05:00", "2026-12-03T10:30:00-06:00", "2026-12-03T10:30Z"]
        {
            assert!(due(text, "Europe/Berlin").is_err_and(|why| why.contains("without an offset")), "{text}");
        }
    }

    #[test]
    fn days_ahead_keep_their_hour_across_the_change_of_the_clock() {
        let hour = |text: &str| due(text, "America/Chicago").unwrap().0[11..16].to_owned();
        assert_eq!(
            (hour("111d"), hour("114d")),
            ("15:00".to_owned(), "14:00".to_owned()),
            "summer time begins between"
        );
        assert_eq!(due("114d", "America/Phoenix").unwrap().0, "2027-03-16T16:00:00Z", "a place without it");
        assert_eq!(due("112d", "America/Chicago").unwrap().0, "2027-03-15T14:00:00Z", "the Monday after a Sunday");
    }

    #[test]
    fn a_day_on_which_nobody_may_be_called_is_put_on_the_next() {
        let next = |text: &str| {
            let when: When = text.parse().unwrap();
            let due = when.due_or_next(NOW.parse().unwrap(), &Hours::default(), &places("America/Chicago"));
            due.map(|(due, is_moved)| (due.at.to_string(), due.until.map(|at| at.to_string()), is_moved))
        };
        let monday = ("2027-04-05T14:00:00Z".to_owned(), Some("2027-04-06T05:00:00Z".to_owned()));
        assert_eq!(next("2027-04-04").unwrap(), (monday.0.clone(), monday.1.clone(), true), "a Sunday");
        assert_eq!(next("2027-04-05").unwrap(), (monday.0, monday.1, false));
        assert!(matches!(next("2020-01-05"), Err(InvalidDueDate::Past(_))));
    }

    #[test]
    fn a_moment_is_by_the_clock_of_the_place() {
        assert_eq!(due("2027-04-05T14:30", "America/Chicago"), Ok(("2027-04-05T19:30:00Z".to_owned(), None)));
        assert_eq!(due("2027-04-05 14:30", "Europe/Berlin"), Ok(("2027-04-05T12:30:00Z".to_owned(), None)));
    }

    #[test]
    fn what_cannot_be_promised_is_refused_with_the_reason() {
        for (text, why) in [
            ("2026-11-21", "is past"),
            ("2026-10", "is past"),
            ("2026-11-22T09:00", "is past"),
            ("2037-01", "more than ten years ahead"),
            ("9999d", "more than ten years ahead"),
            ("2027-04-05T22:30", "the next moment is 2027-04-06T09:00:00"),
            ("2026-11-22", "the next moment is 2026-11-23T09:00:00"),
        ] {
            let refused = due(text, "America/Chicago").unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "soon",
            "2027-13",
            "2027-02-30",
            "2027-Q5",
            "2027-Q",
            "2027-4",
            "27-04",
            "2027-05/2027-04",
            "2027-04-05T",
            "-3d",
            "d",
            "123456d",
            "2027-04-05-06",
            "2027-04-05T25:00",
            "２０２７",
        ] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
        assert_eq!("2027-04".parse::<When>().unwrap().to_string(), "2027-04-01/2027-04-30");
    }

    #[test]
    fn only_hours_that_every_place_allows_count() {
        let apart = Whereabouts {
            postal_code: Some("10001"),
            phone: Some("+14155550100"),
            country: Some("US"),
            client_time_zone: "UTC",
            time_zone: None,
        };
        let when: When = "2027-04-05".parse().unwrap();
        let due = when.due(NOW.parse().unwrap(), &Hours::default(), &apart.places()).unwrap();
        assert_eq!(due.at.to_string(), "2027-04-05T16:00:00Z", "nine in San Francisco, noon in New York");
        let early: When = "2027-04-05T10:00".parse().unwrap();
        assert!(early.due(NOW.parse().unwrap(), &Hours::default(), &apart.places()).is_err());
    }
}
