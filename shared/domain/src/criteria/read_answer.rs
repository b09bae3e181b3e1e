//! What a sender's answer says to the question it is for: amounts and dates by the conventions of where the person is, yes and
//! no in many words, several choices in one text. What is understood is kept in the form in which decisions read it; what is
//! not is flagged with its words.

use std::sync::Arc;

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::Value;

use crate::{
    criteria::{
        facts::{
            answer::{is_window, usable},
            snapshot::{Answer, Origin},
            value::Fact,
        },
        model::Criteria,
        script::question::{Kind, Question},
    },
    document::nearest,
    flag::{Flag, FlagCode},
    values::{
        Conventions, ReadDate, UnclearAmount, UnclearDate, amount, date, folded, is_nothing, is_nothing_but,
        months_window, ticked, yes_no,
    },
};

/// How many years ahead a date may lie that sets a lead's next step: what lies further is of another calendar, or a slip of the
/// hand, and the lead would be asleep for centuries.
const YEARS_AHEAD: i16 = 15;
/// Words for one unit of time each, in English, German, Spanish, Portuguese, French, Italian and Dutch.
const UNITS: [&[&str]; 6] = [
    &[
        "days", "day", "tage", "tagen", "tag", "días", "dias", "día", "dia", "jours", "jour", "giorni", "giorno",
        "dagen", "dag",
    ],
    &[
        "weeks",
        "week",
        "wochen",
        "woche",
        "semanas",
        "semana",
        "semaines",
        "semaine",
        "settimane",
        "settimana",
        "weken",
    ],
    &[
        "months", "month", "monate", "monaten", "monat", "meses", "mes", "mês", "mois", "mesi", "mese", "maanden",
        "maand",
    ],
    &[
        "years", "year", "jahre", "jahren", "jahr", "años", "año", "anos", "ano", "ans", "an", "années", "anni",
        "anno", "jaar", "jaren",
    ],
    &["hours", "hour", "stunden", "stunde", "horas", "hora", "heures", "heure", "ore", "ora", "uren", "uur"],
    &["minutes", "minute", "minuten", "minutos", "minuto", "minuti"],
];
/// Nobody who answers was there before.
const FIRST_YEAR: i16 = 1900;
/// No amount and no count is more, in whichever currency: what is was typed by a sleeping hand or is some other number, and would be
/// graded as the best there is.
const MOST: f64 = 1e15;

/// Where an answer was given: how numbers and dates are written there, and by which clock.
#[derive(Debug, Clone)]
pub struct AnswerContext {
    /// How numbers and dates are written.
    pub conventions: Conventions,
    /// The person's clock, else the client's.
    pub zone: TimeZone,
    /// When it was given.
    pub at: Timestamp,
}

/// What an answer came to.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenAnswer {
    /// What is kept; none where the answer says nothing.
    pub value: Option<Value>,
    /// Whether a decision can use it.
    pub usable: bool,
    /// What was not understood, with its words.
    pub flag: Option<Flag>,
}

impl GivenAnswer {
    const NOTHING: Self = Self { value: None, usable: false, flag: None };

    fn usable(value: Value) -> Self {
        Self { value: Some(value), usable: true, flag: None }
    }

    fn unusable(given: &Value, flag: Flag) -> Self {
        Self { value: Some(given.clone()), usable: false, flag: Some(flag) }
    }
}

