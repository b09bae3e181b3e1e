//! A checked condition: a small tree in which every operation has operands of the right types. Also the values that
//! travel through it.

use jiff::{SignedDuration, Timestamp};

use crate::criteria::facts::value::FactIndex;

/// A condition that was checked.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::criteria) struct Expression {
    pub(super) root: Node,
}

impl Expression {
    /// Whether it asks for this fact.
    pub(in crate::criteria) fn reads(&self, fact: FactIndex) -> bool {
        self.root.reads(fact)
    }

    /// Whether the value that comes out is this fact, or is calculated from it.
    pub(in crate::criteria) fn is_made_from(&self, fact: FactIndex) -> bool {
        self.root.is_made_from(fact)
    }
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
    Fact(FactIndex),
    /// Whether the fact is there.
    Has(FactIndex),
    /// Whole days since the instant.
    DaysSince(FactIndex),
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

impl Node {
    /// Whether the fact is asked for anywhere in this part.
    pub(super) fn reads(&self, fact: FactIndex) -> bool {
        let any = |nodes: &[Self]| nodes.iter().any(|node| node.reads(fact));
        match self {
            Self::YesNo(_) | Self::Whole(_) | Self::Number(_) | Self::Text(_) | Self::Instant(_) => false,
            Self::Now | Self::Element => false,
            Self::Fact(index) | Self::Has(index) | Self::DaysSince(index) => *index == fact,
            Self::Not(node) | Self::Negate(node) | Self::Days(node) | Self::Length(node) => node.reads(fact),
            Self::And(nodes) | Self::Or(nodes) => any(&nodes[..]),
            Self::Compare(_, nodes) | Self::Calculate(_, nodes) | Self::Search(_, nodes) => any(&nodes[..]),
            Self::If(nodes) => any(&nodes[..]),
            Self::In(node, list) | Self::Exists(list, node) | Self::All(list, node) => {
                node.reads(fact) || list.reads(fact)
            }
            Self::Count(list) => list.reads(fact),
        }
    }

    fn is_made_from(&self, fact: FactIndex) -> bool {
        match self {
            Self::Fact(index) => *index == fact,
            Self::Calculate(_, of) => of.iter().any(|node| node.is_made_from(fact)),
            Self::If(parts) => parts[1..].iter().any(|node| node.is_made_from(fact)),
            _ => false,
        }
    }
}

/// A part of a condition with several values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum List {
    Literal(Vec<Node>),
    Fact(FactIndex),
}

impl List {
    fn reads(&self, fact: FactIndex) -> bool {
        match self {
            Self::Literal(nodes) => nodes.iter().any(|node| node.reads(fact)),
            Self::Fact(index) => *index == fact,
        }
    }
}
