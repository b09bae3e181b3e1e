//! Programs: lines of business.

pub mod record;
