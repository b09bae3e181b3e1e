//! Puts a mail into the form that travels (RFC 5322, MIME): headers made safe here, encoded by lettre.
//!
//! The same mail is the same bytes at every attempt: nothing in it is random and its date is given.

use std::time::SystemTime;

use lettre::{
    Address, Message,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use super::{
    invitation::CalendarUser,
    outgoing::{Mail, Party},
};
use ripen_domain::contact_link::mailto;

use crate::plain;

/// Longest subject, in characters: what mail programs show, and some more.
const SUBJECT_LIMIT: usize = 150;
/// Longest name, in characters.
const NAME_LIMIT: usize = 80;
/// Longest part of a header made from an id, in characters. RFC 2919 allows a List-Id 255 in all.
const ID_LIMIT: usize = 100;

/// Why a mail cannot be written. The address is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ComposeError {
    #[error("the recipient's address is no e-mail address")]
    Recipient,
    #[error("the address for answers is no e-mail address")]
    ReplyTo,
    #[error("the mail could not be put together")]
    Message,
}

pub(super) fn compose(from: &Mailbox, mail: &Mail<'_>) -> Result<Message, ComposeError> {
    let domain = from.email.domain();
    // The same at every attempt: mail programs and servers show a message that comes twice once.
    let message_id = format!("<{}@{domain}>", token(mail.message_id));
    let mut builder = Message::builder()
        .from(from.clone())
        .to(mailbox(mail.to).ok_or(ComposeError::Recipient)?)
        .date(SystemTime::from(mail.date))
        .subject(plain::line(mail.subject, SUBJECT_LIMIT))
        .raw_header(fixed("Message-ID", message_id))
        .raw_header(fixed("List-Id", format!("<{}.{domain}>", token(mail.list_id))))
        // So that automatic replies are not sent to an address that nobody reads.
        .raw_header(fixed("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(reply_to) = mail.reply_to {
        builder = builder.reply_to(mailbox(reply_to).ok_or(ComposeError::ReplyTo)?);
    }
    if let Some(address) = mail.unsubscribe {
        builder = builder.raw_header(unsubscribe(address, mail).ok_or(ComposeError::ReplyTo)?);
    }
    // Plain before HTML: programs show the last one that they can.
    let parts = MultiPart::alternative()
        // Given and not random, so that the same mail is the same bytes.
        .boundary(format!("ripen_{}", token(mail.message_id)))
        .singlepart(SinglePart::plain(mail.text.to_owned()))
        .singlepart(SinglePart::html(mail.html.to_owned()));
    let parts = with_invitation(parts, from, mail)?;
    builder.multipart(parts).map_err(|_| ComposeError::Message)
}

/// The entry stands in the mail twice: as a reading of it, which calendars take, and as a file for those that do not.
fn with_invitation(parts: MultiPart, from: &Mailbox, mail: &Mail<'_>) -> Result<MultiPart, ComposeError> {
    let Some(invitation) = mail.invitation else { return Ok(parts) };
    let kind = |text: &str| ContentType::parse(text).map_err(|_| ComposeError::Message);
    let organizer = CalendarUser { name: from.name.as_deref(), address: from.email.as_ref() };
    let attendee = CalendarUser { name: mail.to.name, address: mail.to.address };
    let file = invitation.render(organizer, attendee, mail.date);
    // The method stands in the type as well: that is where calendars look first.
    let reading = kind(&format!("text/calendar; charset=utf-8; method={}", invitation.method()))?;
    let parts = parts.singlepart(SinglePart::builder().header(reading).body(file.clone()));
    let attached = Attachment::new("appointment.ics".to_owned()).body(file, kind("application/ics")?);
    Ok(MultiPart::mixed()
        .boundary(format!("ripen_file_{}", token(mail.message_id)))
        .multipart(parts)
        .singlepart(attached))
}

/// By a mail to a person, who knows what else has to be done (RFC 2369): nobody else's words can be in its subject.
fn unsubscribe(address: &str, mail: &Mail<'_>) -> Option<HeaderValue> {
    let address: Address = address.parse().ok()?;
    let to = mailto(address.as_ref())?;
    Some(fixed("List-Unsubscribe", format!("<{to}?subject=unsubscribe%20{}>", token(mail.list_id))))
}

fn mailbox(party: Party<'_>) -> Option<Mailbox> {
    let address: Address = party.address.parse().ok()?;
    let name = party.name.map(|name| plain::line(name, NAME_LIMIT)).filter(|name| !name.is_empty());
    Some(Mailbox::new(name, address))
}

/// A header whose value is plain ASCII made here, and short enough for a line: not to be folded or encoded.
fn fixed(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

/// What is left of an id once only the characters remain that need no quoting in any header.
pub(super) fn token(id: &str) -> String {
    // Everything else is dropped rather than escaped: an id holds nothing else.
    let kept: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    // Cut, because a header line must not be longer than a server takes.
    let kept: String = kept.chars().take(ID_LIMIT).collect();
    if kept.is_empty() { "unnamed".to_owned() } else { kept }
}
