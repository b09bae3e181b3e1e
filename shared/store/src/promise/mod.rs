//! Promises: the dated next step of every open lead.

pub mod sweep;
pub mod write;
