//! An appointment as a calendar entry (RFC 5545) that calendars put in, move and take out by themselves (iTIP, RFC 5546): the
//! `.ics` of a mail. Written here: the libraries for it
//! bring a second library of dates with them.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use crate::plain;

/// Longest line in bytes, its end left out (RFC 5545, 3.1).
const LINE: usize = 75;
/// Longest text kept, in characters.
const LONG: usize = 2_000;

/// A calendar entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What makes it the same entry over all changes.
    pub uid: String,
    /// Counts its changes; calendars keep the highest.
    pub sequence: i64,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it is over.
    pub ends_at: Timestamp,
    /// Its title: may hold anything, is made one line.
    pub summary: String,
    /// What else there is to know: may hold anything.
    pub description: String,
    /// It is taken out.
    pub cancelled: bool,
}

/// Somebody whom the entry names: the name shown, and the address.
#[derive(Debug, Clone, Copy)]
pub(super) struct CalendarUser<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) address: &'a str,
}

impl Invitation {
    /// What the mail asks the calendar to do.
    pub(super) const fn method(&self) -> &'static str {
        // What calendars act on; the status inside the entry only says how it stands.
        if self.cancelled { "CANCEL" } else { "REQUEST" }
    }

    /// The whole file, with the sender as organiser and the recipient as the one who is invited.
    pub(super) fn render(&self, organizer: CalendarUser<'_>, attendee: CalendarUser<'_>, stamp: Timestamp) -> String {
        let mut out = Lines(String::with_capacity(1_024));
        out.line("BEGIN:VCALENDAR");
        // From here to the end the order is fixed: the same mail must be the same bytes at every attempt.
        out.line("VERSION:2.0");
        out.line("PRODID:-//Ripen//Appointments//EN");
        out.line("CALSCALE:GREGORIAN");
        out.line(&format!("METHOD:{}", self.method()));
        out.line("BEGIN:VEVENT");
        out.line(&format!("UID:{}", text(&self.uid)));
        out.line(&format!("SEQUENCE:{}", self.sequence));
        // The mail's own date, for the same reason.
        out.line(&format!("DTSTAMP:{}", instant(stamp)));
        out.line(&format!("DTSTART:{}", instant(self.starts_at)));
        out.line(&format!("DTEND:{}", instant(self.ends_at)));
        out.line(&format!("SUMMARY:{}", text(&plain::line(&self.summary, LONG))));
        out.line(&format!("DESCRIPTION:{}", text(&plain::lines(&self.description, LONG))));
        out.line(&format!("STATUS:{}", if self.cancelled { "CANCELLED" } else { "CONFIRMED" }));
        out.line("TRANSP:OPAQUE");
        out.line(&format!("ORGANIZER{}:mailto:{}", common_name(organizer.name), organizer.address));
        // No answer is asked for: Ripen reads no mail, and a rep's "accept" would go nowhere.
        let role = "ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE";
        out.line(&format!("ATTENDEE{};{role}:mailto:{}", common_name(attendee.name), attendee.address));
        out.line("END:VEVENT");
        out.line("END:VCALENDAR");
        out.0
    }
}

/// What is written so far.
struct Lines(String);

impl Lines {
    /// A line, folded where it is too long, between characters.
    fn line(&mut self, line: &str) {
        let mut room = LINE;
        for c in line.chars() {
            // Counted in bytes and cut between characters: a fold within one would damage it.
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                // The blank that begins a continued line counts.
                room = LINE - 1;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

fn instant(at: Timestamp) -> String {
    // In UTC: a zone of its own would have to be described in the entry.
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of the kind TEXT (RFC 5545, 3.3.11).
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            // Control characters end lines, and a line is a property of the entry.
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The parameter that names somebody: quoted, and quotes cannot be.
fn common_name(name: Option<&str>) -> String {
    let mut out = String::new();
    if let Some(name) = name.map(|name| plain::line(name, 80).replace('"', "'")).filter(|name| !name.is_empty()) {
        // Writing to a String cannot fail.
        let _ = write!(out, ";CN=\"{name}\"");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation() -> Invitation {
        Invitation {
            uid: "appt_1".to_owned(),
            sequence: 2,
            starts_at: "2026-11-24T15:00:00.25Z".parse().unwrap(),
            ends_at: "2026-11-24T15:30:00Z".parse().unwrap(),
            summary: "Appointment with Zoë; \"Z\", Ltd\r\nMETHOD:CANCEL".to_owned(),
            description: format!("Phone: +1\nBring {}", "plans and ünläufe ".repeat(12)),
            cancelled: false,
        }
    }

    fn rendered(invitation: &Invitation) -> String {
        let organizer = CalendarUser { name: Some("Ripen"), address: "ripen@example.com" };
        let attendee = CalendarUser { name: Some("Dana \"D\" Hill"), address: "dana@example.com" };
        invitation.render(organizer, attendee, "2026-11-22T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_entry_says_what_calendars_need() {
        let file = rendered(&invitation()).replace("\r\n ", "");
        for line in [
            "METHOD:REQUEST",
            "UID:appt_1",
            "SEQUENCE:2",
            "DTSTAMP:20261122T100000Z",
            "DTSTART:20261124T150000Z",
            "DTEND:20261124T153000Z",
            "STATUS:CONFIRMED",
            "SUMMARY:Appointment with Zoë\\; \"Z\"\\, Ltd METHOD:CANCEL",
            "ORGANIZER;CN=\"Ripen\":mailto:ripen@example.com",
        ] {
            assert!(file.split("\r\n").any(|one| one == line), "{line} is missing in {file}");
        }
        assert!(file.contains("ATTENDEE;CN=\"Dana 'D' Hill\";"), "{file}");
        assert!(file.contains("DESCRIPTION:Phone: +1\\nBring plans"), "{file}");
        let gone = rendered(&Invitation { cancelled: true, ..invitation() });
        assert!(gone.contains("\r\nMETHOD:CANCEL\r\n") && gone.contains("\r\nSTATUS:CANCELLED\r\n"), "{gone}");
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        let file = rendered(&invitation());
        assert!(file.ends_with("END:VCALENDAR\r\n") && !file.replace("\r\n", "").contains(['\r', '\n']));
        assert!(file.split("\r\n").all(|line| line.len() <= LINE), "{file}");
        assert!(file.replace("\r\n ", "").contains(&"plans and ünläufe ".repeat(11)));
    }
}
