//! Intake through its router, over a real database and a real transport.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

mod bad_input;
mod forms;
mod harness;
mod json;
mod lists;
mod outages;
mod problems;
mod queries;
mod sources;
mod status;
mod visitors;
