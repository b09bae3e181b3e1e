//! What a submission answers to the script: under `answers`, and beside it in fields of the sender's own that are called as a question
//! is. Which those are only the criteria in force can say.

use serde_json::Value;

use crate::{
    criteria::model::Criteria,
    flag::{Flag, FlagCode},
    list::header::{FIELDS, GROUPS},
    submission::Submission,
    values::is_nothing,
};

impl Criteria {
    /// Questions with what was said to them; those of `answers` whether the script asks them or not. What stands there goes before what
    /// stands beside it.
    pub fn answers_in<'s>(&self, said: &'s Submission) -> impl Iterator<Item = (&'s String, &'s Value)> {
        let is_asked = |name: &str| self.questions.iter().any(|question| *question.id == *name);
        let beside = beside(said).filter(move |(name, _)| is_asked(name));
        said.answers.iter().filter(|(_, value)| !value.is_null()).chain(beside)
    }

    /// Fields that are another spelling of a question's id (`Budget`, `timeframeDays`), and were not taken for its answer.
    #[must_use]
    pub fn nearly_answers(&self, said: &Submission) -> Vec<Flag> {
        let is_answered = |id: &str| said.answers.contains_key(id) || said.extra.contains_key(id);
        let meant = |name: &str| {
            let mut asked = self.questions.iter().map(|question| &*question.id);
            asked.find(|id| *id != name && letters(id) == letters(name) && !is_answered(id))
        };
        let nearly = beside(said).filter_map(|(name, value)| Some((name, value, meant(name)?)));
        let flag = |(name, value, meant): (&String, &Value, &str)| {
            let words = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Flag::new(name, FlagCode::UnknownField).saying(&words).meaning(&format!("answers.{meant}"))
        };
        nearly.map(flag).collect()
    }
}

/// Fields of the sender's own that say something, and are under `answers` not answered.
fn beside(said: &Submission) -> impl Iterator<Item = (&String, &Value)> {
    let is_said = |value: &Value| !value.is_null() && !value.is_object() && !value.as_str().is_some_and(is_nothing);
    let is_own = |name: &str| !FIELDS.contains(&name) && !GROUPS.contains(&name);
    let own = said.extra.iter().filter(move |(name, value)| is_own(name) && is_said(value));
    own.filter(|(name, _)| said.answers.get(*name).is_none_or(Value::is_null))
}

fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn criteria() -> Criteria {
        Criteria::load(include_str!("../../../../deploy/criteria/web-enquiry.toml")).unwrap().criteria
    }

    fn said(answers: &Value, extra: &Value) -> Submission {
        let of = |value: &Value| value.as_object().cloned().unwrap_or_default();
        Submission { answers: of(answers), extra: of(extra), ..Submission::default() }
    }

    #[test]
    fn a_field_called_as_a_question_is_its_answer() {
        let lead = said(
            &json!({"preapproved": true, "colour": "red", "budget": null}),
            &json!({"budget": 450_000, "timeframe_days": "20", "preapproved": "no", "answers": "x", "phone": {"a": 1}}),
        );
        let criteria = criteria();
        let answers: Vec<_> = criteria.answers_in(&lead).map(|(id, value)| format!("{id}={value}")).collect();
        assert_eq!(answers, ["colour=\"red\"", "preapproved=true", "budget=450000", "timeframe_days=\"20\""]);
        assert_eq!(criteria.nearly_answers(&lead), []);
    }

    #[test]
    fn a_field_that_is_nearly_called_so_is_flagged() {
        let lead = said(&json!({}), &json!({"Budget": 450_000, "timeframeDays": "20", "Pre-approved": "n/a", "colour": "red"}));
        let criteria = criteria();
        assert_eq!(criteria.answers_in(&lead).count(), 0);
        let flags: Vec<_> = criteria.nearly_answers(&lead).iter().map(Flag::in_words).collect();
        let expected = [
            "Budget: unknown field (450000), did you mean answers.budget?",
            "timeframeDays: unknown field (20), did you mean answers.timeframe_days?",
        ];
        assert_eq!(flags, expected);
    }
}
