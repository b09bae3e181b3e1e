//! The hours in which one recipient takes leads, by the wall clock of where it is: several windows a day, lunch left out,
//! holidays. Knows nothing of the hours in which people may be called: those are the firm's.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::{
    Span, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::calling::{Day, InvalidCalling, WallTime, Window, days_of, first_showing};

/// How many days ahead an opening is looked for. Who has none within so long has none.
const SEARCHED_DAYS: i32 = 400;

/// Why a text says nothing about somebody's hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHours {
    /// Neither days and hours nor one of the words.
    #[error("{0:?} are no hours: write days and a time, as in \"mon-fri 09:00-18:00\"")]
    Line(String),
    /// The days are none.
    #[error("{0:?} are no days: write one such as sun, a row such as mon-fri, or all")]
    Days(String),
    /// A time is none, or the end lies before the beginning.
    #[error(transparent)]
    Time(#[from] InvalidCalling),
    /// Two windows of a day share some time.
    #[error("{0} {1}-{2} overlaps other hours of that day")]
    Overlap(Day, WallTime, WallTime),
}

/// A week of windows. Its text form is lines such as `mon-fri 09:00-12:30`; a day without a line is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct OpeningHours {
    /// Monday first, each day's windows in order.
    week: [Vec<Window>; 7],
}

impl OpeningHours {
    /// Day and night, as a machine takes leads.
    #[must_use]
    pub fn always() -> Self {
        let whole = Window::new(WallTime::MIDNIGHT, WallTime::END_OF_DAY);
        Self { week: std::array::from_fn(|_| whole.iter().copied().collect()) }
    }

    /// From lines such as `mon-fri 09:00-12:30`.
    ///
    /// # Errors
    /// For the first line that is none, or that speaks of a time that another line spoke of.
    pub fn read(lines: &[impl AsRef<str>]) -> Result<Self, InvalidHours> {
        let mut hours = Self { week: Default::default() };
        for line in lines {
            let (days, window) = read_line(line.as_ref())?;
            for day in days {
                let windows = &mut hours.week[day as usize];
                // Half-open: a window that ends at noon does not overlap one that begins then.
                if windows.iter().any(|other| window.from() < other.to() && other.from() < window.to()) {
                    return Err(InvalidHours::Overlap(day, window.from(), window.to()));
                }
                windows.push(window);
                windows.sort();
            }
        }
        Ok(hours)
    }

    /// The windows of a date by its day of the week, in order.
    #[must_use]
    pub fn on(&self, date: Date) -> &[Window] {
        let monday_first = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        &self.week[monday_first]
    }
}

impl FromStr for OpeningHours {
    type Err = InvalidHours;

    /// From one text with a line after each comma.
    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        Self::read(&text.split(',').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>())
    }
}

fn read_line(line: &str) -> Result<(impl Iterator<Item = Day>, Window), InvalidHours> {
    // Cut: the message goes back to whoever wrote it, and the line may be of any length.
    let short = |text: &str| text.chars().take(64).collect::<String>();
    let mut words = line.split_ascii_whitespace();
    let (Some(days), Some(times), None) = (words.next(), words.next(), words.next()) else {
        return Err(InvalidHours::Line(short(line)));
    };
    let (from, to) = times.split_once('-').ok_or_else(|| InvalidHours::Line(short(line)))?;
    let window = Window::new(from.parse()?, to.parse()?)?;
    let (first, last) = days_of(days).ok_or_else(|| InvalidHours::Days(short(days)))?;
    Ok((Day::ALL.iter().copied().filter(move |day| (first..=last).contains(day)), window))
}

impl TryFrom<Vec<String>> for OpeningHours {
    type Error = InvalidHours;

    fn try_from(lines: Vec<String>) -> Result<Self, InvalidHours> {
        Self::read(&lines)
    }
}

