//! What clients say about delivered leads.

pub mod answer;
pub mod list;
pub mod record;
pub mod write;
