//! A lead as it will stand once a disposition is saved and decided, for what is said before that: the gates of then answer when it
//! can be worked next, as they answer it of every lead.

use jiff::Timestamp;
use ripen_domain::{
    calling::{Hours, due_at, next_callable},
    criteria::Decision,
    desk::{AgentTerms, GateFacts, NextWork, StepFacts, next_try, next_work},
    lead::{Grade, Stage},
    promise::{AfterDecision, Kind, Occasion, Open, State, settle},
    touch::{Disposition, TouchResult, effect},
};
use ripen_store::{
    desk::standing::DeskStanding,
    lead::{owed_tries::OwedTries, unit_of_work::TrackedLead},
};

use super::preview_request::PreviewRequest;

/// The lead before it is saved.
pub(super) struct SavedLead<'a> {
    /// How it stands.
    pub(super) standing: &'a DeskStanding,
    /// With what is typed.
    pub(super) lead: &'a TrackedLead,
    /// Tries in vain of a call that is owed.
    pub(super) owed: Option<OwedTries>,
    /// A disposition that gives up a number gives up the one that the person is called by.
    pub(super) gives_up_own: bool,
    /// When the next step is, where that is agreed in this very touch.
    pub(super) agreed: Option<Timestamp>,
    /// When people may be called.
    pub(super) hours: &'a Hours,
    /// When it is saved.
    pub(super) now: Timestamp,
}

impl SavedLead<'_> {
    /// When it can be worked next.
    pub(super) fn next(&self, asked: &PreviewRequest, decision: &Decision) -> NextWork {
        let disposition = asked.disposition.unwrap_or(Disposition::Answered);
        let mut facts = self.worked(disposition);
        let (promises, owes) = self.promises(asked, disposition);
        let is_a = decision.grade == Grade::A && decision.closed.is_none();
        facts.is_with_client = is_a || self.lead.is_handed_over;
        if let Some(why) = &decision.closed {
            (facts.stage, facts.closed) = (Some(Stage::Closed), Some(why.clone()));
        }
        facts.step = self.step(&promises, decision, owes.then_some(&facts));
        next_work(&facts, &AgentTerms::default(), self.hours, self.now)
    }

    /// What the touch itself changes.
    fn worked(&self, disposition: Disposition) -> GateFacts {
        let mut facts = self.standing.facts.clone();
        // Whoever has it open has saved it by then.
        (facts.held_by, facts.put_back, facts.is_untouched) = (None, None, false);
        if disposition.is_in_vain() {
            (facts.attempts, facts.last_attempt_at) = (facts.attempts.saturating_add(1), Some(self.now));
        } else if disposition.is_conversation() {
            (facts.attempts, facts.last_attempt_at, facts.is_reached) = (0, None, true);
        }
        match disposition {
            Disposition::NeverEnquired => facts.review_since = Some(self.now),
            Disposition::DoNotContact => facts.barred = Some("the person asked not to be contacted".to_owned()),
            // Another of the person's numbers that was dialed is given up, and this one is still called.
            gives_up if gives_up.gives_up_number() => {
                facts.has_number &= !self.gives_up_own;
                facts.has_void_number = true;
            }
            _ => {}
        }
        facts
    }

    /// Its promises, with what was worked on; and whether a call is owed still.
    fn promises(&self, asked: &PreviewRequest, disposition: Disposition) -> (Vec<Open>, bool) {
        let mut promises = self.lead.promises.clone();
        let answers = if disposition.is_in_vain() { 0 } else { asked.answer.len() };
        let brought =
            TouchResult { disposition, answers, agreed: self.agreed.is_some(), is_again: self.owed.is_some() };
        let effect = effect(&promises, brought, self.now);
        if let Some(due_at) = self.agreed {
            promises.retain(|promise| effect.replaced.is_none_or(|end| end.generation != promise.generation));
            let generation = promises.iter().map(|promise| promise.generation).max().unwrap_or(0).saturating_add(1);
            promises.push(Open {
                generation,
                kind: Kind::Requalify,
                state: State::Scheduled,
                due_at: Some(due_at),
                agreed: true,
                by_hand: true,
                worked: false,
            });
            // Whoever was owed a call has agreed another one.
            return (promises, false);
        }
        let worked = effect.worked;
        let mut owes = self.owed.is_some();
        for promise in promises.iter_mut().filter(|promise| Some(promise.generation) == worked) {
            promise.worked = true;
            owes |= promise.agreed;
        }
        (promises, owes && disposition.is_in_vain())
    }

    /// The step that the decision leaves or makes, as the qualifier does.
    fn step(&self, promises: &[Open], decision: &Decision, owes: Option<&GateFacts>) -> Option<StepFacts> {
        let facts = &self.standing.facts;
        let computed = due_at(&decision.receipt, self.hours, &facts.places);
        let again = owes.filter(|after| after.has_number).and_then(|after| next_try(after.attempts, self.now));
        let due_at = again.into_iter().chain(computed).min()?;
        let due_at = if again.is_some() || !facts.calls.is_empty() {
            next_callable(due_at, self.hours, &facts.places, &facts.calls)
        } else {
            due_at
        };
        let standing = match decision.closed {
            Some(_) => AfterDecision::Closed,
            None => AfterDecision::Open {
                grade: decision.grade,
                due_at,
                changed: self.lead.row.decided.map(|last| last.grade) != Some(decision.grade),
                unconfirmed: decision.wants_confirmation(),
                given_back: self.lead.row.came_back().then_some(self.now),
            },
        };
        let changes = settle(promises, standing, Occasion::Regraded);
        if let Some(made) = changes.made.filter(|made| made.kind == Kind::Requalify) {
            return Some(StepFacts { due_at: made.due_at, is_agreed: false, is_by_hand: false, is_worked: false });
        }
        let is_left = |promise: &&Open| {
            let end = changes.ended.iter().find(|end| end.generation == promise.generation);
            promise.kind == Kind::Requalify && end.is_none_or(|end| end.state == State::Work)
        };
        let left = promises.iter().find(is_left)?;
        let (is_agreed, is_by_hand) = (left.agreed, left.by_hand);
        Some(StepFacts { due_at: left.due_at?, is_agreed, is_by_hand, is_worked: false })
    }
}
