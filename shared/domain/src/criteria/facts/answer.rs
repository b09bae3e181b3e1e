//! What one given answer is worth to a decision at an instant. Senders post numbers as texts, vendors post nonsense, and
//! what was true in spring is not true now: an answer that cannot be used counts as not given, and the receipt says why.
//!
//! People date things in their own words of time: a day (`2026-11-30`), a month (`2026-11`), a quarter (`2026-Q4`) or a
//! year (`2026`). What is longer than a day is a window: conditions and the lead's own date count from its first day, and
//! it is past only once its last day is over.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value;

use crate::criteria::{
    facts::{snapshot::Answer, value::Held},
    script::question::{Kind, Question, Range},
};

/// The usable value, or why there is none.
pub(in crate::criteria) fn usable<'f>(
    question: &'f Question,
    answer: &'f Answer,
    now: Timestamp,
) -> Result<Held<'f>, Cow<'static, str>> {
    let held = match &question.kind {
        Kind::Text => text(&answer.value).map(Held::Text),
        Kind::Number(range) | Kind::Money(range) => number(&answer.value, *range),
        Kind::YesNo => yes_no(&answer.value).map(Held::YesNo),
        Kind::Date => date(&answer.value, now),
        Kind::Choice(choices) => one_of(&answer.value, choices).map(|choice| Held::Text(Cow::Borrowed(choice))),
        Kind::Choices(choices) => any_of(&answer.value, choices).map(Held::Texts),
    }?;
    let age = now.duration_since(answer.at);
    if question.stale_after.is_some_and(|limit| age > limit) {
        return Err("went stale".into());
    }
    Ok(if question.counts_down { counted_down(held, age) } else { held })
}

impl Question {
    /// An answer in the type of what the question asks for, whatever it was kept as: `"20"` of a number is 20, `"no"` of a yes or no is
    /// false, a choice has the script's own spelling. None for what is none of that.
    #[must_use]
    pub fn typed(&self, value: &Value) -> Option<Value> {
        let any = Range::default();
        Some(match &self.kind {
            Kind::Text => text(value).ok()?.into_owned().into(),
            Kind::Number(_) | Kind::Money(_) if value.is_number() => value.clone(),
            Kind::Number(_) | Kind::Money(_) => match number(value, any).ok()? {
                Held::Whole(number) => number.into(),
                Held::Number(number) => number.into(),
                _ => return None,
            },
            Kind::YesNo => yes_no(value).ok()?.into(),
            Kind::Date => value.as_str().map(str::trim).filter(|text| is_window(text))?.into(),
            Kind::Choice(choices) => one_of(value, choices).ok()?.into(),
            Kind::Choices(choices) => any_of(value, choices).ok()?.into_iter().map(Value::from).collect(),
        })
    }

    /// An answer as it may be shown to somebody who is not told who it is: a choice, a number, yes or no, or a date. None for
    /// words of the person's own, and for what is none of what the question asks for.
    #[must_use]
    pub fn answer_without_words(&self, answer: &Answer, now: Timestamp) -> Option<Value> {
        if self.kind == Kind::Text {
            return None;
        }
        Some(match usable(self, answer, now).ok()? {
            Held::YesNo(is_yes) => is_yes.into(),
            // As it was given where it was given as a number; a text that is none would not be usable.
            Held::Whole(_) | Held::Number(_) if answer.value.is_number() => answer.value.clone(),
            Held::Whole(number) => number.into(),
            Held::Number(number) => number.into(),
            Held::Instant(_) => answer.value.as_str()?.trim().into(),
            // The script's own spelling, and not what was typed.
            Held::Text(choice) => choice.into_owned().into(),
            Held::Texts(choices) => choices.into_iter().map(Value::from).collect(),
        })
    }
}

