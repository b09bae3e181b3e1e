//! When a lead can be worked next: the one answer of which everything speaks that says what becomes of it, before it is saved and
//! after. Made from the gates, which alone decide whether it is handed out.

use jiff::Timestamp;

use super::{AgentTerms, CallGate, GateFacts, GateKind, gates, next_try::next_try, shut};
use crate::calling::Hours;

/// A gate may shut while another is waited for: so many times it is looked again.
const LOOKS: usize = 24;

/// When a lead can be worked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextWork {
    /// Nothing stands against it now.
    Now,
    /// By itself at this time.
    At(NextOpening),
    /// Somebody has to open it, or it is over.
    Blocked {
        /// What stands against it.
        gate: GateKind,
        /// In words.
        words: String,
    },
}

/// When everything that stands against a lead has opened by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextOpening {
    /// When.
    pub at: Timestamp,
    /// What is done then.
    pub what: NextCall,
}

/// What is done with a lead once it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextCall {
    /// The call that was agreed with the person.
    Agreed,
    /// Another try after tries in vain.
    Again,
    /// It is looked at again.
    Look,
    /// It may be called.
    Call,
}

impl NextCall {
    /// What becomes of the lead then, after "it".
    #[must_use]
    pub const fn becomes(self) -> &'static str {
        match self {
            Self::Agreed => "is called, as agreed",
            Self::Again => "is tried again",
            Self::Look => "is looked at again",
            Self::Call => "can be called",
        }
    }

    /// What it is, by name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agreed => "promised call",
            Self::Again => "another try",
            Self::Look => "re-qualify",
            Self::Call => "call",
        }
    }
}

/// When a lead can be worked next by this agent; by anybody where none is meant.
#[must_use]
pub fn next_work(facts: &GateFacts, agent: &AgentTerms, hours: &Hours, now: Timestamp) -> NextWork {
    let (mut at, mut what) = (now, NextCall::Call);
    for _ in 0..LOOKS {
        let all = gates(facts, agent, hours, at);
        if let Some(blocked) = shut(&all).find(|gate| gate.opens_at.is_none()) {
            return NextWork::Blocked { gate: blocked.kind, words: blocked.words.clone() };
        }
        let Some(last) = shut(&all).max_by_key(|gate| (gate.opens_at, gate.kind == GateKind::Promise)) else {
            return if at == now { NextWork::Now } else { NextWork::At(NextOpening { at, what }) };
        };
        // The hours that are shut at that time are no reason of their own.
        if !matches!(last.kind, GateKind::Hours | GateKind::Calls) {
            what = what_follows(last, facts);
        }
        match last.opens_at.filter(|opens| *opens > at) {
            Some(opens) => at = opens,
            None => break,
        }
    }
    NextWork::At(NextOpening { at, what })
}

fn what_follows(gate: &CallGate, facts: &GateFacts) -> NextCall {
    let is_agreed = facts.step.is_some_and(|step| step.is_agreed);
    let is_by_hand = facts.step.is_some_and(|step| step.is_by_hand);
    let goes_on = facts.last_attempt_at.and_then(|last| next_try(facts.attempts, last)).is_some();
    match gate.kind {
        GateKind::Promise if is_agreed => NextCall::Agreed,
        GateKind::Promise if is_by_hand => NextCall::Look,
        GateKind::Promise | GateKind::Attempts if goes_on => NextCall::Again,
        GateKind::Promise | GateKind::Attempts => NextCall::Look,
        _ => NextCall::Call,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{calling::Place, desk::StepFacts};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A Tuesday, six in the evening in Chicago.
    fn now() -> Timestamp {
        at("2026-12-02T00:00:00Z")
    }

    fn tried(attempts: u32, step: Option<StepFacts>) -> GateFacts {
        GateFacts {
            has_number: true,
            places: vec![Place { region: "US-IL".parse().ok(), zone: TimeZone::get("America/Chicago").unwrap() }],
            attempts,
            last_attempt_at: (attempts > 0).then(now),
            step,
            ..GateFacts::default()
        }
    }

    fn next(facts: &GateFacts) -> NextWork {
        next_work(facts, &AgentTerms::default(), &Hours::default(), now())
    }

    fn step(due: &str, is_agreed: bool) -> Option<StepFacts> {
        Some(StepFacts { due_at: at(due), is_agreed, is_by_hand: is_agreed, is_worked: false })
    }

    #[test]
    fn a_lead_that_nobody_reached_is_tried_again_long_before_its_date() {
        let march = step("2027-03-01T15:00:00Z", false);
        let opening = NextOpening { at: at("2026-12-03T00:00:00Z"), what: NextCall::Again };
        assert_eq!(next(&tried(1, march)), NextWork::At(opening));
        let NextWork::At(opening) = next(&tried(6, march)) else { panic!("it opens by itself") };
        assert_eq!(opening, NextOpening { at: at("2027-03-01T15:00:00Z"), what: NextCall::Look });
    }

    #[test]
    fn a_date_that_somebody_set_comes_before_the_first_call_and_every_other_try() {
        let march = at("2027-03-01T15:00:00Z");
        let moved = Some(StepFacts { is_by_hand: true, ..step("2027-03-01T15:00:00Z", false).unwrap() });
        let look = NextWork::At(NextOpening { at: march, what: NextCall::Look });
        assert_eq!(next(&tried(1, moved)), look);
        assert_eq!(next(&GateFacts { is_untouched: true, ..tried(0, moved) }), look);
    }

    #[test]
    fn what_opens_at_night_is_called_in_the_morning() {
        // 24 hours after a try at half past eight in the evening nobody may be called.
        let facts = GateFacts { last_attempt_at: Some(at("2026-12-02T03:30:00Z")), ..tried(1, None) };
        let NextWork::At(opening) = next(&facts) else { panic!("it opens by itself") };
        assert!(opening.at > at("2026-12-03T11:00:00Z") && opening.what == NextCall::Again, "{opening:?}");
    }

    #[test]
    fn what_somebody_has_to_open_says_no_time_and_nothing_in_the_way_is_now() {
        let review = GateFacts { review_since: Some(now()), ..tried(1, None) };
        assert!(matches!(next(&review), NextWork::Blocked { gate: GateKind::Review, .. }));
        let given_up = GateFacts { has_number: false, has_void_number: true, ..tried(1, None) };
        assert!(matches!(next(&given_up), NextWork::Blocked { gate: GateKind::Number, .. }));
        assert_eq!(next(&tried(0, None)), NextWork::Now);
        let agreed = step("2026-12-03T16:00:00Z", true);
        let opening = NextOpening { at: at("2026-12-03T16:00:00Z"), what: NextCall::Agreed };
        assert_eq!(next(&tried(0, agreed)), NextWork::At(opening));
    }

    #[test]
    fn tries_pause_longer_and_longer_and_end() {
        let days: Vec<_> =
            (0..8).map(|tries| next_try(tries, now()).map(|at| at.duration_since(now()).as_hours() / 24)).collect();
        assert_eq!(days, [None, Some(1), Some(2), Some(4), Some(7), Some(7), None, None]);
    }
}
