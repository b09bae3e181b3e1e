//! Actions over a real database: whole or not at all, with their audit, in the actor's scope.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod client;
mod criteria;
mod endpoint;
mod harness;
mod rep;
mod routing;
mod source;
