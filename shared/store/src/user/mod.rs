//! People who sign in: their accounts, sessions, tokens and saved lists, and the wrong passwords that were typed.

pub mod account;
pub mod failure;
pub mod lead_view;
pub mod session;
pub mod token;
