//! The panels of a lead's page: stages, receipt, gates, answers, who is reached where, sources.

use jiff::Timestamp;
use ripen_actions::{
    lead::DeliveryOutcome,
    lead_page::{AnsweredQuestion, ChangedInCall, ReadReceipt, ReceiptCap, ReceiptRule, WholeLead},
    why_not::LeadGates,
};
use ripen_domain::{
    appointment::{AppointmentState, in_words},
    criteria::Verdict,
    desk::{CallGate, GateKind, language_name, language_of},
    id::DecisionId,
    lead::{OutcomeKind, Stage},
};
use ripen_store::{
    appointment::list::AppointmentRecord, lead::history::LeadArrival, person::household::HouseholdMember,
};

use super::{
    shown::TimeInTitle,
    standing::{WhoHasLead, gate_words},
};
use crate::people::{
    clocks::ClocksThere,
    handover::on_the_way,
    when::When,
    work::{grade::GradeScale, next::both_clocks},
};

/// One of the stages in the head.
pub struct StageStep {
    pub word: &'static str,
    pub is_done: bool,
    pub is_here: bool,
}

/// A rule of a receipt, as it is shown.
pub struct ShownRule {
    pub class: &'static str,
    pub points: String,
    pub because: String,
    pub more: String,
    pub else_worth: String,
}

pub struct ShownReceipt {
    pub receipt: ReadReceipt,
    pub grade: &'static str,
    pub at: TimeInTitle,
    pub rules: Vec<ShownRule>,
    pub caps: Vec<ShownCap>,
    pub json: String,
    pub is_earlier: bool,
    pub lacking: i32,
    /// All points that there are.
    pub most: i32,
    /// Where the points lie of those.
    pub scale: GradeScale,
    /// Neither points nor what a rule is worth are shown.
    pub hides_points: bool,
}

pub struct ShownCap {
    pub at_most: &'static str,
    pub because: String,
}

pub struct LeadAnswerLine {
    pub question: String,
    pub answer: String,
    pub from: String,
    pub at: Option<TimeInTitle>,
    /// It was given another value in the call that made the A.
    pub is_changed: bool,
}

/// Where the lead came from, once.
pub struct ShownSource {
    pub id: String,
    pub name: String,
    pub at: TimeInTitle,
    pub arrival: String,
}

/// A gate, as it is shown.
pub struct ShownGate {
    pub words: String,
    pub is_open: bool,
    pub opens: Option<TimeInTitle>,
    /// For how long, or until when, it is shut.
    pub until: String,
}

/// Why nobody is calling.
pub struct ShownGates {
    pub is_callable: bool,
    pub opens: Option<TimeInTitle>,
    /// What stands against it.
    pub shut: Vec<ShownGate>,
    /// What does not.
    pub passed: Vec<ShownGate>,
    /// A manager has to look at the consent first.
    pub in_review: bool,
    /// There is no number that could be called.
    pub lacks_number: bool,
    /// The client has the lead, or is to have it: it is not for the desk to call.
    pub is_with_client: bool,
    /// How far it is on its way there, as a sentence without its end; empty where the client has it.
    pub on_the_way: String,
}

/// An appointment that is ahead.
pub struct BookedTime {
    /// When it begins.
    pub at: Timestamp,
    /// By the rep's clock and by the person's, where that is another, and with whom.
    pub words: String,
}

/// What the client gave back, and nobody has judged yet.
pub struct OpenReturn {
    pub delivery: String,
    pub by: String,
    pub at: TimeInTitle,
    pub reason: String,
}

pub struct ShownRelative {
    pub name: String,
    pub shared: String,
    pub href: Option<String>,
}

pub struct ShownConsent {
    pub text: String,
    pub version: String,
    pub at: Option<TimeInTitle>,
    pub certificate: String,
}

