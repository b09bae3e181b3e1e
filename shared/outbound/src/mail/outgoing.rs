//! One mail as whoever sends it hands it over.

use std::time::Duration;

use jiff::Timestamp;
use ripen_domain::id::DeliveryId;

use super::invitation::Invitation;

/// Somebody with an address. The name may hold anything; it is made safe for a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Party<'a> {
    /// The name shown.
    pub name: Option<&'a str>,
    /// The e-mail address.
    pub address: &'a str,
}

/// One mail to one recipient.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Who gets it.
    pub to: Party<'a>,
    /// Who gets the answer to it, if that is not the sender.
    pub reply_to: Option<Party<'a>>,
    /// Whom to write to in order to get no more of these: becomes `List-Unsubscribe`. None where they cannot be unsubscribed from.
    pub unsubscribe: Option<&'a str>,
    /// The subject: may hold anything, is made one line.
    pub subject: &'a str,
    /// The body as plain text.
    pub text: &'a str,
    /// The body as HTML.
    pub html: &'a str,
    /// The appointment it is about, to be put into the recipient's calendar.
    pub invitation: Option<&'a Invitation>,
    /// What makes the mail unique over all attempts: the delivery's id. Becomes `<id@domain of the sender>`.
    pub message_id: &'a str,
    /// What the mail belongs to, such as the client's slug. Becomes `List-Id: <slug.domain of the sender>`.
    pub list_id: &'a str,
    /// The delivery that it is, where it is one: what comes back names it, if there is a return path.
    pub delivery: Option<DeliveryId>,
    /// The `Date` header.
    pub date: Timestamp,
    /// From the beginning of the conversation to the server's last word on the mail. It should be long: a mail that the server takes
    /// after it was given up comes twice.
    pub deadline: Duration,
}
