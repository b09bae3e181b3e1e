//! The mail that tells a rep of an appointment after its lead was handed over: booked, moved, cancelled, or near. With the
//! calendar entry as it is now, but for reminders, which change nothing in a calendar.

use askama::Template;
use jiff::tz::TimeZone;
use ripen_domain::{
    appointment::{Appointment, AppointmentState, Reminder, in_words, span_in_words},
    contact_link::{Way, shown_phone},
    person::Profile,
};

use crate::{
    letterhead::{Letterhead, MailHead},
    mail::Invitation,
    mail_button::{MailButton, written},
    plain,
};

/// Longest short text, in characters.
const SHORT: usize = 300;

/// Why the rep is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOccasion {
    /// It was made.
    Booked,
    /// It is at another time now.
    Moved,
    /// It will not be.
    Cancelled,
    /// It is near.
    Reminder(Reminder),
}

/// All that is said.
#[derive(Clone)]
pub struct AppointmentNews<'a> {
    /// Why.
    pub occasion: MailOccasion,
    /// The appointment as it is now.
    pub appointment: &'a Appointment,
    /// With whom.
    pub person: &'a Profile,
    /// Where the rep is.
    pub rep_zone: &'a TimeZone,
    /// Where the person is.
    pub person_zone: &'a TimeZone,
    /// The rep, by name.
    pub rep: Option<&'a str>,
    /// The rep's own page, where there is a way to it.
    pub open_leads_url: Option<&'a str>,
    /// Whose mail it is.
    pub letterhead: Letterhead<'a>,
}

/// A mail about an appointment, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentMail {
    /// One line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
    /// What changes in the rep's calendar.
    pub invitation: Option<Invitation>,
}

#[derive(Template)]
#[template(path = "appointment.html")]
struct AppointmentHtml<'a> {
    head: &'a MailHead,
    title: &'a str,
    sentence: &'a str,
    facts: &'a [(&'static str, String)],
    actions: Vec<MailButton>,
    /// A number that cannot be dialled.
    unlinked_phone: Option<String>,
    email: Option<Way>,
}

#[derive(Template)]
#[template(path = "appointment.txt")]
struct AppointmentText<'a> {
    sentence: &'a str,
    facts: &'a [(&'static str, String)],
    open_leads_url: Option<&'a str>,
}

/// Writes the mail.
#[must_use]
pub fn render(news: &AppointmentNews<'_>) -> AppointmentMail {
    let who = name(news.person);
    let opening = match news.occasion {
        MailOccasion::Booked => "Appointment",
        MailOccasion::Moved => "Moved",
        MailOccasion::Cancelled => "Cancelled",
        MailOccasion::Reminder(Reminder::DayBefore) => "Tomorrow",
        MailOccasion::Reminder(Reminder::HourBefore) => "In an hour",
    };
    let when = span_in_words(news.appointment.slot, news.rep_zone);
    // The person's name was typed by a stranger: one line, or it could end the header.
    let subject = plain::line(&format!("{opening}: {who}, {when}"), 150);
    let facts = facts(news, &when);
    let sentence = sentence(news.occasion, &who);
    let text = written(&AppointmentText { sentence: &sentence, facts: &facts, open_leads_url: news.open_leads_url });
    let (call, unlinked_phone) = MailButton::call(phone(news.person));
    let on = news.open_leads_url.map(|url| MailButton::new(url, "All your open leads"));
    let head = MailHead::of(&news.letterhead, news.rep);
    let html = written(&AppointmentHtml {
        head: &head,
        title: &format!("{opening}: {who}"),
        sentence: &sentence,
        facts: &facts,
        actions: call.into_iter().chain(on).collect(),
        unlinked_phone,
        email: news.person.email.as_deref().map(Way::by_email),
    });
    // A reminder changes nothing in a calendar: sent with an entry, it would ask the rep to confirm once more.
    let invitation = (!matches!(news.occasion, MailOccasion::Reminder(_))).then(|| entry(news, &who, &facts));
    AppointmentMail { subject, text, html, invitation }
}

fn phone(person: &Profile) -> Option<Way> {
    Some(Way::by_phone(person.phone.as_deref()?, person.phone_extension.as_deref()))
}

fn sentence(occasion: MailOccasion, who: &str) -> String {
    match occasion {
        MailOccasion::Booked => format!("An appointment with {who} was booked for you."),
        MailOccasion::Moved => format!("Your appointment with {who} is at another time now."),
        MailOccasion::Cancelled => format!("Your appointment with {who} was cancelled."),
        MailOccasion::Reminder(Reminder::DayBefore) => format!("Tomorrow you have an appointment with {who}."),
        MailOccasion::Reminder(Reminder::HourBefore) => format!("In an hour you have an appointment with {who}."),
    }
}

fn facts(news: &AppointmentNews<'_>, when: &str) -> Vec<(&'static str, String)> {
    let AppointmentNews { appointment, person, rep_zone: ours, person_zone: theirs, .. } = news;
    let starts_at = appointment.slot.starts_at;
    // By the offset at that moment and not by the zone's name: two zones may show the same time.
    let apart = ours.to_offset(starts_at) != theirs.to_offset(starts_at);
    let why = match &appointment.state {
        AppointmentState::Cancelled { why, .. } => Some(why.clone()),
        AppointmentState::Held { .. } | AppointmentState::Booked => None,
    };
    let cleaned = |text: &Option<String>| text.as_deref().map(|text| plain::line(text, SHORT));
    [
        ("When", Some(when.to_owned())),
        ("Where they are", apart.then(|| in_words(starts_at, theirs))),
        ("Why", cleaned(&why)),
        ("Phone", cleaned(&person.phone).map(|phone| shown_phone(&phone, person.phone_extension.as_deref()))),
        ("E-mail", cleaned(&person.email)),
        ("Agreed", cleaned(&appointment.note)),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label, value.filter(|value| !value.is_empty())?)))
    .collect()
}

