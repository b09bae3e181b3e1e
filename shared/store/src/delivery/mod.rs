//! Deliveries, from the decision that owes them to the attempt that ends them.

pub mod event;
pub mod feed;
pub mod held;
pub mod lease;
pub mod list;
pub mod offer;
pub mod replay;
pub mod settle;
