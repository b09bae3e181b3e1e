//! The parts of a lead as programs of whoever calls read it.

use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::lead_brief::{LeadBrief, LeadScript};
use ripen_domain::{calling::Hours, desk::language_name, outcome::currency_of};
use ripen_store::desk::draft::DeskDraft;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::unsettled::UnsettledClocks;
use crate::people::{
    clocks::{ClocksThere, settled_by},
    when::When,
    work::{
        callback::CallbackPicker,
        form::WorkForm,
        head::{CallingNow, agreed_by, agreed_promise, calling_now},
        history::{HistoryLine, HistoryMark},
        page::{number, stops},
        script::{notices, texts},
    },
};

/// For whom is called.
#[derive(Serialize, ToSchema)]
pub struct WorkClientView {
    /// Its slug.
    slug: String,
    /// Its name.
    name: String,
    /// What an agent must know before calling for it; empty where nothing was written.
    briefing: String,
    /// The number that it shows to who is called, E.164; none for the telephone's own.
    caller_id: Option<String>,
    /// The money that amounts are in.
    #[schema(example = "USD")]
    currency: Option<String>,
}

impl WorkClientView {
    pub fn of(script: &LeadScript) -> Self {
        let (client, background) = (&script.lead.client, &script.background);
        Self {
            slug: client.slug.clone(),
            name: background.client_name.clone(),
            briefing: background.briefing.trim().to_owned(),
            caller_id: background.caller_id.clone(),
            currency: currency_of(&client.country).map(|money| money.to_string()),
        }
    }
}

/// Who is called.
#[derive(Serialize, ToSchema)]
pub struct WorkPersonView {
    /// Their name.
    name: Option<String>,
    /// The given name.
    first_name: Option<String>,
    /// The number that they are known by, E.164, with its extension: as `dial` takes it.
    #[schema(example = "+14155550100;ext=12")]
    phone: Option<String>,
    /// Their address.
    email: Option<String>,
    /// Their language, BCP 47.
    #[schema(example = "en-US")]
    locale: Option<String>,
    /// The same in English; none where it is not known.
    #[schema(example = "English")]
    language: Option<String>,
    /// What they can be reached by: `stop.identities` of a disposition names some of these.
    identities: Vec<String>,
}

impl WorkPersonView {
    pub fn of(script: &LeadScript) -> Self {
        let profile = &script.lead.profile;
        let tag = profile.locale.as_deref().and_then(|tag| tag.split(['-', '_']).next()).unwrap_or_default();
        Self {
            name: profile.full_name(),
            first_name: profile.first_name.clone(),
            phone: number(script),
            email: profile.email.clone(),
            locale: profile.locale.clone(),
            language: Some(language_name(tag)).filter(|name| !name.is_empty()),
            identities: stops(script, &WorkForm::default()).into_iter().map(|one| one.value).collect(),
        }
    }
}

/// Where the person is, as far as anybody knows, and whether they may be called there now.
#[derive(Serialize, ToSchema)]
pub struct WorkPlaceView {
    /// By whose clock `next` and the times of a call back are read. Theirs, unless `unsettled` names several: then it is one of those.
    #[schema(example = "America/Chicago")]
    time_zone: Option<String>,
    /// Between which clocks theirs lies, while it is not settled where they are.
    unsettled: Option<UnsettledClocks>,
    /// What settles that; none where nothing is to be settled.
    #[schema(example = "Their postal code or time zone")]
    settled_by: Option<&'static str>,
    /// Its name, as people say it.
    #[schema(example = "Chicago")]
    place: String,
    /// What time it is there.
    #[schema(example = "2026-11-24T10:03")]
    local_time: String,
    /// The hours there allow a call now. What else stands against it is in `gates`.
    may_call: bool,
    /// Until then; none where it may not be, or the hours do not end today.
    until: Option<Timestamp>,
    /// From then on; none where it may be now, or nobody there is ever called.
    from: Option<Timestamp>,
}

impl WorkPlaceView {
    pub fn of(script: &LeadScript, hours: &Hours, when: &When) -> Self {
        let (places, profile) = (script.lead.places(), &script.lead.profile);
        let clocks = ClocksThere::of(&places, when, when.now());
        let country = profile.country.as_deref().unwrap_or(&script.lead.client.country);
        let there = when.there(places.first().map_or(TimeZone::UTC, |place| place.zone.clone()));
        let calling = calling_now(when.now(), hours, &places);
        let (until, from) = match calling {
            CallingNow::Until(until) => (until, None),
            CallingNow::From(from) => (None, Some(from)),
            CallingNow::Never => (None, None),
        };
        Self {
            time_zone: there.zone().iana_name().map(str::to_owned),
            settled_by: clocks.as_ref().map(|_| settled_by(country, profile.postal_code.is_some())),
            unsettled: clocks.map(UnsettledClocks::from),
            place: there.place(),
            local_time: when.now().to_zoned(there.zone()).strftime("%Y-%m-%dT%H:%M").to_string(),
            may_call: matches!(calling, CallingNow::Until(_)),
            until,
            from,
        }
    }
}

