//! Reads what a lead mail says out of the event: cleaned, cut to a bearable length, and in words people use.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    appointment::{Slot, in_words, span_in_words},
    calling::{CallTime, Whereabouts},
    contact_link::{shown_number, shown_phone},
    delivery::{
        AssignedRep, ClientEvent, CriteriaName, EventType, HandoverKind, LeadChange, LeadContact, LeadData, LeadFlag,
        LeadHandover, LeadNote, LeadReason, LeadUpdate, Member, UpdateKind,
    },
    time_in_words::{is_utc, near},
};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::words::{MailClock, SHORT, joined, label, time, value_in_words, web_link, word};
use crate::{letterhead::Letterhead, plain};

/// Longest note, in characters.
const LONG: usize = 4_000;
/// Most reasons, answers and notes shown; the mail says how many more there are. Mail programs cut mails of 100 KB.
const MOST: usize = 40;
/// Longest part of a subject of several, in characters.
const BRIEF: usize = 40;
/// So many reasons are said in the line that begins the mail.
const IN_A_LINE: usize = 3;

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
    /// It tells what is new of a lead that they have.
    is_update: bool,
    /// Why it comes to this address, where that is not the usual one.
    pub(super) why_here: Option<String>,
    /// What is otherwise than before: name, and what it was and is.
    pub(super) changes: Vec<(String, String)>,
    pub(super) name: String,
    pub(super) grade: String,
    pub(super) score: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) phone_extension: Option<String>,
    pub(super) email: Option<String>,
    /// Further numbers and addresses that they gave.
    other_phones: Option<String>,
    other_emails: Option<String>,
    pub(super) place: Option<String>,
    pub(super) time_zone: Option<String>,
    /// What the clock shows where they are, and until when they may be called.
    call_time: Option<CallTime>,
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
    /// So many notes are left out because the reader was told them before.
    pub(super) told_notes: usize,
    pub(super) source: Option<String>,
    /// Where they came from: name and value.
    pub(super) origin: Vec<(&'static str, String)>,
    /// The same in a line.
    pub(super) came_from: Option<String>,
    pub(super) criteria: Option<String>,
    pub(super) delivery: Option<String>,
    pub(super) outcome_url: Option<String>,
    /// The rep's own page.
    pub(super) open_leads_url: Option<String>,
}

impl MailFacts {
    pub(super) fn read(event: &ClientEvent, letterhead: &Letterhead<'_>) -> Self {
        // What is missing is left out of the mail: a lead must not be kept from its rep because a field is not there.
        let data = event.lead().cloned().unwrap_or_default();
        let lead = data.lead.get().cloned().unwrap_or_default();
        let handover = data.handover.get().cloned().unwrap_or_default();
        let reader = MailClock { zone: zone(&data.time_zone), now: event.timestamp.get().copied() };
        let clock = &reader.zone;
        let grade = word(&data.grade).unwrap_or_else(|| "A".to_owned());
        let is_update = event.event.get() == Some(&EventType::LeadUpdated);
        let again = if is_update { "Something new on your " } else { "" };
        let is_offer = !data.offered_until.to_value().is_null();
        let (notes, told_notes) = notes(&data, &reader, letterhead.told_before.filter(|_| is_update));
        let origin = origin(&data, &reader);
        let name = name(&lead).unwrap_or_else(|| "name not given".to_owned());
        let rep = data.assigned_to.get();
        Self {
            // Said by the date and not by the event, so that the mail and the page agree.
            is_offer,
            is_update,
            why_here: letterhead.is_fallback.then(|| why_here(rep.and_then(|rep| word(&rep.name)))),
            changes: data.update.get().map(|update| changed(update, letterhead)).unwrap_or_default(),
            title: match offered_until(&data.offered_until, &reader) {
                Some(until) => format!("{grade} lead on offer until {until}: who accepts first has it"),
                None => format!("{again}{grade} lead: {name}"),
            },
            name,
            grade,
            score: word(&data.score),
            phone: word(&lead.phone),
            phone_extension: word(&lead.phone_extension),
            email: word(&lead.email),
            other_phones: others("other_phones", &lead.other_phones),
            other_emails: others("other_emails", &lead.other_emails),
            place: joined([word(&lead.postal_code), word(&lead.country)], ", "),
            time_zone: word(&lead.time_zone),
            // Whoever is offered a lead has nobody to call yet.
            call_time: if is_offer { None } else { call_time(&lead, clock, letterhead) },
            news: data.update.get().and_then(news),
            handover: handover_in_words(&handover, &lead),
            appointment: appointment(&handover),
            agreed: word(&handover.note),
            assigned_to: rep.and_then(|rep| word(&rep.name).or_else(|| word(&rep.email))),
            reasons: list(&data.reasons, reason),
            answers: answers(data.answers.get(), letterhead),
            flags: list(&lead.flags, |one| flag(one, letterhead)),
            notes,
            told_notes,
            source: data.source.get().and_then(|source| word(&source.name)),
            came_from: came_from(&data, &origin),
            origin,
            criteria: data.criteria.get().and_then(criteria),
            delivery: word(&data.delivery),
            open_leads_url: data.open_leads_url.get().and_then(|url| web_link(url)),
            outcome_url: data.outcome_url.get().and_then(|url| web_link(url)),
        }
    }

