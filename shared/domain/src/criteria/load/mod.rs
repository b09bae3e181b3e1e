//! From the text of a criteria document to [`super::Criteria`], or to all its mistakes.

pub(super) mod document;
mod points;
mod rules;
mod warnings;
