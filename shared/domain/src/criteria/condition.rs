//! Conditions that stand in other documents than the criteria and ask about the same facts: a client's routing. What may be
//! asked, how it is checked and what a missing fact comes to are the same. Keeps no receipt.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    criteria::{
        expression::{Evaluation, ExpectedType, Expression, Facing, Run, compile},
        facts::{inputs::Inputs, snapshot::Facts, value::Named},
        script::question::Question,
    },
    document::{Located, place_inside},
};

/// A checked condition of such a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition(Expression);

/// What a condition comes to for one lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holding {
    Yes,
    No,
    /// These facts are absent: their names.
    NotKnown(Vec<Arc<str>>),
    /// It could not be computed.
    Failed(&'static str),
}

/// What the conditions of one document read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Conditions {
    questions: Vec<Question>,
    named: Vec<Named>,
}

/// Reads the conditions of one document, one after the other.
pub(crate) struct ConditionReader<'d, 'q> {
    document: &'d str,
    questions: &'q [Question],
    facing: Facing<'q>,
}

impl<'d, 'q> ConditionReader<'d, 'q> {
    /// Conditions may name the answers to these questions. Where parts of the document are no TOML, `torn`.
    pub(crate) fn new(document: &'d str, questions: &'q [Question], torn: bool) -> Self {
        Self { document, questions, facing: Facing::new(questions, &[], torn) }
    }

    /// The condition, or its mistakes with their places in the document, in bytes.
    pub(crate) fn read(&mut self, text: &Located<&str>) -> Result<Condition, Vec<(usize, String)>> {
        let placed = |(offset, message)| (place_inside(self.document, text, offset), message);
        match compile(text.value, ExpectedType::YesNo, &mut self.facing) {
            Ok((expression, _)) => Ok(Condition(expression)),
            Err(faults) => Err(faults.into_iter().map(placed).collect()),
        }
    }

    /// Whether it is known that the condition holds for no lead.
    pub(crate) fn never_holds(&self, condition: &Condition) -> bool {
        condition.0.never_holds(&self.facing)
    }

    /// What is needed to ask the conditions that were read.
    pub(crate) fn finish(self) -> Conditions {
        let named = self.facing.into_named().into_iter().map(|fact| Named::of(fact, self.questions)).collect();
        Conditions { questions: self.questions.to_vec(), named }
    }
}

impl Condition {
    /// Whether it is known that this holds for every lead for which the other one holds.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.0.covers(&other.0)
    }
}

impl Conditions {
    /// What each condition comes to for one lead at an instant; each fact is made usable once.
    pub(crate) fn ask(&self, facts: &Facts, now: Timestamp, conditions: &[&Condition]) -> Vec<Holding> {
        let inputs = Inputs::new(facts, &self.questions, &self.named, now);
        let mut run = Run::new(&inputs);
        let asked = conditions.iter().map(|condition| match run.yes_no(&condition.0) {
            Evaluation::Known(true) => Holding::Yes,
            Evaluation::Known(false) => Holding::No,
            Evaluation::Failed(why) => Holding::Failed(why),
            Evaluation::Missing(slots) => {
                let name = |slot: u16| self.named.get(usize::from(slot)).map(|named| Arc::clone(&named.name));
                Holding::NotKnown(slots.into_iter().filter_map(name).collect())
            }
        });
        asked.collect()
    }
}
