//! Calls that the desk made, what the telephone says of them, and what people refused on the telephone.

pub mod dial;
pub mod refusal;
pub mod report;
pub mod show;
