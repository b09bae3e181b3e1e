//! What pages show of a lead, out of what its client was told.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    contact_link::Way,
    delivery::{ClientEvent, LeadContact, LeadData, Member},
};

/// A lead as its pages show it.
pub struct ShownLead {
    pub name: String,
    pub grade: String,
    pub score: Option<i32>,
    pub reach: ContactWay,
    /// Why it has its grade, in sentences.
    pub reasons: Vec<String>,
    /// Postal code and country, empty where neither is told.
    pub place: String,
    /// The source's name, empty where it is not told.
    pub source: String,
    /// Until when it is on offer, in words; empty where it is not.
    pub offered_until: String,
    /// The clock of who got this; bodies of before it was said have UTC.
    pub clock: TimeZone,
}

/// How to reach the person.
pub enum ContactWay {
    /// They asked not to be contacted since.
    NotAllowed,
    By(Ways),
}

pub struct Ways {
    pub phone: Option<Way>,
    pub email: Option<Way>,
}

/// A line of a list of facts.
pub struct ShownFact {
    pub label: &'static str,
    pub value: String,
}

impl ShownLead {
    /// What the event tells of the lead; next to nothing where it cannot be read.
    pub fn read(event: Option<&ClientEvent>, do_not_contact: bool) -> Self {
        let data = event.and_then(ClientEvent::lead).cloned().unwrap_or_default();
        let lead = data.lead.get().cloned().unwrap_or_default();
        let clock = clock(&data);
        let reasons = data.reasons.get().into_iter().flatten();
        Self {
            name: name(&lead),
            // Only A leads are handed over: so was one whose body tells no grade or cannot be read.
            grade: data.grade.get().map_or("A", |grade| grade.word()).to_owned(),
            score: data.score.get().copied(),
            // No number and no address in the page at all: a hidden one could still be copied out of its source.
            reach: if do_not_contact { ContactWay::NotAllowed } else { ContactWay::By(Ways::read(&lead)) },
            reasons: reasons.filter_map(|reason| text(&reason.because).map(str::to_owned)).collect(),
            place: joined([text(&lead.postal_code), text(&lead.country)]),
            source: data.source.get().and_then(|source| text(&source.name)).unwrap_or_default().to_owned(),
            offered_until: data.offered_until.get().map(|at| when(*at, &clock)).unwrap_or_default(),
            clock,
        }
    }

    /// Where they are and where they came from: all that is said of a lead on offer.
    pub fn origin(&self) -> String {
        joined([Some(&*self.place), Some(&*self.source)])
    }
}

impl Ways {
    fn read(lead: &LeadContact) -> Self {
        let phone = text(&lead.phone).map(|phone| Way::by_phone(phone, text(&lead.phone_extension)));
        Self { phone, email: text(&lead.email).map(Way::by_email) }
    }
}

/// Who it is, as far as that was said.
fn name(lead: &LeadContact) -> String {
    let parts: Vec<_> = [&lead.first_name, &lead.last_name].into_iter().filter_map(text).collect();
    let whole = lead.name.get().cloned();
    let name = if parts.is_empty() { whole } else { Some(parts.join(" ")) };
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "A lead".to_owned())
}

/// The text of a member; none where it has none.
fn text(member: &Member<String>) -> Option<&str> {
    member.get().map(String::as_str)
}

fn clock(data: &LeadData) -> TimeZone {
    // A zone that this binary does not know yet must not take the page away: UTC, which the text of each time names.
    text(&data.time_zone).and_then(ripen_domain::time::zone).unwrap_or(TimeZone::UTC)
}

/// What is known of it, in a row.
fn joined<const N: usize>(parts: [Option<&str>; N]) -> String {
    let known: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    known.join(", ")
}

/// An instant in words.
pub fn when(at: Timestamp, clock: &TimeZone) -> String {
    at.to_zoned(clock.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string()
}
