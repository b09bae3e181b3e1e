//! The audit: who changed what, before and after.

pub mod entry;
pub mod list;
