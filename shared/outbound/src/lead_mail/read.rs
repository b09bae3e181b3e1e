//! Reads what a lead mail says out of the event: cleaned, cut to a bearable length, and in words people use.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    appointment::{Slot, in_words, span_in_words},
    contact_link::shown_phone,
    delivery::{
        ClientEvent, CriteriaName, EventType, HandoverKind, LeadContact, LeadData, LeadFlag, LeadHandover, LeadNote,
        LeadReason, LeadUpdate, Member, UpdateKind,
    },
};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::plain;

/// Longest short text, such as a name or an answer, in characters.
const SHORT: usize = 300;
/// Longest note, in characters.
const LONG: usize = 4_000;
/// Most reasons, answers and notes shown; the mail says how many more there are. Mail programs cut mails of 100 KB.
const MOST: usize = 40;

/// A list cut to a bearable length.
pub(super) struct Listed<T> {
    pub(super) shown: Vec<T>,
    pub(super) more: usize,
}

pub(super) struct MailReason {
    pub(super) because: String,
    /// With its sign.
    pub(super) points: Option<String>,
}

pub(super) struct MailNote {
    pub(super) text: String,
    /// Who wrote it and when.
    pub(super) by: String,
}

impl MailNote {
    /// Indented, so that a note cannot pass for a heading of a plain mail.
    pub(super) fn indented(&self) -> String {
        // By two blanks, so that no line of it begins where a heading would.
        let lines = self.text.lines().map(|line| format!("  {line}").trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    }
}

pub(super) struct MailAppointment {
    /// Its id.
    pub(super) uid: String,
    pub(super) sequence: i64,
    pub(super) slot: Slot,
    /// Where the rep is.
    pub(super) zone: TimeZone,
}

/// What is said in the mail. No text holds control characters or characters that set the direction of writing.
pub(super) struct MailFacts {
    /// What the mail is about, in one line.
    pub(super) title: String,
    /// It hands nothing over: who accepts first has it.
    pub(super) is_offer: bool,
    pub(super) name: String,
    pub(super) grade: String,
    pub(super) score: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) phone_extension: Option<String>,
    pub(super) email: Option<String>,
    pub(super) place: Option<String>,
    pub(super) time_zone: Option<String>,
    /// What is new of a lead that they have.
    pub(super) news: Option<String>,
    pub(super) handover: Option<String>,
    pub(super) appointment: Option<MailAppointment>,
    /// What was agreed beside the time.
    pub(super) agreed: Option<String>,
    pub(super) assigned_to: Option<String>,
    pub(super) reasons: Listed<MailReason>,
    pub(super) answers: Listed<(String, String)>,
    /// What could not be understood, a line each.
    pub(super) flags: Listed<String>,
    pub(super) notes: Listed<MailNote>,
    pub(super) source: Option<String>,
    /// Where they came from: name and value.
    pub(super) origin: Vec<(&'static str, String)>,
    pub(super) criteria: Option<String>,
    pub(super) delivery: Option<String>,
    pub(super) outcome_url: Option<String>,
    /// The rep's own page.
    pub(super) open_leads_url: Option<String>,
}

impl MailFacts {
    pub(super) fn read(event: &ClientEvent) -> Self {
        // What is missing is left out of the mail: a lead must not be kept from its rep because a field is not there.
        let data = event.lead().cloned().unwrap_or_default();
        let lead = data.lead.get().cloned().unwrap_or_default();
        let handover = data.handover.get().cloned().unwrap_or_default();
        let clock = zone(&data.time_zone);
        let grade = word(&data.grade).unwrap_or_else(|| "A".to_owned());
        let again = if event.event.get() == Some(&EventType::LeadUpdated) { "Something new on your " } else { "" };
        let name = name(&lead).unwrap_or_else(|| "name not given".to_owned());
        let rep = data.assigned_to.get();
        Self {
            // Said by the date and not by the event, so that the mail and the page agree.
            is_offer: !data.offered_until.to_value().is_null(),
            title: match time(&data.offered_until, &clock) {
                Some(until) => format!("{grade} lead on offer until {until}: who accepts first has it"),
                None => format!("{again}{grade} lead: {name}"),
            },
            name,
            grade,
            score: word(&data.score),
            phone: word(&lead.phone),
            phone_extension: word(&lead.phone_extension),
            email: word(&lead.email),
            place: joined([word(&lead.postal_code), word(&lead.country)], ", "),
            time_zone: word(&lead.time_zone),
            news: data.update.get().and_then(news),
            handover: handover_in_words(&handover, &lead),
            appointment: appointment(&handover),
            agreed: word(&handover.note),
            assigned_to: rep.and_then(|rep| word(&rep.name).or_else(|| word(&rep.email))),
            reasons: list(&data.reasons, reason),
            answers: answers(data.answers.get()),
            flags: list(&lead.flags, flag),
            notes: list(&data.notes, |written| note(written, &clock)),
            source: data.source.get().and_then(|source| word(&source.name)),
            origin: origin(&data, &clock),
            criteria: data.criteria.get().and_then(criteria),
            delivery: word(&data.delivery),
            open_leads_url: data.open_leads_url.get().and_then(|url| web_link(url)),
            outcome_url: data.outcome_url.get().and_then(|url| web_link(url)),
        }
    }

