//! Programs: lines of business, each with its own criteria.

pub mod pace;
pub mod program_record;
