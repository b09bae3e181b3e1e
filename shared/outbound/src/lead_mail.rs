//! The mail that hands an A lead to a client's sales representative: who it is, how to reach them, why they are an A,
//! what they said, where they came from. And the short ones about what happened to the lead since.
//!
//! Written from the same payload that a webhook carries, tolerant of what is missing. Everything in it
//! was typed by a stranger and is treated so. No images, no tracking pixel, nothing loaded from anywhere.

mod news;
mod read;

use askama::Template;
use ripen_domain::{contact_link::Way, delivery::ClientEvent};

use self::read::MailFacts;
use crate::{
    mail::Invitation,
    mail_button::{MailButton, written},
    plain,
};

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

#[derive(Template)]
#[template(path = "lead.html")]
struct LeadHtml<'a> {
    title: &'a str,
    facts: &'a MailFacts,
    /// What to do first, then what else can be done.
    actions: Vec<MailButton>,
    /// A number that cannot be dialled.
    unlinked_phone: Option<String>,
    email: Option<Way>,
}

#[derive(Template)]
#[template(path = "lead.txt")]
struct LeadText<'a> {
    title: &'a str,
    facts: &'a MailFacts,
}

#[derive(Template)]
#[template(path = "brief.html")]
struct BriefHtml<'a> {
    title: &'a str,
    sentences: &'a [String],
}

#[derive(Template)]
#[template(path = "brief.txt")]
struct BriefText<'a> {
    title: &'a str,
    sentences: &'a [String],
}

/// Writes the mail for an event: of a lead that is handed over, or of what happened to it since.
#[must_use]
pub fn render(event: &ClientEvent) -> LeadMail {
    // What only tells of a lead has no contact data to show.
    if let Some((title, sentences)) = news::read(event) {
        return brief(&title, &sentences);
    }
    let facts = MailFacts::read(event);
    let invitation = facts.appointment.as_ref().map(|appointment| Invitation {
        uid: appointment.uid.clone(),
        sequence: appointment.sequence,
        starts_at: appointment.slot.starts_at,
        ends_at: appointment.slot.ends_at,
        summary: format!("Appointment with {}", facts.name),
        description: about(&facts),
        cancelled: false,
    });
    let text = written(&LeadText { title: &facts.title, facts: &facts });
    LeadMail { subject: subject(&facts), text, html: html(&facts), invitation }
}

/// A mail of a title and some sentences.
#[must_use]
pub fn brief(title: &str, sentences: &[String]) -> LeadMail {
    let text = written(&BriefText { title, sentences });
    let html = written(&BriefHtml { title, sentences });
    LeadMail { subject: plain::line(title, 120), text, html, invitation: None }
}

fn html(facts: &MailFacts) -> String {
    let phone = facts.phone.as_deref().map(|phone| Way::by_phone(phone, facts.phone_extension.as_deref()));
    let (call, unlinked_phone) = MailButton::call(phone);
    // What is wanted most first: of several buttons on a phone one is seen.
    let actions = [
        facts.offer_url().map(|url| MailButton::new(url, "Take it, or pass")),
        call,
        facts.report_url().map(|url| MailButton::new(url, "Accept, return, won or lost")),
        facts.open_leads_url.as_deref().map(|url| MailButton::new(url, "All your open leads")),
    ];
    written(&LeadHtml {
        title: &facts.title,
        facts,
        actions: actions.into_iter().flatten().collect(),
        unlinked_phone,
        email: facts.email.as_deref().map(Way::by_email),
    })
}

fn subject(facts: &MailFacts) -> String {
    let source = facts.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    // Cut for the header; the name in it was typed by a stranger.
    plain::line(&format!("{}{source}", facts.title), 120)
}

/// What a calendar shows beside the time.
fn about(facts: &MailFacts) -> String {
    let phone = facts.shown_phone();
    let pairs = [("Phone", &phone), ("E-mail", &facts.email), ("Agreed", &facts.agreed)];
    let known = pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}", value.as_ref()?)));
    known.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
