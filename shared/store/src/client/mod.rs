//! Clients, and the tokens their programs use.

pub mod record;
pub mod token;
