//! Leads: loaded for a batch, written by it, shown and worked by people.

pub mod answer;
pub mod calls;
pub mod facts;
pub mod join;
pub mod load;
pub mod lock;
pub mod recall;
pub mod regrade;
pub mod show;
pub mod touch;
pub mod unit_of_work;
pub mod untouched;
pub mod worked;
pub mod write;
