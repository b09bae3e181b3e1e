//! The head of the work page: who it is and why now, how the person is reached, and whether calling is allowed there.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_actions::{desk::OpenedLead, lead_brief::LeadBrief, queues::LATE, why_not::LeadGates};
use ripen_domain::{
    calling::{Hours, Place, is_allowed, next_allowed},
    contact_link::Way,
    desk::{GateKind, Rank, language_name, shut},
    lead::{Channel, OutcomeKind, Stage},
    outcome::reason_in_words,
};
use ripen_store::{lead::brief::EarlierEvent, promise::list::PromiseRecord};

use crate::people::{
    clocks::{ClocksThere, settled_by},
    letters::capital,
    when::When,
};

/// The end of the hours is looked for in such steps: hours open and close on minutes that these meet.
const STEP: SignedDuration = SignedDuration::from_mins(5);
/// Hours that end later than this do not end today.
const STEPS: usize = 288;

/// Whether the person may be called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MayCall {
    /// Until this hour there; empty where the hours do not end today.
    Until(String),
    /// Not now, but from then on.
    From(String),
    /// Nobody there is ever called.
    Never,
}

/// Whether the person may be called now, by the hours of the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallingNow {
    /// Until then; none where the hours do not end today.
    Until(Option<Timestamp>),
    /// Not now, but from then on.
    From(Timestamp),
    /// Nobody there is ever called.
    Never,
}

/// Something that stands against calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShutGate {
    /// What, in words.
    pub words: String,
    /// When it opens by itself; empty where somebody has to open it.
    pub opens: String,
}

/// What was agreed with the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedWords {
    /// By whom.
    pub by: String,
    /// `9 Nov`
    pub on: String,
    /// In words.
    pub why: String,
}

/// How long something has waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeAgo {
    /// `3 min ago`
    pub near: String,
    /// With the date, the hour and the zone.
    pub whole: String,
    /// For programs.
    pub at: String,
    /// It should have been done by now.
    pub is_late: bool,
}

/// Since when something has waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingSince {
    /// Since when.
    pub at: Timestamp,
    /// It should have been done by now.
    pub is_late: bool,
}

/// The head.
#[derive(Debug, Clone)]
pub struct WorkHead {
    /// The person's name.
    pub name: String,
    /// The first name, as the script speaks of the person.
    pub short: String,
    /// Why this lead now.
    pub why: String,
    /// How long ago that was due, or the enquiry came; empty where it says nothing.
    pub ago: Option<TimeAgo>,
    /// What the call is about that was agreed.
    pub agreed: Option<AgreedWords>,
    /// The client.
    pub client: String,
    /// The source.
    pub source: String,
    /// How it came, in words; empty where the source's name says it.
    pub channel: String,
    /// `2nd enquiry`
    pub enquiry: String,
    /// The line of business.
    pub program: String,
    /// The language, in English; empty where it is not known.
    pub language: String,
    /// BCP 47, for texts in it.
    pub tag: String,
    /// How far it has come.
    pub stage: &'static str,
    /// What that means.
    pub stage_means: &'static str,
    /// The number.
    pub phone: Option<Way>,
    /// The address.
    pub email: Option<Way>,
    /// The hour there.
    pub there: String,
    /// The place of that clock.
    pub place: String,
    /// Between which clocks it lies, where it is not settled where they are.
    pub clocks: Option<ClocksThere>,
    /// What settles it, at the beginning of a sentence.
    pub settled_by: &'static str,
    /// Whether the person may be called.
    pub may: MayCall,
    /// What else stands against calling.
    pub shut: Vec<ShutGate>,
}

