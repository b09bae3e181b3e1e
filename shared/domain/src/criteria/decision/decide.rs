//! One decision: facts and criteria in, a grade, a next step and a receipt out. The qualifier stores it, the desk previews
//! it, a back-test counts it. It never fails: what cannot be computed is on the receipt.

mod grade_caps;
mod next_step;

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;

use crate::{
    criteria::{
        decision::receipt::{Cause, CriteriaVersion, Finding, NextStep, Receipt, Verdict},
        expression::{Evaluation, Expression, Run},
        facts::{inputs::Inputs, snapshot::Facts, value::FactIndex},
        model::Criteria,
    },
    lead::Grade,
};

use next_step::FollowUpPlan;

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
    // An A has no date of its own: the client is asked what became of it.
    let after =
        if closed.is_none() && grade != Grade::A { bench.follow_up(grade, cause) } else { FollowUpPlan::default() };
    let FollowUpPlan { own_date, next, cold } = after;
    closed = closed.or(cold);
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
}
