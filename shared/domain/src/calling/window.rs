//! Days of the week, times on the wall clock and the hours between two of them.

use std::{fmt, str::FromStr};

use jiff::civil;
use serde::{Deserialize, Serialize};

use super::InvalidCalling;
use crate::lead::words;

words! {
    /// A day of the week.
    Day "day of the week" {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

/// A time on the wall clock, in whole minutes after midnight; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WallTime(u16);

impl WallTime {
    /// `09:00`
    pub const NINE: Self = Self(9 * 60);
    /// `20:00`
    pub const TWENTY: Self = Self(20 * 60);
    /// `00:00`
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00`
    pub const END_OF_DAY: Self = Self(24 * 60);

    /// Minutes after midnight.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// The clock's time; none for the end of the day.
    pub(crate) fn on_the_clock(self) -> Option<civil::Time> {
        civil::Time::new(i8::try_from(self.0 / 60).ok()?, i8::try_from(self.0 % 60).ok()?, 0, 0).ok()
    }
}

impl FromStr for WallTime {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        let two_digits = |part: &str| -> Option<u16> {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let read = text.split_once(':').and_then(|(hours, minutes)| {
            let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
            (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(Self(hours * 60 + minutes))
        });
        read.ok_or_else(|| InvalidCalling::Time(short(text)))
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for WallTime {
    type Error = InvalidCalling;

    fn try_from(text: String) -> Result<Self, InvalidCalling> {
        text.parse()
    }
}

impl From<WallTime> for String {
    fn from(time: WallTime) -> Self {
        time.to_string()
    }
}

/// From when until when a day is open. The end is no longer open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    from: WallTime,
    to: WallTime,
}

impl Window {
    /// Open from the one until the other.
    ///
    /// # Errors
    /// Where it would end before it begins.
    pub fn new(from: WallTime, to: WallTime) -> Result<Self, InvalidCalling> {
        if from < to { Ok(Self { from, to }) } else { Err(InvalidCalling::Backwards(from.to_string(), to.to_string())) }
    }

    /// When the day opens.
    #[must_use]
    pub const fn from(self) -> WallTime {
        self.from
    }

    /// When it closes.
    #[must_use]
    pub const fn to(self) -> WallTime {
        self.to
    }

    /// The time that both have.
    #[must_use]
    pub fn common(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to)).ok()
    }

    /// Whether it is open at this time.
    pub(crate) fn holds(self, time: civil::Time) -> bool {
        let minute = u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0);
        (self.from.0..self.to.0).contains(&minute)
    }
}

/// The first and the last day of `sun`, `mon-fri` or `all`.
pub(crate) fn days_of(text: &str) -> Option<(Day, Day)> {
    if text == "all" {
        return Some((Day::Monday, Day::Sunday));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (Day, Day) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// From nine to eight in the evening.
impl Default for Window {
    fn default() -> Self {
        Self { from: WallTime::NINE, to: WallTime::TWENTY }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl Day {
    /// The calendar's.
    #[must_use]
    pub const fn weekday(self) -> civil::Weekday {
        match self {
            Self::Monday => civil::Weekday::Monday,
            Self::Tuesday => civil::Weekday::Tuesday,
            Self::Wednesday => civil::Weekday::Wednesday,
            Self::Thursday => civil::Weekday::Thursday,
            Self::Friday => civil::Weekday::Friday,
            Self::Saturday => civil::Weekday::Saturday,
            Self::Sunday => civil::Weekday::Sunday,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("00:00", Some(0))]
    #[case("09:05", Some(545))]
    #[case("24:00", Some(1440))]
    #[case("24:01", None)]
    #[case("9:00", None)]
    #[case("09:60", None)]
    #[case("+9:00", None)]
    #[case("9", None)]
    #[case("99:99", None)]
    fn times_are_written_in_one_way(#[case] text: &str, #[case] minutes: Option<u16>) {
        let read = text.parse::<WallTime>().ok();
        assert_eq!(read.map(WallTime::minutes), minutes);
        assert_eq!(read.map(|time| time.to_string()).as_deref(), minutes.map(|_| text));
    }
}
