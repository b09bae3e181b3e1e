//! A client's reps and who gets which lead.

pub mod assign;
mod hold;
pub mod preview;
pub mod rep;
pub mod rep_closed;
pub mod rep_leads;
pub mod route;
pub mod state;
pub mod turns;