fn entry(news: &AppointmentNews<'_>, who: &str, facts: &[(&str, String)]) -> Invitation {
    let appointment = news.appointment;
    // Not the times, which the entry has as such.
    let about = facts.iter().filter(|(label, _)| !matches!(*label, "When" | "Where they are"));
    Invitation {
        uid: appointment.id.to_string(),
        sequence: i64::from(appointment.sequence),
        starts_at: appointment.slot.starts_at,
        ends_at: appointment.slot.ends_at,
        summary: format!("Appointment with {who}"),
        description: about.map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("\n"),
        cancelled: news.occasion == MailOccasion::Cancelled,
    }
}

fn name(person: &Profile) -> String {
    let name = person.full_name().map(|name| plain::line(&name, SHORT)).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "name not given".to_owned())
}

#[cfg(test)]
mod tests {
    use ripen_domain::{
        appointment::Slot,
        id::{AppointmentId, LeadId, RepId},
    };

    use super::*;

    fn written(occasion: MailOccasion, state: AppointmentState) -> AppointmentMail {
        let appointment = Appointment {
            id: "appt_01kam000000000000000000000".parse::<AppointmentId>().unwrap(),
            lead: "lead_01kam000000000000000000000".parse::<LeadId>().unwrap(),
            rep: "rep_01kam000000000000000000000".parse::<RepId>().unwrap(),
            slot: Slot {
                starts_at: "2026-11-24T15:00:00Z".parse().unwrap(),
                ends_at: "2026-11-24T15:30:00Z".parse().unwrap(),
            },
            state,
            sequence: 1,
            note: Some("Bring <plans>\r\nBcc: x".to_owned()),
        };
        let person = Profile {
            first_name: Some("Casey".to_owned()),
            phone: Some("+14155550100".to_owned()),
            ..Profile::default()
        };
        let zones = [TimeZone::get("America/Chicago").unwrap(), TimeZone::get("America/New_York").unwrap()];
        let [rep_zone, person_zone] = [&zones[0], &zones[1]];
        render(&AppointmentNews {
            occasion,
            appointment: &appointment,
            person: &person,
            rep_zone,
            person_zone,
            rep: Some("Dana Hill"),
            open_leads_url: Some("https://ripen.example/r/tok"),
            letterhead: Letterhead { client: "Acme Homes", ..Letterhead::default() },
        })
    }

    #[test]
    fn a_move_says_when_by_both_clocks_and_moves_the_entry() {
        let mail = written(MailOccasion::Moved, AppointmentState::Booked);
        assert_eq!(mail.subject, "Moved: Casey, Tuesday, 24 November 2026, 09:00 to 09:30 CST");
        assert!(mail.text.contains("Where they are: Tuesday, 24 November 2026, 10:00 EST\n"), "{}", mail.text);
        assert!(mail.text.contains("Agreed: Bring <plans> Bcc: x\n"), "{}", mail.text);
        assert!(mail.html.contains("Bring &#60;plans&#62; Bcc: x"), "{}", mail.html);
        insta::assert_snapshot!("moved_html", mail.html);
        let entry = mail.invitation.unwrap();
        assert_eq!((entry.sequence, entry.cancelled), (1, false));
        assert_eq!(entry.uid, "appt_01kam000000000000000000000");
    }

    #[test]
    fn a_cancellation_says_why_and_takes_the_entry_out() {
        let state =
            AppointmentState::Cancelled { at: "2026-11-23T10:00:00Z".parse().unwrap(), why: "Fell ill".to_owned() };
        let mail = written(MailOccasion::Cancelled, state);
        assert!(
            mail.text.starts_with("Your appointment with Casey was cancelled.\n")
                && mail.text.contains("Why: Fell ill")
        );
        assert!(mail.invitation.unwrap().cancelled);
    }

    #[test]
    fn every_occasion_is_said_in_its_own_words() {
        let cancelled =
            AppointmentState::Cancelled { at: "2026-11-23T10:00:00Z".parse().unwrap(), why: "Fell ill".to_owned() };
        let mails = [
            (MailOccasion::Booked, AppointmentState::Booked),
            (MailOccasion::Moved, AppointmentState::Booked),
            (MailOccasion::Cancelled, cancelled),
            (MailOccasion::Reminder(Reminder::DayBefore), AppointmentState::Booked),
            (MailOccasion::Reminder(Reminder::HourBefore), AppointmentState::Booked),
        ];
        let mails = mails.map(|(occasion, state)| written(occasion, state));
        let shown = mails.map(|mail| format!("{}\n\n{}", mail.subject, mail.text));
        insta::assert_snapshot!("appointments_text", shown.join("-----\n"));
    }

    #[test]
    fn a_reminder_leaves_the_calendar_alone() {
        let mail = written(MailOccasion::Reminder(Reminder::HourBefore), AppointmentState::Booked);
        assert!(mail.subject.starts_with("In an hour: Casey, ") && mail.invitation.is_none());
    }
}
