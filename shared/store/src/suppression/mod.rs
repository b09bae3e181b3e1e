//! E-mail addresses and phone numbers that must not be contacted, kept as keyed hashes: for one client or the whole firm.
//!
//! Nothing here takes locks: what is written is followed by regrades, whose decisions close the leads, and a lease withdraws
//! what it finds; so neither waits for the other, and whoever is faster, nothing goes out afterwards.

pub mod read;
pub mod write;
