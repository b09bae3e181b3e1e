//! Days of the year on which nobody is called, by the rules that calendars are made from: fixed dates, the so-many-eth weekday of
//! a month, days from Easter. Pure arithmetic: a year is as good as another.

use std::{fmt, str::FromStr};

use jiff::{
    Span,
    civil::{Date, Weekday},
};
use serde::{Deserialize, Serialize};

use super::{Day, InvalidCalling, Region, window::short};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const COUNTED: [&str; 5] = ["1st", "2nd", "3rd", "4th", "last"];

/// A day of every year: `12-25`, `07-04 observed`, `4th thu nov`, `last mon may`, `easter-2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holiday(HolidayRule);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HolidayRule {
    Fixed {
        month: i8,
        day: i8,
        moved: Moved,
    },
    /// From the first (0) to the fourth, or the last (4), such weekday of a month.
    Counted {
        which: usize,
        weekday: Day,
        month: i8,
    },
    /// So many days after Easter Sunday of the western churches.
    Easter(i32),
}

/// Which weekday is free too where the day falls on a weekend. The day itself always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Never,
    /// Friday before a Saturday, Monday after a Sunday.
    Observed,
    /// Monday after a Sunday.
    SundayToMonday,
    /// Monday after either.
    WeekendToMonday,
}

const MOVED: [(&str, Moved); 3] =
    [("observed", Moved::Observed), ("sun-mon", Moved::SundayToMonday), ("weekend-mon", Moved::WeekendToMonday)];

impl Holiday {
    /// Whether the date is this day.
    #[must_use]
    pub fn is_on(self, date: Date) -> bool {
        match self.0 {
            HolidayRule::Fixed { month, day, moved } => is_fixed(date, month, day) || is_moved(date, month, day, moved),
            HolidayRule::Counted { which, weekday, month } => {
                let nth = if which == 4 { -1 } else { i8::try_from(which).unwrap_or(0) + 1 };
                date.month() == month && date.nth_weekday_of_month(nth, weekday.weekday()).is_ok_and(|day| day == date)
            }
            HolidayRule::Easter(days) => {
                let easter = Span::new().try_days(-days).and_then(|back| date.checked_add(back));
                easter.is_ok_and(|easter| easter_of(date.year()) == Some(easter))
            }
        }
    }
}

fn is_fixed(date: Date, month: i8, day: i8) -> bool {
    (date.month(), date.day()) == (month, day)
}

/// Whether the day itself lies on the weekend beside this date and is moved here.
fn is_moved(date: Date, month: i8, day: i8, moved: Moved) -> bool {
    let falls = |ahead: i32| date.checked_add(Span::new().days(ahead)).is_ok_and(|other| is_fixed(other, month, day));
    match (moved, date.weekday()) {
        (Moved::Observed, Weekday::Friday) => falls(1),
        (Moved::Observed | Moved::SundayToMonday, Weekday::Monday) => falls(-1),
        (Moved::WeekendToMonday, Weekday::Monday) => falls(-1) || falls(-2),
        _ => false,
    }
}

/// Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher's algorithm).
fn easter_of(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()
}

impl FromStr for Holiday {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        read(text).map(Self).ok_or_else(|| InvalidCalling::Holiday(short(text)))
    }
}

fn read(text: &str) -> Option<HolidayRule> {
    if let Some(days) = text.strip_prefix("easter") {
        let days = if days.is_empty() { 0 } else { days.strip_prefix('+').unwrap_or(days).parse().ok()? };
        return (-100..=100).contains(&days).then_some(HolidayRule::Easter(days));
    }
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    if let [which, weekday, month] = words[..] {
        let which = COUNTED.iter().position(|word| *word == which)?;
        let month = MONTHS.iter().position(|word| *word == month).and_then(|at| i8::try_from(at + 1).ok())?;
        return Some(HolidayRule::Counted { which, weekday: weekday.parse().ok()?, month });
    }
    let moved = match words[..] {
        [_] => Moved::Never,
        [_, word] => MOVED.iter().find(|(known, _)| *known == word).map(|(_, moved)| *moved)?,
        _ => return None,
    };
    let (month, day) = words[0].split_once('-')?;
    let two =
        |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i8>().ok())?;
    let (month, day) = (two(month)?, two(day)?);
    // A leap year, so that the 29th of February is one.
    Date::new(2024, month, day).ok().map(|_| HolidayRule::Fixed { month, day, moved })
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            HolidayRule::Fixed { month, day, moved } => {
                write!(f, "{month:02}-{day:02}")?;
                MOVED.iter().find(|(_, known)| *known == moved).map_or(Ok(()), |(word, _)| write!(f, " {word}"))
            }
            HolidayRule::Counted { which, weekday, month } => {
                let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"");
                write!(f, "{} {weekday} {month}", COUNTED.get(which).unwrap_or(&""))
            }
            HolidayRule::Easter(0) => f.write_str("easter"),
            HolidayRule::Easter(days) => write!(f, "easter{days:+}"),
        }
    }
}

