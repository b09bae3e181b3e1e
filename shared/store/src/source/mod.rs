//! Sources, and the keys they authenticate with.

pub mod any;
pub mod key;
pub mod record;
