//! Tables of what senders answer and what it comes to.

use serde_json::json;

use super::*;

const DOCUMENT: &str = r#"
name = "test"

[[question]]
id = "budget"
ask = "How much?"
type = "money"
min = 0

[[question]]
id = "timeframe_days"
ask = "When?"
type = "number"
unit = "days"

[[question]]
id = "preapproved"
ask = "Has a lender said yes?"
type = "yes_no"

[[question]]
id = "wants"
ask = "What?"
type = "choices"
choices = ["condo", "house", "single_family", "none"]

[[question]]
id = "plan"
ask = "Buy or sell?"
type = "choice"
choices = ["buy", "sell", "buy, then sell"]

[[question]]
id = "again_on"
ask = "When again?"
type = "date"

[[question]]
id = "loan_ends"
ask = "Until when does the loan run?"
type = "date"

[[question]]
id = "why"
ask = "Why?"
type = "text"

[[rule]]
id = "rich"
when = "answers.budget >= 100000"
points = 70
because = "Has a budget"

[grades]
A = 70
B = 25
confirm_within = "30d"

[requalify]
B = "30d"
C = "90d"
on = "answers.again_on - days(45)"
rounds = 6
"#;

fn context(country: &str) -> AnswerContext {
    AnswerContext {
        conventions: Conventions::of(None, Some(country)),
        zone: crate::time::zone("America/Chicago").unwrap(),
        at: "2026-11-22T10:00:00Z".parse().unwrap(),
    }
}

fn shown(read: GivenAnswer) -> String {
    let value = read.value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    match read.flag {
        None => value,
        Some(flag) => format!("{value} {} {}", flag.code, flag.said.unwrap_or_default()),
    }
}

#[test]
fn money_of_india_is_counted_in_lakhs() {
    let criteria = Criteria::load(DOCUMENT).unwrap().criteria;
    let read = |question: &str, given: &str| shown(criteria.read_answer(question, &json!(given), &context("IN")));
    assert_eq!(read("budget", "45L"), "4500000");
    assert_eq!(read("budget", "\u{20b9} 4.5 L"), "450000");
    assert_eq!(read("budget", "Rs. 4,50,000/-"), "450000");
    assert_eq!(read("timeframe_days", "45L"), "\"45L\" no_number 45L");
}

#[test]
fn yes_and_no_are_true_and_false_however_they_are_written() {
    let criteria = Criteria::load(DOCUMENT).unwrap().criteria;
    for (question, given, expected) in [
        ("preapproved", json!("on"), "true"),
        ("preapproved", json!("Nein"), "false"),
        ("preapproved", json!(1), "true"),
        ("preapproved", json!("no"), "false"),
        ("preapproved", json!("0"), "false"),
        ("preapproved", json!("FALSE"), "false"),
        ("preapproved", json!("yes"), "true"),
        ("preapproved", json!("perhaps"), "\"perhaps\" no_yes_or_no perhaps"),
        ("preapproved", json!("undefined"), "nothing"),
    ] {
        let read = criteria.read_answer(question, &given, &context("US"));
        assert_eq!(shown(read), expected, "{question} {given}");
    }
}

