//! Dates and times as people, spreadsheets and programs write them.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time, Weekday},
    fmt::rfc2822::DateTimeParser,
    tz::{Offset, TimeZone},
};

use super::{Conventions, DateOrder, folded};

/// What a text says of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadDate {
    /// A day.
    Day(Date),
    /// A day and a time by some clock that is not named.
    Local(DateTime),
    /// A day and a time by this clock.
    Zoned(DateTime, TimeZone),
    /// An instant.
    At(Timestamp),
}

/// Why a text is no date that could be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnclearDate {
    /// It is none.
    #[error("is no date")]
    NoDate,
    /// `03/04/2026`: another day where the month comes first than where the day does.
    #[error("can be read as two dates: write it as 2026-11-30")]
    TwoReadings,
}

/// Months by the beginnings of their names in English, German, French, Spanish, Italian, Portuguese and Dutch.
const MONTHS: [(&[&str], i8); 12] = [
    (&["jan", "jän", "ene", "gen"], 1),
    (&["feb", "fév", "fev"], 2),
    (&["mar", "mär", "maa", "mrt"], 3),
    (&["apr", "avr", "abr"], 4),
    (&["may", "mai", "mag", "mei"], 5),
    (&["jun", "juin", "giu"], 6),
    (&["jul", "juil", "lug"], 7),
    (&["aug", "aoû", "aou", "ago"], 8),
    (&["sep", "set"], 9),
    (&["oct", "okt", "ott", "out"], 10),
    (&["nov"], 11),
    (&["dec", "dez", "déc", "dic"], 12),
];
/// Days of the week in English: in other languages some begin as another one does.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
/// Zones of North America by the letters that people use, with their hours from UTC.
const AMERICAN: [(&str, i8); 12] = [
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
    ("akst", -9),
    ("akdt", -8),
    ("hst", -10),
    ("ast", -4),
];
/// Zones whose letters mean one thing everywhere.
const EVERYWHERE: [(&str, i8); 10] = [
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("wet", 0),
    ("west", 1),
    ("cet", 1),
    ("mez", 1),
    ("cest", 2),
    ("mesz", 2),
    ("eet", 2),
];
/// Numbers from here on are milliseconds: as seconds they would lie in the year 5138.
const MILLISECONDS: f64 = 1e11;
/// And from here on microseconds.
const MICROSECONDS: f64 = 1e14;
/// The days that spreadsheets count: from 2000 to 2099. Smaller numbers are more often something else.
const SERIALS: std::ops::Range<f64> = 36_526.0..73_051.0;

/// Reads a date or a time.
///
/// # Errors
/// Where it is none, or could be two.
pub fn date(text: &str, by: &Conventions) -> Result<ReadDate, UnclearDate> {
    let text = folded(text);
    if let Some(instant) = exact(&text) {
        return Ok(instant);
    }
    if let Some(counted) = counted(&text) {
        return Ok(counted);
    }
    let small = text.to_lowercase();
    let (rest, zone) = zoned(&small, by);
    let (day, time) = timed(rest);
    let day = day.trim().trim_end_matches([',', 't']);
    let read = day_of(without_weekday(day), by)?;
    // Either the day of the week is wrong, or the day.
    if weekday(day).is_some_and(|named| named != read.weekday()) {
        return Err(UnclearDate::TwoReadings);
    }
    let day = read;
    Ok(match (time, zone) {
        (None, None) => ReadDate::Day(day),
        (None, Some(_)) => return Err(UnclearDate::NoDate),
        (Some(time), None) => ReadDate::Local(day.to_datetime(time)),
        (Some(time), Some(zone)) => ReadDate::Zoned(day.to_datetime(time), zone),
    })
}

/// The forms of programs: RFC 3339, RFC 2822, ISO 8601 without a zone.
fn exact(text: &str) -> Option<ReadDate> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(ReadDate::At(at));
    }
    if let Ok(day) = text.parse::<Date>() {
        // A date with a time parses as a date too.
        return Some(match text.parse::<DateTime>() {
            Ok(at) if text.len() > 10 => ReadDate::Local(at),
            _ => ReadDate::Day(day),
        });
    }
    DateTimeParser::new().parse_timestamp(text).ok().map(ReadDate::At)
}

