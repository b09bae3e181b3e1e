//! The audit: who changed what, before and after.

pub mod list;
pub mod record;
