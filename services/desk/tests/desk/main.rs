//! The desk through its router, over a real database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

mod deliveries;
mod harness;
mod links;
mod outcomes;
mod reps;
