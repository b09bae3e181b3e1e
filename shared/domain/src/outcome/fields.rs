//! An outcome as it is sent: by a client's program, a form, a line of a file. Read here into one that cannot be wrong, or
//! refused field by field.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use rust_decimal::Decimal;

use super::{FixedReason, Happened, Outcome, Sale, money};
use crate::{
    document::did_you_mean,
    lead::OutcomeKind,
    promise::When,
    values::{self, Conventions, ReadDate, UnclearDate, WrittenAmount},
};

/// Longest reason, in characters.
const LONGEST_REASON: usize = 1000;

/// Words of the languages in which the headers of books are read: German, Spanish and French.
const FOREIGN_WORDS: [(OutcomeKind, &[&str]); 5] = [
    (OutcomeKind::Accepted, &["angenommen", "akzeptiert", "aceptado", "aceptada", "accepté", "acceptée"]),
    (
        OutcomeKind::Returned,
        &[
            "zurückgegeben",
            "zurueckgegeben",
            "retourniert",
            "devuelto",
            "devuelta",
            "retourné",
            "retournée",
            "rendu",
            "rendue",
        ],
    ),
    (OutcomeKind::NotYet, &["noch_nicht", "todavía_no", "todavia_no", "aún_no", "aun_no", "pas_encore"]),
    (OutcomeKind::Won, &["gewonnen", "ganado", "ganada", "gagné", "gagnée", "gagne"]),
    (OutcomeKind::Lost, &["verloren", "perdido", "perdida", "perdu", "perdue"]),
];

fn foreign_word(word: &str) -> Option<OutcomeKind> {
    FOREIGN_WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(kind, _)| *kind)
}

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
    /// When a lead that is not ready may be; when one was won or lost.
    pub date: Option<String>,
    /// When it was won or lost.
    pub happened_at: Option<String>,
    /// Of a webhook's answer that speaks of an outcome: why nothing that it says can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
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

/// A member of what was sent that no outcome has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMember {
    /// Its name, as far as it is shown.
    pub name: String,
    /// One sentence: what may have been meant, and what there is.
    pub message: String,
}

/// The most of a name that nobody knows which is shown.
const SHOWN_OF_NAME: usize = 40;

fn wrong(field: &'static str, code: &'static str, message: impl Into<String>) -> InvalidField {
    InvalidField { field, code, message: message.into() }
}

impl OutcomeFields {
    /// The names of the fields.
    pub const NAMES: [&str; 6] = ["outcome", "reason", "amount", "currency", "date", "happened_at"];

