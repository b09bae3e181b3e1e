//! Times as people say them, by the clock of who reads: `today 17:07`, `9 minutes left`.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// `today 17:07`, `tomorrow 09:00`, `yesterday 17:07`, `Friday, 20 November 17:07`; with the year where it is another one. Where the
/// reader's clock is not known and UTC stands for it, that is said: `today 17:07 UTC`.
#[must_use]
pub fn near(at: Timestamp, now: Timestamp, clock: &TimeZone) -> String {
    let today = clock.to_datetime(now).date();
    let day = clock.to_datetime(at).date();
    let is = |other: Result<Date, jiff::Error>| other.is_ok_and(|other| other == day);
    let named = if day == today {
        "today".to_owned()
    } else if is(today.tomorrow()) {
        "tomorrow".to_owned()
    } else if is(today.yesterday()) {
        "yesterday".to_owned()
    } else {
        day_in_words(day, today)
    };
    format!("{named} {}", on_the_clock(at, clock))
}

/// As [`near`], with its day by name: for what is read on another day than it is written.
#[must_use]
pub fn dated(at: Timestamp, now: Timestamp, clock: &TimeZone) -> String {
    let day = day_in_words(clock.to_datetime(at).date(), clock.to_datetime(now).date());
    format!("{day} {}", on_the_clock(at, clock))
}

/// `Friday, 20 November`; `20 November 2026` where that is another year than today's.
#[must_use]
pub fn day_in_words(day: Date, today: Date) -> String {
    let form = if day.year() == today.year() { "%A, %-d %B" } else { "%-d %B %Y" };
    day.strftime(form).to_string()
}

/// `20 November 2026, 17:07 CST`: what stands behind a time that is said by its distance.
#[must_use]
pub fn exact(at: Timestamp, clock: &TimeZone) -> String {
    at.to_zoned(clock.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string()
}

/// `17:07`, and `17:07 UTC` where that is the clock.
fn on_the_clock(at: Timestamp, clock: &TimeZone) -> String {
    let form = if is_utc(clock) { "%H:%M UTC" } else { "%H:%M" };
    at.to_zoned(clock.clone()).strftime(form).to_string()
}

/// Nobody's own clock: what stands where none is known.
#[must_use]
pub fn is_utc(clock: &TimeZone) -> bool {
    matches!(clock.iana_name(), None | Some("UTC" | "Etc/UTC"))
}

/// `9 minutes`, `2 hours`, `3 days`: how far two instants are apart, in the largest unit of which there are two, or minutes.
#[must_use]
pub fn apart(from: Timestamp, to: Timestamp) -> String {
    let minutes = to.duration_since(from).abs().as_mins();
    let counted = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match minutes {
        0 => "less than a minute".to_owned(),
        1..120 => counted(minutes, "minute"),
        120..2880 => counted(minutes / 60, "hour"),
        _ => counted(minutes / 1440, "day"),
    }
}

/// `today 17:07, 9 minutes left`; `over since yesterday 17:07` where it is past.
#[must_use]
pub fn until(end: Timestamp, now: Timestamp, clock: &TimeZone) -> String {
    if end <= now {
        return format!("over since {}", near(end, now, clock));
    }
    format!("{}, {} left", near(end, now, clock), apart(now, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_named_by_the_readers_clock() {
        let chicago = crate::time::zone("America/Chicago").unwrap();
        let now = at("2026-11-24T02:00:00Z");
        for (time, said) in [
            ("2026-11-23T23:07:00Z", "today 17:07"),
            ("2026-11-24T15:00:00Z", "tomorrow 09:00"),
            ("2026-11-22T23:07:00Z", "yesterday 17:07"),
            ("2026-11-20T23:07:00Z", "Friday, 20 November 17:07"),
            ("2025-11-20T23:07:00Z", "20 November 2025 17:07"),
        ] {
            assert_eq!(near(at(time), now, &chicago), said);
        }
    }

    #[test]
    fn a_time_is_named_by_its_day_where_it_is_read_on_another_one() {
        let chicago = crate::time::zone("America/Chicago").unwrap();
        let now = at("2026-11-24T02:00:00Z");
        assert_eq!(dated(at("2026-11-23T23:07:00Z"), now, &chicago), "Monday, 23 November 17:07");
        assert_eq!(dated(at("2025-11-23T23:07:00Z"), now, &TimeZone::UTC), "23 November 2025 23:07 UTC");
        assert_eq!(exact(at("2026-11-23T23:07:00Z"), &chicago), "23 November 2026, 17:07 CST");
    }

    #[test]
    fn what_is_left_is_said_in_one_unit() {
        let now = at("2026-11-23T10:00:00Z");
        for (end, said) in [
            ("2026-11-23T10:09:30Z", "today 10:09 UTC, 9 minutes left"),
            ("2026-11-23T10:01:00Z", "today 10:01 UTC, 1 minute left"),
            ("2026-11-23T10:00:20Z", "today 10:00 UTC, less than a minute left"),
            ("2026-11-23T13:59:00Z", "today 13:59 UTC, 3 hours left"),
            ("2026-11-26T10:00:00Z", "Thursday, 26 November 10:00 UTC, 3 days left"),
            ("2026-11-23T09:00:00Z", "over since today 09:00 UTC"),
        ] {
            assert_eq!(until(at(end), now, &TimeZone::UTC), said);
        }
    }
}
