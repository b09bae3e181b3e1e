//! Hours of single places as the operator writes them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    Day, InvalidCalling, Region, Window,
    window::{days_of, short},
};

/// Other hours on some days of the week in one country or state: `US-UT sat 10:00-17:00`, `DE all 09:00-19:00`,
/// `US-AL sun closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Exception {
    pub(super) place: Region,
    pub(super) first: Day,
    pub(super) last: Day,
    pub(super) window: Option<Window>,
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

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.first)?;
        if self.first != self.last {
            write!(f, "-{}", self.last)?;
        }
        match self.window {
            Some(window) => write!(f, " {window}"),
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

impl Exception {
    /// The days that it speaks of.
    pub(super) fn days(&self) -> impl Iterator<Item = Day> {
        Day::ALL.iter().copied().filter(|day| (self.first..=self.last).contains(day))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

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
}
