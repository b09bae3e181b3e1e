//! Openings over the year: days on which clocks are set, places that disagree, and what a decision promises.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::criteria::{Answer, Cause, Criteria, Facts, Origin, qualify, replay_decision};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn place(region: &str, zone: &str) -> Place {
    Place { region: region.parse().ok(), zone: crate::time::zone(zone).unwrap() }
}

fn window(text: &str) -> Window {
    let (from, to) = text.split_once('-').unwrap();
    Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn hours(every_day: &str, exceptions: &[&str]) -> Hours {
    let exceptions: Vec<_> = exceptions.iter().map(|text| text.parse().unwrap()).collect();
    Hours::new(window(every_day), Day::ALL, &exceptions).unwrap()
}

/// What the clock of the first place shows at the first instant that is allowed.
fn next_in(zone: &str, from: &str, hours: &Hours) -> String {
    let places = [place("US", zone)];
    next_allowed(at(from), hours, &places).to_zoned(places[0].zone.clone()).strftime("%F %a %H:%M %z").to_string()
}

#[rstest]
#[case("America/Chicago", "2026-11-30T14:59:59Z", "2026-11-30 Mon 09:00 -0600")]
#[case("America/Chicago", "2026-11-30T15:00:00Z", "2026-11-30 Mon 09:00 -0600")]
#[case("America/Chicago", "2026-11-30T15:00:01Z", "2026-11-30 Mon 09:01 -0600")]
#[case("America/Chicago", "2026-12-01T01:59:00Z", "2026-11-30 Mon 19:59 -0600")]
#[case("America/Chicago", "2026-12-01T01:59:01Z", "2026-12-01 Tue 09:00 -0600")]
#[case("America/Chicago", "2026-12-06T02:00:00Z", "2026-12-07 Mon 09:00 -0600")]
#[case("America/Chicago", "2026-03-08T02:00:00Z", "2026-03-09 Mon 09:00 -0500")]
#[case("America/Chicago", "2026-11-01T01:00:00Z", "2026-11-02 Mon 09:00 -0600")]
#[case("America/Phoenix", "2026-03-07T03:00:00Z", "2026-03-07 Sat 09:00 -0700")]
#[case("America/Phoenix", "2026-07-04T03:00:00Z", "2026-07-04 Sat 09:00 -0700")]
#[case("America/Denver", "2026-07-04T03:00:00Z", "2026-07-04 Sat 09:00 -0600")]
#[case("Asia/Kolkata", "2026-12-01T00:00:00Z", "2026-12-01 Tue 09:00 +0530")]
fn a_promise_waits_for_the_opening(#[case] zone: &str, #[case] from: &str, #[case] shown: &str) {
    assert_eq!(next_in(zone, from, &Hours::default()), shown);
}

#[rstest]
// From two to three the clock skips, so the day opens when it shows three.
#[case("02:30-04:00", "2026-03-08T06:00:00Z", "2026-03-08 Sun 03:00 -0500")]
#[case("03:00-04:00", "2026-03-08T06:00:00Z", "2026-03-08 Sun 03:00 -0500")]
// The hours from one to two come twice; the hour before the clock is set back is one of them.
#[case("01:30-01:45", "2026-11-01T06:00:00Z", "2026-11-01 Sun 01:30 -0500")]
#[case("01:30-01:45", "2026-11-01T06:50:00Z", "2026-11-01 Sun 01:30 -0600")]
#[case("00:30-01:30", "2026-11-01T06:30:00Z", "2026-11-01 Sun 01:00 -0600")]
#[case("01:30-01:45", "2026-11-01T07:45:00Z", "2026-11-02 Mon 01:30 -0600")]
fn clocks_that_are_set_open_no_hour_too_early(#[case] hours_: &str, #[case] from: &str, #[case] shown: &str) {
    assert_eq!(next_in("America/Chicago", from, &hours(hours_, &[])), shown);
}

#[test]
fn only_the_hours_of_all_places_count() {
    let whereabouts = Whereabouts {
        phone: Some("+14155550100"),
        postal_code: Some("10001"),
        country: Some("US"),
        client_time_zone: "America/Chicago",
        ..Whereabouts::default()
    };
    let places = whereabouts.places();
    assert_eq!(places, [place("US-NY", "America/New_York"), place("US-CA", "America/Los_Angeles")]);
    let next = |from| next_allowed(at(from), &Hours::default(), &places).to_string();
    assert_eq!(next("2026-11-30T14:00:00Z"), "2026-11-30T17:00:00Z", "nine in New York is six in California");
    assert_eq!(next("2026-12-01T00:59:00Z"), "2026-12-01T00:59:00Z");
    assert_eq!(next("2026-12-01T01:00:00Z"), "2026-12-01T17:00:00Z", "eight in the evening in New York");
    let strict = hours(
        "09:00-20:00",
        &["US-NY mon closed", "US-CA mon 10:00-12:00", "US-CA tue closed", "US-CA wed 10:00-12:00"],
    );
    let wednesday = next_allowed(at("2026-11-30T14:00:00Z"), &strict, &places);
    assert_eq!(wednesday.to_string(), "2026-12-02T18:00:00Z");
}

#[test]
fn where_no_hour_suits_all_the_search_ends() {
    let places = [place("US-NY", "America/New_York"), place("US-CA", "America/Los_Angeles")];
    let apart = hours("09:00-20:00", &["US-NY all 09:00-11:00", "US-CA all 18:00-20:00"]);
    let from = at("2026-11-30T03:00:10Z");
    let next = next_allowed(from, &apart, &places);
    assert_eq!(next, at("2026-11-30T14:00:00Z"), "nine in New York, the first place");
    assert!(is_allowed(next, &apart, &places) && !is_allowed(from, &apart, &places));
    let never = hours("09:00-20:00", &["US-NY mon-sat closed", "US-NY sun 23:59-24:00"]);
    let week = [place("US-NY", "America/New_York")];
    assert_eq!(next_allowed(from, &never, &week), at("2026-11-30T04:59:00Z"));
    for end in [Timestamp::MAX, Timestamp::MIN] {
        assert!(next_allowed(end, &Hours::default(), &places) >= end);
        for days in [i64::MAX, i64::MIN] {
            assert_eq!(on_local_day(end, days, &Hours::default(), &places[0]), end);
        }
    }
}

#[rstest]
#[case("2026-02-20T23:30:00Z", 30, "2026-03-22T14:00:00Z")]
#[case("2026-10-20T12:00:00Z", 30, "2026-11-19T15:00:00Z")]
#[case("2026-12-01T05:59:59Z", 1, "2026-12-01T15:00:00Z")]
#[case("2026-12-01T06:00:00Z", 1, "2026-12-02T15:00:00Z")]
#[case("2028-02-28T18:00:00Z", 1, "2028-02-29T15:00:00Z")]
fn days_are_the_calendars_of_the_place(#[case] from: &str, #[case] days: i64, #[case] opens: &str) {
    let chicago = place("US-IL", "America/Chicago");
    assert_eq!(on_local_day(at(from), days, &hours("09:00-20:00", &[]), &chicago), at(opens));
}

const CRITERIA: &str = "name = 'test'\n[[question]]\nid = 'day'\nask = '?'\ntype = 'date'\n\
    [[rule]]\nid = 'r'\nwhen = 'lead.enquiries > 3'\npoints = 70\nbecause = 'r'\n[grades]\nA = 70\nB = 40\n\
    [requalify]\nB = '30d'\nC = '";

/// When the promise of a C lead falls due that is decided then, looked at again after the interval or on its own date.
fn due(interval: &str, day: Option<&str>, now: &str, places: &[Place]) -> String {
    let document = format!("{CRITERIA}{interval}'\non = 'answers.day - days(45)'\n");
    let criteria = Criteria::load(&document).unwrap().criteria;
    let mut facts = Facts::default();
    if let Some(day) = day {
        let answer = Answer { value: day.into(), at: at("2025-01-01T00:00:00Z"), origin: Origin::Person("Kim".into()) };
        facts.answers.insert("day".to_owned(), answer);
    }
    let receipt = qualify(&facts, &criteria, &Cause::regrade(), at(now)).receipt;
    let bytes = receipt.to_json();
    let due = due_at(&receipt, &Hours::default(), places).unwrap();
    assert_eq!(receipt.to_json(), bytes);
    assert_eq!(replay_decision(&bytes, &criteria).unwrap(), bytes);
    due.to_string()
}

#[test]
fn an_interval_of_days_falls_due_when_its_day_opens() {
    let chicago = [place("US-IL", "America/Chicago")];
    assert_eq!(due("30d", None, "2026-10-05T03:12:33Z", &chicago), "2026-11-03T15:00:00Z", "Sunday the 4th, locally");
    assert_eq!(due("30d", None, "2026-10-05T16:00:00Z", &chicago), "2026-11-04T15:00:00Z", "an hour more of autumn");
    assert_eq!(due("30d", None, "2026-02-06T18:00:30Z", &chicago), "2026-03-09T14:00:00Z", "Sunday is closed");
    assert_eq!(due("4w", None, "2026-02-17T18:00:00Z", &chicago), "2026-03-17T14:00:00Z");
    assert_eq!(due("12h", None, "2026-11-30T12:00:30Z", &chicago), "2026-12-01T00:01:00Z", "hours are hours");
    assert_eq!(due("36h", None, "2026-11-30T18:00:00Z", &chicago), "2026-12-02T15:00:00Z", "but not in the night");
}

#[test]
fn the_same_day_is_the_same_instant() {
    let chicago = [place("US-IL", "America/Chicago")];
    let first = due("30d", None, "2026-10-05T06:00:00Z", &chicago);
    assert_eq!(due("30d", None, "2026-10-06T04:59:59Z", &chicago), first);
    assert_ne!(due("30d", None, "2026-10-06T05:00:00Z", &chicago), first);
}

#[test]
fn ones_own_date_is_that_date_where_one_lives() {
    let (chicago, auckland) = ([place("US-IL", "America/Chicago")], [place("NZ", "Pacific/Auckland")]);
    // 45 days before the 1st of May: Tuesday, 17 March.
    for (places, opens) in [(&chicago, "2026-03-17T14:00:00Z"), (&auckland, "2026-03-16T20:00:00Z")] {
        assert_eq!(due("90d", Some("2026-05-01"), "2025-11-20T10:00:00Z", places), opens);
    }
    // 45 days before the 13th of May: Sunday, 29 March.
    assert_eq!(due("90d", Some("2026-05-13"), "2025-11-20T10:00:00Z", &chicago), "2026-03-30T14:00:00Z");
    assert_eq!(
        due("90d", Some("2026-05-01"), "2026-03-16T22:00:00Z", &auckland),
        "2026-03-17T00:00:00Z",
        "that day opened in Auckland before the decision: the date itself is still ahead"
    );
}

#[test]
fn of_places_without_a_common_hour_the_first_counts() {
    let places = [place("US-CA", "America/Los_Angeles"), place("AE", "Asia/Dubai")];
    assert_eq!(due("30d", None, "2026-11-01T18:00:00Z", &places), "2026-12-01T17:00:00Z");
}

fn anywhere() -> impl Strategy<Value = Vec<Place>> {
    let whereabouts = |phone, postal_code, time_zone, country| Whereabouts {
        phone,
        postal_code,
        time_zone,
        country,
        client_time_zone: "America/Chicago",
    };
    let phones = [None, Some("+14155550100"), Some("+19075550100"), Some("+16025550100"), Some("+17095550100")];
    let codes = [None, Some("10001"), Some("86515"), Some("96813"), Some("79901"), Some("K1A 0B1")];
    let zones = [None, None, Some("America/New_York"), Some("Australia/Lord_Howe"), Some("UTC")];
    let countries = [None, Some("US"), Some("GB"), Some("CA")];
    let select = proptest::sample::select::<Option<&str>>;
    (select(phones.to_vec()), select(codes.to_vec()), select(zones.to_vec()), select(countries.to_vec()))
        .prop_map(move |(phone, code, zone, country)| whereabouts(phone, code, zone, country).places())
}

fn any_hours() -> impl Strategy<Value = Hours> {
    let some = vec![
        Hours::default(),
        hours("00:00-24:00", &["US sun closed", "US-AZ all 13:00-14:30"]),
        hours("01:30-03:15", &["US-NY mon-fri 02:10-02:50", "CA sat-sun closed"]),
        hours("08:00-21:00", &["US-CA sat 10:00-17:00", "GB mon-fri 09:00-19:00", "US-AK mon-fri closed"]),
    ];
    proptest::sample::select(some)
}

/// A second of the year 2026.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    (1_767_225_600_i64..1_798_761_600).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_falls_due_outside_the_hours(from in any_instant(), hours in any_hours(), places in anywhere()) {
        let next = next_allowed(from, &hours, &places);
        prop_assert!(next >= from);
        let is_common = next_common(from, &hours, &places).is_some();
        prop_assert!(!is_common || places.iter().all(|place| is_open(next, &hours, place)));
        if is_common {
            prop_assert_eq!(next_allowed(next, &hours, &places), next);
            prop_assert!(is_allowed(next, &hours, &places));
            prop_assert!(next.duration_since(from) <= SEARCHED + SignedDuration::from_mins(1));
        }
        prop_assert!(next == from || is_open(next, &hours, &places[0]), "the first place is never left out");
        prop_assert!(next == from || next == whole_minute(next));
    }

    #[test]
    fn no_minute_that_all_allow_is_passed_over(from in any_instant(), hours in any_hours(), places in anywhere()) {
        let first = whole_minute(from);
        let minutes = (0..48 * 60).map(|minute| first + SignedDuration::from_mins(minute));
        let found = minutes.into_iter().find(|minute| places.iter().all(|place| is_open(*minute, &hours, place)));
        let next = next_allowed(from, &hours, &places);
        match found {
            Some(found) => prop_assert_eq!(next, found),
            None if next <= first + SignedDuration::from_hours(47) => {
                prop_assert!(next_common(from, &hours, &places).is_none(), "some of them open together, not all");
            }
            None => {}
        }
    }

    #[test]
    fn with_the_usual_hours_something_always_is_open(from in any_instant(), places in anywhere()) {
        let usual = Hours::default();
        let next = next_allowed(from, &usual, &places);
        prop_assert!(is_open(next, &usual, &places[0]));
        for place in &places {
            let opens = on_local_day(from, 30, &usual, place);
            let local = place.zone.to_datetime(opens);
            let days = place.zone.to_datetime(from).date().until(local.date()).unwrap().get_days();
            prop_assert_eq!(days, 30);
            let open = usual.on_date(place.region, local.date()).first().map_or(0, |window| window.from().minutes());
            prop_assert_eq!(i16::try_from(open).unwrap(), i16::from(local.hour()) * 60 + i16::from(local.minute()));
        }
    }
}
