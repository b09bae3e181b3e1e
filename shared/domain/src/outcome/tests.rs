//! Tables of what is read, what is refused and what follows.

use rstest::rstest;

use super::*;
use OutcomeKind::{Accepted, Lost, NotYet, Returned, Won};

fn said(outcome: &str, field: &str, value: &str) -> OutcomeFields {
    let mut said = OutcomeFields { outcome: Some(outcome.to_owned()), ..OutcomeFields::default() };
    for (name, value) in std::iter::once((field, value)).filter(|(name, _)| !name.is_empty()) {
        let value = Some(value.to_owned());
        match name {
            "reason" => said.reason = value,
            "date" => said.date = value,
            "amount" => (said.amount, said.currency) = (value, Some("usd".to_owned())),
            "currency" => (said.amount, said.currency) = (Some("1".to_owned()), value),
            other => panic!("{other}"),
        }
    }
    said
}

#[rstest]
#[case("accepted", "", "", Ok(Accepted))]
#[case(" accepted ", "reason", "  ", Ok(Accepted))]
#[case("returned", "reason", "no budget", Ok(Returned))]
#[case("returned", "", "", Err("reason missing"))]
#[case("returned", "reason", "\u{0}\n ", Err("reason missing"))]
#[case("lost", "reason", "went elsewhere", Ok(Lost))]
#[case("lost", "", "", Err("reason missing"))]
#[case("not_yet", "date", "2027-04", Ok(NotYet))]
#[case("not_yet", "date", "30d", Ok(NotYet))]
#[case("not_yet", "", "", Err("date missing"))]
#[case("not_yet", "date", "April", Err("date invalid"))]
#[case("won", "amount", "12500.00", Ok(Won))]
#[case("won", "amount", "0.0001", Ok(Won))]
#[case("won", "amount", "", Err("amount missing"))]
#[case("won", "", "", Err("amount missing, currency missing"))]
#[case("won", "amount", "-1", Err("amount invalid"))]
#[case("won", "amount", "+1", Err("amount invalid"))]
#[case("won", "amount", "0.00", Err("amount invalid"))]
#[case("won", "amount", "1.23456", Err("amount invalid"))]
#[case("won", "amount", "12,500", Err("amount invalid"))]
#[case("won", "amount", "1e3", Err("amount invalid"))]
#[case("won", "amount", "NaN", Err("amount invalid"))]
#[case("won", "amount", ".5", Err("amount invalid"))]
#[case("won", "amount", "10000000000", Err("amount invalid"))]
#[case("won", "amount", "99999999999999999999999999999999999999", Err("amount invalid"))]
#[case("won", "currency", "eur", Ok(Won))]
#[case("won", "currency", "DOLLARS", Err("currency invalid"))]
#[case("won", "currency", "XAU", Err("currency invalid"))]
#[case("won", "currency", "€€€", Err("currency invalid"))]
#[case("sold", "", "", Err("outcome invalid"))]
#[case("", "", "", Err("outcome missing"))]
fn what_is_said_is_read_whole_or_refused_by_field(
    #[case] outcome: &str,
    #[case] field: &str,
    #[case] value: &str,
    #[case] expected: Result<OutcomeKind, &str>,
) {
    let read = said(outcome, field, value).read().map(|outcome| outcome.kind());
    let words =
        |all: Vec<InvalidField>| all.iter().map(|one| format!("{} {}", one.field, one.code)).collect::<Vec<_>>();
    assert_eq!(read.map_err(|all| words(all).join(", ")), expected.map_err(str::to_owned));
}

#[test]
fn json_is_read_with_an_amount_as_text_or_number_and_wrong_types_are_named() {
    let read = |json: serde_json::Value| OutcomeFields::from_json(json.as_object().unwrap());
    let won = read(serde_json::json!({"outcome": "won", "amount": 12500.5, "currency": "USD", "more": [1]})).unwrap();
    assert_eq!(won.read().unwrap().sale().unwrap().to_string(), "12500.50 USD");
    let all = read(serde_json::json!({"outcome": 1, "reason": ["x"], "amount": true})).unwrap_err();
    assert_eq!(all.iter().map(|one| one.field).collect::<Vec<_>>(), ["outcome", "reason", "amount"]);
}

#[test]
fn a_reason_is_one_line_and_not_endless() {
    let reason = |text: &str| said("lost", "reason", text).read().map(|lost| lost.reason().unwrap().to_owned());
    assert_eq!(reason("  too\r\n far \u{0} "), Ok("too far".to_owned()));
    assert_eq!(reason(&"é".repeat(1001)).unwrap_err()[0].code, "too_long");
}

