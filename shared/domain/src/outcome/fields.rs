//! An outcome as it is sent: by a client's program, a form, a line of a file. Read here into one that cannot be wrong, or
//! refused field by field.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Outcome, Sale, money};
use crate::{lead::OutcomeKind, promise::When};

/// Longest reason, in characters.
const LONGEST_REASON: usize = 1000;

/// The fields of an outcome as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutcomeFields {
    /// `accepted`, `returned`, `not_yet`, `won` or `lost`.
    pub outcome: Option<String>,
    /// In the client's words.
    pub reason: Option<String>,
    /// What a won lead was sold for.
    pub amount: Option<String>,
    /// Of which money.
    pub currency: Option<String>,
    /// When a lead that is not ready may be.
    pub date: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// The field.
    pub field: &'static str,
    /// `missing`, `invalid` or `too_long`.
    pub code: &'static str,
    /// One sentence, which repeats nothing that was sent but a word that is short.
    pub message: String,
}

fn wrong(field: &'static str, code: &'static str, message: impl Into<String>) -> InvalidField {
    InvalidField { field, code, message: message.into() }
}

impl OutcomeFields {
    /// The fields of a JSON object. Numbers are taken as amounts; other fields are not looked at.
    ///
    /// # Errors
    /// Names each field that is of a wrong type.
    pub fn from_json(object: &serde_json::Map<String, Value>) -> Result<Self, Vec<InvalidField>> {
        let mut all = Vec::new();
        let mut text = |field: &'static str| match object.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            // Programs send amounts as numbers; every other field would hide a mistake behind a conversion.
            Some(Value::Number(number)) if field == "amount" => Some(number.to_string()),
            Some(_) => {
                all.push(wrong(field, "invalid", format!("{field} must be a text.")));
                None
            }
        };
        let said = Self {
            outcome: text("outcome"),
            reason: text("reason"),
            amount: text("amount"),
            currency: text("currency"),
            date: text("date"),
        };
        // All mistakes at once: a program is mended in one round.
        if all.is_empty() { Ok(said) } else { Err(all) }
    }

    /// The outcome, whole and sound.
    ///
    /// # Errors
    /// Names each field that is missing or cannot be used.
    pub fn read(&self) -> Result<Outcome, Vec<InvalidField>> {
        let mut all = Vec::new();
        let kind = note(self.kind(), &mut all);
        let reason = note(self.reason(), &mut all).flatten();
        let needed = |reason: Option<String>, all: &mut Vec<InvalidField>| {
            // A reason that is wrong was named already: "missing" beside it would be false.
            if reason.is_none() && !all.iter().any(|one| one.field == "reason") {
                all.push(wrong("reason", "missing", "Say why, in a few words."));
            }
            reason.unwrap_or_default()
        };
        let outcome = match kind {
            None => None,
            Some(OutcomeKind::Accepted) => Some(Outcome::Accepted { reason }),
            Some(OutcomeKind::Returned) => Some(Outcome::Returned { reason: needed(reason, &mut all) }),
            Some(OutcomeKind::Lost) => Some(Outcome::Lost { reason: needed(reason, &mut all) }),
            Some(OutcomeKind::NotYet) => note(self.when(), &mut all).map(|when| Outcome::NotYet { when, reason }),
            Some(OutcomeKind::Won) => {
                let (amount, currency) = (note(self.amount(), &mut all), note(self.currency(), &mut all));
                let sale = amount.zip(currency).map(|(amount, currency)| Sale { amount, currency });
                sale.map(|sale| Outcome::Won { sale, reason })
            }
        };
        // Also an outcome that could be read is refused with any field wrong: a part of what was said is not what was
        // said.
        outcome.filter(|_| all.is_empty()).ok_or(all)
    }

    fn kind(&self) -> Result<OutcomeKind, InvalidField> {
        let text = given(self.outcome.as_ref()).ok_or_else(|| {
            let words = OutcomeKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
            wrong("outcome", "missing", format!("Say what became of the lead: {words}."))
        })?;
        text.parse().map_err(|error| wrong("outcome", "invalid", format!("{error}.")))
    }

    fn reason(&self) -> Result<Option<String>, InvalidField> {
        let Some(text) = given(self.reason.as_ref()) else { return Ok(None) };
        // The reason stands in mails and in terminals: control characters could forge lines there.
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Characters, not bytes, since people are told the bound.
        if clean.chars().count() > LONGEST_REASON {
            return Err(wrong("reason", "too_long", format!("At most {LONGEST_REASON} characters.")));
        }
        let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok((!clean.is_empty()).then_some(clean))
    }

    fn amount(&self) -> Result<rust_decimal::Decimal, InvalidField> {
        let text = given(self.amount.as_ref())
            .ok_or_else(|| wrong("amount", "missing", "Say what it was sold for, such as 12500.00."))?;
        money::amount(text).map_err(|why| wrong("amount", "invalid", format!("The amount {why}.")))
    }

    fn currency(&self) -> Result<super::Currency, InvalidField> {
        let text = given(self.currency.as_ref())
            .ok_or_else(|| wrong("currency", "missing", "Say of which money the amount is, such as USD."))?;
        text.parse().map_err(|error| wrong("currency", "invalid", format!("This {error}.")))
    }

    fn when(&self) -> Result<When, InvalidField> {
        let text = given(self.date.as_ref())
            .ok_or_else(|| wrong("date", "missing", "Say when it may be ready, such as 2027-04-03 or 2027-04."))?;
        text.parse().map_err(|error| wrong("date", "invalid", format!("{error}.")))
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    // An empty field of a form is not given.
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn note<T>(read: Result<T, InvalidField>, all: &mut Vec<InvalidField>) -> Option<T> {
    read.map_err(|wrong| all.push(wrong)).ok()
}
