//! The mail that hands an A lead to a client's sales representative: who it is, how to reach them, why they are an A,
//! what they said, where they came from. And the short ones about what happened to the lead since.
//!
//! Written from the same payload that a webhook carries, tolerant of what is missing. Everything in it
//! was typed by a stranger and is treated so. No images, no tracking pixel, nothing loaded from anywhere.

mod event;
mod read;
mod words;

use askama::Template;
use ripen_domain::{contact_link::Way, delivery::ClientEvent};
use url::Url;

use self::read::MailFacts;
use crate::{
    letterhead::{Letterhead, MailHead},
    mail::Invitation,
    mail_button::{MailButton, written},
    plain,
};

/// Longest subject, in characters.
const SUBJECT: usize = 120;

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
    head: &'a MailHead,
    title: &'a str,
    /// What stands largest: who it is, or what is new.
    headline: &'a str,
    /// The number beside it.
    dialled: Option<MailButton>,
    facts: &'a MailFacts,
    /// What to do first, then what else can be done.
    actions: Vec<MailButton>,
    /// Where it is said later what became of it.
    report_url: Option<&'a str>,
    /// A number that cannot be dialled.
    unlinked_phone: Option<String>,
    email: Option<Way>,
}

#[derive(Template)]
#[template(path = "lead.txt")]
struct LeadText<'a> {
    head: &'a MailHead,
    title: &'a str,
    facts: &'a MailFacts,
}

#[derive(Template)]
#[template(path = "brief.html")]
struct BriefHtml<'a> {
    head: &'a MailHead,
    title: &'a str,
    sentences: &'a [String],
    actions: Vec<MailButton>,
    /// A number that cannot be dialled.
    unlinked_phone: Option<String>,
}

#[derive(Template)]
#[template(path = "brief.txt")]
struct BriefText<'a> {
    title: &'a str,
    sentences: &'a [String],
    /// The number and the address behind what are buttons in HTML.
    lines: Vec<String>,
}

/// Writes the mail for an event: of a lead that is handed over, or of what happened to it since.
#[must_use]
pub fn render(event: &ClientEvent, letterhead: &Letterhead<'_>) -> LeadMail {
    // What only tells of a lead has no contact data to show.
    if let Some((title, sentences)) = event::read(event, letterhead) {
        let reader = event::reader(event);
        let mail =
            BriefMail { title: &title, sentences: &sentences, reader: reader.as_deref(), ..BriefMail::default() };
        return brief(&mail, letterhead);
    }
    let facts = MailFacts::read(event, letterhead);
    let head = MailHead::of(letterhead, facts.assigned_to.as_deref());
    let invitation = facts.appointment.as_ref().map(|appointment| Invitation {
        uid: appointment.uid.clone(),
        sequence: appointment.sequence,
        starts_at: appointment.slot.starts_at,
        ends_at: appointment.slot.ends_at,
        summary: format!("Appointment with {}", facts.name),
        description: about(&facts),
        cancelled: false,
    });
    let text = written(&LeadText { head: &head, title: &facts.title, facts: &facts });
    LeadMail { subject: subject(&facts), text, html: html(&facts, &head), invitation }
}

/// A mail of a title and some sentences, with what its reader may do next.
#[derive(Clone, Copy, Default)]
pub struct BriefMail<'a> {
    /// What it is about.
    pub title: &'a str,
    /// What it says.
    pub sentences: &'a [String],
    /// Who gets it, by name.
    pub reader: Option<&'a str>,
    /// Whom to call.
    pub phone: Option<&'a Way>,
    /// Where to go on.
    pub link: Option<BriefLink<'a>>,
}

/// Where a mail leads.
#[derive(Clone, Copy)]
pub struct BriefLink<'a> {
    /// What is there.
    pub text: &'a str,
    /// The address.
    pub url: &'a str,
}

/// Writes a mail of a title and some sentences.
#[must_use]
pub fn brief(mail: &BriefMail<'_>, letterhead: &Letterhead<'_>) -> LeadMail {
    let BriefMail { title, sentences, reader, phone, link } = *mail;
    let head = MailHead::of(letterhead, reader);
    let (call, unlinked_phone) = MailButton::call(phone.cloned());
    let on = link.map(|link| MailButton::new(link.url, link.text));
    let lines =
        [phone.map(|phone| format!("Phone: {}", phone.shown)), link.map(|link| format!("{}: {}", link.text, link.url))];
    let text = written(&BriefText { title, sentences, lines: lines.into_iter().flatten().collect() });
    let actions = call.into_iter().chain(on).collect();
    let html = written(&BriefHtml { head: &head, title, sentences, actions, unlinked_phone });
    LeadMail { subject: plain::line(title, SUBJECT), text, html, invitation: None }
}

fn html(facts: &MailFacts, head: &MailHead) -> String {
    let phone = facts.phone.as_deref().map(|phone| Way::by_phone(phone, facts.phone_extension.as_deref()));
    let (call, unlinked_phone) = MailButton::call(phone);
    let dialled = call.as_ref().map(|call| MailButton::new(&call.link, &facts.shown_phone().unwrap_or_default()));
    // What is wanted most first: of several buttons on a phone one is seen.
    let mut actions = vec![facts.offer_url().map(|url| MailButton::new(url, "Take it, or pass")), call];
    actions.extend(report(facts));
    actions.push(facts.open_leads_url.as_deref().map(|url| MailButton::new(url, "All your open leads")));
    written(&LeadHtml {
        head,
        title: &facts.title,
        headline: facts.headline(),
        dialled,
        facts,
        actions: actions.into_iter().flatten().collect(),
        report_url: facts.report_url(),
        unlinked_phone,
        email: facts.email.as_deref().map(Way::by_email),
    })
}

/// What can be said of the lead: of a new one, where on its page each is said.
fn report(facts: &MailFacts) -> Vec<Option<MailButton>> {
    let at = |place: &str, text: &str| {
        let mut url = Url::parse(facts.report_url()?).ok()?;
        url.set_fragment(Some(place));
        Some(MailButton::new(url.as_str(), text))
    };
    if facts.is_to_call() {
        return vec![at("accept", "Accept"), at("return", "Return…")];
    }
    vec![facts.report_url().map(|url| MailButton::new(url, "Say what became of it"))]
}

/// What a list of mails, or a locked screen, shows. Of a lead that waits for a call all that a call needs.
fn subject(facts: &MailFacts) -> String {
    if let Some(called) = facts.to_call_in_brief() {
        return plain::line(&called, SUBJECT);
    }
    let source = facts.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    // Cut for the header; the name in it was typed by a stranger.
    // Of an offer the place is what decides whether to look at it.
    let place = facts.place.as_ref().filter(|_| facts.is_offer).map(|place| format!(", {place}")).unwrap_or_default();
    plain::line(&format!("{}{place}{source}", facts.title), SUBJECT)
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
