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
use crate::{mail::Invitation, plain};

/// A lead mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct LeadMail {
    /// One line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
    /// The appointment that was made with them.
    pub invitation: Option<Invitation>,
}

/// Writes the mail for a payload of type `lead.matured`.
#[must_use]
pub fn render(payload: &Value) -> LeadMail {
    let facts = Facts::read(&payload["data"]);
    let invitation = facts.appointment.as_ref().map(|appointment| Invitation {
        uid: appointment.uid.clone(),
        sequence: appointment.sequence,
        starts_at: appointment.slot.starts_at,
        ends_at: appointment.slot.ends_at,
        summary: format!("Appointment with {}", facts.name),
        description: about(&facts),
        cancelled: false,
    });
    LeadMail { subject: subject(&facts), text: text::render(&facts), html: html::render(&facts), invitation }
}

fn subject(facts: &Facts) -> String {
    let source = facts.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    plain::line(&format!("{} lead: {}{source}", facts.grade, facts.name), 120)
}

/// What a calendar shows beside the time.
fn about(facts: &Facts) -> String {
    let pairs = [("Phone", &facts.phone), ("E-mail", &facts.email), ("Agreed", &facts.agreed)];
    let known = pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}", value.as_ref()?)));
    known.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
