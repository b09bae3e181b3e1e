//! People who sign in: their accounts, sessions and tokens, and the wrong passwords that were typed.

pub mod account;
pub mod failure;
pub mod session;
pub mod token;