/// The number less the whole days that have gone by, not below 0.
fn counted_down(held: Held<'_>, age: SignedDuration) -> Held<'_> {
    let days = whole_days(age).max(0);
    match held {
        Held::Whole(number) => Held::Whole(number.saturating_sub(days).max(0)),
        #[allow(clippy::cast_precision_loss, reason = "days since the beginning of time fit an f64 exactly")]
        Held::Number(number) => Held::Number((number - days as f64).max(0.0)),
        other => other,
    }
}

/// Whole days in a length of time, rounded towards the past.
pub(in crate::criteria) const fn whole_days(length: SignedDuration) -> i64 {
    const DAY: i64 = 86_400;
    let days = length.as_secs().div_euclid(DAY);
    let just_before = length.subsec_nanos() < 0 && length.as_secs() % DAY == 0;
    if just_before { days - 1 } else { days }
}

fn text(value: &Value) -> Result<Cow<'_, str>, Cow<'static, str>> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        _ => return Err("is no text".into()),
    };
    if text.is_empty() { Err("is empty".into()) } else { Ok(text) }
}

#[allow(clippy::cast_precision_loss, reason = "limits are compared as decimals, as they are written")]
fn number(value: &Value, range: Range) -> Result<Held<'static>, Cow<'static, str>> {
    let held = match value {
        Value::Number(number) => number.as_i64().map(Held::Whole).or_else(|| number.as_f64().map(Held::Number)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().map(Held::Whole).or_else(|_| text.parse().map(Held::Number)).ok()
        }
        _ => None,
    };
    let decimal = match held {
        Some(Held::Whole(number)) => number as f64,
        Some(Held::Number(number)) if number.is_finite() => number,
        _ => return Err("is no number".into()),
    };
    if let Some(min) = range.min.filter(|min| decimal < *min) {
        return Err(format!("is less than {min}").into());
    }
    if let Some(max) = range.max.filter(|max| decimal > *max) {
        return Err(format!("is more than {max}").into());
    }
    held.ok_or_else(|| "is no number".into())
}

fn yes_no(value: &Value) -> Result<bool, Cow<'static, str>> {
    const YES: [&str; 3] = ["yes", "true", "1"];
    const NO: [&str; 3] = ["no", "false", "0"];
    let is_one_of = |text: &str, words: [&str; 3]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::Number(number) if number.as_i64() == Some(1) => Ok(true),
        Value::Number(number) if number.as_i64() == Some(0) => Ok(false),
        Value::String(text) if is_one_of(text, YES) => Ok(true),
        Value::String(text) if is_one_of(text, NO) => Ok(false),
        _ => Err("is neither yes nor no".into()),
    }
}

/// The beginning of its first day in UTC. What is over counts as stale; today, this month, quarter or year is not.
fn date(value: &Value, now: Timestamp) -> Result<Held<'static>, Cow<'static, str>> {
    const NO_DATE: Cow<'static, str> = Cow::Borrowed("is no date such as 2026-11-30, 2026-11, 2026-Q4 or 2026");
    let (first, last) = value.as_str().and_then(|text| window(text.trim())).ok_or(NO_DATE)?;
    if last < TimeZone::UTC.to_datetime(now).date() {
        return Err("is past".into());
    }
    let midnight = first.to_zoned(TimeZone::UTC).map_err(|_| NO_DATE)?;
    Ok(Held::Instant(midnight.timestamp()))
}

/// Whether a text names a day, a month, a quarter or a year in the form that decisions read.
pub(in crate::criteria) fn is_window(text: &str) -> bool {
    window(text).is_some()
}

/// The first and the last day of a day, a month, a quarter or a year.
fn window(text: &str) -> Option<(Date, Date)> {
    if is_calendar_day(text) {
        let day: Date = text.parse().ok()?;
        return Some((day, day));
    }
    let (year, part) = text.split_once('-').map_or((text, None), |(year, part)| (year, Some(part)));
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year, 4) {
        return None;
    }
    let (from, to) = match part {
        None => (1, 12),
        Some(month) if digits(month, 2) => (month.parse().ok()?, month.parse().ok()?),
        Some(part) => {
            let quarter = part.strip_prefix(['Q', 'q']).filter(|quarter| digits(quarter, 1))?;
            let last = quarter.parse::<i8>().ok().filter(|quarter| (1..=4).contains(quarter))? * 3;
            (last - 2, last)
        }
    };
    let month = |number: i8| Date::new(year.parse().ok()?, number, 1).ok();
    Some((month(from)?, month(to)?.last_of_month()))
}

/// Whether the text has the shape `YYYY-MM-DD`.
pub(in crate::criteria) fn is_calendar_day(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}

