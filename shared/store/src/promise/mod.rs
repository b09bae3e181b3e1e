//! Promises: the dated next step of every open lead.

pub mod agree;
pub mod agreed_times;
pub mod list;
mod of_merge;
pub mod promised_calls;
pub mod same_person;
pub mod sweep;
pub mod undo;
pub mod write;
