//! Questions and answers as people read them: what was asked instead of an id, a number with what it counts, an amount with its
//! money.

use serde_json::Value;

use super::question::{Kind, Question};
use crate::values::Conventions;

/// A question as whoever gets its answer reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionWords {
    /// Its id, under which answers are kept.
    pub id: String,
    /// How it is asked.
    pub ask: String,
    /// What a number counts: days; of an amount its money.
    pub unit: Option<String>,
}

impl QuestionWords {
    /// Of a question, in English where it is asked in several languages. Amounts are in the money of the client.
    #[must_use]
    pub fn of(question: &Question, money: Option<&str>) -> Self {
        let unit = match question.kind {
            Kind::Money(_) => money.map(str::to_owned),
            _ => question.unit.clone(),
        };
        Self { id: question.id.to_string(), ask: question.ask.in_language("en").trim().to_owned(), unit }
    }

    /// A number as it is read: with its thousands apart and what it counts; none where the value is no number.
    #[must_use]
    pub fn number(&self, value: &Value) -> Option<String> {
        let number = grouped(&value.as_number()?.to_string());
        Some(match &self.unit {
            Some(unit) => format!("{number} {unit}"),
            None => number,
        })
    }
}

/// `450000.5` as `450,000.5`; what is written with an exponent stays as it is.
#[must_use]
pub fn grouped(number: &str) -> String {
    Conventions::default().grouped(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_with_what_they_count() {
        let words = |unit: Option<&str>| QuestionWords {
            id: "q".to_owned(),
            ask: "How much?".to_owned(),
            unit: unit.map(str::to_owned),
        };
        assert_eq!(words(Some("USD")).number(&json!(450_000)).unwrap(), "450,000 USD");
        assert_eq!(words(Some("days")).number(&json!(45)).unwrap(), "45 days");
        assert_eq!(words(None).number(&json!(-1234.50)).unwrap(), "-1,234.5");
        assert_eq!(words(None).number(&json!(1000.0)).unwrap(), "1,000");
        assert_eq!(words(None).number(&json!("45")), None);
    }
}
