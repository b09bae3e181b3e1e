//! Appointments with reps: the diary, holding and booking a slot, moving and cancelling.

pub mod book;
pub mod change;
pub mod diary;
pub mod list;
pub mod lock;
mod take;
