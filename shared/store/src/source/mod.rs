//! Sources, and the keys they authenticate with.

pub mod record;