/// The head of a lead.
pub fn head(open: &OpenedLead, brief: &LeadBrief, hours: &Hours, gates: Option<&LeadGates>, when: &When) -> WorkHead {
    let (lead, background) = (&brief.script.lead, &brief.script.background);
    let profile = &lead.profile;
    let places = lead.places();
    let there = when.there(places.first().map_or(TimeZone::UTC, |place| place.zone.clone()));
    let clocks = ClocksThere::of(&places, when, when.now());
    let name = profile.full_name().unwrap_or_else(|| "Somebody without a name".to_owned());
    let first = || name.split_whitespace().next().unwrap_or("them").to_owned();
    let language = profile.locale.as_deref().and_then(|tag| tag.split(['-', '_']).next()).unwrap_or_default();
    WorkHead {
        short: profile.first_name.clone().unwrap_or_else(first),
        why: because(open, brief, &there),
        ago: ago(open, brief, when),
        agreed: agreed(brief, &there),
        client: background.client_name.clone(),
        source: background.source.clone(),
        channel: channel(background.channel, &background.source),
        enquiry: enquiry(background.enquiries),
        program: lead.program.name.replace(['-', '_'], " "),
        language: language_name(language),
        tag: profile.locale.clone().unwrap_or_default(),
        stage: lead.stage.word(),
        stage_means: stage_means(lead.stage),
        phone: profile.phone.as_deref().map(|phone| Way::by_phone(phone, profile.phone_extension.as_deref())),
        email: profile.email.as_deref().map(Way::by_email),
        there: there.hour(when.now()),
        place: there.place(),
        may: may_call(when.now(), hours, &places, clocks.as_ref().map_or(&there, |_| when)),
        clocks,
        settled_by: settled_by(
            profile.country.as_deref().unwrap_or(&lead.client.country),
            profile.postal_code.is_some(),
        ),
        shut: gates.map(|gates| shut_gates(gates, when)).unwrap_or_default(),
        name,
    }
}

/// Until when the person may be called; or from when. By the clock where they are, or by the reader's where it is not settled which that is.
fn may_call(now: Timestamp, hours: &Hours, places: &[Place], there: &When) -> MayCall {
    match calling_now(now, hours, places) {
        CallingNow::Until(closes) => MayCall::Until(closes.map(|at| there.hour(at)).unwrap_or_default()),
        CallingNow::From(opens) => MayCall::From(there.whole(opens)),
        CallingNow::Never => MayCall::Never,
    }
}

/// The same by its instants.
pub fn calling_now(now: Timestamp, hours: &Hours, places: &[Place]) -> CallingNow {
    if !is_allowed(now, hours, places) {
        let opens = next_allowed(now, hours, places);
        return if opens > now { CallingNow::From(opens) } else { CallingNow::Never };
    }
    let minute = now.as_second().div_euclid(STEP.as_secs()) * STEP.as_secs();
    let begin = Timestamp::from_second(minute).unwrap_or(now);
    let mut steps = std::iter::successors(begin.checked_add(STEP).ok(), |at| at.checked_add(STEP).ok()).take(STEPS);
    CallingNow::Until(steps.find(|at| !is_allowed(*at, hours, places)))
}

/// Without what the head says already, or what is the agent's own.
fn shut_gates(gates: &LeadGates, when: &When) -> Vec<ShutGate> {
    let is_said = |kind: GateKind| {
        matches!(kind, GateKind::Hours | GateKind::Lease | GateKind::AgentClients | GateKind::Language)
    };
    let others = shut(&gates.gates).filter(|gate| !is_said(gate.kind));
    let shown = others.map(|gate| ShutGate {
        words: capital(&gate.words),
        opens: gate.opens_at.map(|at| when.whole(at)).unwrap_or_default(),
    });
    shown.collect()
}

/// How long it has waited, in words.
fn ago(open: &OpenedLead, brief: &LeadBrief, when: &When) -> Option<TimeAgo> {
    let WaitingSince { at, is_late } = waiting_since(open, brief, when.now())?;
    let near = when.near(at);
    let near = match near.strip_suffix(" ago").filter(|_| is_late) {
        Some(size) => format!("{size} late"),
        None => near,
    };
    Some(TimeAgo { near, whole: when.whole(at), at: at.to_string(), is_late })
}

/// Since when it waits: a promised call since it was due, an enquiry since it came.
pub fn waiting_since(open: &OpenedLead, brief: &LeadBrief, now: Timestamp) -> Option<WaitingSince> {
    let promised = promised_at(open, brief);
    let at = match open.rank {
        Rank::Promised => promised,
        Rank::Fresh => {
            let arrived = brief.earlier.iter().filter(|entry| matches!(entry.what, EarlierEvent::Arrived));
            arrived.map(|entry| entry.at).max()
        }
        _ => None,
    };
    let at = at.filter(|at| *at <= now)?;
    Some(WaitingSince { at, is_late: promised.is_some() && now.duration_since(at) > LATE })
}

