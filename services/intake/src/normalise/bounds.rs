//! How long texts may be. What is longer is cut and flagged; the raw body keeps all of it.

/// Most characters of a name or another short text.
pub(super) const SHORT: usize = 200;
/// Most characters of free text.
pub(super) const LONG: usize = 10_000;
