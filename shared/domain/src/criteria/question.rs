//! The script: questions every agent asks the same way, in the document's order, and what their answers must be.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use toml::{Spanned, de::DeValue};

use super::{
    document::{Located, Section, kind, text},
    mistake::{Notes, did_you_mean, quoted},
};

/// Questions of one document.
pub(super) const MOST_QUESTIONS: usize = 200;
const MOST_CHOICES: usize = 200;
const KEYS: [&str; 10] =
    ["id", "ask", "type", "unit", "min", "max", "choices", "options", "counts_down", "stale_after"];
/// Words of CEL that cannot name a field.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// A text in one language or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    any: Option<String>,
    by_language: BTreeMap<String, String>,
}

impl Wording {
    /// The text for a BCP 47 tag: in that language, else in its main language, else the one for all, else in English,
    /// else in the first there is.
    #[must_use]
    pub fn in_language(&self, tag: &str) -> &str {
        let main = tag.split(['-', '_']).next().unwrap_or(tag);
        let by_language = |tag: &str| self.by_language.get(tag);
        by_language(tag)
            .or_else(|| by_language(main))
            .or(self.any.as_ref())
            .or_else(|| by_language("en"))
            .or_else(|| self.by_language.values().next())
            .map_or("", String::as_str)
    }

    /// From a text, or from a table of texts by language.
    pub(super) fn read(value: &Spanned<DeValue<'_>>, key: &str, notes: &mut Notes) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            let one = text(value, key, notes)?;
            return Some(Self { any: Some(one.value.to_owned()), ..Self::default() });
        };
        let mut by_language = BTreeMap::new();
        for (tag, value) in table.iter() {
            if !is_language(tag.get_ref()) {
                let tag_text = quoted(tag.get_ref());
                notes.add(tag.span().start, || format!("{tag_text} is no language: use tags such as 'en' or 'es-MX'"));
            }
            if let Some(one) = text(value, key, notes) {
                by_language.insert(tag.get_ref().to_string(), one.value.to_owned());
            }
        }
        if table.is_empty() {
            notes.add(value.span().start, || format!("'{key}' is empty"));
        }
        Some(Self { any: None, by_language })
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let main = parts.next().unwrap_or_default();
    (2..=3).contains(&main.len())
        && main.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The numbers that an answer may be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Range {
    /// The least.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
}

/// What an answer must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Anything in words.
    Text,
    /// A number.
    Number(Range),
    /// An amount in the client's currency.
    Money(Range),
    /// Yes or no.
    YesNo,
    /// A day, or a month, a quarter or a year that counts from its first day.
    Date,
    /// One of these.
    Choice(Arc<[Arc<str>]>),
    /// Any of these.
    Choices(Arc<[Arc<str>]>),
}

const KINDS: [&str; 7] = ["text", "number", "money", "yes_no", "date", "choice", "choices"];

/// One question of the script.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its name in conditions: `answers.<id>`.
    pub id: Arc<str>,
    /// How it is asked.
    pub ask: Wording,
    /// What an answer must be.
    pub kind: Kind,
    /// What a number counts.
    pub unit: Option<String>,
    /// A number of days said some days ago is that much less now.
    pub counts_down: bool,
    /// An older answer counts as not given.
    pub stale_after: Option<SignedDuration>,
}

impl Question {
    /// Reads one `[[question]]`. Its mistakes are noted; `None` where it has no name or no type to go by.
    pub(super) fn read(section: &Section<'_>, notes: &mut Notes, doubts: &mut Notes) -> Option<Self> {
        section.only(&KEYS, notes);
        let id = section.needed_text("id", notes).filter(|id| is_field_name(id, notes));
        let ask = match section.get("ask") {
            Some(value) => Wording::read(value, "ask", notes),
            None => {
                section.missing("ask", notes);
                None
            }
        };
        let kind = read_kind(section, notes);
        let counts_down = counts_down(section, kind.as_ref(), notes);
        let stale_after = section.duration("stale_after", notes);
        if let (Some(Kind::Date), Some(stale_after)) = (&kind, &stale_after) {
            doubts
                .add(stale_after.span.start, || "a date goes stale once it is past: 'stale_after' does nothing".into());
        }
        Some(Self {
            id: id?.value.into(),
            ask: ask.unwrap_or_default(),
            stale_after: stale_after.map(|found| found.value.0).filter(|_| kind != Some(Kind::Date)),
            kind: kind?,
            unit: section.text("unit", notes).map(|unit| unit.value.to_owned()),
            counts_down,
        })
    }
}

