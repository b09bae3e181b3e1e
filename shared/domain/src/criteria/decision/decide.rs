//! One decision: facts and criteria in, a grade, a next step and a receipt out. The qualifier stores it, the desk previews
//! it, a back-test counts it. It never fails: what cannot be computed is on the receipt.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;

use crate::{
    criteria::{
        decision::receipt::{Cap, Cause, CriteriaVersion, Finding, NextStep, OwnDate, Receipt, Verdict},
        expression::{Evaluation, Expression, Run},
        facts::{
            inputs::Inputs,
            snapshot::Facts,
            value::{FactIndex, Held},
        },
        model::Criteria,
        rule::Interval,
    },
    lead::Grade,
    time::whole_minute,
};

/// What one application of the criteria comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The grade.
    pub grade: Grade,
    /// The points of all rules together.
    pub score: i32,
    /// Why the lead is to be closed: disqualified, or cold after its rounds.
    pub closed: Option<String>,
    /// When an open B or C lead is looked at again. An A lead's next step is its delivery.
    pub next: Option<NextStep>,
    /// All of it, with what it rests on.
    pub receipt: Receipt,
}

impl Decision {
    /// Whether its points make an A that rests on nothing new: a person has to speak with the lead.
    #[must_use]
    pub fn wants_confirmation(&self) -> bool {
        self.receipt.caps.iter().any(|cap| matches!(&*cap.by, "confirm_within" | "time_alone"))
    }
}

/// Applies the criteria to a lead at an instant.
#[must_use]
pub fn qualify(facts: &Facts, criteria: &Criteria, cause: &Cause, now: Timestamp) -> Decision {
    // One set of inputs for everything: what is read stands on the receipt, and nothing else has to be kept for a
    // replay.
    let inputs = Inputs::new(facts, &criteria.questions, &criteria.named, now);
    let mut bench = Bench { criteria, inputs: &inputs, run: Run::new(&inputs) };
    let (rules, score) = bench.rules();
    let gates = bench.gates();
    let disqualifiers = bench.disqualifiers();
    // After rules and gates, since it caps what they say.
    let (grade, caps) = bench.grade(score, &gates, cause);
    // The first in the document's order: a lead has one reason for being closed.
    let disqualified = disqualifiers.iter().find(|finding| finding.result == Verdict::Yes);
    let barred = cause.barred.as_ref().map(|why| format!("must not be contacted: {why}"));
    let mut closed = barred.or_else(|| disqualified.map(|finding| format!("disqualified: {}", finding.because)));
    let (mut own_date, mut next) = (None, None);
    // An A has no date of its own: the client is asked what became of it.
    if closed.is_none() && grade != Grade::A {
        let agreed = bench.agreed();
        own_date = bench.own_date();
        // A date that is past stays on the receipt and is no next step: it would fall due at once, forever.
        let own = own_date.as_ref().and_then(|own| own.at).filter(|at| *at > now);
        // A date is ahead, or something just arrived: such a lead is not closed for the rounds it has used.
        let waits = agreed.is_some() || own.is_some() || !cause.arrivals.is_empty();
        closed = (!waits && bench.is_cold()).then(|| "went cold".to_owned());
        // An agreed date that is past was for this very decision and must not be the next one again.
        next = closed.is_none().then(|| bench.next_step(grade, agreed.filter(|at| *at > now), own));
    }
    let receipt = Receipt {
        criteria: CriteriaVersion { name: Arc::clone(&criteria.name), version: criteria.version, hash: criteria.hash },
        at: now,
        cause: cause.clone(),
        inputs: inputs.used(),
        rules,
        gates,
        disqualifiers,
        score,
        caps,
        grade,
        own_date,
        closed: closed.clone(),
        next: next.clone(),
    };
    Decision { grade, score, closed, next, receipt }
}

/// The work place of one decision.
struct Bench<'a, 'f> {
    criteria: &'a Criteria,
    inputs: &'a Inputs<'f>,
    run: Run<'a, 'f>,
}