fn one_of<'c>(value: &Value, choices: &'c [std::sync::Arc<str>]) -> Result<&'c str, Cow<'static, str>> {
    let given = text(value).map_err(|_| Cow::Borrowed("is none of the choices"))?;
    let exact = choices.iter().find(|choice| ***choice == *given);
    let same = exact.or_else(|| choices.iter().find(|choice| choice.eq_ignore_ascii_case(&given)));
    same.map(|choice| &**choice).ok_or_else(|| "is none of the choices".into())
}

fn any_of<'c>(value: &Value, choices: &'c [std::sync::Arc<str>]) -> Result<Vec<&'c str>, Cow<'static, str>> {
    match value {
        Value::Array(elements) => elements.iter().map(|element| one_of(element, choices)).collect(),
        one => one_of(one, choices).map(|choice| vec![choice]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::criteria::{Wording, facts::snapshot::Origin};

    const NOW: &str = "2026-11-30T12:00:00Z";
    const NO_DATE: &str = "is no date such as 2026-11-30, 2026-11, 2026-Q4 or 2026";

    fn question(kind: Kind) -> Question {
        Question { id: "q".into(), ask: Wording::default(), kind, unit: None, counts_down: false, stale_after: None }
    }

    fn answer(value: Value, at: &str) -> Answer {
        Answer { value, at: at.parse().unwrap(), origin: Origin::Person("test".into()) }
    }

    fn used(question: &Question, value: Value, at: &str) -> String {
        match usable(question, &answer(value, at), NOW.parse().unwrap()) {
            Ok(held) => format!("{held:?}"),
            Err(why) => why.into_owned(),
        }
    }

    #[test]
    fn an_answer_has_the_type_of_its_question_whatever_it_was_kept_as() {
        let choices = || -> std::sync::Arc<[std::sync::Arc<str>]> { ["Buy".into(), "Sell".into()].into() };
        let tight = Range { min: Some(0.0), max: Some(10.0) };
        for (kind, kept, typed) in [
            (Kind::Number(tight), json!("20"), Some(json!(20))),
            (Kind::Number(tight), json!(" 4.5 "), Some(json!(4.5))),
            (Kind::Money(tight), json!(450_000), Some(json!(450_000))),
            (Kind::Money(tight), json!("about half a million"), None),
            (Kind::YesNo, json!("no"), Some(json!(false))),
            (Kind::YesNo, json!("0"), Some(json!(false))),
            (Kind::YesNo, json!("TRUE"), Some(json!(true))),
            (Kind::YesNo, json!("perhaps"), None),
            // A day that is over is that day.
            (Kind::Date, json!(" 2020-01-01 "), Some(json!("2020-01-01"))),
            (Kind::Date, json!("soon"), None),
            (Kind::Choice(choices()), json!("buy"), Some(json!("Buy"))),
            (Kind::Choices(choices()), json!("sell"), Some(json!(["Sell"]))),
            (Kind::Choices(choices()), json!(["sell", "buy"]), Some(json!(["Sell", "Buy"]))),
            (Kind::Choices(choices()), json!(["rent"]), None),
            (Kind::Text, json!(60134), Some(json!("60134"))),
        ] {
            let asked = question(kind);
            let found = asked.typed(&kept);
            assert_eq!(found, typed, "{kept}");
            assert_eq!(found.as_ref().and_then(|typed| asked.typed(typed)), typed, "typed once more it is the same");
        }
    }

    #[test]
    fn what_is_shown_without_words_is_of_the_type_and_never_a_text() {
        let choices = || -> std::sync::Arc<[std::sync::Arc<str>]> { ["Buy".into(), "Sell".into()].into() };
        let any = Range { min: None, max: None };
        for (kind, given, shown) in [
            (Kind::Text, json!("415 555 0100"), None),
            (Kind::Number(any), json!(45), Some(json!(45))),
            (Kind::Money(any), json!(" 450000 "), Some(json!(450_000))),
            (Kind::Number(any), json!("call 415 555 0100"), None),
            (Kind::YesNo, json!("Yes"), Some(json!(true))),
            (Kind::Date, json!("2026-12"), Some(json!("2026-12"))),
            (Kind::Date, json!("after six, 415 555 0100"), None),
            (Kind::Choice(choices()), json!("buy"), Some(json!("Buy"))),
            (Kind::Choice(choices()), json!("buy, 415 555 0100"), None),
            (Kind::Choices(choices()), json!(["sell", "Buy"]), Some(json!(["Sell", "Buy"]))),
            (Kind::Choices(choices()), json!(["sell", "Casey"]), None),
        ] {
            let said = answer(given.clone(), NOW);
            assert_eq!(question(kind).answer_without_words(&said, NOW.parse().unwrap()), shown, "{given}");
        }
    }

    #[test]
    fn each_type_takes_what_senders_post_and_refuses_the_rest() {
        let choices = || -> Arc<[Arc<str>]> { ["buy".into(), "sell".into()].into() };
        let tight = Range { min: Some(0.0), max: Some(100.0) };
        use std::sync::Arc;
        let table: Vec<(Kind, Value, &str)> = vec![
            (Kind::Text, json!(" a b "), "Text(\"a b\")"),
            (Kind::Text, json!(60134), "Text(\"60134\")"),
            (Kind::Text, json!(""), "is empty"),
            (Kind::Text, json!(true), "is no text"),
            (Kind::Number(tight), json!(45), "Whole(45)"),
            (Kind::Number(tight), json!("45"), "Whole(45)"),
            (Kind::Number(tight), json!(" 4.5 "), "Number(4.5)"),
            (Kind::Number(tight), json!(-1), "is less than 0"),
            (Kind::Number(tight), json!(100.5), "is more than 100"),
            (Kind::Number(Range::default()), json!(u64::MAX), "Number(1.8446744073709552e19)"),
            (Kind::Number(Range::default()), json!("soon"), "is no number"),
            (Kind::Number(Range::default()), json!("NaN"), "is no number"),
            (Kind::Number(Range::default()), json!("inf"), "is no number"),
            (Kind::Number(Range::default()), json!("1e999"), "is no number"),
            (Kind::Number(Range::default()), json!(true), "is no number"),
            (Kind::Number(Range::default()), json!(null), "is no number"),
            (Kind::Money(tight), json!("99.99"), "Number(99.99)"),
            (Kind::Money(tight), json!("$99"), "is no number"),
            (Kind::YesNo, json!(true), "YesNo(true)"),
            (Kind::YesNo, json!("Yes"), "YesNo(true)"),
            (Kind::YesNo, json!("0"), "YesNo(false)"),
            (Kind::YesNo, json!(1), "YesNo(true)"),
            (Kind::YesNo, json!("perhaps"), "is neither yes nor no"),
            (Kind::YesNo, json!(2), "is neither yes nor no"),
            (Kind::Date, json!("2026-11-30"), "Instant(2026-11-30T00:00:00Z)"),
            (Kind::Date, json!("2026-11-29"), "is past"),
            (Kind::Date, json!("30/11/2026"), NO_DATE),
            (Kind::Date, json!("2026-02-30"), NO_DATE),
            (Kind::Date, json!("2027-01-01T00:00:00Z"), NO_DATE),
            (Kind::Date, json!(20_261_130), NO_DATE),
            (Kind::Date, json!("2026-11"), "Instant(2026-11-01T00:00:00Z)"),
            (Kind::Date, json!(" 2026-12 "), "Instant(2026-12-01T00:00:00Z)"),
            (Kind::Date, json!("2026-10"), "is past"),
            (Kind::Date, json!("2026-13"), NO_DATE),
            (Kind::Date, json!("2026-00"), NO_DATE),
            (Kind::Date, json!("2026-1"), NO_DATE),
            (Kind::Date, json!("2026-Q4"), "Instant(2026-10-01T00:00:00Z)"),
            (Kind::Date, json!("2027-q1"), "Instant(2027-01-01T00:00:00Z)"),
            (Kind::Date, json!("2026-Q3"), "is past"),
            (Kind::Date, json!("2026-Q0"), NO_DATE),
            (Kind::Date, json!("2026-Q5"), NO_DATE),
            (Kind::Date, json!("2026-Q"), NO_DATE),
            (Kind::Date, json!("2026-Q44"), NO_DATE),
            (Kind::Date, json!("2026Q4"), NO_DATE),
            (Kind::Date, json!("Q4-2026"), NO_DATE),
            (Kind::Date, json!("2026"), "Instant(2026-01-01T00:00:00Z)"),
            (Kind::Date, json!("2025"), "is past"),
            (Kind::Date, json!("9999"), "Instant(9999-01-01T00:00:00Z)"),
            (Kind::Date, json!("0000"), "is past"),
            (Kind::Date, json!(2026), NO_DATE),
            (Kind::Date, json!("26"), NO_DATE),
            (Kind::Date, json!("+026"), NO_DATE),
            (Kind::Date, json!("2026-"), NO_DATE),
            (Kind::Date, json!("２０２６"), NO_DATE),
            (Kind::Date, json!("2026-11-30-01"), NO_DATE),
            (Kind::Date, json!(""), NO_DATE),
            (Kind::Choice(choices()), json!("buy"), "Text(\"buy\")"),
            (Kind::Choice(choices()), json!("BUY "), "Text(\"buy\")"),
            (Kind::Choice(choices()), json!("rent"), "is none of the choices"),
            (Kind::Choice(choices()), json!(["buy"]), "is none of the choices"),
            (Kind::Choices(choices()), json!(["sell", "buy"]), "Texts([\"sell\", \"buy\"])"),
            (Kind::Choices(choices()), json!("buy"), "Texts([\"buy\"])"),
            (Kind::Choices(choices()), json!(["buy", "rent"]), "is none of the choices"),
            (Kind::Choices(choices()), json!([]), "Texts([])"),
        ];
        for (kind, value, expected) in table {
            let question = question(kind);
            assert_eq!(used(&question, value.clone(), NOW), expected, "{:?} {value}", question.kind);
        }
    }

    #[test]
    fn an_old_answer_goes_stale_and_a_count_of_days_runs_down() {
        let stale = Question { stale_after: Some(SignedDuration::from_hours(24)), ..question(Kind::Text) };
        assert_eq!(used(&stale, json!("x"), "2026-11-29T12:00:00Z"), "Text(\"x\")");
        assert_eq!(used(&stale, json!("x"), "2026-11-29T11:59:59Z"), "went stale");
        let counting = Question { counts_down: true, ..question(Kind::Number(Range::default())) };
        for (value, at, expected) in [
            (json!(120), "2026-10-31T12:00:00Z", "Whole(90)"),
            (json!(120), "2026-10-31T12:00:01Z", "Whole(91)"),
            (json!(20.5), "2026-11-29T12:00:00Z", "Number(19.5)"),
            (json!(5), "2026-01-01T00:00:00Z", "Whole(0)"),
            (json!(5), "2027-01-01T00:00:00Z", "Whole(5)"),
        ] {
            assert_eq!(used(&counting, value, at), expected, "{at}");
        }
    }

    #[test]
    fn a_window_counts_from_its_first_day_and_is_past_after_its_last() {
        let question = question(Kind::Date);
        for (given, first, last, after) in [
            ("2026-11-30", "2026-11-30T00:00:00Z", "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
            ("2028-02", "2028-02-01T00:00:00Z", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z"),
            ("2027-02", "2027-02-01T00:00:00Z", "2027-02-28T23:59:59Z", "2027-03-01T00:00:00Z"),
            ("2026-Q1", "2026-01-01T00:00:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"),
            ("2026-Q2", "2026-04-01T00:00:00Z", "2026-06-30T23:59:59Z", "2026-07-01T00:00:00Z"),
            ("2026-Q4", "2026-10-01T00:00:00Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("2026", "2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
        ] {
            let given = answer(json!(given), "2025-01-01T00:00:00Z");
            let held = |now: &str| usable(&question, &given, now.parse().unwrap());
            let expected = Ok(Held::Instant(first.parse().unwrap()));
            for now in ["2025-01-01T00:00:00Z", first, last] {
                assert_eq!(held(now), expected, "{given:?} {now}");
            }
            assert_eq!(held(after), Err(Cow::Borrowed("is past")), "{given:?}");
        }
    }

    #[test]
    fn days_are_whole_and_rounded_towards_the_past() {
        for (seconds, nanos, days) in [(0, 0, 0), (86_399, 999, 0), (86_400, 0, 1), (-1, 0, -1), (-86_400, -1, -2)] {
            assert_eq!(whole_days(SignedDuration::new(seconds, nanos)), days, "{seconds} {nanos}");
        }
    }
}
