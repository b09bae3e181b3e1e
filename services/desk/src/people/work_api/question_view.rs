//! The questions of the script with what is known, as programs read them.

use jiff::Timestamp;
use ripen_domain::criteria::{Kind, Question};
use ripen_store::lead::show::LeadAnswer;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::people::work::question::{
    QuestionChoice, QuestionInput, QuestionTerms, ShownQuestion, answer_of, is_stale, questions, standing,
};

/// A question of the script.
#[derive(Serialize, ToSchema)]
pub struct WorkQuestionView {
    /// Its id: answers name it.
    #[schema(example = "timeframe_days")]
    id: String,
    /// How it is asked in the person's language.
    ask: String,
    /// `text`, `number`, `money`, `yes_no`, `date`, `choice` or `choices` (any of them).
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "number")]
    kind: &'static str,
    /// What can be chosen; `yes` and `no` of a `yes_no`; empty for the others.
    choices: Vec<String>,
    /// What a number counts, or the money.
    unit: Option<String>,
    /// The newest answer; none where there is none.
    answer: Option<WorkAnswerView>,
    /// What counts of it now, as a field of a form shows it: days said some days ago are that much less, and an answer that is too old
    /// is none. Several of `choices` alone.
    counts: Vec<String>,
    /// The points that an answer could still bring; none while points are hidden from the agent who asks (`desk.hide_points`).
    worth: Option<i32>,
    /// Of those that are not answered it is worth most.
    ask_next: bool,
    /// Why what the draft has for it cannot be used.
    wrong: Option<String>,
}

/// An answer that was given.
#[derive(Serialize, ToSchema)]
pub struct WorkAnswerView {
    /// As it was given.
    #[schema(value_type = Object)]
    value: Value,
    /// When.
    at: Timestamp,
    /// From whom: `person:Dana` of the desk, or the enquiry.
    origin: String,
    /// It is too old to count.
    is_stale: bool,
}

/// Every question, in the order of the script; none without criteria.
pub fn work_questions(terms: &QuestionTerms<'_>) -> Vec<WorkQuestionView> {
    let Some(criteria) = &terms.script.criteria else { return Vec::new() };
    let shown = questions(terms).into_iter().zip(criteria.questions());
    let view = |(shown, question): (ShownQuestion, &Question)| {
        let answer = answer_of(terms.script, question);
        WorkQuestionView {
            kind: kind(&question.kind),
            choices: choices(&shown.input),
            answer: answer.map(|answer| given(answer, is_stale(question, answer, terms.now))),
            counts: standing(terms.script, question, terms.now),
            worth: (!terms.hides_points).then_some(shown.worth),
            ask_next: shown.is_hot,
            unit: some(shown.unit),
            wrong: some(shown.trouble),
            id: shown.id,
            ask: shown.ask,
        }
    };
    shown.map(view).collect()
}

fn given(answer: &LeadAnswer, is_stale: bool) -> WorkAnswerView {
    WorkAnswerView { value: answer.value.clone(), at: answer.at, origin: answer.origin.clone(), is_stale }
}

fn choices(input: &QuestionInput) -> Vec<String> {
    match input {
        QuestionInput::OneOf(choices) | QuestionInput::AnyOf(choices) => {
            choices.iter().map(|choice: &QuestionChoice| choice.value.clone()).collect()
        }
        QuestionInput::Text | QuestionInput::Number | QuestionInput::Money | QuestionInput::Date => Vec::new(),
    }
}

/// As criteria call it.
const fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number(_) => "number",
        Kind::Money(_) => "money",
        Kind::YesNo => "yes_no",
        Kind::Date => "date",
        Kind::Choice(_) => "choice",
        Kind::Choices(_) => "choices",
    }
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