impl<'a> Bench<'a, '_> {
    fn rules(&mut self) -> (Vec<Finding>, i32) {
        let mut score = 0_i32;
        let findings = self.criteria.rules.iter().map(|rule| {
            let finding = self.find(&rule.id, &rule.when, &rule.because);
            // On the receipt with 0 points too, so that it says which rules did not count.
            let points = if finding.result == Verdict::Yes { rule.points } else { 0 };
            score = score.saturating_add(points);
            Finding { points: Some(points), ..finding }
        });
        (findings.collect(), score)
    }

    fn gates(&mut self) -> Vec<Finding> {
        let gates = self.criteria.gates.iter();
        gates
            .map(|gate| Finding { at_most: Some(gate.at_most), ..self.find(&gate.id, &gate.require, &gate.because) })
            .collect()
    }

    fn disqualifiers(&mut self) -> Vec<Finding> {
        // All of them, not only the first that holds: the receipt shows what was looked at.
        let disqualifiers = self.criteria.disqualifiers.iter();
        disqualifiers.map(|one| self.find(&one.id, &one.when, &one.because)).collect()
    }

    fn find(&mut self, id: &Arc<str>, condition: &'a Expression, because: &Arc<str>) -> Finding {
        let (result, missing, error) = match self.run.yes_no(condition) {
            Evaluation::Known(true) => (Verdict::Yes, Vec::new(), None),
            Evaluation::Known(false) => (Verdict::No, Vec::new(), None),
            Evaluation::Missing(slots) => (Verdict::Missing, self.names(&slots), None),
            // An error counts as "does not hold" and is named on the receipt: a decision never fails.
            Evaluation::Failed(why) => (Verdict::Error, Vec::new(), Some(Cow::Borrowed(why))),
        };
        Finding {
            id: Arc::clone(id),
            result,
            missing,
            error,
            points: None,
            at_most: None,
            because: Arc::clone(because),
        }
    }

    fn names(&self, slots: &[FactIndex]) -> Vec<Arc<str>> {
        slots.iter().map(|slot| Arc::clone(&self.criteria.named[usize::from(*slot)].name)).collect()
    }

    /// The score's grade, and everything that holds it down. A gate that is not known to hold holds it down too.
    fn grade(&self, score: i32, gates: &[Finding], cause: &Cause) -> (Grade, Vec<Cap>) {
        let grades = &self.criteria.grades;
        // From the highest down: the bounds of a document may be equal.
        let mut grade = match score {
            score if score >= grades.a => Grade::A,
            score if score >= grades.b => Grade::B,
            _ => Grade::C,
        };
        let mut caps = Vec::new();
        // Missing and failed gates count as not holding: what nobody knows must not make an A.
        for gate in gates.iter().filter(|gate| gate.result != Verdict::Yes) {
            // A gate without a bound caps at B, so that it never lets an A through.
            let at_most = gate.at_most.unwrap_or(Grade::B);
            // `Grade` orders A before C: "less" is better.
            if grade < at_most {
                grade = at_most;
                caps.push(Cap { by: Arc::clone(&gate.id), at_most, because: Arc::clone(&gate.because) });
            }
        }
        let holds_down =
            || self.is_returned().or_else(|| self.is_unconfirmed()).or_else(|| ripens_by_time_alone(cause));
        // Only for what would be an A: the caps below say B, which would lift a C.
        let held_down = (grade == Grade::A).then(holds_down).flatten();
        if let Some((by, because)) = held_down {
            // Only to B: whoever is held down is called, not forgotten.
            grade = Grade::B;
            caps.push(Cap { by: by.into(), at_most: Grade::B, because: because.into() });
        }
        if let Some(why) = &cause.barred {
            grade = Grade::C;
            caps.push(Cap { by: "do_not_contact".into(), at_most: Grade::C, because: why.as_str().into() });
        }
        (grade, caps)
    }

    fn is_returned(&self) -> Option<(&'static str, String)> {
        // Read through the inputs, so that it is on the receipt.
        let returned = self.inputs.read(self.criteria.slots.returned) == Some(&Held::YesNo(true));
        returned.then(|| ("returned", "The client returned it and nobody has spoken to the person since".to_owned()))
    }

    /// An A rests on an arrival or a conversation of the last weeks.
    fn is_unconfirmed(&self) -> Option<(&'static str, String)> {
        let Interval { length: limit, written: text } = &self.criteria.grades.confirm_within;
        let slots = &self.criteria.slots;
        let latest = [slots.last_arrived_at, slots.last_conversation_at].map(|slot| match self.inputs.read(slot) {
            Some(Held::Instant(at)) => Some(*at),
            _ => None,
        });
        // A lead without either has no age to be too old for.
        let latest = latest.into_iter().flatten().max()?;
        let unconfirmed = self.inputs.now().duration_since(latest) > *limit;
        unconfirmed.then(|| ("confirm_within", format!("No arrival and no conversation within {text}")))
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

/// Time alone makes work for the desk, never an A: what ripens between two enquiries is for a person to confirm.
fn ripens_by_time_alone(cause: &Cause) -> Option<(&'static str, String)> {
    let why = "Only time has passed since it was no A: somebody has to speak to the person";
    cause.is_time_alone().then(|| ("time_alone", why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ArrivalId;

    #[test]
    fn causes_add_up() {
        let arrival = ArrivalId::from_uuid(uuid::Uuid::from_u128(1));
        let cause = Cause::promise(3).and(Cause::arrivals(vec![arrival])).and(Cause::regrade()).and(Cause::promise(2));
        assert_eq!(cause, Cause { arrivals: vec![arrival], promise: Some(3), regrade: true, ..Cause::default() });
        assert_eq!(cause.after(Some(Grade::B)).and(Cause::default()).before, Some(Grade::B));
    }

    #[test]
    fn time_alone_is_a_promise_of_a_lead_that_was_no_a() {
        let arrival = ArrivalId::from_uuid(uuid::Uuid::from_u128(1));
        for (cause, expected) in [
            (Cause::promise(3).after(Some(Grade::B)), true),
            (Cause::promise(3).after(Some(Grade::C)), true),
            (Cause::promise(3).after(Some(Grade::A)), false),
            (Cause::promise(3), false),
            (Cause::promise(3).and(Cause::arrivals(vec![arrival])).after(Some(Grade::B)), false),
            (Cause::promise(3).and(Cause::regrade()).after(Some(Grade::B)), false),
            (Cause::default().after(Some(Grade::B)), false),
        ] {
            assert_eq!(cause.is_time_alone(), expected, "{cause:?}");
        }
    }
}
