//! Do not contact: e-mail addresses and phone numbers that must not be contacted, kept as keyed hashes: for one client or the whole firm.
//!
//! Nothing here takes locks: what is written is followed by regrades, whose decisions close the leads, and a lease withdraws
//! what it finds; so neither waits for the other. What a batch commits a moment after a suppression that it did not see is
//! looked for afterwards ([`follow`]): whoever is faster, nothing goes out and nothing stays open.

pub(crate) mod flagged_contacts;
pub mod follow;
pub mod found;
pub(crate) mod key;
mod left_beside;
pub mod read;
pub mod sweep;
pub(crate) mod told_words;
pub mod write;
