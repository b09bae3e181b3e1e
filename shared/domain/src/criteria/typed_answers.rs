//! Answers in the type of their questions, for whoever is told them or compares them: what an earlier version kept as it was typed
//! (`"20"`, `"no"`) is the same answer as 20 and false.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::criteria::model::Criteria;

impl Criteria {
    /// An answer in the type of its question; as it is where the script does not ask it, or it is none of what it asks for.
    #[must_use]
    pub fn typed_answer<'v>(&self, question: &str, value: &'v Value) -> Cow<'v, Value> {
        let asked = self.questions.iter().find(|asked| *asked.id == *question);
        asked.and_then(|asked| asked.typed(value)).map_or(Cow::Borrowed(value), Cow::Owned)
    }

    /// Puts each answer into the type of its question.
    pub fn type_answers(&self, answers: &mut Map<String, Value>) {
        for (question, value) in answers.iter_mut() {
            if let Cow::Owned(typed) = self.typed_answer(question, value) {
                *value = typed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_of_the_type_that_is_asked_for_and_all_else_stays() {
        let criteria = Criteria::load(include_str!("../../../../deploy/criteria/web-enquiry.toml")).unwrap().criteria;
        let Value::Object(mut answers) =
            json!({"budget": "450000", "preapproved": "no", "timeframe_days": "soon", "pets": "2"})
        else {
            panic!("an object")
        };
        criteria.type_answers(&mut answers);
        assert_eq!(
            Value::from(answers),
            json!({"budget": 450_000, "preapproved": false, "timeframe_days": "soon", "pets": "2"})
        );
    }
}
