//! Arrivals: which were seen, what each became, what waits in the spool, what is dead.

pub mod birth;
pub mod bodies_of_persons;
pub mod bodies_per_key;
pub mod common_key;
pub mod dead_letter;
pub mod flags;
pub mod kept_wish;
mod prune;
pub mod quarantine;
pub mod quarantined_source;
pub mod seen;
pub mod spool;
pub mod status;
pub mod suspect;
mod take;
pub mod unheard_wish;
pub mod write;
