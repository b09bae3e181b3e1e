//! The mail that hands an A lead to a client's sales representative: who it is, how to reach them, why they are an A,
//! what they said, where they came from.
//!
//! Written from the same payload that a webhook carries (`lead.matured`), tolerant of what is missing. Everything in it
//! was typed by a stranger and is treated so. No images, no tracking pixel, nothing loaded from anywhere.

mod html;
mod read;
mod text;

use serde_json::Value;

use self::read::Facts;
use crate::plain;

/// A lead mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct LeadMail {
    /// One line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

/// Writes the mail for a payload of type `lead.matured`.
#[must_use]
pub fn render(payload: &Value) -> LeadMail {
    let facts = Facts::read(&payload["data"]);
    LeadMail { subject: subject(&facts), text: text::render(&facts), html: html::render(&facts) }
}

fn subject(facts: &Facts) -> String {
    let source = facts.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    plain::line(&format!("{} lead: {}{source}", facts.grade, facts.name), 120)
}

#[cfg(test)]
mod tests;