impl Criteria {
    /// Reads what a sender answered to a question.
    #[must_use]
    pub fn read_answer(&self, question: &str, given: &Value, context: &AnswerContext) -> GivenAnswer {
        let Some(asked) = self.questions.iter().find(|known| *known.id == *question) else {
            return self.unknown(question, given);
        };
        if says_nothing(asked, given) {
            return GivenAnswer::NOTHING;
        }
        let flag = |code| Flag::new(question, code).saying(&in_words(given));
        let as_given = answer_of(given, context);
        let worth = usable(asked, &as_given, context.at);
        let in_time = |read: Understood| match self.is_out_of_time(asked, &read.value, context) {
            true => Err(FlagCode::NoDate),
            false => Ok(read),
        };
        let read = match read(asked, given, context).and_then(in_time) {
            Ok(read) => read,
            Err(code) => {
                // A decision would make 450 of 450.000: what could be two is kept in the flag alone.
                let value = worth.is_err().then(|| given.clone());
                return GivenAnswer { value, usable: false, flag: Some(flag(code)) };
            }
        };
        let understood = answer_of(&read.value, context);
        let unknown = read.unknown.map(|words| Flag::new(question, FlagCode::UnknownChoice).saying(&words));
        match usable(asked, &understood, context.at) {
            // A day that is over is understood: what it is worth now, decisions say.
            Err(why) if why != "is past" => GivenAnswer::unusable(given, flag(code_of(&asked.kind))),
            // In the type of its question however it was written: a program that asks `if (answers.preapproved)` takes the text "no" for
            // a yes.
            _ => GivenAnswer { flag: unknown, ..GivenAnswer::usable(asked.typed(&read.value).unwrap_or(read.value)) },
        }
    }

    /// Whether a date, as decisions read it, lies where no answer can mean it.
    fn is_out_of_time(&self, asked: &Question, read: &Value, context: &AnswerContext) -> bool {
        let year = read.as_str().and_then(|text| text.get(..4)?.parse::<i16>().ok());
        let (Kind::Date, Some(year)) = (&asked.kind, year) else { return false };
        let this_year = context.zone.to_datetime(context.at).year();
        year < FIRST_YEAR || year > this_year.saturating_add(YEARS_AHEAD) && self.sets_next_step(asked)
    }

    /// Whether the date on which a lead is looked at again is made from this answer.
    fn sets_next_step(&self, asked: &Question) -> bool {
        let is_asked = |fact: Fact| matches!(fact, Fact::Answer(place) if self.questions.get(place) == Some(asked));
        let mut of = self.named.iter().zip(0..).filter(|(named, _)| is_asked(named.fact));
        self.requalify.on.as_ref().is_some_and(|on| of.any(|(_, index)| on.is_made_from(index)))
    }

    fn unknown(&self, question: &str, given: &Value) -> GivenAnswer {
        if given.as_str().is_some_and(is_nothing) {
            return GivenAnswer::NOTHING;
        }
        let near = nearest(question, self.questions.iter().map(|known| &*known.id));
        let flag = Flag::new(question, FlagCode::UnknownQuestion).saying(&in_words(given));
        GivenAnswer::unusable(given, Flag { meant: near.map(str::to_owned), ..flag })
    }
}

fn answer_of(value: &Value, context: &AnswerContext) -> Answer {
    Answer { value: value.clone(), at: context.at, origin: Origin::Person(String::new()) }
}

/// An answer that was understood, all of it or but for some words.
struct Understood {
    value: Value,
    /// Choices that are none of the question's.
    unknown: Option<String>,
}

impl From<Value> for Understood {
    fn from(value: Value) -> Self {
        Self { value, unknown: None }
    }
}

fn says_nothing(question: &Question, given: &Value) -> bool {
    let choices = match &question.kind {
        Kind::Choice(choices) | Kind::Choices(choices) => &choices[..],
        _ => &[],
    };
    match given {
        Value::Null => true,
        Value::String(text) => is_nothing_but(text, choices.iter().map(|choice| &**choice)),
        Value::Array(values) => {
            let all = values.iter().all(|value| value.is_null() || value.as_str().is_some_and(is_nothing));
            // An empty list is an answer where several are asked for: none of them.
            all && !(values.is_empty() && matches!(question.kind, Kind::Choices(_)))
        }
        _ => false,
    }
}

