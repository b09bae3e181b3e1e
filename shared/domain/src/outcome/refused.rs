//! An outcome that is not taken: outside of the rules of return, or with a date that cannot be.

/// Why an outcome is not taken, in words for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutcomeRefused(pub String);
