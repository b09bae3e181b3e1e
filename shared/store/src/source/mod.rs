//! Sources, and the keys they authenticate with.

pub mod key;
pub mod record;
