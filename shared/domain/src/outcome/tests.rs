//! Tables of what is read, what is refused and what follows.

use rstest::rstest;
use rust_decimal::Decimal;

use super::*;
use crate::values::Conventions;
use OutcomeKind::{Accepted, Lost, NotYet, Returned, Won};

mod reasons;

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
#[case("lost", "", "", Ok(Lost))]
#[case("not_yet", "date", "2027-04", Ok(NotYet))]
#[case("not_yet", "date", "30d", Ok(NotYet))]
#[case("not_yet", "", "", Err("date missing"))]
#[case("not_yet", "date", "April", Err("date invalid"))]
#[case("won", "amount", "12500.00", Ok(Won))]
#[case("won", "amount", "0.0001", Err("amount invalid"))]
#[case("won", "amount", "0.01", Ok(Won))]
#[case("won", "amount", "", Ok(Won))]
#[case("won", "", "", Ok(Won))]
#[case("Not yet", "date", "2027-04", Ok(NotYet))]
#[case("WON", "", "", Ok(Won))]
#[case("accept", "", "", Ok(Accepted))]
#[case("won", "amount", "-1", Err("amount invalid"))]
#[case("won", "amount", "+1", Ok(Won))]
#[case("won", "amount", "0.00", Err("amount invalid"))]
#[case("won", "amount", "1.23456", Err("amount invalid"))]
#[case("won", "amount", "12,500", Err("amount invalid"))]
#[case("won", "amount", "1e3", Ok(Won))]
#[case("won", "amount", "NaN", Err("amount invalid"))]
#[case("won", "amount", ".5", Ok(Won))]
#[case("won", "amount", "10000000000", Err("amount invalid"))]
#[case("won", "amount", "99999999999999999999999999999999999999", Err("amount invalid"))]
#[case("won", "currency", "eur", Ok(Won))]
#[case("won", "currency", "DOLLARS", Err("currency invalid"))]
#[case("won", "currency", "XAU", Err("currency invalid"))]
#[case("won", "currency", "€€€", Err("currency invalid"))]
#[case("Gewonnen", "amount", "12500.00", Ok(Won))]
#[case("verloren", "", "", Ok(Lost))]
#[case("ganado", "", "", Ok(Won))]
#[case("Perdu", "", "", Ok(Lost))]
#[case("pas encore", "date", "2027-04", Ok(NotYet))]
#[case("Noch nicht", "date", "2027-04", Ok(NotYet))]
#[case("sold", "", "", Err("outcome invalid"))]
#[case("", "", "", Err("outcome missing"))]
fn what_is_said_is_read_whole_or_refused_by_field(
    #[case] outcome: &str,
    #[case] field: &str,
    #[case] value: &str,
    #[case] expected: Result<OutcomeKind, &str>,
) {
    let read = said(outcome, field, value).read(&Conventions::default()).map(|outcome| outcome.kind());
    let words =
        |all: Vec<InvalidField>| all.iter().map(|one| format!("{} {}", one.field, one.code)).collect::<Vec<_>>();
    assert_eq!(read.map_err(|all| words(all).join(", ")), expected.map_err(str::to_owned));
}

#[test]
fn an_amount_of_what_was_not_won_is_refused_and_taken_out_of_books() {
    for outcome in ["lost", "accepted", "returned", "not_yet", "do_not_contact"] {
        let mut lost = OutcomeFields {
            reason: Some("x".to_owned()),
            date: (outcome == "not_yet").then(|| "2027-04".to_owned()),
            ..said(outcome, "amount", "5000")
        };
        let wrong = lost.read(&Conventions::default()).unwrap_err();
        assert_eq!(wrong.iter().map(|one| one.field).collect::<Vec<_>>(), ["amount"], "{outcome}");
        assert_eq!(lost.take_stray_amount().as_deref(), Some("5000"));
        assert!(lost.read(&Conventions::default()).is_ok(), "{outcome}");
        assert_eq!(lost.take_stray_amount(), None);
    }
    assert!(said("lost", "amount", "0.00").read(&Conventions::default()).is_ok(), "none is none");
    assert_eq!(said("won", "amount", "5000").take_stray_amount(), None);
}