/// Numbers: days of a spreadsheet, seconds or milliseconds since 1970, or a day as digits alone.
fn counted(text: &str) -> Option<ReadDate> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) {
        return None;
    }
    if whole.len() == 8 || whole.len() == 14 {
        return packed(whole);
    }
    let number: f64 = text.parse().ok()?;
    if SERIALS.contains(&number) {
        return serial(whole, number);
    }
    if !(10..=16).contains(&whole.len()) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "microseconds of 16 digits fit an i64")]
    let micros = match number {
        seconds if seconds < MILLISECONDS => (seconds * 1e6).round(),
        milliseconds if milliseconds < MICROSECONDS => (milliseconds * 1e3).round(),
        micros => micros.round(),
    } as i64;
    Timestamp::from_microsecond(micros).ok().map(ReadDate::At)
}

/// `20261120` and `20261120100000`.
fn packed(digits: &str) -> Option<ReadDate> {
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let day = Date::new(digits.get(..4)?.parse().ok()?, part(4, 6)?, part(6, 8)?).ok()?;
    if digits.len() == 8 {
        return Some(ReadDate::Day(day));
    }
    let time = Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    Some(ReadDate::Local(day.to_datetime(time)))
}

/// A spreadsheet counts days from 1899-12-30, and the time as a part of the day.
fn serial(whole: &str, number: f64) -> Option<ReadDate> {
    let days: i64 = whole.parse().ok()?;
    let day = Date::constant(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "a part of a day has less than 86,401 seconds")]
    let seconds = ((number - number.floor()) * 86_400.0).round() as i64;
    if seconds == 0 {
        return Some(ReadDate::Day(day));
    }
    day.to_datetime(Time::midnight()).checked_add(jiff::Span::new().seconds(seconds)).ok().map(ReadDate::Local)
}

/// Takes off what names a clock at the end: letters, an offset, a name of the tz database.
fn zoned<'t>(text: &'t str, by: &Conventions) -> (&'t str, Option<TimeZone>) {
    let text = text.trim_end_matches(')');
    // `10:30Z`
    if let Some(rest) = text.strip_suffix('z')
        && rest.ends_with(|c: char| c.is_ascii_digit())
        && rest.contains(':')
    {
        return (rest, Some(TimeZone::UTC));
    }
    let Some((rest, word)) = text.rsplit_once([' ', '(']) else { return (text, None) };
    let word = word.trim_matches(['[', ']']);
    let rest = rest.trim_end_matches([' ', '(']);
    if !rest.contains(':') && !rest.contains('h') {
        return (text, None);
    }
    let hours = |table: &[(&str, i8)]| table.iter().find(|(name, _)| *name == word).map(|(_, hours)| *hours);
    let lettered = hours(&EVERYWHERE).or_else(|| hours(&AMERICAN).filter(|_| by.american_zones));
    let zone = lettered
        .map(|hours| TimeZone::fixed(Offset::constant(hours)))
        .or_else(|| offset(word))
        .or_else(|| word.contains('/').then(|| crate::time::zone(word))?);
    match zone {
        Some(zone) => (rest, Some(zone)),
        None => (text, None),
    }
}

/// `+02:00`, `-0600`, `gmt+2`.
fn offset(word: &str) -> Option<TimeZone> {
    let signed = word.trim_start_matches("utc").trim_start_matches("gmt");
    let sign = match signed.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = signed[1..].chars().filter(|c| *c != ':').collect();
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() > 2 { (number / 100, number % 100) } else { (number, 0) };
    let fits = digits.len() <= 4 && hours <= 18 && minutes < 60;
    fits.then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().map(TimeZone::fixed))?
}

/// The day and the time of it: `10:30`, `10:30:15 pm`, `10h30`.
fn timed(text: &str) -> (&str, Option<Time>) {
    let Some(colon) = text.find(':').or_else(|| clock_h(text)) else { return (text, None) };
    let before = text[..colon].trim_end().char_indices().rev();
    let start = before.take_while(|(_, c)| c.is_ascii_digit()).last().map_or(colon, |(at, _)| at);
    match time(&text[start..]) {
        Some(time) => (&text[..start], Some(time)),
        None => (text, None),
    }
}

