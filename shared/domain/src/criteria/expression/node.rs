//! A checked condition: a small tree in which every operation has operands of the right types. Also the values that
//! travel through it.

use std::{borrow::Cow, fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};

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
    pub(super) const fn is_numeric(&self) -> bool {
        matches!(self, Self::Whole | Self::Number)
    }

    pub(super) const fn is_textual(&self) -> bool {
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

/// A value on its way through a condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    YesNo(bool),
    Whole(i64),
    Number(f64),
    Text(&'a str),
    Instant(Timestamp),
    Span(SignedDuration),
}

/// Which of two values must be the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is done with two numbers, dates or lengths of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    /// Drops the remainder.
    DivideWhole,
    /// Keeps it.
    Divide,
    Remainder,
}

/// How one text is looked for in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    StartsWith,
    EndsWith,
    Contains,
}

/// A fact, by its place among the facts that the criteria read.
pub(in crate::criteria) type Slot = u16;

/// A part of a condition with a single value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    YesNo(bool),
    Whole(i64),
    Number(f64),
    Text(Box<str>),
    Instant(Timestamp),
    /// The instant of the decision.
    Now,
    Fact(Slot),
    /// Whether the fact is there.
    Has(Slot),
    /// Whole days since the instant.
    DaysSince(Slot),
    /// The element at hand inside `exists` and `all`.
    Element,
    Not(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    If(Box<[Node; 3]>),
    Compare(Comparison, Box<[Node; 2]>),
    Calculate(Operation, Box<[Node; 2]>),
    Negate(Box<Node>),
    In(Box<Node>, List),
    Days(Box<Node>),
    Search(Search, Box<[Node; 2]>),
    /// Characters in a text.
    Length(Box<Node>),
    /// Elements of a list.
    Count(List),
    Exists(List, Box<Node>),
    All(List, Box<Node>),
}

/// A part of a condition with several values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum List {
    Literal(Vec<Node>),
    Fact(Slot),
}
