//! Persons and the identities they are found by; who lives with whom, and who may be one.

pub mod co_decider;
pub mod correct;
mod do_not_contact;
pub mod household;
pub mod identity;
pub mod known_person;
pub mod merge;
pub mod number;
pub mod pair;
pub mod statements;
pub mod unmerge;
