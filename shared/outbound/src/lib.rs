//! Everything that leaves: guarded webhooks to clients' endpoints and mail to clients' sales representatives.
//!
//! The only crate that builds an HTTP or SMTP client. It decides neither what is sent nor when, stores nothing and
//! retries nothing: it makes one attempt within one deadline and says what came of it.

pub mod appointment_mail;
pub mod guard;
pub mod intake;
pub mod lead_mail;
pub mod letterhead;
pub mod mail;
mod mail_button;
mod plain;
pub mod trust;
pub mod webhook;
