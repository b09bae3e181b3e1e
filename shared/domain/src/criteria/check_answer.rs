//! Whether an answer that a person is about to record could be used: who asks a question is told at once.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    criteria::{
        facts::{
            answer::usable,
            snapshot::{Answer, Origin},
        },
        model::Criteria,
        read_answer::AnswerContext,
    },
    document::did_you_mean,
    flag::FlagCode,
    values::{UnclearAmount, UnclearDate},
};

/// An answer that a person of the firm cannot record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnswer {
    /// The script asks no such question.
    #[error("the script has no question {question:?}{hint}")]
    Unknown {
        /// As typed.
        question: String,
        /// The nearest one, in words; empty where none is near.
        hint: String,
    },
    /// A decision could not use it.
    #[error("the answer to “{asked}” {why}")]
    Unusable {
        /// The question's id.
        question: String,
        /// As it is asked; the id where it has no words.
        asked: String,
        /// In words.
        why: String,
    },
}

/// Why a number is refused that could be read, and that the question allows.
const TOO_MUCH: &str = "is more than any amount: write it without the digits that are too many";
/// Why a date is refused that could be read.
const TOO_FAR: &str = "lies too many years away: write the year of the common calendar, as in 2026-11-30";

impl Criteria {
    /// The answer that somebody of the firm records, in the form in which decisions read it.
    ///
    /// # Errors
    /// When there is no such question, or the answer is none to it, or could be two.
    pub fn recorded_answer(
        &self,
        question: &str,
        given: &Value,
        context: &AnswerContext,
    ) -> Result<Value, InvalidAnswer> {
        let read = self.read_answer(question, given, context);
        let unclear = match read.flag.as_ref().map(|flag| flag.code) {
            Some(FlagCode::UnclearNumber) => Some(UnclearAmount::TwoReadings.to_string()),
            Some(FlagCode::UnclearDate) => Some(UnclearDate::TwoReadings.to_string()),
            // Where it is a date, it lies too far off.
            Some(FlagCode::NoDate) if self.check_answer(question, given, context.at).is_ok() => {
                Some(TOO_FAR.to_owned())
            }
            // Where it lies in the question's own range, which says of itself what it is.
            Some(FlagCode::OutOfRange) if self.check_answer(question, given, context.at).is_ok() => {
                Some(TOO_MUCH.to_owned())
            }
            _ => None,
        };
        if let Some(why) = unclear {
            return Err(self.unusable(question, why));
        }
        let understood = read.value.filter(|_| read.usable && read.flag.is_none());
        let value = understood.unwrap_or_else(|| given.clone());
        self.check_answer(question, &value, context.at).map(|()| value)
    }

    /// Whether an answer given now could be used. Senders may post anything; who asks a question is told at once.
    ///
    /// # Errors
    /// When there is no such question, or the answer is none to it.
    pub fn check_answer(&self, question: &str, value: &Value, now: Timestamp) -> Result<(), InvalidAnswer> {
        let Some(asked) = self.questions.iter().find(|known| *known.id == *question) else {
            let hint = did_you_mean(question, self.questions.iter().map(|known| &*known.id));
            return Err(InvalidAnswer::Unknown { question: question.to_owned(), hint });
        };
        let answer = Answer { value: value.clone(), at: now, origin: Origin::Person(String::new()) };
        let why = usable(asked, &answer, now).err().map(Cow::into_owned);
        why.map_or(Ok(()), |why| Err(self.unusable(question, why)))
    }

    fn unusable(&self, question: &str, why: String) -> InvalidAnswer {
        let words =
            self.questions.iter().find(|known| *known.id == *question).map(|known| known.ask.in_language("en").trim());
        let asked = words.filter(|words| !words.is_empty()).unwrap_or(question).to_owned();
        InvalidAnswer::Unusable { question: question.to_owned(), asked, why }
    }
}