/// The gates, those that are shut apart: they are the answer.
pub fn shown_gates(found: LeadGates, (page, stands): (&WholeLead, &WhoHasLead), when: &When) -> ShownGates {
    let is_shut = |kind: GateKind| found.gates.iter().any(|gate| gate.kind == kind && !gate.is_open);
    let (in_review, is_with_client) = (is_shut(GateKind::Review), is_shut(GateKind::WithClient));
    let lacks_number = is_shut(GateKind::Number);
    let on_the_way = found.way.as_ref().and_then(|way| on_the_way(way, when)).map(|way| format!("It {way}"));
    let on_the_way = on_the_way.unwrap_or_default();
    let language = Some(speaks(page)).filter(|language| !language.is_empty());
    let words = |gate: &CallGate| match &language {
        Some(language) if gate.kind == GateKind::Language && gate.is_open => format!("the person speaks {language}"),
        _ if gate.kind == GateKind::Hours => hours_there(gate, page, when).unwrap_or_else(|| gate.words.clone()),
        _ => gate_words(gate.kind, gate.is_open, stands).unwrap_or_else(|| gate.words.clone()),
    };
    let day_by = found.day_by.map(|zone| when.there(zone));
    let one = |gate: CallGate| {
        let words = words(&gate);
        // Where its words say from when on, that is not said once more.
        let is_said = words != gate.words && gate.kind == GateKind::Hours;
        // Of these two a client's people are told the day.
        let day_by = day_by.as_ref().filter(|_| matches!(gate.kind, GateKind::Promise | GateKind::Resting));
        let opens = gate.opens_at.filter(|_| !is_said).map(|at| match day_by {
            Some(there) => TimeInTitle::of_day(there, at),
            None => TimeInTitle::of(when, at),
        });
        let until = opens.as_ref().map(|at| until(&at.near));
        ShownGate { words, is_open: gate.is_open, opens, until: until.unwrap_or_default() }
    };
    let (passed, shut) = found.gates.into_iter().map(one).partition(|gate| gate.is_open);
    let opens = found.opens_at.map(|at| match &day_by {
        Some(there) => TimeInTitle::of_day(there, at),
        None => TimeInTitle::of(when, at),
    });
    ShownGates {
        is_callable: found.is_callable,
        opens,
        shut,
        passed,
        in_review,
        lacks_number,
        is_with_client,
        on_the_way,
    }
}

/// Until when something is shut, by how near that is.
fn until(near: &str) -> String {
    match (near.strip_prefix("in "), near.strip_prefix("on ")) {
        (Some(size), _) => format!("for {size} more"),
        (None, Some(day)) => format!("until {day}"),
        // The day alone is told: it opens in the rest of it.
        (None, None) if near == "today" => "until later today".to_owned(),
        (None, None) => format!("until {near}"),
    }
}

/// By the reader's way of writing hours, and with the time from which on people are called there; none where its words keep the place.
fn hours_there(gate: &CallGate, page: &WholeLead, when: &When) -> Option<String> {
    let (clock, why) = gate.words.split_once(": ")?;
    let places = page.lead.places();
    if let Some(clocks) = ClocksThere::of(&places, when, when.now()).filter(|_| gate.is_open) {
        return Some(format!("it is {} there, {}: {why}", clocks.hours, clocks.places));
    }
    let there = places.iter().map(|place| when.there(place.zone.clone())).find(|there| {
        let city = format!(" in {}", there.place());
        clock.ends_with(&city) || clock.contains(&format!("{city},"))
    })?;
    let may_be = clock.split_once(", ").map(|(_, may_be)| format!(", {may_be}")).unwrap_or_default();
    let clock = format!("it is {} in {}{may_be}", there.hour(when.now()), there.place());
    Some(match gate.opens_at.filter(|_| !gate.is_open) {
        Some(at) => format!("{clock}: {why}; calls from {}", both_clocks(at, &places, when)),
        None => format!("{clock}: {why}"),
    })
}

