//! The mail that hands an A lead to a client's sales representative: who it is, how to reach them, why they are an A,
//! what they said, where they came from. And the short ones about what happened to the lead since.
//!
//! Written from the same payload that a webhook carries, tolerant of what is missing. Everything in it
//! was typed by a stranger and is treated so. No images, no tracking pixel, nothing loaded from anywhere.

mod html;
mod news;
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

/// Writes the mail for a payload: of a lead that is handed over, or of what happened to it since.
#[must_use]
pub fn render(payload: &Value) -> LeadMail {
    if let Some((title, sentences)) = news::read(payload) {
        let text = std::iter::once(&title).chain(&sentences).map(|line| format!("{line}\n")).collect::<Vec<_>>();
        let html = html::brief(&title, &sentences);
        return LeadMail { subject: plain::line(&title, 120), text: text.join("\n"), html };
    }
    let facts = Facts::read(payload);
    LeadMail { subject: subject(&facts), text: text::render(&facts), html: html::render(&facts) }
}

fn subject(facts: &Facts) -> String {
    let source = facts.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    plain::line(&format!("{}{source}", facts.title), 120)
}

#[cfg(test)]
mod tests;
