//! Which hours, holidays and limits count where: the firm's, a state's, its country's.

use jiff::civil::Weekday;
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

fn firm<'a>(exceptions: &'a [Exception], loosened: &'a [Loosening]) -> FirmCalling<'a> {
    let window = window("08:30-20:30");
    FirmCalling { window, days: Day::ALL, exceptions, holidays: &[], limits: &[], loosened }
}

fn within(exceptions: &[&str], loosened: &[&str]) -> Result<Hours, InvalidCalling> {
    let exceptions: Vec<_> = exceptions.iter().map(|text| text.parse().unwrap()).collect();
    let loosened: Vec<_> = loosened.iter().map(|text| text.parse().unwrap()).collect();
    Hours::within(&firm(&exceptions, &loosened), CallingRules::shipped())
}

fn shown(hours: &Hours, place: &str, date: &str) -> String {
    let open = hours.on_date(place.parse().ok(), date.parse().unwrap());
    open.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_default_is_what_the_general_rule_says_within_the_rules() {
    let general = hours(&[]).unwrap();
    for (place, rules) in [("JP", ""), ("DE", "")] {
        assert_eq!(shown(&Hours::default(), place, "2026-11-30"), "09:00-20:00", "{rules}");
        assert_eq!(general.on_date(place.parse().ok(), "2026-11-29".parse().unwrap()), []);
    }
    assert_eq!(shown(&Hours::default(), "US-KY", "2026-11-30"), "10:00-20:00");
    assert_eq!(shown(&Hours::default(), "FR", "2026-11-30"), "10:00-13:00 14:00-20:00");
}

#[rstest]
// A Monday, a Saturday and a Sunday; the firm calls from half past eight to half past eight on all of them.
#[case("US-NY", &["08:30-20:30", "08:30-20:30", "08:30-20:30"])]
#[case("US-FL", &["08:30-20:00", "08:30-20:00", "08:30-20:00"])]
#[case("US-OK", &["08:30-20:00", "08:30-20:00", "08:30-20:00"])]
#[case("US-MD", &["08:30-20:00", "08:30-20:00", "08:30-20:00"])]
#[case("US-AL", &["08:30-20:00", "08:30-20:00", ""])]
#[case("US-LA", &["08:30-20:00", "08:30-20:00", ""])]
#[case("US-MS", &["08:30-20:00", "08:30-20:00", ""])]
#[case("US-RI", &["09:00-18:00", "10:00-17:00", ""])]
#[case("US-UT", &["08:30-20:30", "08:30-20:30", ""])]
#[case("US-TX", &["09:00-20:30", "09:00-20:30", "12:00-20:30"])]
#[case("US-KY", &["10:00-20:30", "10:00-20:30", "10:00-20:30"])]
#[case("CA-ON", &["09:00-20:30", "10:00-18:00", "10:00-18:00"])]
#[case("AU", &["09:00-20:00", "09:00-17:00", ""])]
#[case("FR", &["10:00-13:00 14:00-20:00", "", ""])]
#[case("ES", &["09:00-20:30", "", ""])]
#[case("AE", &["09:00-18:00", "09:00-18:00", "09:00-18:00"])]
#[case("DE", &["08:30-20:30", "08:30-20:30", "08:30-20:30"])]
fn a_firms_hours_stay_within_the_rules_of_the_place(#[case] place: &str, #[case] days: &[&str]) {
    let hours = within(&[], &[]).unwrap();
    let week = ["2026-11-30", "2026-12-05", "2026-12-06"];
    assert_eq!(week.map(|date| shown(&hours, place, date)), days);
}

#[rstest]
#[case("US-AL", "2026-11-26", true)]
#[case("US-UT", "2026-07-24", true)]
#[case("US-UT", "2026-07-03", true)]
#[case("US-RI", "2026-08-10", true)]
#[case("US-LA", "2027-02-09", true)]
#[case("US-NY", "2026-11-26", false)]
#[case("FR", "2026-07-14", true)]
#[case("FR", "2026-05-14", true)]
#[case("AU", "2027-01-26", true)]
#[case("ES", "2026-10-12", true)]
#[case("DE", "2026-10-12", false)]
fn nobody_is_called_on_a_holiday_of_the_place(#[case] place: &str, #[case] date: &str, #[case] is_closed: bool) {
    assert_eq!(shown(&within(&[], &[]).unwrap(), place, date).is_empty(), is_closed);
}

#[test]
fn limits_are_those_of_state_and_country() {
    let hours = Hours::default();
    let of =
        |place: &str| hours.limits(place.parse().ok()).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(of("US-FL"), "3 in 24h");
    assert_eq!((of("US-NY"), of("US-WA")), (String::new(), String::new()));
    assert_eq!((of("FR"), of("AE")), ("4 in 30d".to_owned(), "1 in 24h 2 in 7d".to_owned()));
}

#[test]
fn a_firm_may_be_stricter_and_says_why_where_it_is_laxer() {
    let tighter = within(&["US-RI mon-fri 10:00-17:00", "US-RI sat closed"], &[]).unwrap();
    assert_eq!(shown(&tighter, "US-RI", "2026-11-30"), "10:00-17:00");
    let wider = within(&["US-RI mon 10:00-19:00"], &[]).unwrap_err().to_string();
    assert!(wider.starts_with("\"US-RI mon 10:00-19:00\" allows more than US-RI: mon-fri 09:00-18:00"), "{wider}");
    assert!(
        wider.contains("R.I. Gen. Laws") && wider.contains("\"US-RI hours: why you may\" to calling.loosen"),
        "{wider}"
    );
    assert!(within(&["US-AL sun 10:00-12:00"], &[]).is_err());
    let loosened = within(&["US-RI mon 10:00-19:00"], &["US-RI hours: they asked for the call"]).unwrap();
    assert_eq!(shown(&loosened, "US-RI", "2026-11-30"), "10:00-19:00");
    assert_eq!(shown(&loosened, "US-RI", "2026-11-26"), "", "its holidays still count");
    let all = within(&[], &["US-RI: they asked for the call"]).unwrap();
    assert_eq!(shown(&all, "US-RI", "2026-11-26"), "08:30-20:30", "within the country's rules");
    let late = within(&["US-RI mon 10:00-22:00"], &["US-RI: they asked"]).unwrap_err().to_string();
    assert!(late.contains("47 CFR 64.1200") && late.contains("\"US hours:"), "{late}");
}

#[test]
fn what_is_loosened_must_be_a_rule() {
    for slip in ["JP: there are no rules", "US-WA calls: there is no limit"] {
        let refused = within(&[], &[slip]).unwrap_err().to_string();
        assert!(refused.contains("no such rule is shipped"), "{refused}");
    }
}

#[test]
fn a_firms_own_holidays_and_limits_are_added() {
    let holidays = ["US 12-24", "all 12-31"].map(|text| text.parse().unwrap());
    let limits = ["all 5 in 7d", "US-FL 1 in 24h"].map(|text| text.parse().unwrap());
    let firm = FirmCalling { holidays: &holidays, limits: &limits, ..firm(&[], &[]) };
    let hours = Hours::within(&firm, CallingRules::shipped()).unwrap();
    let is_closed = |place, date| shown(&hours, place, date).is_empty();
    assert!(is_closed("US-FL", "2026-12-24") && is_closed("US", "2026-12-24") && !is_closed("DE", "2026-12-24"));
    assert!(is_closed("US-NY", "2026-12-31") && is_closed("JP", "2026-12-31"));
    let of = |place: &str| hours.limits(place.parse().ok()).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(of("US-FL"), ["5 in 7d", "1 in 24h", "3 in 24h"]);
    assert_eq!((of("US-NY"), of("JP")), (vec!["5 in 7d".to_owned()], vec!["5 in 7d".to_owned()]));
}

#[test]
fn hours_of_which_a_rule_leaves_nothing_are_refused() {
    let evening = FirmCalling { window: window("20:00-21:00"), ..firm(&[], &[]) };
    let refused = Hours::within(&evening, CallingRules::shipped()).unwrap_err();
    assert!(matches!(refused, InvalidCalling::NothingLeft(_)), "{refused}");
}

#[test]
fn a_state_goes_before_its_country_and_that_before_the_rule() {
    let hours = hours(&["US-UT sat 10:00-17:00", "US sat-sun 11:00-16:00", "US mon 12:00-13:00"]).unwrap();
    let region = |text: &str| Some(text.parse().unwrap());
    let on = |text, weekday| hours.on(region(text), weekday).to_vec();
    assert_eq!(on("US-UT", Weekday::Saturday), [window("10:00-17:00")]);
    assert_eq!(on("US-UT", Weekday::Sunday), [window("11:00-16:00")]);
    assert_eq!(on("US-UT", Weekday::Monday), [window("12:00-13:00")]);
    assert_eq!(on("US-UT", Weekday::Tuesday), [window("09:00-20:00")]);
    assert_eq!(on("US-NY", Weekday::Saturday), [window("11:00-16:00")]);
    assert_eq!(on("DE", Weekday::Saturday), [window("09:00-20:00")]);
    assert_eq!(on("DE", Weekday::Sunday), []);
    assert_eq!(hours.on(None, Weekday::Sunday), []);
}

#[test]
fn contradictions_and_hours_without_an_opening_are_refused() {
    let says = |exceptions: &[&str]| hours(exceptions).unwrap_err().to_string();
    assert_eq!(says(&["US-UT sat closed", "US-UT fri-sat 10:00-12:00"]), "two exceptions speak of sat in US-UT");
    assert!(says(&["DE all closed"]).starts_with("DE is closed on every day"));
    assert!(says(&["DE mon-sat closed"]).starts_with("DE is closed on every day"));
    assert_eq!(Hours::new(window("09:00-20:00"), &[], &[]), Err(InvalidCalling::NoDay));
}
