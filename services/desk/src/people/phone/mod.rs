//! The telephone: numbers are handed to it by a link that the browser opens, or by a request of this process; what it tells of a
//! call comes to `/v1/calls`.

pub mod dial;
mod dial_link;
pub mod refuse;
pub mod words;

pub use dial_link::{DeskPhone, DialStep, PhoneSetupError, SignedEvent};
