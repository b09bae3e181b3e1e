//! Mails that are owed: to firm, clients and reps.

pub mod dead;
pub mod owe;
pub mod send;