    /// What stands largest in the mail: of a lead that is handed over, who it is.
    pub(super) fn headline(&self) -> &str {
        if self.is_offer || self.is_update { &self.title } else { &self.name }
    }

    /// What to do now, where that is the same for everybody who gets such a mail.
    pub(super) fn next_step(&self) -> Option<String> {
        if !self.is_to_call() {
            return None;
        }
        let call = self.call_time.as_ref().map_or_else(|| "Call first".to_owned(), CallTime::instruction);
        Some(format!("{call}, then accept."))
    }

    /// Whether it is a new lead that waits for a call.
    pub(super) fn is_to_call(&self) -> bool {
        !self.is_offer && !self.is_update && self.appointment.is_none() && self.phone.is_some()
    }

    /// Who is to be called, under which number and until when, where that is what the mail is for: each short enough that the others
    /// have room, because strangers type names of any length.
    pub(super) fn to_call_in_brief(&self) -> Option<String> {
        let phone = plain::line(&self.shown_phone().filter(|_| self.is_to_call())?, BRIEF);
        let who = format!("{} lead: {}", plain::line(&self.grade, BRIEF), plain::line(&self.name, BRIEF));
        joined([Some(who), Some(phone), self.call_time.as_ref().and_then(CallTime::in_brief)], ", ")
    }

