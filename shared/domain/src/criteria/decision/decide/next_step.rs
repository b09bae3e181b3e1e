//! When a lead that is no A is looked at again, and when it is asked no more: the date agreed with the person, the lead's own date,
//! the interval of its grade, and the rounds after which it went cold.

use std::borrow::Cow;

use jiff::Timestamp;

use super::bench::Bench;
use crate::{
    criteria::{
        decision::receipt::{Cause, NextStep, OwnDate},
        expression::Evaluation,
        facts::value::Held,
        rule::Interval,
    },
    lead::Grade,
    time::whole_minute,
};

/// What follows for a lead that is no A: its next step, or why it is closed.
#[derive(Debug, Default)]
pub(super) struct FollowUpPlan {
    /// The lead's own date, as it goes on the receipt.
    pub(super) own_date: Option<OwnDate>,
    /// The next step; none where the lead is closed.
    pub(super) next: Option<NextStep>,
    /// Why it is closed after its rounds.
    pub(super) cold: Option<String>,
}

impl Bench<'_, '_> {
    /// What follows for an open lead of this grade.
    pub(super) fn follow_up(&mut self, grade: Grade, cause: &Cause) -> FollowUpPlan {
        let now = self.inputs.now();
        let agreed = self.agreed();
        let own_date = self.own_date();
        // A date that is past stays on the receipt and is no next step: it would fall due at once, forever.
        let own = own_date.as_ref().and_then(|own| own.at).filter(|at| *at > now);
        // A date is ahead, or something just arrived: such a lead is not closed for the rounds it has used.
        let waits = agreed.is_some() || own.is_some() || !cause.arrivals.is_empty();
        let cold = (!waits && self.is_cold()).then(|| "went cold".to_owned());
        // An agreed date that is past was for this very decision and must not be the next one again.
        let next = cold.is_none().then(|| self.next_step(grade, agreed.filter(|at| *at > now), own));
        FollowUpPlan { own_date, next, cold }
    }

    /// The date that was agreed with the person. While it stands, nothing closes the lead for having gone cold.
    fn agreed(&self) -> Option<Timestamp> {
        match self.inputs.read(self.criteria.slots.agreed_for) {
            Some(Held::Instant(at)) => Some(*at),
            _ => None,
        }
    }

    fn own_date(&mut self) -> Option<OwnDate> {
        let on = self.criteria.requalify.on.as_ref()?;
        Some(match self.run.instant(on) {
            Evaluation::Known(at) => OwnDate { at: Some(at), missing: Vec::new(), error: None },
            Evaluation::Missing(slots) => OwnDate { at: None, missing: self.names(&slots), error: None },
            Evaluation::Failed(why) => OwnDate { at: None, missing: Vec::new(), error: Some(Cow::Borrowed(why)) },
        })
    }

    fn is_cold(&self) -> bool {
        // Without a bound a lead is asked for ever.
        let Some(limit) = self.criteria.requalify.rounds else { return false };
        matches!(self.inputs.read(self.criteria.slots.rounds), Some(Held::Whole(rounds)) if *rounds >= i64::from(limit))
    }

    /// What was agreed with the person where it is ahead, else the lead's own date, else the interval of the grade.
    fn next_step(&self, grade: Grade, agreed: Option<Timestamp>, own: Option<Timestamp>) -> NextStep {
        let requalify = &self.criteria.requalify;
        let Interval { length, written: text } = if grade == Grade::B { &requalify.b } else { &requalify.c };
        let (due_at, why) = match (agreed, own) {
            (Some(at), _) => (at, "agreed with the person".to_owned()),
            (None, Some(at)) => (at, "the lead's own date".to_owned()),
            (None, None) => {
                // `MAX` instead of an error: an interval that overflows is as good as never.
                let at = self.inputs.now().checked_add(*length).unwrap_or(Timestamp::MAX);
                (at, format!("grade {grade} is looked at again after {text}"))
            }
        };
        NextStep { due_at: whole_minute(due_at), why }
    }
}