#[test]
fn json_is_read_with_an_amount_as_text_or_number_and_wrong_types_are_named() {
    let read = |json: serde_json::Value| OutcomeFields::from_json(json.as_object().unwrap());
    let won = read(serde_json::json!({"outcome": "won", "amount": 12500.5, "currency": "USD", "more": [1]})).unwrap();
    assert_eq!(won.read(&Conventions::default()).unwrap().sale().unwrap().to_string(), "12500.50 USD");
    let all = read(serde_json::json!({"outcome": 1, "reason": ["x"], "amount": true})).unwrap_err();
    assert_eq!(all.iter().map(|one| one.field).collect::<Vec<_>>(), ["outcome", "reason", "amount"]);
}

#[rstest]
#[case("DE", "12.500", "EUR", "12500.00 EUR")]
#[case("DE", "12.500,00 €", "", "12500.00 EUR")]
#[case("DE", "12500.00", "EUR", "12500.00 EUR")]
#[case("US", "12.500", "EUR", "amount: The amount can be read as two numbers: write it without marks, such as 450000.")]
#[case("US", "$12,500", "usd", "12500.00 USD")]
#[case("", "12,500", "USD", "amount: The amount can be read as two numbers: write it without marks, such as 450000.")]
#[case("JP", "1.50", "JPY", "amount: The amount has digits after the decimal mark, and JPY has none.")]
#[case("JP", "150", "JPY", "150 JPY")]
#[case("JP", "150.00", "JPY", "150 JPY")]
#[case("BH", "1.5", "BHD", "1.500 BHD")]
#[case("DE", "12,505", "EUR", "amount: The amount can be read as two numbers: write it without marks, such as 450000.")]
#[case("US", "1.2345", "USD", "amount: The amount has more than the 2 digits after the decimal mark that USD has.")]
#[case("GB", "£900", "EUR", "currency: The amount is in GBP, not in EUR.")]
#[case("US", "$900", "", "currency: Say of which money the amount is, such as USD.")]
#[case("US", "900 USD", "", "900.00 USD")]
// What the amount names counts, whatever currency the form began with.
#[case("DE", "12.5k USD", "EUR", "currency: The amount is in USD, not in EUR.")]
#[case("DE", "2 Mio. USD", "EUR", "currency: The amount is in USD, not in EUR.")]
#[case("DE", "2 Mio. USD", "", "2000000.00 USD")]
#[case("DE", "2 Mio. USD", "usd", "2000000.00 USD")]
#[case(
    "DE",
    "$12500",
    "EUR",
    "currency: The amount is written with \u{201c}$\u{201d}, which EUR is not written with: say of which money it is."
)]
#[case(
    "DE",
    "kr 1500",
    "EUR",
    "currency: The amount is written with \u{201c}kr\u{201d}, which EUR is not written with: say of which money it is."
)]
#[case(
    "DE",
    "¥ 1500",
    "EUR",
    "currency: The amount is written with \u{201c}¥\u{201d}, which EUR is not written with: say of which money it is."
)]
#[case("DE", "€ 900 USD", "", "currency: The amount is in USD, not in EUR.")]
#[case("SE", "1500 kr", "SEK", "1500.00 SEK")]
#[case("CA", "$ 900 CAD", "", "900.00 CAD")]
#[case("JP", "¥1500", "JPY", "1500 JPY")]
#[case("JP", "￥1,500", "JPY", "1500 JPY")]
#[case("US", "12.505", "BHD", "12.505 BHD")]
#[case("US", "12.505", "EUR", "amount: The amount can be read as two numbers: write it without marks, such as 450000.")]
#[case("DE", "12,505", "BHD", "12.505 BHD")]
fn amounts_are_read_as_the_client_writes_them(
    #[case] country: &str,
    #[case] amount: &str,
    #[case] currency: &str,
    #[case] expected: &str,
) {
    let text = |text: &str| Some(text.to_owned());
    let said = OutcomeFields { amount: text(amount), currency: text(currency), ..said("won", "", "") };
    let read = match said.read(&Conventions::of(None, Some(country))) {
        Ok(outcome) => outcome.sale().map(|sale| sale.to_string()).unwrap_or_default(),
        Err(wrong) => wrong.iter().map(|one| format!("{}: {}", one.field, one.message)).collect(),
    };
    assert_eq!(read, expected);
}

