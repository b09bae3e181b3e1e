//! What a fact can be: its type, its value for the time of a decision, and by what it is found.

use std::{borrow::Cow, fmt, sync::Arc};

use jiff::Timestamp;

/// What a part of a condition comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::criteria) enum Type {
    YesNo,
    /// Counts and whole literals. Dividing one by another drops the remainder, as CEL does.
    Whole,
    /// Answers and decimal literals. Whole answers are kept exact, and divide as decimals.
    Number,
    Text,
    /// A text that is one of these.
    Choice(Arc<[Arc<str>]>),
    Instant,
    /// A length of time.
    Span,
    /// Several of one type.
    List(Box<Type>),
}

impl Type {
    pub(in crate::criteria) const fn is_numeric(&self) -> bool {
        matches!(self, Self::Whole | Self::Number)
    }

    pub(in crate::criteria) const fn is_textual(&self) -> bool {
        matches!(self, Self::Text | Self::Choice(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::YesNo => "yes/no",
            Self::Whole | Self::Number => "a number",
            Self::Text => "a text",
            Self::Choice(_) => "a choice",
            Self::Instant => "a date",
            Self::Span => "a number of days",
            Self::List(_) => "a list",
        })
    }
}

/// A value that an input holds for the time of a decision.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::criteria) enum Held<'f> {
    YesNo(bool),
    Whole(i64),
    Number(f64),
    Text(Cow<'f, str>),
    Instant(Timestamp),
    Texts(Vec<&'f str>),
}

/// A fact, by its place among the facts that the criteria read.
pub(in crate::criteria) type FactIndex = u16;

/// Where a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::criteria) enum Fact {
    /// The question's place in the script.
    Answer(usize),
    /// The field's place in the table of fields.
    Field(usize),
}

/// A fact with its full name, such as `answers.budget`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::criteria) struct Named {
    pub name: Arc<str>,
    pub fact: Fact,
}