    /// Where a lead on offer is taken.
    pub(super) fn offer_url(&self) -> Option<&str> {
        self.outcome_url.as_deref().filter(|_| self.is_offer)
    }

    /// Where it is said what became of a lead that was handed over.
    pub(super) fn report_url(&self) -> Option<&str> {
        self.outcome_url.as_deref().filter(|_| !self.is_offer)
    }

    /// The phone number as it is read, with its extension.
    pub(super) fn shown_phone(&self) -> Option<String> {
        Some(shown_phone(self.phone.as_deref()?, self.phone_extension.as_deref()))
    }

    /// What helps to reach them, beside phone and e-mail.
    pub(super) fn particulars(&self) -> Vec<(&'static str, &str)> {
        [
            ("New", &self.news),
            ("Place", &self.place),
            ("Time zone", &self.time_zone),
            ("Handover", &self.handover),
            ("Agreed", &self.agreed),
            ("Assigned to", &self.assigned_to),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
        .collect()
    }

    /// The small print: score, criteria, delivery.
    pub(super) fn fine_print(&self) -> Option<String> {
        let score = self.score.as_ref().map(|score| format!("Score {score}"));
        let criteria = self.criteria.as_ref().map(|criteria| format!("criteria {criteria}"));
        joined([score, criteria, self.delivery.clone()], " · ")
    }
}

fn name(lead: &LeadContact) -> Option<String> {
    joined([word(&lead.first_name), word(&lead.last_name)], " ").or_else(|| word(&lead.name))
}

fn reason(counted: &LeadReason) -> Option<MailReason> {
    let because = word(&counted.because).or_else(|| word(&counted.rule))?;
    let points = counted.points.get().filter(|points| **points != 0).map(|points| format!("{points:+}"));
    Some(MailReason { because, points })
}

/// `Budget: no number (about half a million)`.
fn flag(flag: &LeadFlag) -> Option<String> {
    let why = word(&flag.code)?.replace('_', " ");
    let field = word(&flag.field).map(|field| label(&field));
    let said = word(&flag.said).map(|said| format!(" ({said})")).unwrap_or_default();
    let meant = word(&flag.meant).map(|meant| format!(", did they mean {meant}?")).unwrap_or_default();
    joined([field, Some(format!("{why}{said}{meant}"))], ": ")
}

fn note(written: &LeadNote, clock: &TimeZone) -> Option<MailNote> {
    let text = plain::lines(written.text.get()?, LONG);
    let by = joined([word(&written.by), time(&written.at, clock)], ", ").unwrap_or_default();
    (!text.is_empty()).then_some(MailNote { text, by })
}

fn answers(given: Option<&Map<String, Value>>) -> Listed<(String, String)> {
    let words = |(key, value): (&String, &Value)| Some((label(key), value_in_words(value)?));
    let mut all: Vec<_> = given.into_iter().flatten().filter_map(words).collect();
    // Counted before it is cut: the mail says how many more there are.
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    Listed { shown: all, more }
}

fn news(update: &LeadUpdate) -> Option<String> {
    let by = |what: &str, between: &str| joined([Some(what.to_owned()), word(&update.by)], between);
    match update.kind.get() {
        Some(UpdateKind::Arrival) => Some("They enquired again".to_owned()),
        Some(UpdateKind::Conversation) => by("What was said in a conversation", " with "),
        Some(UpdateKind::Note) => by("What was noted", " by "),
        _ => word(&update.kind).map(|kind| label(&kind)),
    }
}

/// What comes with the lead beside this message: a time by the rep's clock, and by the person's where that shows another.
fn handover_in_words(handover: &LeadHandover, lead: &LeadContact) -> Option<String> {
    // A handover by message is this mail itself.
    let kind = word(&handover.kind).filter(|kind| kind != HandoverKind::Message.word()).map(|kind| label(&kind))?;
    let Some(MailAppointment { slot, zone, .. }) = appointment(handover) else { return Some(kind) };
    let at = format!("{kind}, {}", span_in_words(slot, &zone));
    let theirs = word(&lead.time_zone).and_then(|name| ripen_domain::time::zone(&name));
    let apart = theirs.filter(|theirs| theirs.to_offset(slot.starts_at) != zone.to_offset(slot.starts_at));
    Some(match apart {
        Some(theirs) => format!("{at} ({} where they are)", in_words(slot.starts_at, &theirs)),
        None => at,
    })
}

/// What was agreed; none where nothing was, or where it cannot be read.
fn appointment(handover: &LeadHandover) -> Option<MailAppointment> {
    let slot = Slot { starts_at: *handover.starts_at.get()?, ends_at: *handover.ends_at.get()? };
    let sequence = handover.sequence.get().copied().unwrap_or_default().into();
    Some(MailAppointment { uid: word(&handover.appointment)?, sequence, slot, zone: zone(&handover.time_zone) })
}

/// An IANA name; UTC where it is none.
fn zone(name: &Member<String>) -> TimeZone {
    word(name).and_then(|name| ripen_domain::time::zone(&name)).unwrap_or(TimeZone::UTC)
}

fn origin(data: &LeadData, clock: &TimeZone) -> Vec<(&'static str, String)> {
    let source = data.source.get().cloned().unwrap_or_default();
    let arrivals = data.arrivals.get().filter(|count| **count > 1).map(|count| format!("{count} times"));
    [
        ("Source", word(&source.name)),
        ("Channel", word(&source.channel).map(|channel| label(&channel))),
        ("First enquiry", time(&data.first_arrived_at, clock)),
        ("Enquired", arrivals),
        ("Graded A", time(&data.matured_at, clock)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

fn criteria(criteria: &CriteriaName) -> Option<String> {
    let name = word(&criteria.name)?;
    Some(word(&criteria.version).map_or_else(|| name.clone(), |version| format!("{name}, version {version}")))
}

fn list<V, T>(values: &Member<Vec<V>>, read: impl Fn(&V) -> Option<T>) -> Listed<T> {
    let mut shown: Vec<T> = values.get().into_iter().flatten().filter_map(read).collect();
    let more = shown.len().saturating_sub(MOST);
    shown.truncate(MOST);
    Listed { shown, more }
}

/// A member as one line of text, whatever stands there; `None` if there is nothing to say.
pub(super) fn word<T: Serialize>(member: &Member<T>) -> Option<String> {
    value_in_words(&member.to_value())
}

/// A value as one line of text; `None` if there is nothing to say.
fn value_in_words(value: &Value) -> Option<String> {
    let text = match value {
        // Of a list or an object of the sender's own the JSON is shown: it is rare, and nothing of it is lost.
        Value::Null => return None,
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().filter_map(value_in_words).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    let line = plain::line(&text, SHORT);
    (!line.is_empty()).then_some(line)
}

/// `timeframe_days` → `Timeframe days`.
fn label(key: &str) -> String {
    let spaced = plain::line(key, 80).replace(['_', '-'], " ");
    let mut chars = spaced.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A time in words, by the clock of who reads it; whatever else stands there is said as it stands.
fn time<T: Serialize>(member: &Member<T>, clock: &TimeZone) -> Option<String> {
    let text = word(member)?;
    // What is no time is shown as it stands: the client's own words may be there.
    let Ok(timestamp) = text.parse::<Timestamp>() else { return Some(text) };
    Some(timestamp.to_zoned(clock.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string())
}

/// An address that a browser opens as a page.
fn web_link(text: &str) -> Option<String> {
    // Only pages: `javascript:` and `data:` in a payload would become a button in the rep's mail.
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from)
}

fn joined<const N: usize>(parts: [Option<String>; N], between: &str) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(between))
}
