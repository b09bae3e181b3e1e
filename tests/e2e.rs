//! Whole stories and faults, through the real binary, real PostgreSQL and real RabbitMQ. One binary, so that it links once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "cases/mod.rs"]
mod cases;
#[path = "faults/mod.rs"]
mod faults;
#[path = "flow/mod.rs"]
mod flow;
#[path = "harness/mod.rs"]
mod harness;
#[path = "pages/mod.rs"]
mod pages;
#[path = "simulation/mod.rs"]
mod simulation;
