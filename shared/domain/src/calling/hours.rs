//! The hours in which the firm lets people be called: one rule for everybody, and exceptions for countries and states.
//! The operator writes them; a promise is laid into them. Whether a law allows them is the operator's to know.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::civil::{self, Weekday};
use serde::{Deserialize, Serialize};

use super::Region;
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

/// Why a text says nothing about calling hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCalling {
    /// No time of day.
    #[error("{0:?} is no time of day: write it as 09:00, from 00:00 to 24:00")]
    Time(String),
    /// No exception.
    #[error(
        "{0:?} is no exception: write a place, its days and its hours, as in \"US-UT sat 10:00-17:00\" or \"US-AL sun closed\""
    )]
    Exception(String),
    /// The place of an exception is none.
    #[error("{0:?} is no place: write a country such as DE, or a state such as US-UT")]
    Place(String),
    /// The days of an exception are none.
    #[error("{0:?} are no days: write one such as sun, a row such as mon-fri, or all")]
    Days(String),
    /// Hours that end before they begin.
    #[error("{0}-{1} are no hours: they have to end after they begin")]
    Backwards(WallTime, WallTime),
    /// Nobody may ever be called.
    #[error("name at least one day of the week, such as \"mon\"")]
    NoDay,
    /// Two exceptions speak of the same day.
    #[error("two exceptions speak of {1} in {0}")]
    Twice(Region, Day),
    /// Nobody there may ever be called.
    #[error("{0} is closed on every day of the week, so no promise there could ever be kept: open at least one")]
    AlwaysClosed(Region),
}

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
        if from < to { Ok(Self { from, to }) } else { Err(InvalidCalling::Backwards(from, to)) }
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

    /// Whether it is open at this time.
    pub(crate) fn holds(self, time: civil::Time) -> bool {
        let minute = u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0);
        (self.from.0..self.to.0).contains(&minute)
    }
}

/// Other hours on some days of the week in one country or state: `US-UT sat 10:00-17:00`, `DE all 09:00-19:00`,
/// `US-AL sun closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Exception {
    place: Region,
    first: Day,
    last: Day,
    window: Option<Window>,
}

impl FromStr for Exception {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        let mut words = text.split_ascii_whitespace();
        let (Some(place), Some(days), Some(hours), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(InvalidCalling::Exception(short(text)));
        };
        let window = match hours.split_once('-') {
            None if hours == "closed" => None,
            Some((from, to)) => Some(Window::new(from.parse()?, to.parse()?)?),
            None => return Err(InvalidCalling::Exception(short(text))),
        };
        let place = place.parse().map_err(|()| InvalidCalling::Place(short(place)))?;
        let (first, last) = days_of(days).ok_or_else(|| InvalidCalling::Days(short(days)))?;
        Ok(Self { place, first, last, window })
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

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.first)?;
        if self.first != self.last {
            write!(f, "-{}", self.last)?;
        }
        match self.window {
            Some(Window { from, to }) => write!(f, " {from}-{to}"),
            None => f.write_str(" closed"),
        }
    }
}

impl TryFrom<String> for Exception {
    type Error = InvalidCalling;

    fn try_from(text: String) -> Result<Self, InvalidCalling> {
        text.parse()
    }
}

impl From<Exception> for String {
    fn from(exception: Exception) -> Self {
        exception.to_string()
    }
}

/// Monday first; none on a day that is closed.
type Week = [Option<Window>; 7];

/// When people may be called, by the wall clock of the place where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    general: Week,
    /// Whole weeks: what an exception does not speak of is its country's, else the general rule's.
    exceptions: BTreeMap<Region, Week>,
}

/// Monday to Saturday, from nine to eight in the evening.
impl Default for Hours {
    fn default() -> Self {
        let window = Some(Window { from: WallTime::NINE, to: WallTime::TWENTY });
        Self { general: [window, window, window, window, window, window, None], exceptions: BTreeMap::new() }
    }
}

impl Hours {
    /// The same hours on these days for everybody, but for the exceptions.
    ///
    /// # Errors
    /// Where nobody, or nobody in some place, could ever be called, and where exceptions contradict each other.
    pub fn new(window: Window, days: &[Day], exceptions: &[Exception]) -> Result<Self, InvalidCalling> {
        if days.is_empty() {
            return Err(InvalidCalling::NoDay);
        }
        let mut hours = Self { general: [None; 7], exceptions: BTreeMap::new() };
        for day in days {
            hours.general[*day as usize] = Some(window);
        }
        let mut said = Vec::new();
        // Countries first: their states go by them.
        let countries = exceptions.iter().filter(|exception| exception.place.is_country());
        let states = exceptions.iter().filter(|exception| !exception.place.is_country());
        for Exception { place, first, last, window } in countries.chain(states) {
            let mut week = *hours.week(Some(*place));
            for day in Day::ALL.iter().filter(|day| (first..=last).contains(day)) {
                if said.contains(&(*place, *day)) {
                    return Err(InvalidCalling::Twice(*place, *day));
                }
                said.push((*place, *day));
                week[*day as usize] = *window;
            }
            hours.exceptions.insert(*place, week);
        }
        match hours.exceptions.iter().find(|(_, week)| week.iter().all(Option::is_none)) {
            Some((place, _)) => Err(InvalidCalling::AlwaysClosed(*place)),
            None => Ok(hours),
        }
    }

