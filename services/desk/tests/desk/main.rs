//! The desk through its router, over a real database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

mod appointments;
mod broken;
mod calls;
mod coming;
mod deliveries;
mod elsewhere;
mod harness;
mod home;
mod in_vain;
mod kept;
mod known_now;
mod leads;
mod links;
mod live;
mod meanwhile;
mod next_steps;
mod nul;
mod outcomes;
mod own_api;
mod queues;
mod reps;
mod rings;
mod roles;
mod siblings;
mod signing_in;
mod told;
mod unsaid;
mod users;
mod why;
mod withheld;
mod work;
mod work_api;
mod work_kept;
