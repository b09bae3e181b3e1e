//! Promises: the dated next step of every open lead.

pub mod agree;
pub mod agreed_times;
pub mod list;
pub mod same_person;
pub mod sweep;
pub mod write;