#[test]
fn numbers_of_json_are_what_they_are_wherever_the_client_is() {
    for (number, expected) in [("12.125", "12.125 BHD"), ("12.5", "12.500 BHD"), ("1e3", "1000.000 BHD")] {
        let json: serde_json::Value =
            serde_json::from_str(&format!("{{\"outcome\": \"won\", \"amount\": {number}, \"currency\": \"BHD\"}}"))
                .unwrap();
        let said = OutcomeFields::from_json(json.as_object().unwrap()).unwrap();
        let sale = said.read(&Conventions::of(None, Some("DE"))).unwrap().sale();
        assert_eq!(sale.unwrap().to_string(), expected, "{number}");
    }
}

#[rstest]
#[case("won", "31.12.2025", Ok("2025-12-30T23:00:00Z"))]
#[case("lost", "2026-01-02", Ok("2026-01-01T23:00:00Z"))]
#[case("won", "2026-01-02T10:00:00Z", Ok("2026-01-02T10:00:00Z"))]
#[case("won", "2027-01-02", Err("is still to come"))]
#[case("won", "1069-01-02", Err("is too long ago"))]
fn a_sale_has_its_own_date(#[case] outcome: &str, #[case] date: &str, #[case] expected: Result<&str, &str>) {
    let read = said(outcome, "date", date).read(&Conventions::of(None, Some("DE"))).unwrap();
    let clock = TimeZone::get("Europe/Berlin").unwrap();
    match (read.happened().unwrap().instant(&clock, at("2026-11-21T10:00:00Z")), expected) {
        (Ok(given), Ok(expected)) => assert_eq!(given, at(expected)),
        (Err(refused), Err(expected)) => assert!(refused.0.contains(expected), "{refused}"),
        (given, expected) => panic!("{given:?}, expected {expected:?}"),
    }
}

#[test]
fn today_is_no_day_to_come_wherever_whoever_says_it_is() {
    let day = |date: &str| {
        let read = said("won", "date", date).read(&Conventions::of(None, Some("US"))).unwrap();
        read.happened().unwrap().instant(&TimeZone::get("America/Chicago").unwrap(), at("2026-11-29T20:00:00Z"))
    };
    assert_eq!(day("2026-11-29"), Ok(at("2026-11-29T06:00:00Z")));
    assert_eq!(day("2026-11-30"), Ok(at("2026-11-30T06:00:00Z")), "it has begun in Auckland, and stays that day");
    assert!(day("2026-12-01").is_err());
    assert!(day("2026-11-30T09:00:00").is_err(), "a time is one of the client's clock");
}

#[rstest]
#[case("DE", "03.04.2027", Ok("2027-04-03"))]
#[case("US", "04/03/2027", Ok("2027-04-03"))]
#[case("DE", "2027-04", Ok("2027-04-01/2027-04-30"))]
#[case("DE", "30d", Ok("30d"))]
#[case("", "03/04/2027", Err("can be read as two dates"))]
#[case("US", "someday", Err("is no time"))]
fn the_day_of_not_yet_is_read_as_the_client_writes_it(
    #[case] country: &str,
    #[case] date: &str,
    #[case] expected: Result<&str, &str>,
) {
    match (said("not_yet", "date", date).read(&Conventions::of(None, Some(country))), expected) {
        (Ok(Outcome::NotYet { when, .. }), Ok(expected)) => assert_eq!(when.to_string(), expected),
        (Err(wrong), Err(expected)) => assert!(wrong[0].message.contains(expected), "{wrong:?}"),
        (given, expected) => panic!("{given:?}, expected {expected:?}"),
    }
}

