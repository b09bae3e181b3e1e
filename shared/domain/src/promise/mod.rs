//! Promises: the dated next step of every open lead, and what a decision does to it.

mod agreed_time;
mod cursor;
mod typed_time;

pub use agreed_time::AgreedTime;
pub use cursor::{InvalidPromiseCursor, PromiseCursor};
pub use typed_time::{Due, InvalidDueDate, InvalidWhen, When};

use jiff::Timestamp;

use crate::lead::{Grade, words};

words! {
    /// What happens when a promise falls due.
    Kind "kind of promise" {
        /// Decide again.
        Requalify = "requalify",
        /// Decide as soon as the program has criteria; it has no date.
        Activation = "activation",
        /// Ask the client what became of an A lead.
        Outcome = "outcome",
        /// Say whether it is the same person's as a lead that the client has: a person's work from the start.
        SamePerson = "same_person",
    }
}

words! {
    /// Where a promise stands. Only scheduled ones are swept.
    State "state of a promise" {
        /// Waits for its date.
        Scheduled = "scheduled",
        /// Fell due and waits for a person.
        Work = "work",
        /// Done.
        Kept = "kept",
        /// Replaced by a later promise.
        Moved = "moved",
        /// No longer needed.
        Dropped = "dropped",
    }
}

/// A promise that is not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Its place among the lead's promises.
    pub generation: i64,
    /// What happens when it falls due.
    pub kind: Kind,
    /// Scheduled or work.
    pub state: State,
    /// When; none where it waits for criteria.
    pub due_at: Option<Timestamp>,
    /// Agreed with the person: only a person replaces it.
    pub agreed: bool,
    /// Somebody named its date, agreed with the person or not; else the criteria computed it.
    pub by_hand: bool,
    /// A person worked on it since.
    pub worked: bool,
}

impl Open {
    /// Whether it waits for a person: it fell due, also where no sweep has seen that yet.
    #[must_use]
    pub fn is_work(&self, now: Timestamp) -> bool {
        // By the date too: between the due date and the sweep an arrival must not replace what a person is to do.
        self.state == State::Work || self.due_at.is_some_and(|due_at| due_at <= now)
    }
}

/// The date that was agreed with the person for the next step, while it stands: until a person worked on it or moved it.
#[must_use]
pub fn agreed_for(open: &[Open]) -> Option<Timestamp> {
    let stands = open.iter().find(|promise| promise.kind == Kind::Requalify && promise.agreed && !promise.worked);
    stands.and_then(|promise| promise.due_at)
}

/// What the decision makes of the lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDecision {
    /// Closed, with no next step.
    Closed,
    /// Graded so, to be looked at again then.
    Open {
        /// The grade now.
        grade: Grade,
        /// The next re-qualification that the criteria compute; for an A, when to ask what became of it.
        due_at: Timestamp,
        /// The grade differs from the one before.
        changed: bool,
        /// It would be an A if a person confirmed it.
        unconfirmed: bool,
        /// The instant of the decision, where the client gave the lead back and has it no more: who enquires before the client's date
        /// is work from then on.
        given_back: Option<Timestamp>,
    },
}

/// Why the lead was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody enquired.
    Arrived,
    /// What had arrived before was corrected: nobody enquired.
    Corrected,
    /// This promise fell due.
    Fired(i64),
    /// A fact or the criteria changed.
    Regraded,
}

/// A promise that ends, or becomes work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseEnd {
    /// Which promise of the lead.
    pub generation: i64,
    /// The state it goes to.
    pub state: State,
}

/// A lead's next step, to be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextPromise {
    /// What is promised.
    pub kind: Kind,
    /// For when.
    pub due_at: Timestamp,
}

/// What to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Open promises and the state each goes to.
    pub ended: Vec<PromiseEnd>,
    /// A promise to make.
    pub made: Option<NextPromise>,
}