#[test]
fn what_senders_answer_is_read_or_flagged_with_its_words() {
    let criteria = Criteria::load(DOCUMENT).unwrap().criteria;
    for (question, given, expected) in [
        ("budget", json!("450,000"), "450000"),
        ("budget", json!("$450K"), "450000"),
        ("budget", json!("99.99"), "99.99"),
        ("budget", json!("450000"), "450000"),
        ("budget", json!(450_000.5), "450000.5"),
        ("budget", json!("0"), "0"),
        ("budget", json!(0), "0"),
        ("budget", json!(""), "nothing"),
        ("budget", json!("n/a"), "nothing"),
        ("budget", json!(null), "nothing"),
        ("budget", json!("450.000"), "nothing unclear_number 450.000"),
        ("budget", json!("1,12"), "\"1,12\" unclear_number 1,12"),
        ("budget", json!("about half a million"), "\"about half a million\" no_number about half a million"),
        ("budget", json!(-5), "-5 out_of_range -5"),
        ("budget", json!(10_000_000_000_000_000_000_u64), "nothing out_of_range 10000000000000000000"),
        ("budget", json!("99999999999999999999"), "nothing out_of_range 99999999999999999999"),
        (
            "budget",
            json!("$99,999,999,999,999,999,999"),
            "\"$99,999,999,999,999,999,999\" out_of_range $99,999,999,999,999,999,999",
        ),
        ("budget", json!("-9999999999999999"), "\"-9999999999999999\" out_of_range -9999999999999999"),
        ("budget", json!(1_000_000_000_000_000_i64), "1000000000000000"),
        (
            "timeframe_days",
            json!("10000000000000000 days"),
            "\"10000000000000000 days\" out_of_range 10000000000000000 days",
        ),
        ("timeframe_days", json!("10000000000000000"), "nothing out_of_range 10000000000000000"),
        ("budget", json!(true), "true no_number true"),
        ("budget", json!(["450,000"]), "450000"),
        ("timeframe_days", json!("45 days"), "45"),
        ("timeframe_days", json!("1 day"), "1"),
        ("timeframe_days", json!("20 Tage"), "20"),
        ("timeframe_days", json!("20 DÍAS"), "20"),
        ("timeframe_days", json!("20 dias"), "20"),
        ("timeframe_days", json!("20 jours"), "20"),
        ("timeframe_days", json!("3 Wochen"), "\"3 Wochen\" no_number 3 Wochen"),
        ("timeframe_days", json!("45L"), "\"45L\" no_number 45L"),
        ("budget", json!("45L"), "\"45L\" no_number 45L"),
        ("timeframe_days", json!("days"), "\"days\" no_number days"),
        ("timeframe_days", json!("20"), "20"),
        ("timeframe_days", json!(" 20 "), "20"),
        ("wants", json!("condo;house"), "[\"condo\",\"house\"]"),
        ("wants", json!(["condo", "House", "condo"]), "[\"condo\",\"house\"]"),
        ("wants", json!("Single family"), "[\"single_family\"]"),
        ("wants", json!(["condo", "castle"]), "[\"condo\"] unknown_choice castle"),
        ("wants", json!("castle"), "\"castle\" unknown_choice castle"),
        ("wants", json!("none"), "[\"none\"]"),
        ("wants", json!([]), "[]"),
        ("wants", json!([null]), "nothing"),
        ("plan", json!("Buy, then sell"), "\"buy, then sell\""),
        ("plan", json!(["buy"]), "\"buy\""),
        ("plan", json!("buy;sell"), "\"buy;sell\" unknown_choice buy;sell"),
        ("why", json!("A dog"), "\"A dog\""),
        ("why", json!(60134), "\"60134\""),
        ("why", json!(["a", "b"]), "\"a, b\""),
        ("why", json!("-"), "nothing"),
        ("why", json!({"a": 1}), "{\"a\":1} no_text {\"a\":1}"),
        ("budgett", json!(5), "5 unknown_question 5"),
        ("budgett", json!(""), "nothing"),
    ] {
        let read = criteria.read_answer(question, &given, &context("US"));
        assert_eq!(shown(read), expected, "{question} {given}");
    }
    let unknown = criteria.read_answer("budgett", &json!(5), &context("US")).flag.unwrap();
    assert_eq!(unknown.meant.as_deref(), Some("budget"));
    let german = criteria.read_answer("budget", &json!("\u{20ac} 450.000,-"), &context("DE"));
    assert_eq!(shown(german), "450000");
    let german = criteria.read_answer("again_on", &json!("03/04/2027"), &context("DE"));
    assert_eq!(shown(german), "\"2027-04-03\"");
}

#[test]
fn days_are_read_by_the_clock_that_they_are_of_or_flagged_with_their_words() {
    let criteria = Criteria::load(DOCUMENT).unwrap().criteria;
    for (question, given, expected) in [
        ("again_on", json!("03/15/2027"), "\"2027-03-15\""),
        ("again_on", json!("15.03.2027 10:30"), "\"2027-03-15\""),
        ("again_on", json!("2027-Q2"), "\"2027-Q2\""),
        ("again_on", json!("April 2027"), "\"2027-04\""),
        ("again_on", json!("2027-03-15T02:00:00Z"), "\"2027-03-14\""),
        ("again_on", json!("2027-03-15T00:00:00.000Z"), "\"2027-03-15\""),
        ("again_on", json!(1_805_068_800), "\"2027-03-15\""),
        ("again_on", json!("2027-03-15T23:30:00-08:00"), "\"2027-03-15\""),
        ("again_on", json!("2020-01-01"), "\"2020-01-01\""),
        ("again_on", json!("2041-12-31"), "\"2041-12-31\""),
        ("again_on", json!("2206-03-04"), "nothing no_date 2206-03-04"),
        ("again_on", json!("04.03.2206"), "\"04.03.2206\" no_date 04.03.2206"),
        ("again_on", json!("04/03/0027"), "\"04/03/0027\" no_date 04/03/0027"),
        ("again_on", json!("1405/12/13"), "\"1405/12/13\" no_date 1405/12/13"),
        ("again_on", json!("2570-Q2"), "nothing no_date 2570-Q2"),
        ("again_on", json!("2570"), "nothing no_date 2570"),
        ("again_on", json!("9999-12-31"), "\"9999-12-31\" no_date 9999-12-31"),
        ("loan_ends", json!("2056-01-31"), "\"2056-01-31\""),
        ("loan_ends", json!("0056-01-31"), "\"0056-01-31\" no_date 0056-01-31"),
        ("again_on", json!("soon"), "\"soon\" no_date soon"),
    ] {
        let read = criteria.read_answer(question, &given, &context("US"));
        assert_eq!(shown(read), expected, "{question} {given}");
    }
}
