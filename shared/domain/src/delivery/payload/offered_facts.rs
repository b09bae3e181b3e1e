//! What an offer says of a lead that nobody has yet: never who it is or how to reach them, and never words of the person's own,
//! in which both may stand.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{member::Member, payload};
use crate::lead::words;

words! {
    /// What an offer can name of a lead, as routing documents say it.
    OfferedFact "fact of an offer" {
        /// The grade with its points, and the criteria that decided.
        Grade = "grade",
        /// The rules that counted, in the manager's words.
        Reasons = "reasons",
        /// How it came.
        Channel = "channel",
        /// The name of the source.
        Source = "source",
        /// Postal code, country and time zone.
        Place = "place",
        /// The language.
        Locale = "locale",
        /// Answers that are a choice, a number, a yes or no, or a date.
        Answers = "answers",
    }
}

impl OfferedFact {
    /// What offers name where the document does not say.
    pub const USUAL: [Self; 5] = [Self::Grade, Self::Reasons, Self::Channel, Self::Place, Self::Answers];
}

payload! {
    /// Until when an offer can be taken, and what it says of the lead.
    OfferTerms {
        /// Before this.
        until: Timestamp,
        /// What it names; the usual where that was not said.
        shows: Vec<OfferedFact>,
        /// The answers that it names, by question.
        answers: Map<String, Value>,
    }
}

impl OfferTerms {
    /// Whether it names this.
    #[must_use]
    pub fn names(&self, fact: OfferedFact) -> bool {
        self.shows.get().map_or(OfferedFact::USUAL.as_slice(), Vec::as_slice).contains(&fact)
    }

    /// The answers that it names, of all that are known; none that holds the phone number.
    #[must_use]
    pub fn named_answers(&self, known: &Map<String, Value>, phone: Option<&str>) -> Map<String, Value> {
        let mut named = match &self.answers {
            Member::Is(answers) => answers.clone(),
            // Offered by a version that did not say which answers are the person's own words: a text may be.
            _ => without_words(known),
        };
        // Some write their number where an amount is asked for.
        named.retain(|_, value| !holds_phone(value, phone));
        named
    }
}

/// The answers that are numbers, yes or no.
pub(super) fn without_words(answers: &Map<String, Value>) -> Map<String, Value> {
    let is_no_text = |value: &Value| matches!(value, Value::Number(_) | Value::Bool(_));
    answers.iter().filter(|(_, value)| is_no_text(value)).map(|(id, value)| (id.clone(), value.clone())).collect()
}

/// Whether the digits of a value are those of a phone number, with or without its country's code.
pub(super) fn holds_phone(value: &Value, phone: Option<&str>) -> bool {
    /// The shortest numbers that people call.
    const SHORTEST: usize = 7;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (given, phone) = (digits(&value.to_string()), digits(phone.unwrap_or_default()));
    given.len() >= SHORTEST && phone.len() >= SHORTEST && (phone.ends_with(&given) || given.ends_with(&phone))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_phone_number_is_no_amount() {
        let phone = Some("+14155550100");
        for number in [json!(4_155_550_100_u64), json!("(415) 555-0100"), json!(5_550_100), json!(14_155_550_100_u64)] {
            assert!(holds_phone(&number, phone), "{number}");
        }
        for amount in [json!(450_000), json!(100), json!(true), json!("2026-11-30")] {
            assert!(!holds_phone(&amount, phone), "{amount}");
        }
        assert!(!holds_phone(&json!(4_155_550_100_u64), None));
    }

    #[test]
    fn an_offer_that_does_not_say_names_the_usual_and_no_texts() {
        let known =
            json!({"budget": 450_000, "about": "call me at 415 555 0100", "ready": true, "tel": 4_155_550_100_u64});
        let named = OfferTerms::default().named_answers(known.as_object().unwrap(), Some("+14155550100"));
        assert_eq!(Value::Object(named), json!({"budget": 450_000, "ready": true}));
        assert!(OfferTerms::default().names(OfferedFact::Place) && !OfferTerms::default().names(OfferedFact::Source));
    }
}