/// What a decision does to a lead's open promises.
///
/// A date agreed with the person stays, and when it comes it is work for a person whatever the grade. One that somebody set by hand
/// stays until somebody enquires; where it was the client's, who gave the lead back until then, that is work at once. A computed promise
/// that fell due without changing the grade, or that found points for an A and nothing new behind them, becomes work too; one that the criteria settled is kept, and so is one that
/// a person worked on. A regrade that leaves the grade moves nothing, and nothing moves to the date it has.
/// Every open lead ends with a next step.
#[must_use]
pub fn settle(open: &[Open], standing: AfterDecision, occasion: Occasion) -> Changes {
    let AfterDecision::Open { grade, due_at, changed, unconfirmed, given_back } = standing else {
        let ended = open.iter();
        let ended = ended
            .map(|promise| PromiseEnd { generation: promise.generation, state: ending(promise, occasion) })
            .collect();
        return Changes { ended, made: None };
    };
    // An A is with the client: what is left to do is to ask what became of it.
    let wanted = if grade == Grade::A { Kind::Outcome } else { Kind::Requalify };
    let mut changes = Changes::default();
    let mut stands = false;
    let is_over = |promise: &Open| {
        occasion == Occasion::Arrived && promise.kind == wanted && promise.by_hand && !promise.agreed && !promise.worked
    };
    // A computed date may lie as far ahead as the client's: who asks to be called today would wait for it.
    let due_at = given_back.filter(|_| open.iter().any(is_over)).unwrap_or(due_at);
    let is_given_back = given_back.is_some();
    for promise in open {
        let settled = changed && !unconfirmed;
        match fate(promise, &Decided { wanted, changed, settled, occasion, due_at, is_given_back }) {
            Fate::Stays => stands |= promise.kind == wanted,
            Fate::Becomes(state) => {
                // Work counts as a next step: a lead that waits for a person gets no second date beside it.
                stands |= state == State::Work;
                changes.ended.push(PromiseEnd { generation: promise.generation, state });
            }
        }
    }
    // Every open lead has a next step: without one, no sweep would ever look at it again.
    if !stands {
        changes.made = Some(NextPromise { kind: wanted, due_at });
    }
    changes
}

enum Fate {
    Stays,
    Becomes(State),
}

/// Of a decision what each promise's fate depends on.
struct Decided {
    /// The kind of the lead's next step.
    wanted: Kind,
    /// The grade differs from the one before.
    changed: bool,
    /// The grade differs and needs nobody to confirm it.
    settled: bool,
    occasion: Occasion,
    due_at: Timestamp,
    /// Its client gave it back.
    is_given_back: bool,
}

fn fate(promise: &Open, decided: &Decided) -> Fate {
    let &Decided { wanted, changed, settled, occasion, due_at, is_given_back } = decided;
    // A promise that is work already was fired before; a second message of it decides nothing about it.
    let fired = occasion == Occasion::Fired(promise.generation) && promise.state == State::Scheduled;
    // No decision answers whose the lead is.
    if promise.kind == Kind::SamePerson {
        return Fate::Stays;
    }
    if promise.kind != wanted {
        // What was agreed with a person is not dropped because the grade changed.
        return if promise.agreed && !fired && !promise.worked {
            Fate::Stays
        } else {
            Fate::Becomes(ending(promise, occasion))
        };
    }
    if promise.worked {
        return Fate::Becomes(State::Kept);
    }
    if fired {
        // The client waits for somebody to call on its date, whatever the grade is by then.
        let is_owed = promise.agreed || promise.by_hand && is_given_back;
        return Fate::Becomes(if settled && !is_owed { State::Kept } else { State::Work });
    }
    if promise.agreed {
        return Fate::Stays;
    }
    // Work stays at the top of the desk's list: an arrival that leaves the grade must not push it back.
    let moves = match promise.state {
        State::Work => changed,
        // What somebody set stands until the person enquires again: a computed date would take its place without a word.
        State::Scheduled if promise.by_hand && promise.kind == Kind::Requalify => {
            occasion == Occasion::Arrived && promise.due_at != Some(due_at)
        }
        // To the date it has is no move: else every arrival would make a new generation that says nothing new.
        _ => (changed || matches!(occasion, Occasion::Arrived | Occasion::Corrected)) && promise.due_at != Some(due_at),
    };
    if moves { Fate::Becomes(State::Moved) } else { Fate::Stays }
}