pub fn stages(here: Stage) -> Vec<StageStep> {
    let order = [Stage::Lead, Stage::Contact, Stage::Opportunity, Stage::Customer];
    let at = order.iter().position(|stage| *stage == here);
    let step = |(place, stage): (usize, &Stage)| StageStep {
        word: stage.word(),
        is_done: at.is_some_and(|at| place <= at),
        is_here: at == Some(place),
    };
    let mut steps: Vec<_> = order.iter().enumerate().map(step).collect();
    if here == Stage::Closed {
        steps.push(StageStep { word: here.word(), is_done: true, is_here: true });
    }
    steps
}

pub fn shown_receipt(
    receipt: ReadReceipt,
    page: &WholeLead,
    (when, newest): (&When, Option<DecisionId>),
    hides_points: bool,
) -> ShownReceipt {
    let rule = |rule: &ReceiptRule| {
        let worth = signed(rule.worth);
        let (class, points, else_worth) = match rule.result {
            Verdict::Yes => ("", signed(rule.points), String::new()),
            Verdict::No => ("zero", "0".to_owned(), worth),
            Verdict::Missing => {
                ("miss", "?".to_owned(), if rule.worth > 0 { format!("up to {worth}") } else { format!("or {worth}") })
            }
            Verdict::Error => ("miss", "!".to_owned(), worth),
        };
        let more = match rule.missing.as_slice() {
            [] => String::new(),
            missing => format!("not known: {}", missing.join(", ")),
        };
        let (points, else_worth) = match (hides_points, rule.result) {
            (false, _) => (points, else_worth),
            (true, Verdict::Yes) => ("✓".to_owned(), String::new()),
            (true, Verdict::No) => ("–".to_owned(), String::new()),
            (true, _) => (points, String::new()),
        };
        ShownRule { class, points, because: rule.because.clone(), more, else_worth }
    };
    let cap = |cap: &ReceiptCap| ShownCap { at_most: cap.at_most.word(), because: cap.because.clone() };
    // An A that no rules reach still lies on the scale.
    let most = receipt.most.max(receipt.needs).max(receipt.score).max(1);
    ShownReceipt {
        most,
        hides_points,
        scale: GradeScale::of((receipt.needs, receipt.needs_for_b), most, (receipt.score, None)),
        grade: receipt.grade.word(),
        at: TimeInTitle::of(when, receipt.at),
        rules: receipt.rules.iter().map(rule).collect(),
        caps: receipt.caps.iter().map(cap).collect(),
        json: format!("/api/v1/leads/{}/decisions/{}", page.lead.id, receipt.decision),
        is_earlier: newest != Some(receipt.decision),
        lacking: receipt.needs.saturating_sub(receipt.score).max(0),
        receipt,
    }
}

fn signed(points: i32) -> String {
    // A minus, not a hyphen.
    if points > 0 { format!("+{points}") } else { points.to_string().replace('-', "−") }
}

pub fn shown_answer(answered: &AnsweredQuestion, when: &When, changed: &[ChangedInCall]) -> LeadAnswerLine {
    let from = answered.answer.as_ref().map(|answer| match answer.origin.split_once(':') {
        Some(("person", name)) => name.to_owned(),
        Some((kind, _)) => kind.to_owned(),
        None => answer.origin.clone(),
    });
    LeadAnswerLine {
        is_changed: changed.iter().any(|one| one.id == answered.question.id),
        question: answered.question.ask.clone(),
        answer: answered.in_words.clone(),
        from: from.unwrap_or_default(),
        at: answered.answer.as_ref().map(|answer| TimeInTitle::of(when, answer.at)),
    }
}

/// The person's language, by name.
pub fn speaks(page: &WholeLead) -> String {
    let tag = page.lead.profile.locale.as_deref();
    tag.map(|tag| language_name(&language_of(tag).unwrap_or_else(|| tag.to_owned()))).unwrap_or_default()
}

pub fn place(page: &WholeLead) -> String {
    let profile = &page.lead.profile;
    let parts: Vec<_> = [&profile.postal_code, &profile.country].into_iter().flatten().map(String::as_str).collect();
    parts.join(", ")
}

