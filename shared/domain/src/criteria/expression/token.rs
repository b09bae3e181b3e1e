//! The words and signs of a condition.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LexemeKind {
    Word,
    Number,
    Text,
    Sign,
}

/// A word, sign or literal and where it begins, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub kind: LexemeKind,
    pub text: &'t str,
    pub at: usize,
}

/// A mistake in a condition: where in it, in bytes, and what is wrong.
pub(super) type Fault = (usize, String);