fn dollars(amount: i64) -> Option<Sale> {
    Some(Sale { amount: amount.into(), currency: "USD".parse().unwrap() })
}

fn won(sale: Option<Sale>) -> Outcome {
    Outcome::Won { sale, reason: None, happened: None }
}

#[rstest]
#[case(Outcome::Accepted { reason: None }, Some(Won), "takes that sale back")]
#[case(Outcome::Lost { reason: None, happened: None }, Some(Won), "takes that sale back")]
#[case(won(dollars(12_500)), Some(Won), "")]
#[case(won(dollars(13_000)), Some(Won), "")]
#[case(won(dollars(9_000)), Some(Won), "this makes it 9,000 USD")]
#[case(won(None), Some(Won), "")]
#[case(won(dollars(9_000)), Some(Lost), "")]
#[case(Outcome::Accepted { reason: None }, Some(Lost), "")]
#[case(won(dollars(240_000)), None, "")]
#[case(won(dollars(240_001)), None, "more than 20 times")]
#[case(won(dollars(600)), None, "")]
#[case(won(dollars(599)), None, "599 USD is less than one part in 20 of what your sales usually are (12,000 USD)")]
fn what_takes_a_sale_back_or_looks_like_a_slip_is_asked_back(
    #[case] outcome: Outcome,
    #[case] kind: Option<OutcomeKind>,
    #[case] expected: &str,
) {
    let before = SaidBefore {
        kind,
        sale: dollars(12_500),
        is_elsewhere: false,
        usual: Some(12_000.into()),
        ..SaidBefore::default()
    };
    let asked = question(&outcome, &before).map(|asked| asked.0).unwrap_or_default();
    assert!(if expected.is_empty() { asked.is_empty() } else { asked.contains(expected) }, "{asked}");
    let unknown = SaidBefore { usual: None, ..SaidBefore::default() };
    assert!(question(&won(dollars(100_000_000)), &unknown).unwrap().0.contains("unusually large"));
    assert_eq!(question(&won(dollars(99_999_999)), &unknown), None);
    assert_eq!(question(&won(dollars(1)), &unknown), None, "where it is not known what is usual, little is not");
}

#[rstest]
#[case(
    3,
    12_600,
    "12,600 USD looks like your share of 3 %; asked is the price of the whole deal, usually 420,000 USD."
)]
#[case(3, 25_200, "your share of 3 %")]
#[case(3, 25_201, "")]
#[case(3, 6_299, "less than one part in 20")]
#[case(10, 84_000, "your share of 10 %")]
#[case(10, 84_001, "")]
// What is earned by it may be a price as well.
#[case(50, 210_000, "")]
#[case(0, 21_000, "")]
#[case(0, 20_999, "less than one part in 20")]
fn income_where_a_price_is_asked_is_asked_back(#[case] share: i64, #[case] amount: i64, #[case] expected: &str) {
    let share = (share > 0).then(|| share.into());
    let terms = AmountTerms { meaning: Some(AmountMeaning::Price), share };
    let before = SaidBefore { usual: Some(420_000.into()), terms, ..SaidBefore::default() };
    let asked = question(&won(dollars(amount)), &before).map(|asked| asked.0).unwrap_or_default();
    assert!(if expected.is_empty() { asked.is_empty() } else { asked.contains(expected) }, "{asked}");
}

