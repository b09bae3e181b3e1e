//! The script: questions every agent asks the same way, in the document's order, and what their answers must be.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    criteria::script::wording::Wording,
    document::{Located, Notes, Section, did_you_mean, kind, odd_letter, quoted, text},
};
use jiff::SignedDuration;

/// Questions of one document.
pub(in crate::criteria) const MOST_QUESTIONS: usize = 200;
const MOST_CHOICES: usize = 200;
const KEYS: [&str; 10] =
    ["id", "ask", "type", "unit", "min", "max", "choices", "options", "counts_down", "stale_after"];
/// The choices, under either name.
const CHOICES: [&str; 2] = ["choices", "options"];
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
    pub(in crate::criteria) fn read(section: &Section<'_>, notes: &mut Notes, doubts: &mut Notes) -> Option<Self> {
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
            // The value is dropped, as the warning says: otherwise a date would go stale twice.
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
                "{}{} cannot name a question: use small letters, digits and '_', beginning with a letter",
                quoted(text),
                odd_letter(text)
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
        "text" => Some(Kind::Text),
        "number" => Some(Kind::Number(read_range(section, notes))),
        "money" => Some(Kind::Money(read_range(section, notes))),
        "yes_no" => Some(Kind::YesNo),
        "date" => Some(Kind::Date),
        "choice" => read_choices(section, notes).map(Kind::Choice),
        "choices" => read_choices(section, notes).map(Kind::Choices),
        other => {
            notes.add(word.span.start, || {
                let hint = did_you_mean(other, KINDS);
                format!("unknown type {}{hint}: use one of {}", quoted(other), KINDS.join(", "))
            });
            // What else is wrong shows at once, whatever the type was meant to be.
            read_range(section, notes);
            if CHOICES.iter().any(|key| section.get(key).is_some()) {
                read_choices(section, notes);
            }
            return None;
        }
    };
    // A bound that does nothing would be trusted by whoever wrote it.
    if !matches!(word.value, "number" | "money") {
        not_for(section, &["min", "max", "unit"], "the types number and money", notes);
    }
    if !matches!(word.value, "choice" | "choices") {
        not_for(section, &CHOICES, "the types choice and choices", notes);
    }
    kind
}

/// Notes each of these keys: they are for questions of other types.
fn not_for(section: &Section<'_>, keys: &[&str], types: &str, notes: &mut Notes) {
    for key in keys {
        if let Some(value) = section.get(key) {
            notes.add(value.span().start, || format!("'{key}' is for {types}"));
        }
    }
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

/// The choices, unless something is wrong with them.
fn read_choices(section: &Section<'_>, notes: &mut Notes) -> Option<Arc<[Arc<str>]>> {
    let Some(value) = CHOICES.iter().find_map(|key| section.get(key)) else {
        section.missing("choices", notes);
        return None;
    };
    let at = value.span().start;
    let Some(array) = value.get_ref().as_array() else {
        notes.add(at, || format!("'choices' must be a list of texts, not {}", kind(value.get_ref())));
        return None;
    };
    if array.is_empty() || array.len() > MOST_CHOICES {
        notes.add(at, || format!("there must be 1 to {MOST_CHOICES} choices"));
        return None;
    }
    let mut choices: Vec<Arc<str>> = Vec::with_capacity(array.len());
    let mut known = BTreeSet::new();
    // All elements are read before the list is refused, so that every mistake shows at once.
    let mut right = true;
    for element in array {
        let Some(choice) = text(element, "choices", notes) else {
            right = false;
            continue;
        };
        right &= is_choice(&choice, &mut known, notes);
        choices.push(choice.value.into());
    }
    right.then(|| choices.into())
}

/// Answers are compared with choices without regard to capitals, and without the blanks around them.
fn is_choice(choice: &Located<&str>, known: &mut BTreeSet<String>, notes: &mut Notes) -> bool {
    let (at, text) = (choice.span.start, choice.value);
    if text.trim() != text {
        notes.add(at, || format!("the choice {} begins or ends with a blank: no answer ever does", quoted(text)));
        return false;
    }
    // Without case: answers are matched to choices without it, and two such choices would be one.
    let fresh = known.insert(text.to_ascii_lowercase());
    if !fresh {
        notes.add(at, || format!("the choice {} stands twice", quoted(text)));
    }
    fresh
}
