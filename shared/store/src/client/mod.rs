//! Clients, and the tokens their programs use.

pub mod load;
pub mod record;
pub mod settings;
pub mod token;
