//! Hours as they are written, and openings against a clock that is looked at minute by minute.

use jiff::SignedDuration;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn schedule(zone: &str, hours: &str, holidays: &[&str]) -> Schedule {
    let holidays = holidays.iter().map(|date| date.parse().unwrap()).collect();
    Schedule { zone: TimeZone::get(zone).unwrap(), hours: hours.parse().unwrap(), holidays }
}

#[rstest]
#[case("mon-fri 09:00-18:00", "mon-fri 09:00-18:00")]
#[case("mon-fri 13:00-18:00, mon-fri 09:00-12:00", "mon-fri 09:00-12:00, mon-fri 13:00-18:00")]
#[case("sat 10:00-12:00, mon 09:00-18:00, tue 09:00-18:00", "mon-tue 09:00-18:00, sat 10:00-12:00")]
#[case("mon 08:00-09:00, wed 08:00-09:00", "mon 08:00-09:00, wed 08:00-09:00")]
#[case("all 00:00-24:00", "mon-sun 00:00-24:00")]
#[case("fri 20:00-24:00, sat 00:00-04:00", "fri 20:00-24:00, sat 00:00-04:00")]
#[case("", "")]
fn hours_are_read_and_written(#[case] text: &str, #[case] written: &str) {
    let hours: OpeningHours = text.parse().unwrap();
    assert_eq!(hours.to_string(), written);
    let stored = serde_json::to_string(&hours).unwrap();
    assert_eq!(serde_json::from_str::<OpeningHours>(&stored).unwrap(), hours);
}

#[rstest]
#[case("mon-fri", "\"mon-fri\" are no hours")]
#[case("mon-fri 9-5", "\"9\" is no time of day")]
#[case("mon-fri 09:00", "are no hours")]
#[case("monday 09:00-18:00", "\"monday\" are no days")]
#[case("mon 18:00-09:00", "18:00-09:00 are no hours")]
#[case("mon-wed 09:00-12:00, tue 11:00-13:00", "tue 11:00-13:00 overlaps other hours of that day")]
fn bad_hours_say_why(#[case] text: &str, #[case] why: &str) {
    let refused = text.parse::<OpeningHours>().unwrap_err().to_string();
    assert!(refused.contains(why), "{refused}");
}

const OFFICE: &str = "mon-fri 09:00-12:00, mon-fri 13:00-17:00";

#[rstest]
#[case::open("America/Chicago", OFFICE, "2026-11-30T16:00:30Z", "2026-11-30T16:00:30Z")]
#[case::lunch("America/Chicago", OFFICE, "2026-11-30T18:00:00Z", "2026-11-30T19:00:00Z")]
#[case::evening("America/Chicago", OFFICE, "2026-11-30T23:00:00Z", "2026-12-01T15:00:00Z")]
#[case::weekend("America/Chicago", OFFICE, "2026-12-04T23:00:00Z", "2026-12-07T15:00:00Z")]
#[case::holidays("America/Chicago", OFFICE, "2026-12-24T23:00:00Z", "2026-12-29T15:00:00Z")]
#[case::an_hour_lost("America/Chicago", OFFICE, "2026-03-06T23:00:00Z", "2026-03-09T14:00:00Z")]
#[case::an_hour_won("America/Chicago", OFFICE, "2026-10-30T22:00:00Z", "2026-11-02T15:00:00Z")]
#[case::skipped_opening("America/Chicago", "sun 02:30-04:00", "2026-03-08T06:00:00Z", "2026-03-08T08:00:00Z")]
#[case::skipped_window("America/Chicago", "sun 02:10-02:50", "2026-03-08T06:00:00Z", "2026-03-15T07:10:00Z")]
#[case::shown_twice("America/Chicago", "sun 01:15-01:45", "2026-11-01T06:50:00Z", "2026-11-01T07:15:00Z")]
#[case::set_back_into_a_window("America/Chicago", "sun 00:30-01:45", "2026-11-01T06:50:00Z", "2026-11-01T07:00:00Z")]
#[case::no_midnight("America/Santiago", "all 00:00-01:00", "2026-09-05T12:00:00Z", "2026-09-07T03:00:00Z")]
fn the_next_opening(#[case] zone: &str, #[case] hours: &str, #[case] at: &str, #[case] opens: &str) {
    let schedule = schedule(zone, hours, &["2026-12-25", "2026-12-28"]);
    assert_eq!(schedule.next_opening(at.parse().unwrap()), Some(opens.parse().unwrap()));
}

