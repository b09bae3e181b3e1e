//! Where one decision is made: the criteria, what is read of the lead, and what its rules, gates and disqualifiers find.

use std::{borrow::Cow, sync::Arc};

use crate::criteria::{
    decision::receipt::{Finding, Verdict},
    expression::{Evaluation, Expression, Run},
    facts::{inputs::Inputs, value::FactIndex},
    model::Criteria,
};

/// The work place of one decision.
pub(super) struct Bench<'a, 'f> {
    pub criteria: &'a Criteria,
    pub inputs: &'a Inputs<'f>,
    pub run: Run<'a, 'f>,
}

impl<'a> Bench<'a, '_> {
    pub(super) fn rules(&mut self) -> (Vec<Finding>, i32) {
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

    pub(super) fn gates(&mut self) -> Vec<Finding> {
        let gates = self.criteria.gates.iter();
        gates
            .map(|gate| Finding { at_most: Some(gate.at_most), ..self.find(&gate.id, &gate.require, &gate.because) })
            .collect()
    }

    pub(super) fn disqualifiers(&mut self) -> Vec<Finding> {
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

    pub(super) fn names(&self, slots: &[FactIndex]) -> Vec<Arc<str>> {
        slots.iter().map(|slot| Arc::clone(&self.criteria.named[usize::from(*slot)].name)).collect()
    }
}
