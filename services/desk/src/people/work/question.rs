//! The questions of the script as fields: what was answered before, what is typed now, and what an answer would be worth.

use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::{FieldError, lead::NewAnswer, lead_brief::LeadScript};
use ripen_domain::{
    criteria::{Criteria, Kind, Question},
    desk::{MissingPoints, Outlook},
    outcome::currency_of,
    values::unmistakable,
};
use ripen_store::lead::show::LeadAnswer;
use serde_json::{Map, Value};

use super::form::WorkForm;

/// How a question is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum QuestionInput {
    /// In words.
    Text,
    /// A number.
    Number,
    /// An amount.
    Money,
    /// A day.
    Date,
    /// One of these, with the words that are shown.
    OneOf(Vec<QuestionChoice>),
    /// Any of these.
    AnyOf(Vec<QuestionChoice>),
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionChoice {
    /// As it is posted.
    pub value: String,
    /// As it is read.
    pub words: String,
    /// It is chosen.
    pub is_chosen: bool,
}

/// A question as the page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownQuestion {
    /// Its id.
    pub id: String,
    /// How it is asked.
    pub ask: String,
    /// How it is answered.
    pub input: QuestionInput,
    /// What stands in its field.
    pub value: String,
    /// What a number counts, or the money.
    pub unit: String,
    /// What was answered before, when and by whom; empty where nothing was.
    pub before: String,
    /// Points that an answer could still bring; 0 for none.
    pub worth: i32,
    /// It is the one worth most.
    pub is_hot: bool,
    /// Why it cannot be used as typed; empty where it can.
    pub trouble: String,
}

/// What the questions are shown with.
#[derive(Debug, Clone, Copy)]
pub struct QuestionTerms<'a> {
    /// The lead, its answers and its criteria.
    pub script: &'a LeadScript,
    /// What is typed.
    pub form: &'a WorkForm,
    /// What a decision would be.
    pub outlook: Option<&'a Outlook>,
    /// What cannot be used.
    pub wrong: &'a [FieldError],
    /// What an answer is worth is not told yet: which is worth most is.
    pub hides_points: bool,
    /// The present.
    pub now: Timestamp,
}

/// Every question of the script, in its order, as it is asked in the person's language.
pub fn questions(terms: &QuestionTerms<'_>) -> Vec<ShownQuestion> {
    let Some(criteria) = &terms.script.criteria else { return Vec::new() };
    let hot = terms.outlook.and_then(Outlook::ask_next);
    criteria.questions().iter().map(|question| shown(question, hot, terms)).collect()
}

/// The answers that are typed and are others than the page showed, as an action takes them.
pub fn answers(script: &LeadScript, form: &WorkForm, now: Timestamp) -> Vec<NewAnswer> {
    let asked = script.criteria.as_deref().map(Criteria::questions).unwrap_or_default();
    let changed = asked.iter().filter_map(|question| {
        let typed = form.answer(question)?;
        let is_list = matches!(question.kind, Kind::Choices(_));
        // An answer that is left as it stands was not said again: its date stays.
        if typed == standing(script, question, now) || typed.is_empty() && !is_list {
            return None;
        }
        Some(NewAnswer { question: question.id.to_string(), value: value(question, typed)? })
    });
    changed.collect()
}

/// What is typed for a question, as an action takes it; none for nothing.
fn value(question: &Question, typed: Vec<String>) -> Option<Value> {
    match question.kind {
        Kind::Choices(_) => Some(Value::from(typed)),
        _ => typed.into_iter().next().map(Value::from),
    }
}

/// Every question, for somebody who is no lead yet. `wrong` has their fields as `answers.QUESTION`.
pub fn first_questions(
    criteria: &Criteria,
    form: &WorkForm,
    country: &str,
    wrong: impl Fn(&str) -> String,
) -> Vec<ShownQuestion> {
    let locale = form.given("locale");
    let shown = |question: &Question| {
        let values = form.answer(question).unwrap_or_default();
        ShownQuestion {
            id: question.id.to_string(),
            ask: question.ask.in_language(locale.as_deref().unwrap_or("en")).trim().to_owned(),
            input: input(question, &values),
            value: values.first().cloned().unwrap_or_default(),
            unit: unit(question, country),
            before: String::new(),
            worth: 0,
            is_hot: false,
            trouble: Some(wrong(&format!("answers.{}", question.id)))
                .filter(|words| !words.is_empty())
                .map_or_else(String::new, |words| sentence(&words)),
        }
    };
    criteria.questions().iter().map(shown).collect()
}

/// What is typed for these questions by somebody who is no lead yet.
pub fn first_answers(criteria: &Criteria, form: &WorkForm) -> Map<String, Value> {
    let said = criteria.questions().iter().filter_map(|question| {
        // A list of which nothing is ticked was most likely not asked.
        let typed = form.answer(question).filter(|typed| !typed.is_empty())?;
        Some((question.id.to_string(), value(question, typed)?))
    });
    said.collect()
}

/// What a number counts, or the money: amounts are in the client's, wherever the person is.
fn unit(question: &Question, country: &str) -> String {
    match question.kind {
        Kind::Money(_) => currency_of(country).map(|money| money.to_string()).unwrap_or_default(),
        _ => question.unit.clone().unwrap_or_default(),
    }
}

