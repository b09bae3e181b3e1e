//! Deliveries, from the decision that owes them to the attempt that ends them.

pub mod attempt;
pub mod bounce;
pub mod catch_up;
pub mod dead;
pub mod event;
pub mod feed;
pub mod first_to_claim;
pub mod held;
mod hold_lease;
pub mod lease;
pub mod leased_delivery;
pub mod links;
pub mod list;
pub mod mail_to_fallback;
mod offer_over;
pub mod parties;
pub mod perhaps_same;
mod prune;
pub mod release;
pub mod replay_range;
pub mod retry;
pub mod settle;
pub mod sweep;
pub mod undelivered;
mod waiting;
pub mod withdraw;
pub mod write;