/// How a promise that is no longer wanted ends: kept, if it is what led here.
fn ending(promise: &Open, occasion: Occasion) -> State {
    match promise.kind {
        Kind::Activation => State::Kept,
        _ if promise.worked => State::Kept,
        _ if occasion == Occasion::Fired(promise.generation) => State::Kept,
        _ => State::Dropped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn end(generation: i64, state: State) -> PromiseEnd {
        PromiseEnd { generation, state }
    }

    fn next(kind: Kind) -> NextPromise {
        NextPromise { kind, due_at: at(20) }
    }

    fn at(day: i8) -> Timestamp {
        format!("2026-11-{day:02}T09:00:00Z").parse().unwrap()
    }

    fn open(kind: Kind, state: State, agreed: bool) -> Open {
        let due_at = (kind != Kind::Activation).then(|| at(10));
        Open { generation: 3, kind, state, due_at, agreed, by_hand: agreed, worked: false }
    }

    fn graded(grade: Grade, changed: bool) -> AfterDecision {
        AfterDecision::Open { grade, due_at: at(20), changed, unconfirmed: false, given_back: None }
    }

    #[test]
    fn a_new_lead_gets_its_next_step() {
        let made = settle(&[], graded(Grade::B, true), Occasion::Arrived);
        assert_eq!(made, Changes { ended: vec![], made: Some(next(Kind::Requalify)) });
        assert_eq!(
            settle(&[], graded(Grade::A, true), Occasion::Arrived).made,
            Some(NextPromise { kind: Kind::Outcome, due_at: at(20) })
        );
    }

    #[test]
    fn a_fired_promise_that_changes_nothing_is_work_and_one_that_does_is_kept() {
        let promise = open(Kind::Requalify, State::Scheduled, false);
        let same = settle(&[promise], graded(Grade::B, false), Occasion::Fired(3));
        assert_eq!(same, Changes { ended: vec![end(3, State::Work)], made: None });
        let changed = settle(&[promise], graded(Grade::C, true), Occasion::Fired(3));
        assert_eq!(changed, Changes { ended: vec![end(3, State::Kept)], made: Some(next(Kind::Requalify)) });
    }

    #[test]
    fn a_regrade_that_leaves_the_grade_touches_nothing() {
        for state in [State::Scheduled, State::Work] {
            let promise = open(Kind::Requalify, state, false);
            assert_eq!(settle(&[promise], graded(Grade::B, false), Occasion::Regraded), Changes::default());
        }
    }

    #[test]
    fn a_new_enquiry_moves_a_computed_date_but_not_an_agreed_one() {
        let computed =
            settle(&[open(Kind::Requalify, State::Scheduled, false)], graded(Grade::B, false), Occasion::Arrived);
        assert_eq!(computed.ended, [PromiseEnd { generation: 3, state: State::Moved }]);
        let agreed =
            settle(&[open(Kind::Requalify, State::Scheduled, true)], graded(Grade::B, true), Occasion::Arrived);
        assert_eq!(agreed, Changes::default());
    }

    #[test]
    fn a_date_that_somebody_set_stands_until_somebody_enquires() {
        let moved = Open { by_hand: true, ..open(Kind::Requalify, State::Scheduled, false) };
        assert_eq!(settle(&[moved], graded(Grade::C, true), Occasion::Regraded), Changes::default());
        assert_eq!(settle(&[moved], graded(Grade::C, true), Occasion::Corrected), Changes::default());
        let computed = open(Kind::Requalify, State::Scheduled, false);
        let corrected = settle(&[computed], graded(Grade::B, false), Occasion::Corrected);
        assert_eq!(corrected.ended, [end(3, State::Moved)], "by what is known now");
        let enquired = settle(&[moved], graded(Grade::B, false), Occasion::Arrived);
        assert_eq!(enquired.ended, [end(3, State::Moved)]);
        let fired = settle(&[moved], graded(Grade::C, true), Occasion::Fired(3));
        assert_eq!(fired.ended, [end(3, State::Kept)], "as a computed one");
    }

    #[test]
    fn who_enquires_before_the_clients_date_is_work_at_once() {
        let standing = AfterDecision::Open {
            grade: Grade::B,
            due_at: at(20),
            changed: false,
            unconfirmed: false,
            given_back: Some(at(9)),
        };
        let named = Open { by_hand: true, ..open(Kind::Requalify, State::Scheduled, false) };
        let enquired = settle(&[named], standing, Occasion::Arrived);
        let now = NextPromise { kind: Kind::Requalify, due_at: at(9) };
        assert_eq!(enquired, Changes { ended: vec![end(3, State::Moved)], made: Some(now) });
        // What was corrected or regraded is no enquiry, and what was agreed with the person is theirs.
        for occasion in [Occasion::Corrected, Occasion::Regraded] {
            assert_eq!(settle(&[named], standing, occasion), Changes::default());
        }
        let agreed = open(Kind::Requalify, State::Scheduled, true);
        assert_eq!(settle(&[agreed], standing, Occasion::Arrived), Changes::default());
        let computed = open(Kind::Requalify, State::Scheduled, false);
        assert_eq!(settle(&[computed], standing, Occasion::Arrived).made, Some(next(Kind::Requalify)));
        // On the date itself it is work whatever the grade.
        let changed = AfterDecision::Open {
            grade: Grade::C,
            due_at: at(20),
            changed: true,
            unconfirmed: false,
            given_back: Some(at(10)),
        };
        assert_eq!(settle(&[named], changed, Occasion::Fired(3)).ended, [end(3, State::Work)]);
        // A second enquiry leaves the work where it is.
        let work = Open { by_hand: false, due_at: Some(at(9)), ..open(Kind::Requalify, State::Work, false) };
        assert_eq!(settle(&[work], standing, Occasion::Arrived), Changes::default());
    }

    #[test]
    fn points_for_an_a_that_nobody_confirmed_are_work() {
        let standing =
            AfterDecision::Open { grade: Grade::B, due_at: at(20), changed: true, unconfirmed: true, given_back: None };
        let fired = settle(&[open(Kind::Requalify, State::Scheduled, false)], standing, Occasion::Fired(3));
        assert_eq!(fired, Changes { ended: vec![end(3, State::Work)], made: None });
    }

    #[test]
    fn an_agreed_date_is_work_when_it_comes_whatever_the_grade() {
        let promise = open(Kind::Requalify, State::Scheduled, true);
        let fired = settle(&[promise], graded(Grade::C, true), Occasion::Fired(3));
        assert_eq!(fired, Changes { ended: vec![end(3, State::Work)], made: None });
        let waiting = Open { state: State::Work, ..promise };
        assert_eq!(settle(&[waiting], graded(Grade::B, true), Occasion::Regraded), Changes::default());
    }

    #[test]
    fn what_a_person_worked_on_is_kept_and_followed_by_the_next_step() {
        for (state, agreed) in [(State::Work, false), (State::Work, true), (State::Scheduled, false)] {
            let worked = Open { worked: true, ..open(Kind::Requalify, state, agreed) };
            for changed in [false, true] {
                let settled = settle(&[worked], graded(Grade::B, changed), Occasion::Regraded);
                assert_eq!(settled, Changes { ended: vec![end(3, State::Kept)], made: Some(next(Kind::Requalify)) });
            }
            let matured = settle(&[worked], graded(Grade::A, true), Occasion::Regraded);
            assert_eq!(matured, Changes { ended: vec![end(3, State::Kept)], made: Some(next(Kind::Outcome)) });
        }
    }

    #[test]
    fn an_agreed_date_stands_until_it_is_worked_on() {
        let promise = open(Kind::Requalify, State::Work, true);
        assert_eq!(agreed_for(&[promise]), Some(at(10)));
        assert_eq!(agreed_for(&[Open { worked: true, ..promise }]), None);
        assert_eq!(agreed_for(&[Open { agreed: false, ..promise }]), None);
        assert!(open(Kind::Requalify, State::Scheduled, false).is_work(at(10)));
        assert!(!open(Kind::Requalify, State::Scheduled, false).is_work(at(9)));
    }

    #[test]
    fn nothing_moves_to_the_date_that_it_has() {
        let promise = Open { due_at: Some(at(20)), ..open(Kind::Requalify, State::Scheduled, false) };
        for (changed, occasion) in [
            (false, Occasion::Arrived),
            (true, Occasion::Arrived),
            (true, Occasion::Regraded),
            (true, Occasion::Fired(2)),
        ] {
            assert_eq!(settle(&[promise], graded(Grade::C, changed), occasion), Changes::default(), "{occasion:?}");
        }
        let work = Open { state: State::Work, ..promise };
        let settled = settle(&[work], graded(Grade::C, true), Occasion::Regraded);
        let again = NextPromise { kind: Kind::Requalify, due_at: at(20) };
        assert_eq!(settled.made, Some(again), "work that is settled is a promise again");
    }

    #[test]
    fn becoming_a_ends_requalification_and_closing_ends_everything() {
        let promise = open(Kind::Requalify, State::Scheduled, false);
        let matured = settle(&[promise], graded(Grade::A, true), Occasion::Fired(3));
        assert_eq!(matured, Changes { ended: vec![end(3, State::Kept)], made: Some(next(Kind::Outcome)) });
        let closed = settle(&[promise], AfterDecision::Closed, Occasion::Regraded);
        assert_eq!(closed, Changes { ended: vec![end(3, State::Dropped)], made: None });
    }

    #[test]
    fn whose_a_lead_is_stays_a_question_until_it_is_closed() {
        let asked = open(Kind::SamePerson, State::Work, false);
        let ask_later = Open { generation: 2, ..open(Kind::Outcome, State::Scheduled, false) };
        for occasion in [Occasion::Arrived, Occasion::Regraded, Occasion::Fired(3)] {
            let settled = settle(&[asked, ask_later], graded(Grade::A, false), occasion);
            assert!(settled.ended.iter().all(|end| end.generation == 2), "{occasion:?}");
        }
        let closed = settle(&[asked], AfterDecision::Closed, Occasion::Regraded);
        assert_eq!(closed.ended, [end(3, State::Dropped)]);
    }

    #[test]
    fn criteria_end_the_wait_for_them() {
        let waiting = open(Kind::Activation, State::Scheduled, false);
        let decided = settle(&[waiting], graded(Grade::C, true), Occasion::Regraded);
        assert_eq!(decided, Changes { ended: vec![end(3, State::Kept)], made: Some(next(Kind::Requalify)) });
    }

    #[test]
    fn an_open_lead_never_ends_without_a_next_step() {
        let states = [State::Scheduled, State::Work];
        for kind in Kind::ALL.iter().copied() {
            for (state, agreed, changed) in
                states.iter().flat_map(|s| [(s, false, false), (s, true, true), (s, false, true)])
            {
                for grade in Grade::ALL {
                    for occasion in [Occasion::Arrived, Occasion::Corrected, Occasion::Fired(3), Occasion::Regraded] {
                        let before = open(kind, *state, agreed);
                        let after = settle(&[before], graded(*grade, changed), occasion);
                        let stays = after.ended.iter().all(|end| end.state == State::Work);
                        assert!(after.made.is_some() || stays, "{before:?} {grade} {occasion:?}");
                    }
                }
            }
        }
    }
}