#[test]
fn who_has_no_hours_has_no_opening() {
    let never = schedule("America/Chicago", "", &[]);
    assert_eq!(never.next_opening("2026-11-30T18:00:00Z".parse().unwrap()), None);
    let always = Schedule::always();
    let at = "2026-11-30T18:00:00.5Z".parse().unwrap();
    assert_eq!(always.next_opening(at), Some(at));
    assert_eq!(always.next_opening(Timestamp::MAX), Some(Timestamp::MAX));
}

#[test]
fn a_day_is_as_long_as_it_is() {
    let chicago = schedule("America/Chicago", OFFICE, &[]);
    for (at, hours) in [("2026-03-08T12:00:00Z", 23), ("2026-11-01T12:00:00Z", 25), ("2026-11-30T12:00:00Z", 24)] {
        let (from, to) = chicago.day(at.parse().unwrap());
        assert_eq!(to.duration_since(from), SignedDuration::from_hours(hours), "{at}");
    }
}

/// In Newfoundland clocks were once set back from a minute past midnight to the evening before.
#[test]
fn a_day_that_begins_twice_begins_the_second_time() {
    let newfoundland = schedule("America/St_Johns", "all 00:00-24:00", &["2010-11-06"]);
    let evening: Timestamp = "2010-11-07T02:40:00Z".parse().unwrap();
    let begins = "2010-11-07T03:30:00Z".parse().unwrap();
    assert_eq!(newfoundland.start_of("2010-11-07".parse().unwrap()), Some(begins));
    assert_eq!(newfoundland.day(evening).1, begins);
    assert_eq!(newfoundland.next_opening(evening), Some(begins));
}

/// Zones whose clocks are set in odd ways, with an instant near such a setting.
const SETTINGS: [(&str, &str); 9] = [
    ("America/St_Johns", "2010-11-07T02:31:00Z"),
    ("America/Chicago", "2026-03-08T08:00:00Z"),
    ("America/Chicago", "2026-11-01T07:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("America/Santiago", "2026-09-06T04:00:00Z"),
    ("America/Havana", "2026-11-01T05:00:00Z"),
    ("America/Scoresbysund", "2026-10-25T01:00:00Z"),
    ("Atlantic/Azores", "2026-10-25T01:00:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn an_opening_is_the_first_open_minute(
        (zone, setting) in prop::sample::select(&SETTINGS[..]),
        minutes_before in -600_i64..2_000,
        day in 0_usize..7,
        (from, length) in (0_i64..1_435, 1_i64..200),
        holiday in 0_i64..4,
    ) {
        let to = (from + length).min(1_440);
        let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let hours = format!("{} {}-{}, sun {}-{}", Day::ALL[day], clock(from), clock(to), clock(from / 2), clock(from / 2 + 1));
        let hours = if day == 6 { format!("sun {}-{}", clock(from), clock(to)) } else { hours };
        let setting: Timestamp = setting.parse().unwrap();
        let at = setting - SignedDuration::from_mins(minutes_before);
        let mut schedule = schedule(zone, &hours, &[]);
        schedule.holidays.insert(schedule.date(setting) + Span::new().days(holiday));
        let minutes = (0..10 * 1_440).map(|minute| at + SignedDuration::from_mins(minute));
        let first = minutes.into_iter().find(|minute| schedule.is_open(*minute));
        let found = schedule.next_opening(at);
        prop_assert!(found.is_some() && (first == found || first.is_none() && found > Some(at)), "{:?} {:?}", first, found);
        prop_assert!(schedule.day(at).0 <= at && at < schedule.day(at).1);
    }
}
