//! What pages show of a lead, out of what its client was told.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    appointment::AppointmentState,
    calling::{CallTime, Hours, Whereabouts},
    contact_link::{Way, shown_number},
    criteria::QuestionWords,
    delivery::{ClientEvent, LeadContact, LeadData, LeadNote, Member},
    desk::language_name,
    time_in_words::{exact, near, until},
};
use ripen_store::{appointment::list::AppointmentRecord, delivery::feed::ContactEnd};
use serde_json::{Map, Value};

/// By what a lead is shown, beside its body.
#[derive(Clone, Copy)]
pub struct ShownBy<'a> {
    /// Now.
    pub now: Timestamp,
    /// When people may be called.
    pub hours: &'a Hours,
    /// The client's country: where somebody is taken to be who says none.
    pub country: &'a str,
    /// How the questions are asked that were answered.
    pub questions: &'a [QuestionWords],
}

/// What a lead is called whose person has no name.
const NAMELESS: &str = "A lead";

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
    /// How it came, in words; empty where it is not told.
    pub channel: String,
    /// What they answered, by question.
    pub answers: Vec<ShownFact>,
    /// What was noted of them, oldest first.
    pub notes: Vec<ShownNote>,
    /// Until when it is on offer; none where it is not.
    pub offered_until: Option<ShownTime>,
    /// What the clock shows where the person is, and until when they may be called.
    pub there: Option<String>,
    /// The language they speak, in English; empty where that is not known.
    pub speaks: String,
    /// What is agreed with them and ahead; whoever shows the lead puts it there.
    pub appointment: Option<ShownAppointment>,
    /// The clock of who got this; bodies of before it was said have UTC.
    pub clock: TimeZone,
}

/// A time as people say it.
pub struct ShownTime {
    /// `today 17:07`.
    pub said: String,
    /// `24 November 2026, 17:07 CST`.
    pub exact: String,
    /// RFC 3339.
    pub machine: String,
}

impl ShownTime {
    /// By its day.
    pub fn near(at: Timestamp, now: Timestamp, clock: &TimeZone) -> Self {
        Self::said(at, near(at, now, clock), clock)
    }

    /// In these words.
    pub fn said(at: Timestamp, said: String, clock: &TimeZone) -> Self {
        Self { said, exact: exact(at, clock), machine: at.to_string() }
    }
}

/// An appointment that is ahead.
pub struct ShownAppointment {
    pub at: ShownTime,
    /// With whom, where it is not the reader.
    pub with: String,
    /// What else was agreed.
    pub note: String,
}

impl ShownAppointment {
    /// By the rep's clock. Only what is booked: a time that is held is not agreed with the person yet.
    pub fn of(record: &AppointmentRecord, reader: Option<&str>, now: Timestamp) -> Option<Self> {
        let one = &record.appointment;
        let is_ahead = one.state == AppointmentState::Booked && one.slot.ends_at > now;
        is_ahead.then(|| Self {
            at: ShownTime::near(one.slot.starts_at, now, &record.rep_zone),
            with: if reader == Some(record.rep.as_str()) { String::new() } else { record.rep.clone() },
            note: one.note.clone().unwrap_or_default(),
        })
    }
}

/// A note as it is shown.
pub struct ShownNote {
    pub text: String,
    pub by: String,
    pub at: Option<ShownTime>,
}

/// How to reach the person.
pub enum ContactWay {
    /// They must not be reached any more: why.
    NotAllowed(&'static str),
    By(Ways),
}

pub struct Ways {
    pub phone: Option<Way>,
    pub email: Option<Way>,
}

/// A line of a list of facts.
pub struct ShownFact {
    pub label: Cow<'static, str>,
    pub value: FactValue,
}

/// What a fact is.
pub enum FactValue {
    Text(String),
    At(ShownTime),
}

impl ShownFact {
    pub fn text(label: impl Into<Cow<'static, str>>, text: String) -> Self {
        Self { label: label.into(), value: FactValue::Text(text) }
    }
}

impl ShownLead {
    /// What the event tells of the lead; next to nothing where it cannot be read.
    pub fn read(event: Option<&ClientEvent>, ended: Option<ContactEnd>, by: ShownBy<'_>) -> Self {
        let whole = event.and_then(ClientEvent::lead);
        let name = whole.and_then(|data| data.lead.get()).map_or_else(|| NAMELESS.to_owned(), name);
        // In the page too there is no number and no address then, in answers or wherever else it stands: a hidden one could still be
        // copied out of its source.
        let withheld = event.filter(|_| ended.is_some()).map(|event| event.clone().without_contact());
        let data = withheld.as_ref().or(event).and_then(ClientEvent::lead).cloned().unwrap_or_default();
        let lead = data.lead.get().cloned().unwrap_or_default();
        let clock = clock(&data);
        let reasons = data.reasons.get().into_iter().flatten();
        Self {
            name: if ended.is_some() && reaches(&name) { NAMELESS.to_owned() } else { name },
            // Only A leads are handed over: so was one whose body tells no grade or cannot be read.
            grade: data.grade.get().map_or("A", |grade| grade.word()).to_owned(),
            score: data.score.get().copied(),
            reach: ended
                .map_or_else(|| ContactWay::By(Ways::read(&lead)), |end| ContactWay::NotAllowed(end_in_words(end))),
            reasons: reasons.filter_map(|reason| text(&reason.because).map(str::to_owned)).collect(),
            place: joined([text(&lead.postal_code), text(&lead.country)]),
            source: data.source.get().and_then(|source| text(&source.name)).unwrap_or_default().to_owned(),
            channel: data
                .source
                .get()
                .and_then(|source| source.channel.get())
                .map(|channel| channel.word().replace('_', " "))
                .unwrap_or_default(),
            answers: other_contacts(&lead)
                .chain(data.answers.get().map(|given| answers(given, by.questions)).unwrap_or_default())
                .collect(),
            notes: data.notes.get().into_iter().flatten().filter_map(|one| note(one, by.now, &clock)).collect(),
            offered_until: data.offered_until.get().map(|at| ShownTime::said(*at, until(*at, by.now, &clock), &clock)),
            there: there(&lead, &clock, by),
            speaks: text(&lead.locale).and_then(language).unwrap_or_default(),
            appointment: None,
            clock,
        }
    }

