//! What waits, for whoever leads the desk: leads by kind and client, promises that are late, who is on what, and what is stuck.
//! Reading alone: nothing here is written.
//!
//! Every number is counted as far as [`COUNTED`] or [`MOST`] of a kind and a client, so that its cost does not grow with what waits;
//! the list behind it goes on in pages, each from where the one before ended.

pub mod agents;
pub mod cursor;
pub mod stuck;
pub mod waiting;

/// Of each kind and client so many leads that wait are counted: nobody acts otherwise on more.
pub const COUNTED: i64 = 100;
/// So many of what is stuck are counted, and of what was tried in vain so many of one client are listed.
pub const MOST: i64 = 500;