fn is_field_name(id: &Located<&str>, notes: &mut Notes) -> bool {
    let text = id.value;
    let plain = text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !plain {
        notes.add(id.span.start, || {
            format!(
                "{} cannot name a question: use small letters, digits and '_', beginning with a letter",
                quoted(text)
            )
        });
    } else if RESERVED.contains(&text) {
        notes.add(id.span.start, || format!("'{text}' is a word of the conditions and cannot name a question"));
    }
    plain && !RESERVED.contains(&text)
}

fn counts_down(section: &Section<'_>, kind: Option<&Kind>, notes: &mut Notes) -> bool {
    let Some(flag) = section.flag("counts_down", notes) else { return false };
    let in_days = section.get("unit").and_then(|unit| unit.get_ref().as_str()).is_none_or(|unit| unit == "days");
    if flag.value && kind.is_some() && !(matches!(kind, Some(Kind::Number(_))) && in_days) {
        notes
            .add(flag.span.start, || "'counts_down' takes off days: the type must be 'number', the unit 'days'".into());
    }
    flag.value
}

fn read_kind(section: &Section<'_>, notes: &mut Notes) -> Option<Kind> {
    let word = section.needed_text("type", notes)?;
    let kind = match word.value {
        "text" => Kind::Text,
        "number" => Kind::Number(read_range(section, notes)),
        "money" => Kind::Money(read_range(section, notes)),
        "yes_no" => Kind::YesNo,
        "date" => Kind::Date,
        "choice" => Kind::Choice(read_choices(section, notes)),
        "choices" => Kind::Choices(read_choices(section, notes)),
        other => {
            notes.add(word.span.start, || {
                let hint = did_you_mean(other, KINDS);
                format!("unknown type {}{hint}: use one of {}", quoted(other), KINDS.join(", "))
            });
            return None;
        }
    };
    for key in ["min", "max", "unit"] {
        if let (Some(value), false) = (section.get(key), matches!(kind, Kind::Number(_) | Kind::Money(_))) {
            notes.add(value.span().start, || format!("'{key}' is for the types number and money"));
        }
    }
    for key in ["choices", "options"] {
        if let (Some(value), false) = (section.get(key), matches!(kind, Kind::Choice(_) | Kind::Choices(_))) {
            notes.add(value.span().start, || format!("'{key}' is for the types choice and choices"));
        }
    }
    Some(kind)
}

fn read_range(section: &Section<'_>, notes: &mut Notes) -> Range {
    let (min, max) = (section.number("min", notes), section.number("max", notes));
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        notes.add(max.span.start, || format!("'max' is less than 'min', which is {}", min.value));
    }
    Range { min: min.map(|min| min.value), max: max.map(|max| max.value) }
}

fn read_choices(section: &Section<'_>, notes: &mut Notes) -> Arc<[Arc<str>]> {
    let mut choices: Vec<Arc<str>> = Vec::new();
    let Some(value) = section.get("choices").or_else(|| section.get("options")) else {
        section.missing("choices", notes);
        return choices.into();
    };
    let at = value.span().start;
    let Some(array) = value.get_ref().as_array() else {
        notes.add(at, || format!("'choices' must be a list of texts, not {}", kind(value.get_ref())));
        return choices.into();
    };
    if array.is_empty() || array.len() > MOST_CHOICES {
        notes.add(at, || format!("there must be 1 to {MOST_CHOICES} choices"));
    }
    for element in array.iter().take(MOST_CHOICES) {
        let Some(choice) = text(element, "choices", notes) else { continue };
        if choices.iter().any(|known| **known == *choice.value) {
            notes.add(choice.span.start, || format!("the choice {} stands twice", quoted(choice.value)));
        } else {
            choices.push(choice.value.into());
        }
    }
    choices.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wording_falls_back_from_the_exact_tag_to_any() {
        let texts = |pairs: &[(&str, &str)]| Wording {
            any: None,
            by_language: pairs.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned())).collect(),
        };
        let wording = texts(&[("de", "Wann?"), ("en", "When?"), ("es-MX", "¿Cuándo?")]);
        for (tag, expected) in [("es-MX", "¿Cuándo?"), ("de-AT", "Wann?"), ("fr", "When?"), ("", "When?")] {
            assert_eq!(wording.in_language(tag), expected, "{tag}");
        }
        assert_eq!(texts(&[("de", "Wann?")]).in_language("fr"), "Wann?");
        assert_eq!(Wording { any: Some("When?".into()), ..Wording::default() }.in_language("fr"), "When?");
    }

    #[test]
    fn language_tags() {
        assert!(["en", "es-MX", "zh-Hant-TW", "yue"].into_iter().all(is_language));
        assert!(["", "e", "EN", "english", "en-", "e1"].into_iter().all(|tag| !is_language(tag)));
    }
}
