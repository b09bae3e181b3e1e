//! Reads what a mail system reports of a mail (RFC 3464), tolerantly: whatever says clearly enough that a mail did not arrive counts,
//! in the part meant for it or outside of it. What says nothing of the kind, such as an automatic reply, is no report.

use mail_parser::{Message, MessageParser, MimeHeaders as _};
use ripen_outbound::mail::is_of_sender_in_report;
use ripen_store::delivery::bounce::MailReport;

/// Longest text kept, in characters.
const LONGEST_TEXT: usize = 300;

/// What a mail reports; none where it is no report.
pub fn read(mail: &[u8]) -> Option<MailReport> {
    let message = MessageParser::default().parse(mail)?;
    let mut fields: Vec<_> =
        parts(&message).filter(|part| part.is_status).map(|part| ReportFields::read(&part.text)).collect();
    // Some gateways send the fields as plain text; a mail that merely talks of a status has no action.
    fields.extend(parts(&message).filter(|part| !part.is_status).map(|part| ReportFields::read(&part.text)));
    let said = fields.into_iter().find(|fields| fields.action.is_some() && fields.status.is_some());
    let words: Vec<_> = parts(&message).map(|part| part.text).collect();
    said.map(|fields| fields.report(&words.join("\n"))).or_else(|| by_words(&message))
}

struct ReportPart {
    is_status: bool,
    text: String,
}

/// The parts that a mail system writes itself: not the mail that came back, in which a stranger may have written anything.
fn parts<'a>(message: &'a Message<'_>) -> impl Iterator<Item = ReportPart> + 'a {
    message.parts.iter().filter_map(|part| {
        let kind = part.content_type();
        let (main, sub) = kind.map_or(("text", "plain"), |kind| (kind.ctype(), kind.subtype().unwrap_or_default()));
        let (main, sub) = (main.to_ascii_lowercase(), sub.to_ascii_lowercase());
        let is_status = main == "message" && matches!(sub.as_str(), "delivery-status" | "global-delivery-status");
        let is_text = main == "text" && sub == "plain";
        (is_status || is_text)
            .then(|| ReportPart { is_status, text: String::from_utf8_lossy(part.contents()).into_owned() })
    })
}

/// A mail of a mail system without fields, such as older servers write: by the code in its words.
fn by_words(message: &Message<'_>) -> Option<MailReport> {
    let from = message.from().and_then(|from| from.first()).and_then(|one| one.address()).unwrap_or_default();
    let from = from.to_ascii_lowercase();
    if !from.starts_with("mailer-daemon") && !from.starts_with("postmaster") {
        return None;
    }
    let text = parts(message).find(|part| !part.is_status)?.text;
    let line = text.lines().find(|line| status_in(line).is_some_and(|status| status.class == 5))?;
    let status = status_in(line)?;
    let (bounced, of_sender) = (status.is_of_address(), is_of_sender_in_report(line.trim(), &text));
    let text = shown(&["failed", line]);
    Some(MailReport { text, is_final: true, bounced, of_sender, original: None, last: None })
}

/// An enhanced status code (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Status {
    class: u16,
    subject: u16,
    detail: u16,
}

impl Status {
    /// Whether it says that there is no such address, or that it takes nothing any more.
    const fn is_of_address(self) -> bool {
        // 5.1.7 and 5.1.8 are about the sender's own address.
        self.class == 5 && (self.subject == 1 && !matches!(self.detail, 7 | 8) || self.subject == 2 && self.detail == 1)
    }

    /// A code that says nothing beside its class.
    const fn is_bare(self) -> bool {
        self.subject == 0
    }
}

/// The first status code in a text.
fn status_in(text: &str) -> Option<Status> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.into_iter().find_map(|word| {
        let mut parts = word.trim_matches('.').split('.');
        let mut number = || parts.next().filter(|part| part.len() <= 3)?.parse::<u16>().ok();
        let status = Status { class: number()?, subject: number()?, detail: number()? };
        // Four numbers are an address of the network.
        (matches!(status.class, 2 | 4 | 5) && number().is_none()).then_some(status)
    })
}

/// The fields of one part that matter here.
#[derive(Debug, Default)]
struct ReportFields {
    action: Option<String>,
    status: Option<String>,
    diagnostic: Option<String>,
    original: Option<String>,
    last: Option<String>,
}

impl ReportFields {
    fn read(text: &str) -> Self {
        let mut fields = Self::default();
        // A line that begins with a space goes on with the one before.
        let unfolded = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
        for (name, value) in unfolded.lines().filter_map(|line| line.split_once(':')) {
            let slot = match name.trim().to_ascii_lowercase().as_str() {
                "action" => &mut fields.action,
                "status" => &mut fields.status,
                "diagnostic-code" => &mut fields.diagnostic,
                "original-recipient" => &mut fields.original,
                "final-recipient" => &mut fields.last,
                _ => continue,
            };
            // The first of each: a mail has one recipient.
            if slot.is_none() {
                *slot = Some(value.trim().to_owned());
            }
        }
        fields
    }