    fn week(&self, region: Option<Region>) -> &Week {
        let own = region.and_then(|region| self.exceptions.get(&region));
        let countrys = || region.and_then(|region| self.exceptions.get(&region.country()));
        own.or_else(countrys).unwrap_or(&self.general)
    }

    /// The hours of a day of the week there; none where it is closed.
    #[must_use]
    pub fn on(&self, region: Option<Region>, weekday: Weekday) -> Option<Window> {
        let monday_first = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
        self.week(region)[monday_first]
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn window(text: &str) -> Window {
        let (from, to) = text.split_once('-').unwrap();
        Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn hours(exceptions: &[&str]) -> Result<Hours, InvalidCalling> {
        let exceptions: Vec<_> = exceptions.iter().map(|text| text.parse().unwrap()).collect();
        Hours::new(window("09:00-20:00"), &Day::ALL[..6], &exceptions)
    }

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

    #[rstest]
    #[case("US-UT sat 10:00-17:00", "US-UT sat 10:00-17:00")]
    #[case("DE all 08:00-19:00", "DE mon-sun 08:00-19:00")]
    #[case("US-AL sun closed", "US-AL sun closed")]
    #[case("CA-QC mon-fri 09:00-24:00", "CA-QC mon-fri 09:00-24:00")]
    fn an_exception_is_read_and_written(#[case] text: &str, #[case] written: &str) {
        let exception: Exception = text.parse().unwrap();
        assert_eq!(exception.to_string(), written);
        assert_eq!(written.parse(), Ok(exception));
    }

    #[rstest]
    #[case("US-UT sat", "is no exception")]
    #[case("US-UT sat 10:00-17:00 please", "is no exception")]
    #[case("US-UT sat open", "is no exception")]
    #[case("Utah sat 10:00-17:00", "\"Utah\" is no place")]
    #[case("US-QQ sat 10:00-17:00", "\"US-QQ\" is no place")]
    #[case("US-UT saturday 10:00-17:00", "\"saturday\" are no days")]
    #[case("US-UT fri-mon 10:00-17:00", "\"fri-mon\" are no days")]
    #[case("US-UT sat 10:00-1700", "\"1700\" is no time of day")]
    #[case("US-UT sat 17:00-10:00", "17:00-10:00 are no hours")]
    fn a_bad_exception_says_why(#[case] text: &str, #[case] why: &str) {
        let refused = text.parse::<Exception>().unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }

    #[test]
    fn the_default_is_what_the_general_rule_says() {
        assert_eq!(hours(&[]), Ok(Hours::default()));
    }

    #[test]
    fn a_state_goes_before_its_country_and_that_before_the_rule() {
        let hours = hours(&["US-UT sat 10:00-17:00", "US sat-sun 11:00-16:00", "US mon 12:00-13:00"]).unwrap();
        let region = |text: &str| Some(text.parse().unwrap());
        let on = |text, weekday| hours.on(region(text), weekday);
        assert_eq!(on("US-UT", Weekday::Saturday), Some(window("10:00-17:00")));
        assert_eq!(on("US-UT", Weekday::Sunday), Some(window("11:00-16:00")));
        assert_eq!(on("US-UT", Weekday::Monday), Some(window("12:00-13:00")));
        assert_eq!(on("US-UT", Weekday::Tuesday), Some(window("09:00-20:00")));
        assert_eq!(on("US-NY", Weekday::Saturday), Some(window("11:00-16:00")));
        assert_eq!(on("DE", Weekday::Saturday), Some(window("09:00-20:00")));
        assert_eq!(on("DE", Weekday::Sunday), None);
        assert_eq!(hours.on(None, Weekday::Sunday), None);
    }

    #[test]
    fn contradictions_and_hours_without_an_opening_are_refused() {
        let says = |exceptions: &[&str]| hours(exceptions).unwrap_err().to_string();
        assert_eq!(says(&["US-UT sat closed", "US-UT fri-sat 10:00-12:00"]), "two exceptions speak of sat in US-UT");
        assert!(says(&["DE all closed"]).starts_with("DE is closed on every day"));
        assert!(says(&["DE mon-sat closed"]).starts_with("DE is closed on every day"));
        assert_eq!(Hours::new(window("09:00-20:00"), &[], &[]), Err(InvalidCalling::NoDay));
    }
}