    /// Where they are and where they came from: all that is said of a lead on offer.
    pub fn origin(&self) -> String {
        let source = if self.source.is_empty() { &self.channel } else { &self.source };
        joined([Some(&*self.place), Some(source)])
    }
}

const fn end_in_words(end: ContactEnd) -> &'static str {
    match end {
        ContactEnd::DoNotContact => "This person asked not to be contacted.",
        ContactEnd::Recalled => "This lead was taken back: please do not contact this person any more.",
        ContactEnd::Withdrawn => "This lead was withdrawn: please do not contact this person.",
        ContactEnd::GivenOn => {
            "This lead could not be delivered here and somebody else has it: please do not contact this person."
        }
    }
}

fn answers(given: &Map<String, Value>, questions: &[QuestionWords]) -> Vec<ShownFact> {
    let in_words = |value: &Value, asked: Option<&QuestionWords>| match value {
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => asked.and_then(|asked| asked.number(value)).or_else(|| Some(number.to_string())),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let shown = given.iter().filter_map(|(id, value)| {
        let asked = questions.iter().find(|one| one.id == *id);
        let answer = match value {
            Value::Array(values) => {
                Some(values.iter().filter_map(|one| in_words(one, asked)).collect::<Vec<_>>().join(", "))
            }
            one => in_words(one, asked),
        };
        let question = asked.map(|asked| asked.ask.clone()).filter(|ask| !ask.is_empty());
        Some(ShownFact::text(question.unwrap_or_else(|| label(id)), answer.filter(|text| !text.is_empty())?))
    });
    shown.collect()
}

/// What else they said to be reached under.
fn other_contacts(lead: &LeadContact) -> impl Iterator<Item = ShownFact> {
    let said = |member: &Member<Vec<String>>| member.get().cloned().unwrap_or_default();
    let phones: Vec<_> = said(&lead.other_phones).iter().map(|phone| shown_number(phone)).collect();
    let all = [("Also by phone", phones), ("Also by e-mail", said(&lead.other_emails))];
    all.into_iter().filter(|(_, all)| !all.is_empty()).map(|(label, all)| ShownFact::text(label, all.join(", ")))
}

/// `timeframe_days` as `Timeframe days`: of a question whose words are not known.
fn label(id: &str) -> String {
    let spaced = id.replace(['_', '-'], " ");
    let mut chars = spaced.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn note(written: &LeadNote, now: Timestamp, clock: &TimeZone) -> Option<ShownNote> {
    let words = text(&written.text).filter(|words| !words.trim().is_empty())?;
    let at: Option<Timestamp> = text(&written.at).and_then(|at| at.parse().ok());
    Some(ShownNote {
        text: words.to_owned(),
        by: text(&written.by).unwrap_or("noted").to_owned(),
        at: at.map(|at| ShownTime::near(at, now, clock)),
    })
}

impl Ways {
    fn read(lead: &LeadContact) -> Self {
        let phone = text(&lead.phone).map(|phone| Way::by_phone(phone, text(&lead.phone_extension)));
        Self { phone, email: text(&lead.email).map(Way::by_email) }
    }
}

/// What the language of a tag is called; none of one whose name is not known, because a code tells a rep nothing.
fn language(tag: &str) -> Option<String> {
    let code = tag.split(['-', '_']).next()?;
    Some(language_name(code)).filter(|name| name != code)
}

/// `10:03 in Chicago, call until 21:00`; none where there is no number to call.
fn there(lead: &LeadContact, ours: &TimeZone, by: ShownBy<'_>) -> Option<String> {
    let whereabouts = Whereabouts {
        time_zone: text(&lead.time_zone),
        country: text(&lead.country).or(Some(by.country)),
        postal_code: text(&lead.postal_code),
        phone: Some(text(&lead.phone)?),
        client_time_zone: ours.iana_name().unwrap_or("UTC"),
    };
    CallTime::of(&whereabouts.places(), by.hours, by.now, ours).map(|time| time.shown())
}

/// Who it is, as far as that was said.
fn name(lead: &LeadContact) -> String {
    let parts: Vec<_> = [&lead.first_name, &lead.last_name].into_iter().filter_map(text).collect();
    let whole = lead.name.get().cloned();
    let name = if parts.is_empty() { whole } else { Some(parts.join(" ")) };
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| NAMELESS.to_owned())
}

/// Whether a name is, or holds, an address or a number: some type that where their name is asked for.
fn reaches(name: &str) -> bool {
    /// The shortest numbers that people call.
    const SHORTEST: usize = 7;
    name.contains('@') || name.chars().filter(char::is_ascii_digit).count() >= SHORTEST
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_shown_by_the_words_of_their_questions() {
        let ask = |id: &str, ask: &str, unit: Option<&str>| QuestionWords {
            id: id.to_owned(),
            ask: ask.to_owned(),
            unit: unit.map(str::to_owned),
        };
        let questions = [
            ask("budget", "What would you like to spend?", Some("USD")),
            ask("timeframe_days", "When would you like to move?", Some("days")),
        ];
        let given = json!({"budget": 450_000, "timeframe_days": 30, "has_lender": true, "areas": ["Geneva", "Elgin"], "empty": ""});
        let shown: Vec<_> = answers(given.as_object().unwrap(), &questions)
            .into_iter()
            .map(|fact| match fact.value {
                FactValue::Text(text) => format!("{}: {text}", fact.label),
                FactValue::At(_) => String::new(),
            })
            .collect();
        let mut shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        shown.sort_unstable();
        assert_eq!(
            shown,
            [
                "Areas: Geneva, Elgin",
                "Has lender: yes",
                "What would you like to spend?: 450,000 USD",
                "When would you like to move?: 30 days"
            ]
        );
    }

    #[test]
    fn the_persons_time_stands_beside_the_number() {
        let body = json!({"type": "lead.matured", "data": {"time_zone": "America/New_York",
            "lead": {"phone": "+13125550142", "time_zone": "America/Chicago", "country": "US"},
            "notes": [{"at": "2026-11-24T15:02:00+00:00", "by": "Dana", "text": "Met the lender."}]}});
        let event = ClientEvent::read(body.to_string().as_bytes()).unwrap();
        let now = "2026-11-24T16:03:00Z".parse().unwrap();
        let by = ShownBy { now, hours: &Hours::default(), country: "US", questions: &[] };
        let shown = ShownLead::read(Some(&event), None, by);
        assert_eq!(shown.there.as_deref(), Some("10:03 in Chicago, call until 20:00"));
        assert_eq!(shown.speaks, "", "nobody said");
        assert_eq!(
            ["vi-VN", "en", "xx", ""].map(language),
            [Some("Vietnamese".into()), Some("English".into()), None, None]
        );
        let at = shown.notes[0].at.as_ref().unwrap();
        assert_eq!((at.said.as_str(), at.exact.as_str()), ("today 10:02", "24 November 2026, 10:02 EST"));
        let recalled = ShownLead::read(Some(&event), Some(ContactEnd::Recalled), by);
        assert!(recalled.notes.is_empty(), "a number may stand in a note");
    }

    #[test]
    fn a_lead_that_ended_is_named_and_nothing_of_it_reaches_the_person() {
        let body = |name: &str| {
            json!({"type": "lead.matured", "data": {
            "lead": {"name": name, "phone": "+14155550100", "postal_code": "415 555 0100", "country": "US"},
            "answers": {"about": "call 415-555-0100 or casey@example.com", "tel": 4_155_550_100_u64, "budget": 450_000,
                        "ways": ["casey@example.com"]}}})
        };
        let now = "2026-11-24T16:03:00Z".parse().unwrap();
        let by = ShownBy { now, hours: &Hours::default(), country: "US", questions: &[] };
        let shown = |name: &str, end| {
            let event = ClientEvent::read(body(name).to_string().as_bytes()).unwrap();
            let shown = ShownLead::read(Some(&event), end, by);
            let answers: Vec<_> = shown.answers.iter().map(|fact| fact.label.to_string()).collect();
            (shown.name, shown.place, answers)
        };
        for end in [ContactEnd::DoNotContact, ContactEnd::Recalled, ContactEnd::Withdrawn, ContactEnd::GivenOn] {
            assert_eq!(shown("Casey", Some(end)), ("Casey".to_owned(), "US".to_owned(), vec!["Budget".to_owned()]));
            assert_eq!(shown("Casey 415 555 0100", Some(end)).0, "A lead");
            assert_eq!(shown("casey@example.com", Some(end)).0, "A lead");
        }
        assert_eq!(shown("Casey 415 555 0100", None).0, "Casey 415 555 0100", "who has the lead reads what was typed");
    }
}
