//! Leads: loaded for a batch, written by it, shown and worked by people.

pub mod facts;
pub mod load;
pub mod show;
pub mod touch;
pub mod write;