/// When the call was promised for that this lead is handed out for.
fn promised_at(open: &OpenedLead, brief: &LeadBrief) -> Option<Timestamp> {
    let agreed = brief.promises.iter().filter(|promise| promise.ended.is_none() && promise.is_of_person());
    agreed.filter_map(|promise| promise.due_at).min().filter(|_| open.rank == Rank::Promised)
}

/// Why this lead now: the call that was promised, who gave it back, else what the order says.
pub fn because(open: &OpenedLead, brief: &LeadBrief, there: &When) -> String {
    if let Some(at) = promised_at(open, brief) {
        return promised_call(at, there);
    }
    let returned = brief.earlier.iter().filter(|_| open.rank == Rank::Returned).find_map(|entry| match &entry.what {
        EarlierEvent::Outcome { kind: OutcomeKind::Returned, reason } => Some((&entry.by, reason.as_deref())),
        _ => None,
    });
    match returned {
        Some((by, Some(reason))) => format!("Came back: {by} returned it ({})", reason_in_words(reason)),
        Some((by, None)) => format!("Came back: {by} returned it"),
        None => capital(&open.why),
    }
}

/// `Promised call, 10:00 Chicago`, by the clock where the person is; with its day where that is not today there.
fn promised_call(at: Timestamp, there: &When) -> String {
    let day = |at: Timestamp| at.to_zoned(there.zone()).date();
    let on = if day(at) == day(there.now()) { String::new() } else { format!("{}, ", there.day(at)) };
    format!("Promised call, {on}{} {}", there.hour(at), there.place())
}

/// What was agreed with the person and stands still.
pub fn agreed_promise(brief: &LeadBrief) -> Option<&PromiseRecord> {
    brief.promises.iter().rev().find(|promise| promise.ended.is_none() && promise.is_of_person())
}

/// Who agreed it.
pub fn agreed_by(promise: &PromiseRecord) -> &str {
    promise.from_whom.strip_prefix("person:").unwrap_or(&promise.from_whom)
}

fn agreed(brief: &LeadBrief, there: &When) -> Option<AgreedWords> {
    let promise = agreed_promise(brief)?;
    let day = promise.created_at.to_zoned(there.zone());
    Some(AgreedWords {
        by: agreed_by(promise).to_owned(),
        on: day.strftime("%-d %b").to_string(),
        why: promise.why.clone(),
    })
}

/// Nothing where the source's own name says it.
fn channel(channel: Channel, source: &str) -> String {
    let words = channel.word().replace('_', " ");
    if source.to_lowercase().contains(&words) { String::new() } else { words }
}

fn enquiry(count: i32) -> String {
    let ending = match (count % 10, count % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{count}{ending} enquiry")
}

const fn stage_means(stage: Stage) -> &'static str {
    match stage {
        Stage::Lead => "Not yet a contact: nobody has confirmed the enquiry",
        Stage::Contact => "The person confirmed the enquiry",
        Stage::Opportunity => "The possible business is known",
        Stage::Customer => "Won",
        Stage::Closed => "Closed: nothing more is done with it",
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::calling::Whereabouts;

    use super::*;

    #[test]
    fn enquiries_are_counted_as_people_do() {
        let words: Vec<_> = [1, 2, 3, 4, 11, 12, 21, 112].into_iter().map(enquiry).collect();
        let endings: Vec<_> = words.iter().map(|words| words.split(' ').next().unwrap()).collect();
        assert_eq!(endings, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]);
    }

    #[test]
    fn the_head_says_until_when_somebody_may_call() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let places = Whereabouts { time_zone: Some("America/Chicago"), country: Some("US"), ..Whereabouts::default() };
        let may = |now: &str| {
            let now: Timestamp = now.parse().unwrap();
            may_call(now, &Hours::default(), &places.places(), &When::at_clock(now, zone.clone()))
        };
        assert_eq!(may("2026-11-24T16:03:00Z"), MayCall::Until("20:00".to_owned()));
        assert_eq!(may("2026-11-24T08:03:00Z"), MayCall::From("Tue 24 Nov 2026, 09:00 Chicago".to_owned()));
    }
}
