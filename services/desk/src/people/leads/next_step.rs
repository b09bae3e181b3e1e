//! The next step of a lead, as its page and every list have it: its date, or what comes before that. Who was not reached is tried long
//! before the lead is looked at again, and nobody calls whom something stands against.

use jiff::Timestamp;
use ripen_actions::lead_page::WholeLead;
use ripen_domain::{
    desk::{GateKind, NextOpening, NextWork},
    promise::{Kind, State},
};
use ripen_store::{
    lead::list::{ListedLead, ListedStep},
    promise::list::PromiseRecord,
};

use super::shown::{ShownStep, TimeInTitle};
use crate::people::{
    letters::capital,
    when::When,
    work::next::{blocked_in_words, both_clocks},
};

/// What nobody has to wait for.
const NOTHING_AGAINST: &str = "nothing stands against it now";

/// A step with its date.
pub struct StepOnPage {
    /// What; none where there is none.
    pub step: Option<ShownStep>,
    /// When, by the clock where the person is; empty where no date says it.
    pub step_at: String,
}

/// What was agreed with the person.
pub struct AgreedStep {
    /// What.
    pub step: ShownStep,
    /// When, by the clock where the person is.
    pub step_at: String,
    /// By whom, and when.
    pub by: String,
}

/// What comes before the date of a lead's next step, or in its place; none where the step stands as it is: it asks the client, was
/// agreed, or is the earlier of the two.
pub fn before_step(lead: &ListedLead, now: Timestamp) -> Option<&NextWork> {
    let is_computed = |step: &ListedStep| step.kind == Kind::Requalify && !step.is_agreed && !step.is_put_back;
    let step = lead.step.as_ref();
    if !lead.stage.is_open() || !step.is_none_or(is_computed) {
        return None;
    }
    let due = step.and_then(|step| step.due_at);
    lead.next.as_ref().filter(|next| match next {
        NextWork::At(NextOpening { at, .. }) => due.is_none_or(|due| *at < due),
        NextWork::Now => due.is_none_or(|due| due > now),
        NextWork::Blocked { gate, .. } => !matches!(gate, GateKind::Closed | GateKind::WithClient | GateKind::Promise),
    })
}

/// Why the step of a lead was promised, and what keeps it from being done: a call that nobody can make.
pub fn why_of(lead: &ListedLead, why: &str) -> String {
    match &lead.next {
        Some(NextWork::Blocked { gate: gate @ GateKind::Number, words }) => {
            let dash = if why.is_empty() { "" } else { " – " };
            format!("{why}{dash}it {}", blocked_in_words(*gate, words))
        }
        _ => why.to_owned(),
    }
}

/// The step of a lead in a list, or what comes before it.
pub fn listed_step(lead: &ListedLead, when: &When) -> Option<ShownStep> {
    let own = lead.step.as_ref().map(|step| ShownStep::of(when, step));
    let said = |text: &str, what: &str, why: String| ShownStep {
        at: None,
        text: text.to_owned(),
        is_late: false,
        what: capital(what),
        why,
    };
    match before_step(lead, when.now()) {
        None => own.map(|step| ShownStep { why: why_of(lead, &step.why), ..step }),
        Some(NextWork::Now) => Some(said("now", "a call", NOTHING_AGAINST.to_owned())),
        Some(NextWork::At(NextOpening { at, what })) => {
            let time = TimeInTitle::of(when, *at);
            let why = own.map(|step| step.why).unwrap_or_default();
            Some(ShownStep { at: Some(time.clone()), ..said(&time.near, what.name(), why) })
        }
        Some(NextWork::Blocked { gate, words }) => {
            let words = capital(&format!("it {}", blocked_in_words(*gate, words)));
            Some(said("waits", &words, words.clone()))
        }
    }
}

/// The step on a lead's own page.
pub fn next_step(page: &WholeLead, when: &When) -> StepOnPage {
    let listed = page.listed.step.as_ref();
    let step = listed_step(&page.listed, when);
    match before_step(&page.listed, when.now()) {
        None => {
            let due = listed.and_then(|step| step.due_at);
            StepOnPage { step, step_at: due.map(|at| when_there(at, page, when)).unwrap_or_default() }
        }
        Some(NextWork::At(opening)) => StepOnPage { step, step_at: both_clocks(opening.at, &page.lead.places(), when) },
        Some(NextWork::Now) => {
            let why = listed.map(|step| ShownStep::of(when, step).why).unwrap_or_default();
            let whole = |step: ShownStep| ShownStep {
                text: String::new(),
                what: format!("{}: {}", step.what, step.why),
                why,
                ..step
            };
            StepOnPage { step: step.map(whole), step_at: String::new() }
        }
        // What was to follow by itself does not while somebody has to do something first.
        Some(NextWork::Blocked { .. }) => {
            let alone = |step: ShownStep| ShownStep { text: String::new(), why: String::new(), ..step };
            StepOnPage { step: step.map(alone), step_at: String::new() }
        }
    }
}

/// By the clock where the person is; of a day that is told alone, the day.
fn when_there(at: Timestamp, page: &WholeLead, when: &When) -> String {
    match page.listed.step.as_ref().and_then(|step| step.day_by.clone()) {
        Some(zone) => when.there(zone).whole_day(at),
        None => both_clocks(at, &page.lead.places(), when),
    }
}

/// Whether it waits for its time or for a person. Its end does not say so: of who is withheld no end is told.
fn is_open(promise: &&PromiseRecord) -> bool {
    matches!(promise.state, State::Scheduled | State::Work)
}

/// By whom the step that is shown was agreed with the person, and when; empty where it was not.
pub fn agreed_by(page: &WholeLead, when: &When) -> String {
    let kind = page.listed.step.as_ref().map(|step| step.kind);
    let shown = page.promises.iter().filter(is_open).find(|promise| Some(promise.kind) == kind);
    shown.filter(|promise| promise.is_of_person()).map(|promise| by_whom(promise, when)).unwrap_or_default()
}

fn by_whom(promise: &PromiseRecord, when: &When) -> String {
    format!("{}, {}", promise.from_whom, when.near(promise.created_at))
}

/// What is agreed with the person, and stands beside the step that is shown, which comes before it.
pub fn agreed_beside(page: &WholeLead, when: &When) -> Option<AgreedStep> {
    let shown = page.listed.step.as_ref()?;
    let open = page.promises.iter().filter(is_open).filter(|promise| promise.is_of_person());
    let agreed = open.filter(|promise| promise.kind != shown.kind).min_by_key(|promise| promise.due_at)?;
    let step = ListedStep {
        kind: agreed.kind,
        state: agreed.state,
        due_at: agreed.due_at,
        day_by: shown.day_by.clone(),
        why: agreed.why.clone(),
        is_agreed: true,
        is_put_back: false,
    };
    Some(AgreedStep {
        step: ShownStep::of(when, &step),
        step_at: agreed.due_at.map(|at| when_there(at, page, when)).unwrap_or_default(),
        by: by_whom(agreed, when),
    })
}

#[cfg(test)]
mod tests;
