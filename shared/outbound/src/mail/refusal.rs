//! Whom a mail server's permanent refusal is about: the sender, the address, or this mail alone. Judged by the step at which it came,
//! the reply code (RFC 5321), the enhanced status code (RFC 3463), where the server says one, and words that are about the sender alone.

mod words;

use ripen_domain::delivery::MailStage;
use words::ServerWords;

use super::result::DeadCause;

/// Whom a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The firm: every mail would be refused.
    Sender,
    /// The firm, or this recipient, whose provider wants no mail of it: that is known once a second one is refused.
    SenderOrRecipient,
    /// This mail, for this.
    One(DeadCause),
}

/// Words by which servers refuse a sender at a step where they might as well mean the recipient. Asked before the mail itself is sent.
const OF_SENDER: [&str; 17] = [
    "relay",
    "rcpthosts",
    "authenticat",
    "not logged in",
    "your account",
    "account suspended",
    "account is suspended",
    "account has been suspended",
    "account blocked",
    "sending account",
    "sender address rejected",
    "sender rejected",
    "blacklist",
    "blocklist",
    "block list",
    "client host",
    "your ip",
];

/// Details of X.7.X by which the sender's own set-up is refused (RFC 7372, RFC 7505 and the registry of enhanced codes): signatures,
/// SPF, reverse DNS, the login, a flood of mail.
const OF_SENDER_SETUP: [u16; 16] = [5, 8, 9, 11, 12, 13, 14, 20, 21, 22, 23, 24, 25, 26, 27, 28];

/// Details of X.7.X that Microsoft 365 has of its own for whoever sends: what it may send as, its tenant's limit, and from 500 on its
/// account, its network and its domains that are banned ("Email non-delivery reports and SMTP errors in Exchange Online",
/// learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/non-delivery-reports-in-exchange-online). Among these are two of an
/// address, [`is_of_recipient`], and one of a recipient whom the firm's own list bars, [`BARRED_HERE`].
const fn is_of_sender_at_microsoft(detail: u16) -> bool {
    matches!(detail, 57 | 60 | 64 | 232 | 233 | 500..=800) && !is_of_recipient(detail) && detail != BARRED_HERE
}

/// Details of X.7.X by which Microsoft 365 says that an address is none or takes nothing.
const fn is_of_recipient(detail: u16) -> bool {
    matches!(detail, 504 | 505)
}

/// The detail of X.7.X by which Microsoft 365 says that the sender's own organisation bars mail to a recipient.
const BARRED_HERE: u16 = 703;

/// Whom a reply of 5xx is about.
pub(super) fn judge(step: MailStage, code: u16, text: &str) -> Refused {
    // These say "log in first" and "wrong login", whenever they come.
    if step == MailStage::Opening || matches!(code, 530 | 534 | 535 | 538) {
        return Refused::Sender;
    }
    match by_codes_and_words(step, code, text) {
        // Whoever has the mailbox may say so too, and takes nobody else's mail.
        Refused::Sender if matches!(step, MailStage::Recipient | MailStage::Content) => Refused::SenderOrRecipient,
        other => other,
    }
}

/// Whether a refusal that another mail system met and reports is one of the sender, as it would be if the server had said it to us.
/// `report` is all that the system says of it: mail systems name the command that was refused there. Where none is named it may have been
/// the mail itself.
#[must_use]
pub fn is_of_sender_in_report(reply: &str, report: &str) -> bool {
    let report = report.to_ascii_lowercase();
    let step = [
        // Postfix, Exim and Sendmail name them so; the end of the mail first, because some show the whole conversation.
        ("end of data", MailStage::Content),
        ("rcpt to", MailStage::Recipient),
        ("mail from", MailStage::Sender),
    ];
    let named = step.into_iter().find(|(named, _)| report.contains(named)).map(|(_, step)| step);
    let code = reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or(550);
    // A mail system behind the recipient's own relays too, and says so of one mail: without a command only codes and what can be
    // nobody but the sender count.
    let bare = enhanced(reply).map(|(subject, detail)| format!("5.{subject}.{detail}")).unwrap_or_default();
    let said = if named.is_some() || ServerWords::of(reply).are_of_sender() { reply } else { &bare };
    let step = named.unwrap_or(MailStage::Content);
    // Other mail systems tell the size of a mail there, which we do not: a mail that is too large for them is no sender's.
    let is_too_large = code == 552 || matches!(enhanced(reply), Some((3, _)));
    if step == MailStage::Sender && is_too_large && !ServerWords::of(reply).are_of_sender() {
        return false;
    }
    matches!(judge(step, code, said), Refused::Sender | Refused::SenderOrRecipient)
}