    /// Why it is what it is, in a line: the reasons that counted most.
    pub(super) fn why(&self) -> String {
        let said: Vec<_> = self.reasons.shown.iter().take(IN_A_LINE).map(|reason| reason.because.as_str()).collect();
        said.join(" · ")
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
    pub(super) fn particulars(&self) -> Vec<(&'static str, String)> {
        // Of a new lead the sentence that says when to call has it already.
        let there = self.call_time.as_ref().filter(|_| !self.is_to_call());
        let there = there.map(|there| format!("{} (when this was sent)", there.shown()));
        [
            ("Also by phone", self.other_phones.clone()),
            ("Also by e-mail", self.other_emails.clone()),
            ("Place", self.place.clone()),
            ("Their time", there),
            ("Time zone", self.time_zone.clone().filter(|_| self.call_time.is_none())),
            ("Handover", self.handover.clone()),
            ("Agreed", self.agreed.clone()),
            ("Assigned to", self.assigned_to.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// What is new of a lead that they have, in a sentence.
    pub(super) fn whats_new(&self) -> Option<String> {
        self.news.as_ref().map(|news| format!("{news}."))
    }

    /// That notes are left out which the reader has.
    pub(super) fn notes_told(&self) -> Option<String> {
        match self.told_notes {
            0 => None,
            1 => Some("One earlier note was in a mail before.".to_owned()),
            many => Some(format!("{many} earlier notes were in a mail before.")),
        }
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
fn flag(flag: &LeadFlag, letterhead: &Letterhead<'_>) -> Option<String> {
    let why = word(&flag.code)?.replace('_', " ");
    let field = word(&flag.field).map(|field| question(&field, letterhead));
    let said = word(&flag.said).map(|said| format!(" ({said})")).unwrap_or_default();
    let meant = word(&flag.meant).map(|meant| format!(", did they mean {meant}?")).unwrap_or_default();
    joined([field, Some(format!("{why}{said}{meant}"))], ": ")
}

fn note(written: &LeadNote, clock: &MailClock) -> Option<MailNote> {
    let text = plain::lines(written.text.get()?, LONG);
    let by = joined([word(&written.by), time(&written.at, clock)], ", ").unwrap_or_default();
    (!text.is_empty()).then_some(MailNote { text, by })
}

/// The notes, and how many are left out because they stand in what the reader was told before.
fn notes(data: &LeadData, clock: &MailClock, told: Option<&ClientEvent>) -> (Listed<MailNote>, usize) {
    let told = told.and_then(ClientEvent::lead).and_then(|data| data.notes.get());
    let is_told = |one: &LeadNote| told.into_iter().flatten().any(|told| told.at == one.at && told.text == one.text);
    let all = data.notes.get().map(Vec::as_slice).unwrap_or_default();
    let told_notes = all.iter().filter(|one| is_told(one)).count();
    let new = |written: &LeadNote| note(written, clock).filter(|_| !is_told(written));
    (list(&data.notes, new), told_notes)
}

/// Until when, by the clock of who reads it; named by its day where that is near.
fn offered_until(until: &Member<Timestamp>, clock: &MailClock) -> Option<String> {
    match (until.get(), clock.now) {
        (Some(until), Some(now)) if !is_utc(&clock.zone) => {
            let zone = until.to_zoned(clock.zone.clone()).strftime("%Z").to_string();
            Some(format!("{} {zone}", near(*until, now, &clock.zone)))
        }
        _ => time(until, clock),
    }
}

/// The time where they are, as far as that is known.
fn call_time(lead: &LeadContact, reader: &TimeZone, letterhead: &Letterhead<'_>) -> Option<CallTime> {
    let terms = letterhead.calling?;
    let text = |member: &Member<String>| member.get().cloned();
    let (own, country) = (text(&lead.time_zone), text(&lead.country));
    let (code, phone) = (text(&lead.postal_code), text(&lead.phone));
    let whereabouts = Whereabouts {
        time_zone: own.as_deref(),
        country: country.as_deref().or(Some(terms.country)),
        postal_code: code.as_deref(),
        phone: phone.as_deref(),
        client_time_zone: reader.iana_name().unwrap_or("UTC"),
    };
    CallTime::of(&whereabouts.places(), terms.hours, terms.now, reader)
}

fn why_here(rep: Option<String>) -> String {
    let usual = rep.map_or_else(|| "where this client's leads usually go".to_owned(), |rep| format!("to {rep}"));
    format!("You get this at the fallback address: it could not be delivered {usual}.")
}

/// The words of a question, or its id where they are not known.
fn question(id: &str, letterhead: &Letterhead<'_>) -> String {
    let known = letterhead.questions.iter().find(|one| one.id == id);
    known.map(|one| plain::line(&one.ask, SHORT)).filter(|ask| !ask.is_empty()).unwrap_or_else(|| label(id))
}

/// An answer as it is read: with what its number counts, where that is known.
fn answer(id: &str, value: &Value, letterhead: &Letterhead<'_>) -> Option<String> {
    let known = letterhead.questions.iter().find(|one| one.id == id);
    known.and_then(|one| one.number(value)).or_else(|| value_in_words(value))
}

/// `Budget` and `450,000 USD → 500,000 USD`.
fn changed(update: &LeadUpdate, letterhead: &Letterhead<'_>) -> Vec<(String, String)> {
    let words = |change: &LeadChange| {
        let field = word(&change.field)?;
        let (name, before, after) = match field.strip_prefix("answers.") {
            Some(id) => {
                let said = |value: &Member<Value>| answer(id, &value.to_value(), letterhead);
                (question(id, letterhead), said(&change.before), said(&change.after))
            }
            None => {
                let said = |value: &Member<Value>| match value.get() {
                    Some(Value::Array(all)) => joined_texts(all.iter().filter_map(Value::as_str), &field),
                    // Whose it is: the name of a rep says it.
                    Some(one @ Value::Object(_)) => {
                        let rep = AssignedRep::deserialize(one).ok()?;
                        joined_texts(rep.name.get().map(String::as_str).into_iter(), &field)
                    }
                    _ => word(value).map(|text| contact(&field, text)),
                };
                (contact_label(&field), said(&change.before), said(&change.after))
            }
        };
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
        Some((name, format!("{} → {}", or_none(before), or_none(after))))
    };
    update.changes.get().into_iter().flatten().take(MOST).filter_map(words).collect()
}

/// Contact data as it is read: a number with its spaces.
fn contact(field: &str, text: String) -> String {
    if matches!(field, "phone" | "other_phones") { shown_number(&text) } else { text }
}

/// What the mail calls a field.
fn contact_label(field: &str) -> String {
    match field {
        "other_phones" => "Also by phone".to_owned(),
        "other_emails" => "Also by e-mail".to_owned(),
        _ => label(field),
    }
}

/// Further contact data in a line.
fn others(field: &str, said: &Member<Vec<String>>) -> Option<String> {
    joined_texts(said.get().into_iter().flatten().map(String::as_str), field)
}

fn joined_texts<'t>(texts: impl Iterator<Item = &'t str>, field: &str) -> Option<String> {
    let shown: Vec<_> = texts.take(MOST).map(|text| contact(field, plain::line(text, SHORT))).collect();
    Some(shown.join(", ")).filter(|line| !line.is_empty())
}

fn answers(given: Option<&Map<String, Value>>, letterhead: &Letterhead<'_>) -> Listed<(String, String)> {
    let words = |(key, value): (&String, &Value)| Some((question(key, letterhead), answer(key, value, letterhead)?));
    let mut all: Vec<_> = given.into_iter().flatten().filter_map(words).collect();
    // Counted before it is cut: the mail says how many more there are.
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    Listed { shown: all, more }
}

fn news(update: &LeadUpdate) -> Option<String> {
    let by = |what: &str, between: &str| joined([Some(what.to_owned()), word(&update.by)], between);
    match update.kind.get() {
        Some(UpdateKind::Arrival) => Some("They enquired again, or their enquiry was corrected".to_owned()),
        Some(UpdateKind::Corrected) => Some("Something that you were told was put right".to_owned()),
        Some(UpdateKind::Conversation) => by("What was said in a conversation", " with "),
        Some(UpdateKind::Note) => by("What was noted", " by "),
        Some(UpdateKind::Grade) => Some("No A lead any more".to_owned()),
        Some(UpdateKind::Assigned) => Some("Somebody else has it now".to_owned()),
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

fn origin(data: &LeadData, clock: &MailClock) -> Vec<(&'static str, String)> {
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

/// `Spring trade show (Trade show), first Monday, 2 November 03:15, 2 times`.
fn came_from(data: &LeadData, origin: &[(&'static str, String)]) -> Option<String> {
    let told = |name: &str| origin.iter().find(|(told, _)| *told == name).map(|(_, value)| value.clone());
    let source = match (told("Source"), told("Channel")) {
        // Many sources are named by their channel.
        (Some(source), Some(channel)) if source != channel => Some(format!("{source} ({channel})")),
        (source, channel) => source.or(channel),
    };
    let is_again = data.arrivals.get().is_some_and(|count| *count > 1);
    let first = told("First enquiry").map(|at| if is_again { format!("first {at}") } else { at });
    joined([source, first, told("Enquired")], ", ")
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
