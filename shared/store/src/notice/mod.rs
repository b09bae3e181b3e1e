//! Mails that are owed: to firm, clients and reps.

pub mod dead;
pub mod owe;
mod prune;
pub mod send;
