//! What gives points, what holds a grade down, what closes a lead, and when a lead is looked at again.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::{criteria::expression::Expression, lead::Grade};

/// Gives points while it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unique in the document.
    pub id: Arc<str>,
    /// May be negative.
    pub points: i32,
    /// Why it counts, in the manager's words.
    pub because: Arc<str>,
    pub(in crate::criteria) when: Expression,
}

/// Holds the grade down while it does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Unique in the document.
    pub id: Arc<str>,
    /// The best grade meanwhile: B or C.
    pub at_most: Grade,
    /// Why, in the manager's words.
    pub because: Arc<str>,
    pub(in crate::criteria) require: Expression,
}

/// Closes the lead when it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Disqualifier {
    /// Unique in the document; `disqualify_1` and so on where it has none.
    pub id: Arc<str>,
    /// Why, in the manager's words.
    pub because: Arc<str>,
    pub(in crate::criteria) when: Expression,
}

/// A length of time as a document says it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::criteria) struct Interval {
    pub length: SignedDuration,
    /// In the document's words, such as `30d`.
    pub written: Arc<str>,
}

/// Points needed.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::criteria) struct Grades {
    pub a: i32,
    pub b: i32,
    /// How recent an arrival or a conversation must be for an A, and how the document says it. 30 days where the
    /// document says nothing: there is always a limit, as time alone must never make an A.
    pub confirm_within: Interval,
}

/// When a lead that is no A is looked at again.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::criteria) struct Requalify {
    pub b: Interval,
    pub c: Interval,
    pub on: Option<Expression>,
    pub rounds: Option<u32>,
}
