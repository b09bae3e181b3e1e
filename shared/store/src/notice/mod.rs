//! Mails that are owed: to firm, clients and reps.

pub mod owe;
pub mod send;
