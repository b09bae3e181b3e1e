//! The rules of Ripen, pure: what a lead is, how it is graded, when it is looked at again, what a client receives.
//!
//! Nothing here does input or output, reads a clock or makes randomness: every function takes the instant and the
//! ids it needs, so that each rule can be tested as a table and every decision replayed.

pub mod actor;
pub mod appointment;
pub mod arrival;
pub mod backoff;
pub mod call;
pub mod calling;
pub mod contact;
pub mod contact_link;
pub mod country;
pub mod criteria;
pub mod delivery;
pub mod desk;
pub mod document;
pub mod flag;
pub mod hash;
pub mod id;
pub mod lead;
pub mod link;
pub mod list;
pub mod masked_address;
pub mod message;
pub mod outcome;
pub mod person;
pub mod promise;
pub mod routing;
pub mod said_by;
pub mod sealed_secret;
pub mod search;
pub mod secret;
pub mod shown_url;
pub mod statistics;
pub mod submission;
pub mod time;
pub mod time_in_words;
pub mod touch;
pub mod user;
pub mod values;
