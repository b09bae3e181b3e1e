//! When the next step of a lead falls: in the hours of the place where the person is, and not too soon after the last calls. What comes
//! up at another time is put off.

use jiff::Timestamp;
use ripen_domain::{
    calling::{Hours, Place, due_at, is_allowed, next_call, next_callable},
    criteria::Decision,
    outcome::ASK_AFTER,
    promise::Kind,
};
use ripen_store::promise::write::PromisePutOff;
use uuid::Uuid;

use super::{batch_decisions::BatchDecisions, decider::Decider};
use crate::unit_of_work::TrackedLead;

/// What is promised while a call is owed.
const TRIED_AGAIN: &str = "the call that was promised reached nobody: it is tried again";

/// The next step that a decision asks for.
pub(super) struct DueStep {
    /// When.
    pub(super) at: Timestamp,
    /// What, in words.
    pub(super) why: String,
}

/// Where a person is reached, and when they were.
#[derive(Clone, Copy)]
pub(super) struct Reachable<'a> {
    pub(super) places: &'a [Place],
    pub(super) calls: &'a [Timestamp],
    /// When they are tried again, where a call is owed them that reached nobody; none where there is no number.
    pub(super) again_at: Option<Timestamp>,
}

impl Reachable<'_> {
    /// Whether they may be called at this instant: it is open where they are, and the number was not called too often.
    fn may_be_called(self, now: Timestamp, hours: &Hours) -> bool {
        let is_free = |place: &Place| next_call(now, self.calls, hours.limits(place.region)) <= now;
        is_allowed(now, hours, self.places) && self.places.iter().all(is_free)
    }
}

impl<F: Fn() -> Uuid> Decider<'_, F> {
    /// What fell due while nothing ran, or under other hours, waits until the person may be called again.
    pub(super) fn put_off(&self, lead: &mut TrackedLead, reached: Reachable<'_>, decided: &mut BatchDecisions) {
        let fired = |kind| lead.promises.iter().find(|open| Some(open.generation) == lead.fired && open.kind == kind);
        // Only a promise to call somebody: what asks the client waits for nobody's hours.
        if fired(Kind::Requalify).is_none() || reached.may_be_called(self.now, self.hours) {
            return;
        }
        let until = next_callable(self.now, self.hours, reached.places, reached.calls);
        // Hours that allow nothing soon give no later instant: then it is decided now rather than put off for ever.
        if until > self.now
            && let Some(generation) = lead.fired.take()
        {
            decided.put_off.push(PromisePutOff { lead: lead.row.id, generation, until });
        }
    }

    /// When the lead is looked at again, in the hours of the place where the person is; when a client is asked, at any.
    pub(super) fn due(&self, decision: &Decision, reached: Reachable<'_>) -> DueStep {
        let asked = || self.now.saturating_add(ASK_AFTER).unwrap_or(self.now);
        let Some(next) = &decision.next else {
            return DueStep { at: asked(), why: "ask the client what became of it".to_owned() };
        };
        let due = due_at(&decision.receipt, self.hours, reached.places).unwrap_or_else(asked);
        let again = reached.again_at.map(|again| again.max(self.now)).filter(|again| *again < due);
        let why = again.map_or_else(|| next.why.clone(), |_| TRIED_AGAIN.to_owned());
        let at = again.unwrap_or(due);
        let at = match again.is_none() && reached.calls.is_empty() {
            true => at,
            false => next_callable(at, self.hours, reached.places, reached.calls),
        };
        DueStep { at, why }
    }
}
