//! Pages that stay as they are while the world goes on: what is new is passed on to whoever has a page open, as server-sent
//! events. One connection to the database hears it for the whole process.

pub mod events;
mod hub;

pub use hub::LiveHub;