/// The words of an answer as they are shown beside a flag.
fn in_words(given: &Value) -> String {
    match given {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

const fn code_of(kind: &Kind) -> FlagCode {
    match kind {
        Kind::Text => FlagCode::NoText,
        Kind::Number(_) | Kind::Money(_) => FlagCode::OutOfRange,
        Kind::YesNo => FlagCode::NoYesOrNo,
        Kind::Date => FlagCode::NoDate,
        Kind::Choice(_) | Kind::Choices(_) => FlagCode::UnknownChoice,
    }
}

fn read(question: &Question, given: &Value, context: &AnswerContext) -> Result<Understood, FlagCode> {
    // One box of several arrives as a list of one.
    if let (Value::Array(values), false) = (given, matches!(question.kind, Kind::Choices(_) | Kind::Text))
        && let [one] = values.as_slice()
    {
        return read(question, one, context);
    }
    match &question.kind {
        Kind::Text => text(given),
        Kind::Number(_) | Kind::Money(_) => number(question, given, context),
        Kind::YesNo => given_yes_no(given).map(|yes| Value::Bool(yes).into()).ok_or(FlagCode::NoYesOrNo),
        Kind::Date => day(given, context),
        Kind::Choice(choices) => match some_of(given, choices) {
            (known, None) if known.len() == 1 => Ok(known.into_iter().next().unwrap_or_default().into()),
            _ => Err(FlagCode::UnknownChoice),
        },
        Kind::Choices(choices) => match some_of(given, choices) {
            (known, Some(_)) if known.is_empty() => Err(FlagCode::UnknownChoice),
            (known, unknown) => Ok(Understood { value: Value::Array(known), unknown }),
        },
    }
}

fn text(given: &Value) -> Result<Understood, FlagCode> {
    match given {
        Value::String(_) | Value::Number(_) => Ok(given.clone().into()),
        Value::Array(values) if values.iter().all(Value::is_string) => Ok(Value::from(in_words(given)).into()),
        _ => Err(FlagCode::NoText),
    }
}

fn number(question: &Question, given: &Value, context: &AnswerContext) -> Result<Understood, FlagCode> {
    let text = match given {
        Value::Number(number) => return possible(number.as_f64(), given.clone()),
        Value::String(text) => text,
        _ => return Err(FlagCode::NoNumber),
    };
    let unit = question.unit.as_deref().unwrap_or_default();
    let mut bare = without_unit(text, unit);
    if matches!(question.kind, Kind::Money(_)) && context.conventions.lakh {
        bare = lakhs_in_full(bare);
    }
    match amount(&bare, &context.conventions) {
        Ok(number) => possible(number.to_f64(), json_number(number).ok_or(FlagCode::NoNumber)?),
        Err(UnclearAmount::NoNumber) => Err(FlagCode::NoNumber),
        Err(UnclearAmount::TwoReadings) => Err(FlagCode::UnclearNumber),
    }
}

fn possible(number: Option<f64>, value: Value) -> Result<Understood, FlagCode> {
    if number.is_some_and(|number| number.abs() <= MOST) { Ok(value.into()) } else { Err(FlagCode::OutOfRange) }
}

/// `45L` of money is 45 lakh in India and around it; anywhere else, and of anything else, it is nobody knows what.
fn lakhs_in_full(text: String) -> String {
    let number = text.strip_suffix(['l', 'L']).map(str::trim_end).filter(|rest| ends_with_digit(rest));
    number.map(|number| format!("{number} lakh")).unwrap_or(text)
}

fn ends_with_digit(text: &str) -> bool {
    text.ends_with(|c: char| c.is_numeric())
}

/// `45 days` where the question counts days, `45 Tage` too.
fn without_unit(text: &str, unit: &str) -> String {
    let (folded, unit) = (folded(text), unit.to_lowercase());
    let small = folded.to_lowercase();
    let one = unit.strip_suffix('s').unwrap_or(&unit);
    let elsewhere = UNITS.iter().find(|words| words.contains(&unit.as_str())).copied().unwrap_or_default();
    let words = [unit.as_str(), one].into_iter().chain(elsewhere.iter().copied()).filter(|word| !word.is_empty());
    let mut rests = words.filter_map(|word| small.strip_suffix(word).map(str::trim_end));
    rests.find(|rest| ends_with_digit(rest)).map_or(folded, str::to_owned)
}

fn json_number(number: Decimal) -> Option<Value> {
    if number.is_integer()
        && let Some(whole) = number.to_i64()
    {
        return Some(whole.into());
    }
    number.to_f64().map(Value::from)
}

fn given_yes_no(given: &Value) -> Option<bool> {
    match given {
        Value::Bool(yes) => Some(*yes),
        Value::Number(number) => yes_no(&number.to_string()),
        Value::String(text) => yes_no(text),
        Value::Array(values) => ticked(&values.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?),
        _ => None,
    }
}

/// A day; a month, a quarter or a year stays the window that it is.
fn day(given: &Value, context: &AnswerContext) -> Result<Understood, FlagCode> {
    let text = match given {
        Value::String(text) => folded(text),
        // Days of a spreadsheet, or seconds.
        Value::Number(number) => number.to_string(),
        _ => return Err(FlagCode::NoDate),
    };
    let window = is_window(&text);
    if given.is_string() && window {
        return Ok(Value::from(text).into());
    }
    if let Some(month) = months_window(&text) {
        return Ok(Value::from(month).into());
    }
    let day: Date = match date(&text, &context.conventions) {
        Ok(ReadDate::Day(day)) => day,
        Ok(ReadDate::Local(at)) => at.date(),
        Ok(ReadDate::Zoned(at, _)) => at.date(),
        Ok(ReadDate::At(at)) => day_meant(at, &text, &context.zone),
        Err(UnclearDate::NoDate) => return Err(FlagCode::NoDate),
        Err(UnclearDate::TwoReadings) => return Err(FlagCode::UnclearDate),
    };
    Ok(Value::from(day.to_string()).into())
}

/// The day that a program meant by an instant: midnight of UTC is how days are written that have no time; with an offset it is the
/// day that stands there; else the person's own.
fn day_meant(at: Timestamp, text: &str, zone: &TimeZone) -> Date {
    let of_utc = TimeZone::UTC.to_datetime(at);
    let written = text.get(..10).and_then(|day| day.parse::<Date>().ok());
    let is_utc = text.ends_with(['Z', 'z']);
    match written {
        _ if of_utc.time() == Time::midnight() => of_utc.date(),
        Some(day) if !is_utc => day,
        _ => zone.to_datetime(at).date(),
    }
}

/// The choices that are named, in their own words, each once; and what names none.
fn some_of(given: &Value, choices: &[Arc<str>]) -> (Vec<Value>, Option<String>) {
    let mut known: Vec<Value> = Vec::new();
    let mut unknown = Vec::new();
    let given = match given {
        Value::Array(values) => values.iter().map(in_words).collect(),
        other => vec![in_words(other)],
    };
    for words in given {
        for part in parts(&words, choices) {
            match choice(part, choices) {
                Some(choice) if known.iter().any(|value| value == choice) => {}
                Some(choice) => known.push(choice.into()),
                None => unknown.push(part.to_owned()),
            }
        }
    }
    (known, Some(unknown.join(", ")).filter(|words| !words.is_empty()))
}

/// The parts of `condo;house`; the whole where that is a choice itself.
fn parts<'w>(words: &'w str, choices: &[Arc<str>]) -> Vec<&'w str> {
    if choice(words, choices).is_some() {
        return vec![words.trim()];
    }
    let parts: Vec<_> = words.split([';', '|', ',', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { vec![words.trim()] } else { parts }
}

/// The choice that words name, whatever their capitals, `Single family` as `single_family`.
fn choice<'c>(words: &str, choices: &'c [Arc<str>]) -> Option<&'c str> {
    let plain = |text: &str| {
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-')).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ").to_lowercase()
    };
    let words = words.trim();
    let exact = choices.iter().find(|choice| ***choice == *words);
    let same = exact.or_else(|| choices.iter().find(|choice| choice.eq_ignore_ascii_case(words)));
    same.or_else(|| choices.iter().find(|choice| plain(choice) == plain(words))).map(|choice| &**choice)
}

#[cfg(test)]
mod tests;