    /// The members of a JSON object that are neither fields nor `others`: passed over, `amont` would record a sale without its
    /// amount.
    #[must_use]
    pub fn unknown_members(object: &serde_json::Map<String, Value>, others: &[&str]) -> Vec<UnknownMember> {
        let known = || Self::NAMES.iter().chain(others).copied();
        let unknown = object.keys().filter(|name| !known().any(|one| one == name.as_str()));
        let member = |name: &String| {
            let shown: String = name.chars().take(SHOWN_OF_NAME).collect();
            let hint = Some(did_you_mean(&shown, known())).filter(|hint| !hint.is_empty());
            let hint = hint.unwrap_or_else(|| ".".to_owned());
            let all = known().collect::<Vec<_>>().join(", ");
            UnknownMember { message: format!("There is no member {shown:?}{hint} An outcome has: {all}."), name: shown }
        };
        unknown.map(member).collect()
    }

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
            Some(Value::Number(number)) if field == "amount" => Some(plain(number)),
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
            happened_at: text("happened_at"),
            unreadable: None,
        };
        // All mistakes at once: a program is mended in one round.
        if all.is_empty() { Ok(said) } else { Err(all) }
    }

    /// What the answer of a webhook says, where it says anything of an outcome. What is no text is taken as it is written, so
    /// that people see it beside the attempt and not nothing.
    #[must_use]
    pub fn from_answer(object: &serde_json::Map<String, Value>) -> Option<Self> {
        let text = |field: &str| match object.get(field)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) if field == "amount" => Some(plain(number)),
            other => Some(other.to_string()),
        };
        let said = Self {
            outcome: text("outcome"),
            reason: text("reason"),
            amount: text("amount"),
            currency: text("currency"),
            date: text("date"),
            happened_at: text("happened_at"),
            unreadable: None,
        };
        let says = given(said.outcome.as_ref()).is_some();
        match Self::in_other_letters(object, if says { &Self::NAMES } else { &["outcome"] }) {
            Some((written, name)) => Some(Self::unreadable(&format!(
                "The answer says {written:?}, and members are told by their letters: write it as {name:?}."
            ))),
            None => says.then_some(said),
        }
    }

    /// A member that says something and is one of these fields but for its letters, and that field, which says nothing: passed over,
    /// the answer would be none, or a sale without its amount.
    fn in_other_letters<'o>(
        object: &'o serde_json::Map<String, Value>,
        fields: &[&'static str],
    ) -> Option<(&'o str, &'static str)> {
        let says = |value: &Value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
        object.iter().filter(|(_, value)| says(value)).find_map(|(written, _)| {
            let field = fields.iter().find(|field| written.eq_ignore_ascii_case(field) && written != *field)?;
            object.get(*field).is_none_or(|value| !says(value)).then_some((written.as_str(), *field))
        })
    }

    /// An answer that speaks of an outcome and cannot be read: kept with why, so that people see it.
    #[must_use]
    pub fn unreadable(why: &str) -> Self {
        Self { unreadable: Some(why.to_owned()), ..Self::default() }
    }

    /// Takes out an amount beside anything that was not won, and returns it: books have one in every row.
    #[must_use]
    pub fn take_stray_amount(&mut self) -> Option<String> {
        let stray = self.stray_amount()?.to_owned();
        (self.amount, self.currency) = (None, None);
        Some(stray)
    }

    /// The amount, where it is one of nothing that was won.
    fn stray_amount(&self) -> Option<&str> {
        let is_other = self.kind().is_ok_and(|kind| kind != OutcomeKind::Won);
        // Nothing is what programs send where there is none.
        let says = |text: &&str| !text.chars().all(|c| matches!(c, '0' | '.' | ','));
        given(self.amount.as_ref()).filter(|_| is_other).filter(says)
    }

    /// The outcome, whole and sound; amounts and dates as they are written where the client is.
    ///
    /// # Errors
    /// Names each field that is missing or cannot be used.
    pub fn read(&self, by: &Conventions) -> Result<Outcome, Vec<InvalidField>> {
        let mut all = Vec::new();
        if let Some(why) = &self.unreadable {
            return Err(vec![wrong("outcome", "invalid", why.clone())]);
        }
        let kind = note(self.kind(), &mut all);
        if self.stray_amount().is_some() {
            all.push(wrong(
                "amount",
                "invalid",
                "An amount is said of what was won: say won with it, or leave it out.",
            ));
        }
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
            Some(OutcomeKind::Lost) => {
                note(self.happened(by), &mut all).map(|happened| Outcome::Lost { reason, happened })
            }
            Some(OutcomeKind::NotYet) => note(self.when(by), &mut all).map(|when| Outcome::NotYet { when, reason }),
            Some(OutcomeKind::Won) => {
                let sale = self.sale(by, &mut all);
                note(self.happened(by), &mut all).map(|happened| Outcome::Won { sale, reason, happened })
            }
        };
        // Also an outcome that could be read is refused with any field wrong: a part of what was said is not what was
        // said.
        outcome.filter(|_| all.is_empty()).ok_or(all)
    }

    /// What is said.
    ///
    /// # Errors
    /// When it is missing or no outcome.
    pub fn kind(&self) -> Result<OutcomeKind, InvalidField> {
        let text = given(self.outcome.as_ref()).ok_or_else(|| {
            let words = OutcomeKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
            wrong("outcome", "missing", format!("Say what became of the lead: {words}."))
        })?;
        // However programs and people write it.
        let word = text.to_lowercase().replace([' ', '-'], "_");
        match word.as_str() {
            "accept" => Ok(OutcomeKind::Accepted),
            "return" => Ok(OutcomeKind::Returned),
            // A reason that acts says by itself that the lead comes back.
            word if FixedReason::named(word).is_some() => Ok(OutcomeKind::Returned),
            // As it was written, where it is none.
            word => word
                .parse::<OutcomeKind>()
                .or_else(|error| foreign_word(word).ok_or(error))
                .or_else(|_| text.parse())
                .map_err(|error| wrong("outcome", "invalid", format!("{error}."))),
        }
    }

    fn reason(&self) -> Result<Option<String>, InvalidField> {
        let fixed = given(self.outcome.as_ref()).and_then(FixedReason::named);
        if let Some(fixed) = fixed {
            // Whatever else was typed beside it: the word is what acts.
            return Ok(Some(fixed.word().to_owned()));
        }
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

    /// What it was sold for; none where no amount is given, or where it is wrong.
    fn sale(&self, by: &Conventions, all: &mut Vec<InvalidField>) -> Option<Sale> {
        // A currency alone is what a form shows before anybody typed an amount.
        let text = given(self.amount.as_ref())?;
        let written = WrittenAmount::of(text);
        let currency = self.currency(&written);
        let amount = money::amount(&written, by, currency.as_ref().ok().copied());
        let amount = amount.map_err(|why| wrong("amount", "invalid", format!("The amount {why}.")));
        let (amount, currency) = (note(amount, all), note(currency, all));
        let sale = |(amount, currency): (Decimal, _)| {
            Sale::new(amount, currency).map_err(|why| wrong("amount", "invalid", format!("The amount {why}.")))
        };
        note(amount.zip(currency).map(sale)?, all)
    }

    /// The currency that is named, or that the amount itself names.
    fn currency(&self, written: &WrittenAmount) -> Result<super::Currency, InvalidField> {
        let beside = given(self.currency.as_ref()).map(str::parse).transpose();
        let beside = beside.map_err(|error| wrong("currency", "invalid", format!("This {error}.")))?;
        let code = if beside.is_none() && written.currencies.is_empty() { "missing" } else { "invalid" };
        money::currency(written, beside).map_err(|why| wrong("currency", code, why))
    }

    fn happened(&self, by: &Conventions) -> Result<Option<Happened>, InvalidField> {
        let (field, text) = match given(self.happened_at.as_ref()) {
            Some(text) => ("happened_at", text),
            None => match given(self.date.as_ref()) {
                Some(text) => ("date", text),
                None => return Ok(None),
            },
        };
        let read = Happened::read(text, by);
        read.map(Some).map_err(|why| wrong(field, "invalid", format!("The date {why}; write it as 2026-11-30.")))
    }

    fn when(&self, by: &Conventions) -> Result<When, InvalidField> {
        let text = given(self.date.as_ref())
            .ok_or_else(|| wrong("date", "missing", "Say when it may be ready, such as 2027-04-03 or 2027-04."))?;
        // Months and days from now first, which are no dates; then a day as it is written where the client is.
        text.parse().or_else(|error| match values::date(text, by) {
            Ok(ReadDate::Day(day)) => Ok(When::Days { from: day, to: day }),
            Ok(ReadDate::Local(at)) => Ok(When::Moment(at)),
            Err(why @ UnclearDate::TwoReadings) => Err(wrong("date", "invalid", format!("The date {why}."))),
            _ => Err(wrong("date", "invalid", format!("{error}."))),
        })
    }
}

/// A number of JSON so that it is read as what it is wherever the client writes its decimals: three digits after a point could
/// be a group.
fn plain(number: &serde_json::Number) -> String {
    let text = number.to_string();
    let read = text.parse().or_else(|_| Decimal::from_scientific(&text));
    let Ok(mut amount) = read.map(|amount: Decimal| amount.normalize()) else { return text };
    if amount.scale() == 3 {
        amount.rescale(4);
    }
    amount.to_string()
}

fn given(text: Option<&String>) -> Option<&str> {
    // An empty field of a form is not given.
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn note<T>(read: Result<T, InvalidField>, all: &mut Vec<InvalidField>) -> Option<T> {
    read.map_err(|wrong| all.push(wrong)).ok()
}