    /// `words` is all that the mail system wrote.
    fn report(&self, words: &str) -> MailReport {
        let action = self.action.as_deref().unwrap_or_default().to_ascii_lowercase();
        let code = self.status.as_deref().unwrap_or_default();
        let diagnostic = self.diagnostic.as_deref().unwrap_or_default();
        let diagnostic = diagnostic.split_once(';').map_or(diagnostic, |(_, words)| words.trim());
        let status = status_in(code);
        // `failed (expired)` and the like: the first word is the action.
        let is_final = action.starts_with("failed");
        // The server's own words say more than a status that the reporting system made up for want of one.
        let said = status_in(diagnostic).or(status);
        let is_bare = said.is_none_or(Status::is_bare) && diagnostic.starts_with("550");
        let bounced = is_final && (said.is_some_and(Status::is_of_address) || is_bare);
        // The server's own code first; where it says none, the one that the reporting system found for it.
        let reply =
            if status_in(diagnostic).is_some() { diagnostic.to_owned() } else { format!("{diagnostic} {code}") };
        let of_sender = is_final && is_of_sender_in_report(reply.trim(), words);
        let words: Vec<_> = action.split_whitespace().take(1).chain([code, diagnostic]).collect();
        let (original, last) = (address_in(self.original.as_deref()), address_in(self.last.as_deref()));
        MailReport { text: shown(&words), is_final, bounced, of_sender, original, last }
    }
}

/// The address in `rfc822; dana@client.example`, of whichever type it says it is.
fn address_in(field: Option<&str>) -> Option<String> {
    let address = field?.rsplit(';').next()?.trim().trim_matches(['<', '>']);
    address.contains('@').then(|| address.to_owned())
}

/// In one line, without addresses: it is kept and shown.
fn shown(words: &[&str]) -> String {
    let all = words.join(" ");
    let plain = all.split_whitespace().map(|word| if word.contains('@') { "<…>" } else { word });
    let plain = plain.collect::<Vec<_>>().join(" ");
    plain.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(fields: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nYour mail did not arrive.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n{fields}\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: A lead\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
        )
    }

    #[test]
    fn a_report_is_read_by_its_fields() {
        let of = |fields: &str| read(report(fields).as_bytes()).map(|report| (report.is_final, report.bounced));
        let gone = "Final-Recipient: rfc822; dana@client.example\r\nAction: failed\r\nStatus: 5.1.1\r\n";
        assert_eq!(of(gone), Some((true, true)));
        assert_eq!(of("ACTION: Failed\r\nstatus: 5.2.1 (disabled)\r\n"), Some((true, true)));
        assert_eq!(of("Action: delayed\r\nStatus: 4.4.1\r\n"), Some((false, false)));
        assert_eq!(
            of("Action: failed\r\nStatus: 4.4.7\r\n"),
            Some((true, false)),
            "given up, and no fault of the address"
        );
        assert_eq!(of("Action: failed\r\nStatus: 5.2.2\r\n"), Some((true, false)));
        assert_eq!(of("Action: failed\r\nStatus: 5.7.1\r\n"), Some((true, false)));
        let of_sender = |fields: &str| read(report(fields).as_bytes()).unwrap().of_sender;
        assert!(of_sender("Action: failed\r\nStatus: 5.7.26\r\n"));
        assert!(!of_sender("Action: failed\r\nStatus: 5.7.1\r\n"), "one recipient's filter says so of one mail");
        assert!(!of_sender("Action: delayed\r\nStatus: 5.7.26\r\n") && !of_sender(gone));
        let relay = "Action: failed\r\nStatus: 5.7.1\r\nDiagnostic-Code: smtp; 554 5.7.1 Relay access denied\r\n";
        assert!(!of_sender(relay), "of the mail itself such words are said too");
        let at_recipient = report(relay).replace("did not arrive.", "did not arrive (in reply to RCPT TO command).");
        assert!(read(at_recipient.as_bytes()).unwrap().of_sender);
        let bare = "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp;\r\n 550 no such user\r\n";
        assert_eq!(of(bare), Some((true, true)));
        assert_eq!(of("Action: relayed\r\nStatus: 2.0.0\r\n"), Some((false, false)));
        assert_eq!(of("Arrival-Date: today\r\n"), None, "what came back says nothing: a stranger wrote it");
    }

    #[test]
    fn a_report_names_whom_it_is_of() {
        let of = |fields: &str| {
            let report = read(report(&format!("{fields}Action: failed\r\nStatus: 5.1.1\r\n")).as_bytes()).unwrap();
            (report.original, report.last)
        };
        let (dana, other) = (Some("dana@client.example".to_owned()), Some("dana@mail.example".to_owned()));
        assert_eq!(of("Final-Recipient: rfc822; dana@client.example\r\n"), (None, dana.clone()));
        let both =
            "Original-Recipient: rfc822;<dana@client.example>\r\nFinal-Recipient: RFC822;\r\n dana@mail.example\r\n";
        assert_eq!(of(both), (dana, other));
        assert_eq!(of("Final-Recipient: x-unix; dana\r\n"), (None, None), "no address of the network");
        assert_eq!(of(""), (None, None));
    }

    #[test]
    fn a_report_repeats_no_address() {
        let fields =
            "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <dana@client.example>: unknown\r\n";
        assert_eq!(read(report(fields).as_bytes()).unwrap().text, "failed 5.1.1 550 5.1.1 <…> unknown");
    }

    #[test]
    fn words_of_a_mail_system_count_and_those_of_others_do_not() {
        let mail =
            |from: &str| format!("From: {from}\r\nSubject: failure notice\r\n\r\nSorry.\r\n550 5.1.1 no such user\r\n");
        let said = read(mail("MAILER-DAEMON@mx.example").as_bytes()).unwrap();
        assert!(said.is_final && said.bounced, "{said:?}");
        assert_eq!(read(mail("dana@client.example").as_bytes()), None);
        assert_eq!(read(b""), None);
        assert_eq!(read(&[0xff, 0, 1, 2]), None);
    }
}