/// Where the `h` of `10h30` or `10 h` stands.
fn clock_h(text: &str) -> Option<usize> {
    text.match_indices('h').map(|(at, _)| at).find(|at| {
        let before = text[..*at].trim_end().ends_with(|c: char| c.is_ascii_digit());
        let after = text[at + 1..].chars().next();
        before && after.is_none_or(|c| c.is_ascii_digit() || c == ' ')
    })
}

fn time(text: &str) -> Option<Time> {
    let text = text.trim().trim_end_matches("uhr").trim();
    let dotless = text.replace("a.m.", "am").replace("p.m.", "pm");
    let (clock, half) = match (dotless.strip_suffix("am"), dotless.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim(), Some(0)),
        (_, Some(clock)) => (clock.trim(), Some(12)),
        _ => (dotless.as_str(), None),
    };
    let mut parts = clock.split([':', 'h']).map(str::trim);
    let number = |text: Option<&str>| -> Option<i8> {
        match text {
            None | Some("") => Some(0),
            Some(text) if text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Some(_) => None,
        }
    };
    let hour = number(parts.next())?;
    let minute = number(parts.next())?;
    let second = number(parts.next().map(|second| second.split(['.', ',']).next().unwrap_or_default()))?;
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

/// The day of the week before a date, by the beginning of its English name.
fn weekday(text: &str) -> Option<Weekday> {
    let first = text.split([' ', ',']).next().filter(|word| word.len() >= 3 && month(word).is_none())?;
    WEEKDAYS.into_iter().find(|(name, _)| name.starts_with(first.trim_end_matches('.'))).map(|(_, day)| day)
}

fn without_weekday(text: &str) -> &str {
    let first = text.split([' ', ',']).next().unwrap_or_default();
    let is_word = !first.is_empty() && first.chars().all(char::is_alphabetic) && month(first).is_none();
    let rest = text[first.len()..].trim_start_matches([' ', ',', '.']);
    if is_word && rest.starts_with(|c: char| c.is_ascii_digit() || c.is_alphabetic()) { rest } else { text }
}

fn month(word: &str) -> Option<i8> {
    let found = MONTHS.iter().filter(|(names, _)| names.iter().any(|name| word.starts_with(name)));
    // `juin` and `juil` begin as `jun` and `jul` do not; of two that fit the longer name is meant.
    found
        .max_by_key(|(names, _)| names.iter().filter(|name| word.starts_with(**name)).map(|name| name.len()).max())
        .map(|(_, number)| *number)
}

/// A day in three parts.
fn day_of(text: &str, by: &Conventions) -> Result<Date, UnclearDate> {
    let words: Vec<_> =
        text.split([' ', '/', '-', '.', ',']).filter(|word| !matches!(*word, "" | "de" | "of")).collect();
    let [one, two, three] = words[..] else { return Err(UnclearDate::NoDate) };
    let number = |word: &str| {
        let word = word.trim_end_matches("st").trim_end_matches("nd").trim_end_matches("rd").trim_end_matches("th");
        let plain = !word.is_empty() && word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| word.parse::<i16>().ok()).flatten()
    };
    let new = |year: i16, month: i16, day: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Date::new(year, month, day).ok()
    };
    let none = UnclearDate::NoDate;
    match (number(one), number(two), number(three)) {
        (Some(year), Some(month), Some(day)) if one.len() == 4 => new(year, month, day).ok_or(none),
        (Some(first), Some(second), Some(third)) if one.len() <= 2 && three.len() <= 2 => {
            let year_first = year(one).and_then(|year| new(year, second, third));
            let year_last = year(three).ok_or(none)?;
            let day_first = new(year_last, second, first);
            short(ShortDate { year_first, day_first, month_first: new(year_last, first, second) }, text, by)
        }
        (Some(first), Some(second), Some(_)) => in_order(first, second, year(three).ok_or(none)?, text, by),
        (Some(day), None, Some(_)) => {
            let month = month(two).ok_or(none)?;
            let (day, year) =
                if one.len() == 4 { (number(three).ok_or(none)?, day) } else { (day, year(three).ok_or(none)?) };
            new(year, month.into(), day).ok_or(none)
        }
        (None, Some(day), Some(_)) => {
            let month = month(one).ok_or(none)?;
            new(year(three).ok_or(none)?, month.into(), day).ok_or(none)
        }
        _ => Err(none),
    }
}