fn by_codes_and_words(step: MailStage, code: u16, text: &str) -> Refused {
    let (enhanced, words) = (enhanced(text), ServerWords::of(text));
    match (enhanced, step) {
        // The sender's own address, its syntax or its domain: no mail's content is called that.
        (Some((1, 7 | 8)), _) => Refused::Sender,
        // Relays look at who sends what only once they have the mail, and have codes of their own for it.
        _ if words.are_of_sender() => Refused::Sender,
        (Some((1, _) | (2, 1)), MailStage::Recipient | MailStage::Content) => Refused::One(DeadCause::Address),
        (Some((7, detail)), MailStage::Recipient | MailStage::Content) if is_of_recipient(detail) => {
            Refused::One(DeadCause::Address)
        }
        (Some((7, BARRED_HERE)), MailStage::Recipient | MailStage::Content) => Refused::One(DeadCause::Mailbox),
        (Some((7, detail)), _) if OF_SENDER_SETUP.contains(&detail) || is_of_sender_at_microsoft(detail) => {
            Refused::Sender
        }
        // The form of this mail, of which that command tells, or a parameter that the server does not know. It tells of no recipient and
        // of no size: whatever else is said there is said of the sender, also "too much" (552).
        (Some((6, _)), MailStage::Sender) => Refused::One(DeadCause::Mail),
        (_, MailStage::Sender) if code == 555 => Refused::One(DeadCause::Mail),
        (_, MailStage::Sender) => Refused::Sender,
        // A mail that is too large for the mailbox, a loop, a form that is not taken: whatever words come with it.
        (Some((2, 3) | (3..=6, _)), _) => Refused::One(DeadCause::Mail),
        // It is full.
        (Some((2, _)), _) => Refused::One(DeadCause::Mailbox),
        // Of the mail itself such words are said too: it links to a site on a blocklist, it came by a relay. By them one mail's
        // content would stop everybody's, so that of a mail they count in whole phrases only.
        _ if step != MailStage::Content && is_of_sender(text) => Refused::Sender,
        _ if words.are_of_sender_of_mail(matches!(enhanced, Some((7, _)))) => Refused::Sender,
        (None, MailStage::Recipient) if code == 550 => Refused::One(DeadCause::Address),
        // Too much of something (RFC 5321 §4.2.3), or words of the mailbox or of what is in the mail.
        (None, _) if code == 552 => Refused::One(DeadCause::Mail),
        _ if words.are_of_others() => Refused::One(DeadCause::Mail),
        _ => Refused::One(DeadCause::Unexplained),
    }
}

fn is_of_sender(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    OF_SENDER.iter().any(|words| text.contains(words))
}

/// Subject and detail of the first enhanced status code of the class 5 in a text, wherever it stands: some servers write it in brackets.
fn enhanced(text: &str) -> Option<(u16, u16)> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.into_iter().find_map(|word| {
        // A dot at the end of a sentence belongs to no code.
        let mut parts = word.trim_matches('.').split('.');
        let mut number = || parts.next().filter(|part| part.len() <= 3)?.parse::<u16>().ok();
        let (class, subject, detail) = (number()?, number()?, number()?);
        // Four numbers are an address of the network.
        (class == 5 && number().is_none()).then_some((subject, detail))
    })
}

