//! One decision: facts and criteria in, a grade, a next step and a receipt out. The qualifier stores it, the desk previews
//! it, a back-test counts it. It never fails: what cannot be computed is on the receipt.

mod bench;
mod grade_caps;
mod next_step;

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    criteria::{
        decision::receipt::{Cause, CriteriaVersion, NextStep, Receipt, Verdict},
        expression::Run,
        facts::{inputs::Inputs, snapshot::Facts},
        model::Criteria,
    },
    lead::Grade,
};

use self::{bench::Bench, next_step::FollowUpPlan};

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