/// The newest answer to a question.
pub fn answer_of<'s>(script: &'s LeadScript, question: &Question) -> Option<&'s LeadAnswer> {
    script.answers.iter().find(|answer| *answer.question == *question.id)
}

/// Whether an answer is too old to count.
pub fn is_stale(question: &Question, answer: &LeadAnswer, now: Timestamp) -> bool {
    question.stale_after.is_some_and(|after| now.duration_since(answer.at) > after)
}

/// What stands as answered, as the field shows it: nothing where an answer is too old to count.
pub fn standing(script: &LeadScript, question: &Question, now: Timestamp) -> Vec<String> {
    let fresh = answer_of(script, question).filter(|answer| !is_stale(question, answer, now));
    fresh.map(|answer| in_field(question, answer, now)).unwrap_or_default()
}

fn in_field(question: &Question, answer: &LeadAnswer, now: Timestamp) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => {
            let standing = counted_down(question, answer, now).unwrap_or_else(|| number.to_string());
            Some(unmistakable(standing))
        }
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match &answer.value {
        Value::Array(values) => {
            let mut values: Vec<_> = values.iter().filter_map(one).collect();
            // As the boxes of a form come back.
            values.sort_unstable();
            values
        }
        value => one(value).into_iter().collect(),
    }
}

/// A number of days said some days ago is that much less now.
fn counted_down(question: &Question, answer: &LeadAnswer, now: Timestamp) -> Option<String> {
    let said = answer.value.as_f64().filter(|_| question.counts_down)?;
    let since = now.duration_since(answer.at).as_hours() / 24;
    #[allow(clippy::cast_precision_loss, reason = "days of some years, which a double holds exactly")]
    let left = (said - since as f64).max(0.0);
    Some(left.to_string())
}

fn shown(question: &Question, hot: Option<&str>, terms: &QuestionTerms<'_>) -> ShownQuestion {
    let QuestionTerms { script, form, outlook, wrong, hides_points, now } = *terms;
    let profile = &script.lead.profile;
    let values = form.answer(question).unwrap_or_else(|| standing(script, question, now));
    let missing = outlook.map(|outlook| outlook.missing.as_slice()).unwrap_or_default();
    let asks = |one: &&MissingPoints| one.questions.iter().any(|asked| **asked == *question.id);
    let rules: Vec<_> = missing.iter().filter(asks).map(|one| &one.rule).collect();
    let criteria = script.criteria.as_deref().filter(|_| !hides_points);
    let worth = criteria.map_or(0, |criteria| criteria.most_together(|rule| rules.contains(&&rule.id)));
    let is_hot = hot == Some(&*question.id);
    let field = format!("answers.{}", question.id);
    ShownQuestion {
        id: question.id.to_string(),
        ask: question.ask.in_language(profile.locale.as_deref().unwrap_or("en")).trim().to_owned(),
        input: input(question, &values),
        value: values.first().cloned().unwrap_or_default(),
        unit: unit(question, &script.lead.client.country),
        before: before(script, question, now),
        worth,
        is_hot,
        trouble: wrong
            .iter()
            .find(|error| error.field == field)
            .map_or_else(String::new, |error| sentence(&error.message)),
    }
}

fn input(question: &Question, values: &[String]) -> QuestionInput {
    let choice = |value: &str, words: &str| QuestionChoice {
        value: value.to_owned(),
        words: words.to_owned(),
        is_chosen: values.iter().any(|chosen| chosen.eq_ignore_ascii_case(value)),
    };
    match &question.kind {
        Kind::Text => QuestionInput::Text,
        Kind::Number(_) => QuestionInput::Number,
        Kind::Money(_) => QuestionInput::Money,
        Kind::Date => QuestionInput::Date,
        Kind::YesNo => QuestionInput::OneOf(vec![choice("yes", "Yes"), choice("no", "No")]),
        Kind::Choice(choices) => {
            QuestionInput::OneOf(choices.iter().map(|one| choice(one, &one.replace('_', " "))).collect())
        }
        Kind::Choices(choices) => {
            QuestionInput::AnyOf(choices.iter().map(|one| choice(one, &one.replace('_', " "))).collect())
        }
    }
}

/// `Lee, 9 Nov`; `Lee, 9 Nov: 120 days` where the field shows something else.
fn before(script: &LeadScript, question: &Question, now: Timestamp) -> String {
    let Some(answer) = answer_of(script, question) else { return String::new() };
    let zone = script.lead.places().first().map_or(TimeZone::UTC, |place| place.zone.clone());
    let day = answer.at.to_zoned(zone).strftime("%-d %b").to_string();
    let who = answer.origin.strip_prefix("person:").unwrap_or("their enquiry");
    let said = match &answer.value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let unit = question.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    if is_stale(question, answer, now) {
        return format!("{who}, {day}: {said}{unit}; too long ago to count");
    }
    if question.counts_down && counted_down(question, answer, now).is_some_and(|left| left != said) {
        return format!("{who}, {day}: {said}{unit}, counted down");
    }
    format!("{who}, {day}")
}

/// With a capital and a full stop, as it stands under a field.
pub fn sentence(words: &str) -> String {
    let mut letters = words.trim().chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.trim_end().ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_reads_as_a_sentence() {
        assert_eq!(sentence("the answer is past"), "The answer is past.");
        assert_eq!(sentence("Choose one."), "Choose one.");
        assert_eq!(sentence(""), ".");
    }
}