#[cfg(test)]
mod relays;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_judged_by_step_and_codes() {
        use DeadCause::{Address, Mail, Mailbox, Unexplained};
        use Refused::{One, Sender, SenderOrRecipient};
        for (step, reply, expected) in [
            (MailStage::Opening, "554 5.7.1 no service for you", Sender),
            (MailStage::Opening, "535 5.7.8 wrong name or password", Sender),
            (MailStage::Sender, "550 5.7.1 account suspended", Sender),
            (MailStage::Sender, "530 5.7.0 authentication required", Sender),
            (MailStage::Sender, "553 5.1.8 sender's domain does not exist", Sender),
            (MailStage::Sender, "550 no", Sender),
            (MailStage::Sender, "552 5.7.0 daily limit exceeded", Sender),
            (MailStage::Sender, "552 5.3.4 message too big", Sender),
            (MailStage::Sender, "552 too much", Sender),
            (MailStage::Sender, "550 5.6.7 no addresses beyond ASCII", One(Mail)),
            (MailStage::Sender, "555 parameters not recognised", One(Mail)),
            (MailStage::Recipient, "550 5.1.1 does not exist here", One(Address)),
            (MailStage::Recipient, "550 no such user", One(Address)),
            (MailStage::Recipient, "550 5.2.1 mailbox disabled", One(Address)),
            (MailStage::Recipient, "553 5.1.3 bad address", One(Address)),
            (MailStage::Recipient, "552 5.2.2 mailbox full", One(Mailbox)),
            (MailStage::Recipient, "550 5.2.2 mailbox full, blacklisted words", One(Mailbox)),
            (MailStage::Recipient, "551 user not local", One(Unexplained)),
            (MailStage::Recipient, "550 5.7.1 only members may write to this list", One(Unexplained)),
            (MailStage::Recipient, "554 5.7.1 <a>: Relay access denied", SenderOrRecipient),
            (MailStage::Recipient, "550 relaying not allowed", SenderOrRecipient),
            (
                MailStage::Recipient,
                "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
                SenderOrRecipient,
            ),
            (MailStage::Recipient, "550 5.7.1 account suspended", SenderOrRecipient),
            (MailStage::Recipient, "530 5.7.0 must issue STARTTLS first", Sender),
            (MailStage::Recipient, "550 5.7.26 not authenticated", SenderOrRecipient),
            (MailStage::Recipient, "554 no", One(Unexplained)),
            (MailStage::Content, "550 5.7.1 looks like spam", One(Unexplained)),
            (MailStage::Content, "550 5.1.1 nobody of this name", One(Address)),
            (MailStage::Content, "550 no", One(Unexplained)),
            (MailStage::Content, "550 the mailbox is full", One(Mail)),
            (MailStage::Content, "552 too much", One(Mail)),
            (MailStage::Content, "554 5.7.1 blacklisted URL in the message body", One(Unexplained)),
            (MailStage::Content, "550 5.7.1 relay of such content is not allowed on your account", One(Unexplained)),
            (MailStage::Content, "554 a link is on the blocklist", One(Unexplained)),
            (MailStage::Content, "550 5.7.26 not authenticated", SenderOrRecipient),
            (MailStage::Content, "530 5.7.0 authentication required", Sender),
            (MailStage::Sender, "554 5.7.1 your IP is on our blocklist", Sender),
            (MailStage::Content, "554 5.7.23 SPF fails", SenderOrRecipient),
            (MailStage::Recipient, "550 refused, see 5.1.1.1", One(Address)),
        ] {
            let code = reply[..3].parse().unwrap();
            assert_eq!(judge(step, code, &reply[4..]), expected, "{step:?} {reply}");
        }
    }

    #[test]
    fn what_is_reported_is_judged_as_what_is_heard() {
        let (at_recipient, at_end) = ("(in reply to RCPT TO command)", "(in reply to end of DATA command)");
        for (reply, report, expected) in [
            ("550 5.7.1 looks like spam", "", false),
            ("550 5.7.1 only members may write to this list", at_recipient, false),
            ("5.7.1", "", false),
            ("554 5.7.1 blacklisted URL in the message body", at_end, false),
            ("550 5.7.1 relay of such content", "", false),
            ("554 5.7.1 Relay access denied", "", false),
            ("554 5.7.1 Relay access denied", at_recipient, true),
            ("550 your IP is on our blocklist", "SMTP error from remote mail server after RCPT TO:<a@b>:", true),
            ("550 5.7.1 account suspended", "SMTP error from remote mail server after MAIL FROM:<a@b>:", true),
            ("552 5.3.4 message too big", "SMTP error from remote mail server after MAIL FROM:<a@b> SIZE=9000:", false),
            ("550 5.7.26 not authenticated", at_end, true),
            ("5.7.26", "", true),
            ("535 wrong password", "", true),
            ("550 5.1.8 sender's domain does not exist", "", true),
            ("550 5.1.1 no such user", at_recipient, false),
            ("552 5.2.2 mailbox full", at_recipient, false),
            ("é", "", false),
        ] {
            assert_eq!(is_of_sender_in_report(reply, report), expected, "{reply} {report}");
        }
    }
}
