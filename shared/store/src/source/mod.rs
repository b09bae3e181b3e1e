//! Sources, and the keys they authenticate with.

pub mod any;
pub mod changes;
pub mod key;
pub mod listener;
pub mod source_record;
