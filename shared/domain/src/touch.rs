//! What a person of the firm did with a lead, and what follows from it for the lead. Agents record touches; the qualifier
//! decides the lead again because of them. Nothing here grades.

use jiff::Timestamp;

use crate::{
    lead::words,
    promise::{Kind, Open, PromiseEnd, State},
};

words! {
    /// How a touch went.
    Disposition "disposition" {
        /// They spoke.
        Answered = "answered",
        /// Nobody took the call.
        NoAnswer = "no_answer",
        /// A message was left.
        Voicemail = "voicemail",
        /// Somebody else is reached there.
        WrongNumber = "wrong_number",
        /// They spoke, and are to be called again.
        CallBack = "call_back",
        /// They spoke, and want nothing.
        NotInterested = "not_interested",
        /// They asked not to be contacted any more.
        DoNotContact = "do_not_contact",
        /// Somebody else took the call, who knows the person.
        ReachedOther = "reached_other",
        /// They spoke, and say that they never enquired.
        NeverEnquired = "never_enquired",
        /// The number does not exist, or is out of service.
        NumberDead = "number_dead",
        /// Nobody was contacted: something was written down.
        Note = "note",
    }
}

impl Disposition {
    /// Whether somebody spoke with the person, which shows who it is.
    #[must_use]
    pub const fn is_conversation(self) -> bool {
        // "Not interested" too: the person spoke, which is what confirms a lead. Whoever never enquired confirms nothing.
        matches!(self, Self::Answered | Self::CallBack | Self::NotInterested | Self::DoNotContact)
    }

    /// Whether somebody tried, and nobody was reached who may answer for the person: such a touch brings no answers.
    #[must_use]
    pub const fn is_in_vain(self) -> bool {
        matches!(self, Self::NoAnswer | Self::Voicemail | Self::WrongNumber | Self::ReachedOther | Self::NumberDead)
    }

    /// Whether the number that was called turned out to be no way to the person.
    #[must_use]
    pub const fn gives_up_number(self) -> bool {
        matches!(self, Self::WrongNumber | Self::NumberDead)
    }

    /// Whether somebody tried to reach the person.
    #[must_use]
    pub const fn is_attempt(self) -> bool {
        !matches!(self, Self::Note)
    }
}

/// What a touch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TouchResult {
    /// How it went.
    pub disposition: Disposition,
    /// How many answers were saved.
    pub answers: usize,
    /// A next step was agreed.
    pub agreed: bool,
    /// It is another try to reach whom an agreed call did not reach: the first of them used the round.
    pub is_again: bool,
}

/// What follows for a lead's promises and its rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect {
    /// The touch uses a round: due work was done and brought nothing.
    pub round: bool,
    /// The promise of this generation was worked on: the next decision ends it.
    pub worked: Option<i64>,
    /// The promise of this generation ends now, because another was agreed.
    pub replaced: Option<PromiseEnd>,
}