impl From<OpeningHours> for Vec<String> {
    fn from(hours: OpeningHours) -> Self {
        let mut lines = Self::new();
        for (first, windows) in hours.week.iter().enumerate() {
            for window in windows {
                // It was written with the day before.
                let goes_on = first > 0 && hours.week[first - 1].contains(window);
                if goes_on {
                    continue;
                }
                let days = hours.week[first..].iter().take_while(|day| day.contains(window)).count();
                let (one, last) = (Day::ALL[first], Day::ALL[first + days - 1]);
                let row = if days > 1 { format!("{one}-{last}") } else { one.to_string() };
                lines.push(format!("{row} {}-{}", window.from(), window.to()));
            }
        }
        lines
    }
}

/// The lines with commas between them.
impl fmt::Display for OpeningHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Vec::from(self.clone()).join(", "))
    }
}

/// Hours, and of which place the clock is that they are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Where the recipient is.
    pub zone: TimeZone,
    /// By the clock there.
    pub hours: OpeningHours,
    /// Days that are closed whatever the hours say.
    pub holidays: BTreeSet<Date>,
}

impl Schedule {
    /// Day and night.
    #[must_use]
    pub fn always() -> Self {
        Self { zone: TimeZone::UTC, hours: OpeningHours::always(), holidays: BTreeSet::new() }
    }

    /// The date there.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// When the local day of an instant began and when the next one begins: what is counted per day is counted in between.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> (Timestamp, Timestamp) {
        let today = self.date(at);
        let next = today.tomorrow().ok().and_then(|tomorrow| self.start_of(tomorrow)).unwrap_or(Timestamp::MAX);
        (first_showing(today.to_datetime(Time::midnight()), &self.zone).unwrap_or(Timestamp::MIN), next)
    }

    /// From when it is no earlier date there, also where a clock that is set back shows midnight twice.
    #[must_use]
    pub fn start_of(&self, date: Date) -> Option<Timestamp> {
        let midnight = date.to_datetime(Time::midnight());
        // The later one where midnight comes twice: the day's second start is after the end of the day before.
        let again = self.zone.to_ambiguous_timestamp(midnight).later().ok();
        first_showing(midnight, &self.zone).into_iter().chain(again).max()
    }

    /// Whether it is open at this instant.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = self.zone.to_datetime(at);
        let open = || self.hours.on(local.date()).iter().any(|window| window.holds(local.time()));
        !self.holidays.contains(&local.date()) && open()
    }

    /// The first instant, not before this one, at which it is open; none where there is none within 400 days.
    #[must_use]
    pub fn next_opening(&self, from: Timestamp) -> Option<Timestamp> {
        if self.is_open(from) {
            return Some(from);
        }
        // By the calendar of the place: days of 23 and 25 hours are days too.
        let today = self.date(from);
        let by_the_clock = (0..=SEARCHED_DAYS).find_map(|ahead| {
            let date = today.checked_add(Span::new().days(ahead)).ok()?;
            self.openings(date).filter(|at| *at > from && self.is_open(*at)).min()
        });
        // A clock that is set can open a day at a time at which no day opens.
        let settings = self.zone.following(from).map(|change| change.timestamp());
        let limit = by_the_clock.or_else(|| from.checked_add(Span::new().hours(24 * SEARCHED_DAYS)).ok())?;
        // Only settings before what the clock offers: a later one cannot be the first.
        let by_setting = settings.take_while(|at| *at <= limit).find(|at| self.is_open(*at));
        by_the_clock.into_iter().chain(by_setting).min()
    }

    /// Every instant at which the clock shows the beginning of one of the date's windows.
    fn openings(&self, date: Date) -> impl Iterator<Item = Timestamp> {
        let starts = self.hours.on(date).iter().filter_map(|window| window.from().on_the_clock());
        starts
            .flat_map(move |start| {
                let start = date.to_datetime(start);
                // Both, where a clock that is set back shows the time twice: the first may lie before `from`.
                [first_showing(start, &self.zone), self.zone.to_ambiguous_timestamp(start).later().ok()]
            })
            .flatten()
    }
}

#[cfg(test)]
mod tests;