pub fn household(page: &WholeLead) -> Vec<ShownRelative> {
    let one = |member: &HouseholdMember| ShownRelative {
        name: member.name.clone().unwrap_or_else(|| "no name".to_owned()),
        shared: member.shared.join(", "),
        href: member.lead.map(|lead| format!("/leads/{lead}")),
    };
    page.household.iter().map(one).collect()
}

/// The newest consent that came with an arrival.
pub fn consent(page: &WholeLead, when: &When) -> Option<ShownConsent> {
    let (arrival, consent) = page.arrivals.iter().find_map(|arrival| Some((arrival, arrival.consent.as_ref()?)))?;
    let at = consent.given_at.unwrap_or(arrival.received_at);
    Some(ShownConsent {
        text: consent.text.clone().unwrap_or_default(),
        version: consent.version.clone().unwrap_or_default(),
        at: Some(TimeInTitle::of(when, at)),
        certificate: consent.certificate_url.clone().unwrap_or_default(),
    })
}

/// What was said last of deliveries that were given back, and not judged.
pub fn unjudged_returns(page: &WholeLead) -> impl Iterator<Item = &DeliveryOutcome> {
    let last = page.deliveries.iter().filter_map(|delivery| {
        page.outcomes.iter().filter(|one| one.delivery == delivery.id).max_by_key(|one| one.outcome.number)
    });
    last.filter(|one| one.outcome.kind == OutcomeKind::Returned && one.outcome.verdict.is_none())
}

/// The same, as a page shows them.
pub fn open_returns(page: &WholeLead, when: &When) -> Vec<OpenReturn> {
    let shown = unjudged_returns(page).map(|one| OpenReturn {
        delivery: one.delivery.to_string(),
        by: one.outcome.by.clone(),
        at: TimeInTitle::of(when, one.outcome.at),
        reason: one.outcome.reason.clone().unwrap_or_default(),
    });
    shown.collect()
}

pub fn sources(page: &WholeLead, when: &When) -> Vec<ShownSource> {
    let one = |arrival: &LeadArrival| ShownSource {
        id: arrival.source.to_string(),
        name: arrival.source_name.clone(),
        at: TimeInTitle::of(when, arrival.received_at),
        arrival: arrival.id.to_string(),
    };
    page.arrivals.iter().map(one).collect()
}

/// What is booked and not over, the earliest first.
pub fn booked_ahead(page: &WholeLead, now: Timestamp) -> Vec<&AppointmentRecord> {
    let is_booked =
        |state: &AppointmentState| matches!(state, AppointmentState::Booked | AppointmentState::Held { .. });
    let is_ahead = |one: &&AppointmentRecord| one.appointment.slot.ends_at > now && is_booked(&one.appointment.state);
    let mut all: Vec<_> = page.appointments.iter().filter(is_ahead).collect();
    all.sort_by_key(|one| one.appointment.slot.starts_at);
    all
}

/// The same, as the rep's clock has it and the person's.
pub fn booked(page: &WholeLead, now: Timestamp) -> Vec<BookedTime> {
    let words = |one: &AppointmentRecord| {
        let at = one.appointment.slot.starts_at;
        let (with_rep, there) = (in_words(at, &one.rep_zone), in_words(at, &one.person_zone));
        let there = if there == with_rep { String::new() } else { format!(", {there} for the person") };
        BookedTime { at, words: format!("{with_rep}{there}, with {}", one.rep) }
    };
    booked_ahead(page, now).into_iter().map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_when_a_gate_is_shut_is_said_as_near_as_it_is_told() {
        let said = ["in 14 h", "today", "tomorrow", "on 2 Dec", "9 Dec 2026"].map(until);
        assert_eq!(said, ["for 14 h more", "until later today", "until tomorrow", "until 2 Dec", "until 9 Dec 2026"]);
    }
}