/// A holiday of the firm's own, in one place or everywhere: `US 12-24`, `all 12-31`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FirmHoliday {
    pub(super) place: Option<Region>,
    pub(super) holiday: Holiday,
}

impl FromStr for FirmHoliday {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        let (place, day) = text.trim().split_once(' ').ok_or_else(|| InvalidCalling::Holiday(short(text)))?;
        let place = place_or_all(place)?;
        let holiday = day.trim().parse().map_err(|_| InvalidCalling::Holiday(short(text)))?;
        Ok(Self { place, holiday })
    }
}

/// A place, or none for `all`.
pub(super) fn place_or_all(text: &str) -> Result<Option<Region>, InvalidCalling> {
    if text == "all" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|()| InvalidCalling::Place(short(text)))
}

impl fmt::Display for FirmHoliday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{place} {}", self.holiday),
            None => write!(f, "all {}", self.holiday),
        }
    }
}

impl TryFrom<String> for FirmHoliday {
    type Error = InvalidCalling;

    fn try_from(text: String) -> Result<Self, InvalidCalling> {
        text.parse()
    }
}

impl From<FirmHoliday> for String {
    fn from(holiday: FirmHoliday) -> Self {
        holiday.to_string()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn days(text: &str, year: i16) -> Vec<String> {
        let holiday: Holiday = text.parse().unwrap();
        assert_eq!(holiday.to_string().parse(), Ok(holiday));
        let first = Date::new(year, 1, 1).unwrap();
        let all = first.series(Span::new().days(1)).take_while(|date| date.year() == year);
        all.filter(|date| holiday.is_on(*date)).map(|date| date.to_string()[5..].to_owned()).collect()
    }

    #[rstest]
    #[case("12-25", 2026, &["12-25"])]
    #[case("4th thu nov", 2026, &["11-26"])]
    #[case("4th thu nov", 2029, &["11-22"])]
    #[case("last mon may", 2026, &["05-25"])]
    #[case("1st mon sep", 2025, &["09-01"])]
    #[case("3rd mon jan", 2027, &["01-18"])]
    #[case("easter", 2026, &["04-05"])]
    #[case("easter", 2000, &["04-23"])]
    #[case("easter", 2038, &["04-25"])]
    #[case("easter-2", 2027, &["03-26"])]
    #[case("easter+39", 2026, &["05-14"])]
    #[case("easter+50", 2026, &["05-25"])]
    #[case("easter-47", 2027, &["02-09"])]
    #[case("07-04 observed", 2026, &["07-03", "07-04"])]
    #[case("07-04 observed", 2027, &["07-04", "07-05"])]
    #[case("07-04 sun-mon", 2026, &["07-04"])]
    #[case("07-04 sun-mon", 2027, &["07-04", "07-05"])]
    #[case("12-26 weekend-mon", 2026, &["12-26", "12-28"])]
    #[case("12-25 weekend-mon", 2026, &["12-25"])]
    #[case("01-01 observed", 2027, &["01-01", "12-31"])]
    #[case("02-29", 2026, &[])]
    #[case("02-29", 2028, &["02-29"])]
    fn a_holiday_is_on_its_days(#[case] text: &str, #[case] year: i16, #[case] found: &[&str]) {
        assert_eq!(days(text, year), found);
    }

    #[rstest]
    #[case("")]
    #[case("13-01")]
    #[case("02-30")]
    #[case("7-4")]
    #[case("07-04 sometimes")]
    #[case("5th mon may")]
    #[case("1st day may")]
    #[case("easter1000")]
    #[case("easter-x")]
    #[case("christmas")]
    fn what_is_no_holiday_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Holiday>(), Err(InvalidCalling::Holiday(text.to_owned())));
    }

    #[test]
    fn a_firms_own_holiday_has_a_place() {
        for text in ["US 12-24", "all 12-31", "US-UT 07-24 observed", "DE easter+1", "all last fri nov"] {
            assert_eq!(text.parse::<FirmHoliday>().unwrap().to_string(), text);
        }
        for (text, why) in [("12-24", "is no holiday"), ("Utah 12-24", "is no place"), ("US soon", "is no holiday")] {
            assert!(text.parse::<FirmHoliday>().unwrap_err().to_string().contains(why), "{text}");
        }
    }
}
