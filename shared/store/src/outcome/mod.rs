//! What clients say about delivered leads.

pub mod record;
pub mod write;
