//! The next step on a lead's page: its date, or what comes before that. Who was not reached is tried long before the lead is looked
//! at again, and nobody calls whom something stands against.

use ripen_actions::lead_page::WholeLead;
use ripen_domain::{
    desk::{GateKind, NextOpening, NextWork},
    promise::Kind,
};
use ripen_store::lead::list::ListedStep;

use super::shown::{ShownStep, TimeInTitle};
use crate::people::{
    letters::capital,
    when::When,
    work::next::{both_clocks, next_in_words},
};

/// A step with its date.
pub struct StepOnPage {
    /// What; none where there is none.
    pub step: Option<ShownStep>,
    /// When, by the clock where the person is; empty where no date says it.
    pub step_at: String,
}

impl StepOnPage {
    /// With what keeps it from being done.
    fn but(mut self, words: &str) -> Self {
        if let Some(step) = &mut self.step {
            step.why = if step.why.is_empty() { words.to_owned() } else { format!("{} – {words}", step.why) };
        }
        self
    }
}

/// The step of the lead, or what the gates say comes before it.
pub fn next_step(page: &WholeLead, next: Option<&NextWork>, when: &When) -> StepOnPage {
    let places = page.lead.places();
    let listed = page.listed.step.as_ref();
    let due = listed.and_then(|step| step.due_at);
    let clocks = |at| match listed.and_then(|step| step.day_by.clone()) {
        Some(zone) => when.there(zone).whole_day(at),
        None => both_clocks(at, &places, when),
    };
    let step_at = due.map(clocks).unwrap_or_default();
    let own = StepOnPage { step: listed.map(|step| ShownStep::of(when, step)), step_at };
    // What asks the client, and what was agreed, stands as it is.
    let is_computed = |step: &ListedStep| step.kind == Kind::Requalify && !step.is_agreed && !step.is_put_back;
    if !page.lead.stage.is_open() || !listed.is_none_or(is_computed) {
        return match next {
            // A call is promised that nobody can make.
            Some(blocked @ NextWork::Blocked { gate: GateKind::Number, .. }) => {
                own.but(&format!("it {}", next_in_words(blocked, &places, when)))
            }
            _ => own,
        };
    }
    let why = || listed.map(|step| step.why.clone()).unwrap_or_default();
    let said =
        |what: &str| ShownStep { at: None, text: String::new(), is_late: false, what: capital(what), why: why() };
    match next {
        Some(NextWork::At(NextOpening { at, what })) if due.is_none_or(|due| *at < due) => {
            let time = TimeInTitle::of(when, *at);
            let step = ShownStep { text: time.near.clone(), at: Some(time), ..said(what.name()) };
            StepOnPage { step: Some(step), step_at: both_clocks(*at, &places, when) }
        }
        Some(NextWork::Now) if due.is_none_or(|due| due > when.now()) => {
            StepOnPage { step: Some(said("a call: nothing stands against it now")), step_at: String::new() }
        }
        Some(blocked @ NextWork::Blocked { gate, .. })
            if !matches!(gate, GateKind::Closed | GateKind::WithClient | GateKind::Promise) =>
        {
            let words = format!("it {}", next_in_words(blocked, &places, when));
            StepOnPage { step: Some(said(&words)), step_at: String::new() }
        }
        _ => own,
    }
}