/// What a touch does to the open promises of a lead.
///
/// An attempt works off what is due, and a computed date that is still ahead; one that is ahead and that somebody named stands. Answers
/// saved in one call, however many, and a date agreed in it are progress and use no round.
#[must_use]
pub fn effect(open: &[Open], brought: TouchResult, now: Timestamp) -> Effect {
    let Some(promise) = open.iter().find(|promise| promise.kind == Kind::Requalify) else {
        return Effect::default();
    };
    // By the date too, not only by the state: a touch between the due date and the sweep counts for the round.
    let due = promise.is_work(now);
    if brought.agreed {
        // A new date after the work was done keeps the old promise; one before it only moves it.
        let state = if due || promise.worked { State::Kept } else { State::Moved };
        let replaced = Some(PromiseEnd { generation: promise.generation, state });
        return Effect { replaced, ..Effect::default() };
    }
    // What was worked on and not decided yet is not due a second time.
    let attempt = brought.disposition.is_attempt() && !promise.worked;
    Effect {
        // Answers are progress: a round is used up only by a due attempt that brought none.
        round: attempt && due && brought.answers == 0 && !brought.is_again,
        // A date that was agreed with the person, or set by hand, stands until it is due: an earlier attempt does not use it up.
        worked: (attempt && (due || !(promise.agreed || promise.by_hand))).then_some(promise.generation),
        replaced: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i8) -> Timestamp {
        format!("2026-11-{day:02}T09:00:00Z").parse().unwrap()
    }

    fn promise(state: State, agreed: bool) -> Open {
        Open {
            generation: 4,
            kind: Kind::Requalify,
            state,
            due_at: Some(at(10)),
            agreed,
            by_hand: agreed,
            worked: false,
        }
    }

    fn brought(disposition: Disposition, answers: usize, agreed: bool) -> TouchResult {
        TouchResult { disposition, answers, agreed, is_again: false }
    }

    #[test]
    fn due_work_that_brought_nothing_uses_a_round() {
        let open = [promise(State::Work, false)];
        let nothing = effect(&open, brought(Disposition::NoAnswer, 0, false), at(12));
        assert_eq!(nothing, Effect { round: true, worked: Some(4), replaced: None });
        let swept_or_not =
            effect(&[promise(State::Scheduled, false)], brought(Disposition::Voicemail, 0, false), at(10));
        assert!(swept_or_not.round);
    }

    #[test]
    fn another_try_of_an_agreed_call_uses_no_second_round() {
        let again = TouchResult { is_again: true, ..brought(Disposition::NoAnswer, 0, false) };
        let worked = effect(&[promise(State::Work, false)], again, at(12));
        assert_eq!(worked, Effect { round: false, worked: Some(4), replaced: None });
    }

    #[test]
    fn answers_and_dates_use_no_round() {
        let open = [promise(State::Work, false)];
        let six = effect(&open, brought(Disposition::Answered, 6, false), at(12));
        assert_eq!(six, Effect { round: false, worked: Some(4), replaced: None });
        let agreed = effect(&open, brought(Disposition::CallBack, 0, true), at(12));
        assert_eq!(
            agreed,
            Effect { round: false, worked: None, replaced: Some(PromiseEnd { generation: 4, state: State::Kept }) }
        );
    }

    #[test]
    fn an_agreed_date_ahead_stands_and_a_computed_one_is_worked_off() {
        let early =
            |agreed| effect(&[promise(State::Scheduled, agreed)], brought(Disposition::Answered, 0, false), at(1));
        assert_eq!(early(true), Effect::default());
        assert_eq!(early(false), Effect { round: false, worked: Some(4), replaced: None });
        let moved = effect(&[promise(State::Scheduled, true)], brought(Disposition::Answered, 0, true), at(1));
        assert_eq!(moved.replaced, Some(PromiseEnd { generation: 4, state: State::Moved }));
    }

    #[test]
    fn what_was_worked_on_already_uses_no_second_round_and_gives_way_to_a_date() {
        let open = [Open { worked: true, ..promise(State::Work, false) }];
        assert_eq!(effect(&open, brought(Disposition::NoAnswer, 0, false), at(12)), Effect::default());
        let agreed = effect(&open, brought(Disposition::CallBack, 0, true), at(12));
        assert_eq!(agreed.replaced, Some(PromiseEnd { generation: 4, state: State::Kept }));
    }

    #[test]
    fn a_note_works_off_nothing() {
        let open = [promise(State::Work, false)];
        assert_eq!(effect(&open, brought(Disposition::Note, 0, false), at(12)), Effect::default());
        assert_eq!(effect(&[], brought(Disposition::Answered, 1, false), at(12)), Effect::default());
    }

    #[test]
    fn who_spoke_is_known() {
        let spoke: Vec<_> = Disposition::ALL.iter().filter(|one| one.is_conversation()).map(|one| one.word()).collect();
        assert_eq!(spoke, ["answered", "call_back", "not_interested", "do_not_contact"]);
        assert!(Disposition::ALL.iter().filter(|one| one.is_conversation()).all(|one| one.is_attempt()));
        let vain: Vec<_> = Disposition::ALL.iter().filter(|one| one.is_in_vain()).map(|one| one.word()).collect();
        assert_eq!(vain, ["no_answer", "voicemail", "wrong_number", "reached_other", "number_dead"]);
    }
}
