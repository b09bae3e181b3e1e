//! Persons and the identities they are found by.

pub mod identity;
pub mod record;
