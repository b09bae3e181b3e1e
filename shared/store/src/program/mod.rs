//! Programs: lines of business.

pub mod pace;
pub mod record;
