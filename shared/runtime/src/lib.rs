//! What every process needs once: configuration, clock and randomness, the two-step stop, loops and retries, health,
//! telemetry, and the embedded PostgreSQL.
//!
//! Only this crate reads the clock, the environment and the source of randomness; everything else is given them. It
//! knows nothing of leads, queues or HTTP.

pub mod batch;
pub mod clock;
pub mod config;
pub mod embedded;
pub mod every;
pub mod health;
pub mod lifecycle;
pub mod master_keys;
pub mod random;
pub mod retry;
pub mod secrets;
pub mod telemetry;
