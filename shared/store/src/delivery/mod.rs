//! Deliveries, from the decision that owes them to the attempt that ends them.

pub mod attempt;
pub mod event;
pub mod fallback;
pub mod feed;
pub mod held;
pub mod lease;
pub mod list;
pub mod load;
pub mod offer;
pub mod perhaps_same;
mod prune;
pub mod release;
pub mod replay;
pub mod retry;
pub mod settle;
pub mod sweep;
pub mod withdraw;
pub mod write;