/// What was agreed with the person.
#[derive(Serialize, ToSchema)]
pub struct AgreedCallView {
    /// For when.
    due_at: Option<Timestamp>,
    /// By whom.
    by: String,
    /// When they agreed it.
    agreed_at: Timestamp,
    /// In words.
    why: String,
}

impl AgreedCallView {
    pub fn of(brief: &LeadBrief) -> Option<Self> {
        let promise = agreed_promise(brief)?;
        Some(Self {
            due_at: promise.due_at,
            by: agreed_by(promise).to_owned(),
            agreed_at: promise.created_at,
            why: promise.why.clone(),
        })
    }
}

/// What is said, in the person's language, with the names in their places.
#[derive(Serialize, ToSchema)]
pub struct WorkScriptView {
    /// What has to be said before the opening where the person is.
    notices: Vec<WorkTextView>,
    /// What is said then: the opening first, and what there is beside it, such as `voicemail` and `closing`.
    texts: Vec<WorkTextView>,
}

/// A text of the script.
#[derive(Serialize, ToSchema)]
pub struct WorkTextView {
    /// What it is, or what it is about.
    #[schema(example = "opening")]
    name: String,
    /// What to say.
    text: String,
}

impl WorkScriptView {
    pub fn of(script: &LeadScript, agent: &str) -> Self {
        let notices = notices(script, agent).into_iter().map(|one| WorkTextView { name: one.about, text: one.text });
        let texts = texts(script, agent).into_iter().map(|one| WorkTextView { name: one.name, text: one.text });
        Self { notices: notices.collect(), texts: texts.collect() }
    }
}

/// The times that a call back is offered at, by the clock where the person is. Any other is named as `next` likewise.
#[derive(Serialize, ToSchema)]
pub struct CallBackTimesView {
    /// Times that are said with one key.
    presets: Vec<CallBackPresetView>,
    /// Days.
    days: Vec<CallBackDayView>,
    /// Times of day at which somebody may be called wherever they may be; not all are open on each day.
    #[schema(example = json!(["09:00", "09:30"]))]
    times: Vec<String>,
}

/// A time that is said with one key.
#[derive(Serialize, ToSchema)]
pub struct CallBackPresetView {
    /// The key.
    key: &'static str,
    /// What it says.
    #[schema(example = "In an hour, 11:05")]
    words: String,
    /// As `next` of a disposition names it.
    #[schema(example = "2026-11-24T11:05")]
    next: String,
}

/// A day for a call back.
#[derive(Serialize, ToSchema)]
pub struct CallBackDayView {
    /// Which.
    #[schema(example = "2026-11-25")]
    date: String,
    /// Why nobody is called there on that day; none where somebody is.
    #[schema(example = "holiday")]
    closed: Option<String>,
}

impl From<CallbackPicker> for CallBackTimesView {
    fn from(picker: CallbackPicker) -> Self {
        let presets = picker.presets.into_iter().map(|one| CallBackPresetView {
            key: one.key,
            next: format!("{}T{}", one.date, one.time),
            words: one.words,
        });
        let days = picker
            .days
            .into_iter()
            .map(|one| CallBackDayView { date: one.date, closed: one.is_closed.then_some(one.words) });
        Self {
            presets: presets.collect(),
            days: days.collect(),
            times: picker.times.into_iter().filter(|one| !one.is_closed).map(|one| one.time).collect(),
        }
    }
}

/// Something that happened before.
#[derive(Serialize, ToSchema)]
pub struct EarlierView {
    /// When, RFC 3339.
    at: String,
    /// `arrival`, `touch`, `grade` or `client`: it went there, or was said there.
    what: &'static str,
    /// Who; none for a decision.
    by: Option<String>,
    /// In words.
    words: String,
    /// What was said or written with it.
    quote: Option<String>,
}

impl From<HistoryLine> for EarlierView {
    fn from(line: HistoryLine) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let what = match line.mark {
            HistoryMark::Grade(_) => "grade",
            HistoryMark::Arrival => "arrival",
            HistoryMark::Touch => "touch",
            HistoryMark::Client => "client",
        };
        Self { at: line.at, what, by: some(line.by), words: line.words, quote: some(line.quote) }
    }
}

/// What whoever asks typed of it and did not commit.
#[derive(Serialize, ToSchema)]
pub struct KeptDraftView {
    /// The note.
    note: String,
    /// Answers by question, as typed. A page keeps what else is typed under names that begin with a colon.
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
    /// When it was saved.
    saved_at: Timestamp,
    /// Which saving it was: the next one counts on from here.
    version: i64,
}

impl From<DeskDraft> for KeptDraftView {
    fn from(draft: DeskDraft) -> Self {
        let DeskDraft { note, answers, saved_at, version, .. } = draft;
        Self { note, answers, saved_at, version }
    }
}
