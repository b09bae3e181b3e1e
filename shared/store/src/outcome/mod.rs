//! What clients say about delivered leads.

pub mod answer;
mod judge;
pub mod list;
pub mod record_outcome;
pub mod request;
mod said;
mod sent;
pub mod verdict;
pub mod write;
