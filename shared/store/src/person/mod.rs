//! Persons and the identities they are found by; who lives with whom, and who may be one.

pub mod household;
pub mod identity;
pub mod merge;
pub mod pair;
pub mod record;