/// What three numbers of two digits can be.
struct ShortDate {
    year_first: Option<Date>,
    day_first: Option<Date>,
    month_first: Option<Date>,
}

/// A day whose year has two digits: `27-04-03`. The order that people use there decides; where it makes no date, and others make
/// two, none is taken: a year that is a day is wrong by decades.
fn short(read: ShortDate, text: &str, by: &Conventions) -> Result<Date, UnclearDate> {
    // A point parts a day from a month wherever the year does not come first.
    let order =
        if are_pointed(text) && by.order != Some(DateOrder::YearFirst) { Some(DateOrder::DayFirst) } else { by.order };
    let by_custom = match order {
        Some(DateOrder::YearFirst) => read.year_first,
        Some(DateOrder::DayFirst) => read.day_first,
        Some(DateOrder::MonthFirst) => read.month_first,
        None => None,
    };
    let mut readings = [read.year_first, read.day_first, read.month_first].into_iter().flatten();
    let first = by_custom.or_else(|| readings.clone().next()).ok_or(UnclearDate::NoDate)?;
    if by_custom.is_some() || readings.all(|day| day == first) { Ok(first) } else { Err(UnclearDate::TwoReadings) }
}

/// Day and month by the conventions, or where only one order makes a date. A point between the two
/// parts a day from a month everywhere.
fn in_order(first: i16, second: i16, year: i16, text: &str, by: &Conventions) -> Result<Date, UnclearDate> {
    let new = |month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    let (day_first, month_first) = (new(second, first), new(first, second));
    let order = if are_pointed(text) { Some(DateOrder::DayFirst) } else { by.order };
    match (day_first, month_first) {
        (None, None) => Err(UnclearDate::NoDate),
        (Some(day), None) | (None, Some(day)) => Ok(day),
        (Some(one), Some(other)) if one == other => Ok(one),
        (Some(day_first), Some(month_first)) => match order {
            Some(DateOrder::DayFirst) => Ok(day_first),
            Some(DateOrder::MonthFirst) => Ok(month_first),
            Some(DateOrder::YearFirst) | None => Err(UnclearDate::TwoReadings),
        },
    }
}

/// Whether a point stands between the first two numbers: one at the end of `03/04/2027.` says nothing.
fn are_pointed(text: &str) -> bool {
    let from_first = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let between = from_first.trim_start_matches(char::is_alphanumeric);
    between.chars().take_while(|c| !c.is_ascii_digit()).any(|c| c == '.')
}

/// A year of four digits, or of two in this century up to 69.
fn year(word: &str) -> Option<i16> {
    let digits = word.trim_start_matches('\'');
    let number: i16 = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    match digits.len() {
        4 => Some(number),
        2 if number < 70 => Some(2000 + number),
        2 => Some(1900 + number),
        _ => None,
    }
}

/// A month as people name it, `April 2027` or `04/2027`, in the form `2027-04`.
#[must_use]
pub fn months_window(text: &str) -> Option<String> {
    let small = folded(text).to_lowercase();
    let words: Vec<_> = small.split([' ', '/', '-', '.', ',']).filter(|word| !matches!(*word, "" | "de")).collect();
    let [one, two] = words[..] else { return None };
    let year = two.parse::<i16>().ok().filter(|_| two.len() == 4)?;
    let number = if one.len() <= 2 { one.parse::<i8>().ok() } else { month(one) };
    let month = number.filter(|month| (1..=12).contains(month))?;
    Some(format!("{year:04}-{month:02}"))
}

#[cfg(test)]
mod tests;