#[test]
fn a_sale_of_another_delivery_is_named_before_something_else_is_said_of_this_one() {
    let before = SaidBefore { kind: Some(Won), sale: dollars(12_500), is_elsewhere: true, ..SaidBefore::default() };
    let asked = question(&Outcome::Lost { reason: None, happened: None }, &before).unwrap().0;
    assert!(asked.contains("won for 12,500 USD") && asked.contains("leaves that sale as it is"), "{asked}");
    assert!(question(&won(dollars(9_000)), &before).unwrap().0.contains("this makes it 9,000 USD"));
}

#[test]
fn a_reason_is_one_line_and_not_endless() {
    let reason = |text: &str| {
        let read = said("lost", "reason", text).read(&Conventions::default());
        read.map(|lost| lost.reason().unwrap().to_owned())
    };
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

const OPEN: [Open; 1] = [Open {
    generation: 4,
    kind: Kind::Outcome,
    state: State::Scheduled,
    due_at: None,
    agreed: false,
    by_hand: false,
    worked: false,
}];

/// An A lead that was just delivered.
fn delivered() -> LeadStanding<'static> {
    LeadStanding {
        stage: Stage::Lead,
        is_a: true,
        spoken: false,
        newest: None,
        is_latest: true,
        kept_elsewhere: false,
        sold_elsewhere: false,
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
// A sale that another delivery made is not this one's to take back, nor one that a colleague made too.
#[case(Lost, ended(Stage::Customer, Lost), (None, None, FollowUp::Stays))]
#[case(Accepted, ended(Stage::Customer, Lost), (None, None, FollowUp::Stays))]
#[case(Returned, ended(Stage::Customer, Accepted), (None, None, FollowUp::Stays))]
#[case(Lost, LeadStanding { sold_elsewhere: true, ..ended(Stage::Customer, Won) }, (None, None, FollowUp::Stays))]
#[case(Accepted, LeadStanding { sold_elsewhere: true, ..ended(Stage::Customer, Won) }, (None, None, FollowUp::Stays))]
#[case(Lost, LeadStanding { kept_elsewhere: true, ..ended(Stage::Customer, Won) }, (Some(Stage::Closed), None, FollowUp::Ended))]
#[case(Returned, LeadStanding { kept_elsewhere: true, ..ended(Stage::Customer, Won) }, (Some(Stage::Lead), None, FollowUp::Ask))]
#[case(Returned, ended(Stage::Closed, Won), (None, None, FollowUp::Stays))]
#[case(Lost, LeadStanding { is_latest: false, ..ended(Stage::Customer, Won) }, (Some(Stage::Closed), None, FollowUp::Ended))]
#[case(Accepted, LeadStanding { is_latest: false, ..ended(Stage::Closed, Lost) }, (None, None, FollowUp::Stays))]
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

#[test]
fn amounts_are_told_as_the_client_writes_them() {
    let sale = |amount: i64, cents: i64| Sale {
        amount: Decimal::new(amount * 100 + cents, 2),
        currency: "EUR".parse().unwrap(),
    };
    for (country, expected) in [
        ("US", "1,000,000 EUR"),
        ("DE", "1.000.000 EUR"),
        ("FR", "1\u{202f}000\u{202f}000 EUR"),
        ("IN", "10,00,000 EUR"),
        ("ZZ", "1,000,000 EUR"),
    ] {
        assert_eq!(sale(1_000_000, 0).in_words(&Conventions::of(None, Some(country))), expected, "{country}");
    }
    assert_eq!(sale(12_500, 50).in_words(&Conventions::of(None, Some("DE"))), "12.500,50 EUR");
    let written = Conventions::of(None, Some("DE"));
    let before = SaidBefore { kind: Some(Won), sale: Some(sale(1_000_000, 0)), written, ..SaidBefore::default() };
    let less = Outcome::Won { sale: Some(sale(12_500, 0)), reason: None, happened: None };
    let asked = question(&less, &before).unwrap().0;
    assert_eq!(asked, "This lead is recorded as won for 1.000.000 EUR; this makes it 12.500 EUR.");
}
