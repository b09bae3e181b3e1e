//! What tests stand on: private PostgreSQL and RabbitMQ, a webhook receiver and a mailbox with switchable behaviour.
//!
//! A dev-dependency only. Everything listens on loopback and ends with the test process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

pub mod environment;
pub mod keys;
pub mod mailbox;
pub mod postgres;
pub mod rabbit;
pub mod receiver;
pub mod wait;
pub mod wire;
