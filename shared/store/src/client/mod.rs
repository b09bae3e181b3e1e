//! Clients, and the tokens their programs use.

pub mod client_record;
pub mod grading_settings;
pub mod settings;
pub mod token;