#[test]
fn currencies_are_known_by_country_where_that_is_plain() {
    let code = |country| currency_of(country).map(|currency| currency.to_string());
    assert_eq!((code("US"), code("DE"), code("ZZ")), (Some("USD".into()), Some("EUR".into()), None));
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[rstest]
#[case(14, &[], "anything", Some("2026-11-07T10:00:00Z"), Ok("anything"))]
#[case(14, &[], "anything", Some("2026-11-07T09:59:59Z"), Err("within 14 days; this one was delivered on 2026-11-07"))]
#[case(14, &[], "anything", None, Ok("anything"))]
#[case(0, &[], "anything", Some("2026-11-21T09:00:00Z"), Err("no returns"))]
#[case(14, &["Wrong number", "No budget"], " no BUDGET ", Some("2026-11-20T10:00:00Z"), Ok("No budget"))]
#[case(14, &["Wrong number", "No budget"], "rude", Some("2026-11-20T10:00:00Z"), Err("Wrong number; No budget"))]
fn returns_keep_to_the_clients_rules(
    #[case] days: i32,
    #[case] reasons: &[&str],
    #[case] reason: &str,
    #[case] delivered: Option<&str>,
    #[case] expected: Result<&str, &str>,
) {
    let rules = ReturnRules { days, reasons: reasons.iter().map(|one| (*one).to_owned()).collect() };
    match (rules.check(reason, delivered.map(at), at("2026-11-21T10:00:00Z")), expected) {
        (Ok(given), Ok(expected)) => assert_eq!(given, expected),
        (Err(refused), Err(expected)) => assert!(refused.0.contains(expected), "{refused}"),
        (given, expected) => panic!("{given:?}, expected {expected:?}"),
    }
}

const OPEN: [Open; 1] =
    [Open { generation: 4, kind: Kind::Outcome, state: State::Scheduled, due_at: None, agreed: false, worked: false }];

/// An A lead that was just delivered.
fn delivered() -> LeadStanding<'static> {
    LeadStanding {
        stage: Stage::Lead,
        is_a: true,
        spoken: false,
        newest: None,
        is_latest: true,
        kept_elsewhere: false,
        another_open: false,
        promises: &OPEN,
    }
}

fn ended(stage: Stage, newest: OutcomeKind) -> LeadStanding<'static> {
    LeadStanding { stage, newest: Some(newest), promises: &[], ..delivered() }
}

type Plain = (Option<Stage>, Option<bool>, FollowUp);

#[rstest]
#[case(Accepted, delivered(), (None, None, FollowUp::Stays))]
#[case(Returned, delivered(), (None, Some(true), FollowUp::Work))]
#[case(NotYet, delivered(), (None, Some(true), FollowUp::OnDate))]
#[case(Won, delivered(), (Some(Stage::Customer), None, FollowUp::Ended))]
#[case(Lost, delivered(), (Some(Stage::Closed), None, FollowUp::Ended))]
// Corrections.
#[case(Won, ended(Stage::Closed, Lost), (Some(Stage::Customer), None, FollowUp::Ended))]
#[case(Lost, ended(Stage::Customer, Won), (Some(Stage::Closed), None, FollowUp::Ended))]
#[case(Accepted, ended(Stage::Closed, Lost), (Some(Stage::Lead), Some(false), FollowUp::Ask))]
#[case(Returned, ended(Stage::Closed, Lost), (Some(Stage::Lead), Some(true), FollowUp::Work))]
#[case(Returned, LeadStanding { spoken: true, ..ended(Stage::Customer, Won) }, (Some(Stage::Contact), Some(true), FollowUp::Work))]
#[case(Returned, LeadStanding { another_open: true, ..ended(Stage::Closed, Lost) }, (None, None, FollowUp::Stays))]
#[case(Accepted, LeadStanding { newest: Some(Returned), ..delivered() }, (None, Some(false), FollowUp::Ask))]
#[case(Accepted, LeadStanding { newest: Some(NotYet), is_a: false, ..delivered() }, (None, None, FollowUp::Ask))]
// What the criteria closed stays closed, but a sale is a sale.
#[case(Returned, LeadStanding { stage: Stage::Closed, ..delivered() }, (None, None, FollowUp::Stays))]
#[case(Lost, LeadStanding { stage: Stage::Closed, ..delivered() }, (None, None, FollowUp::Stays))]
#[case(Won, LeadStanding { stage: Stage::Closed, ..delivered() }, (Some(Stage::Customer), None, FollowUp::Ended))]
// A colleague keeps it, or it matured again since.
#[case(Returned, LeadStanding { kept_elsewhere: true, ..delivered() }, (None, None, FollowUp::Stays))]
#[case(Lost, LeadStanding { kept_elsewhere: true, ..delivered() }, (None, None, FollowUp::Stays))]
#[case(Returned, LeadStanding { is_latest: false, ..delivered() }, (None, None, FollowUp::Stays))]
#[case(Won, LeadStanding { is_latest: false, ..delivered() }, (Some(Stage::Customer), None, FollowUp::Ended))]
fn what_follows_from_an_outcome(
    #[case] kind: OutcomeKind,
    #[case] standing: LeadStanding<'_>,
    #[case] expected: Plain,
) {
    let follows = follows(kind, &standing);
    assert_eq!((follows.stage, follows.given_back, follows.next), expected);
    let moved = if follows.next == FollowUp::Stays { 0 } else { standing.promises.len() };
    assert_eq!(follows.ended.len(), moved, "no promise is left beside the new one");
    assert_eq!(follows.changes(), expected != (None, None, FollowUp::Stays));
}

#[test]
fn promises_end_by_what_became_of_them() {
    let one = |kind, worked| [Open { kind, worked, ..OPEN[0] }];
    for (kind, worked, outcome, state) in [
        (Kind::Outcome, false, Won, State::Kept),
        (Kind::Requalify, false, Won, State::Dropped),
        (Kind::Requalify, true, Lost, State::Kept),
        (Kind::Requalify, false, Returned, State::Moved),
        (Kind::Outcome, false, NotYet, State::Kept),
    ] {
        let promises = one(kind, worked);
        assert_eq!(
            follows(outcome, &LeadStanding { promises: &promises, ..delivered() }).ended,
            [PromiseEnd { generation: 4, state }],
            "{outcome}"
        );
    }
}

#[test]
fn only_a_return_counts_against_the_source() {
    let against: Vec<_> = OutcomeKind::ALL.iter().filter(|kind| kind.counts_against_source()).collect();
    assert_eq!(against, [&Returned]);
}
