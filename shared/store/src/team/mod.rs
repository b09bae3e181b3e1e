//! A client's reps and who gets which lead.

pub mod load;
pub mod rep_leads;
pub mod route;
