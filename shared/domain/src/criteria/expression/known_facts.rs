//! Which facts a condition may name, of which types, and which of them the conditions of a document did name.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    criteria::{
        facts::{
            field::{FIELDS, find},
            value::{Fact, FactIndex, Type},
        },
        script::question::{Kind, Question},
    },
    document::plain,
};

/// What stands before the dot.
pub(super) const ROOTS: [&str; 4] = ["answers", "lead", "client", "source"];

/// The facts that conditions may name, and those that they did name.
pub(in crate::criteria) struct Facing<'q> {
    questions: &'q [Question],
    /// Questions that have mistakes of their own, by the plain form of what should be their id: naming them is none.
    unusable: BTreeSet<String>,
    /// Parts of the document were not read, and any question may have stood there.
    torn: bool,
    named: Vec<Fact>,
}

impl<'q> Facing<'q> {
    pub(in crate::criteria) fn new(questions: &'q [Question], unusable: &[&str], torn: bool) -> Self {
        Self { questions, unusable: unusable.iter().map(|id| plain(id)).collect(), torn, named: Vec::new() }
    }

    /// The slot of a fact: the same one however often it is named.
    pub(in crate::criteria) fn slot(&mut self, fact: Fact) -> FactIndex {
        let known = self.named.iter().position(|named| *named == fact);
        let place = known.unwrap_or_else(|| {
            self.named.push(fact);
            self.named.len() - 1
        });
        // There are fewer facts than questions and fields together, and those are limited to a few hundred.
        FactIndex::try_from(place).unwrap_or(FactIndex::MAX)
    }

    /// The slot of a field that is there whether a condition names it or not.
    pub(in crate::criteria) fn field(&mut self, name: &str) -> FactIndex {
        self.slot(Fact::Field(find(name).unwrap_or_default()))
    }

    /// The facts that were named so far, by slot.
    pub(in crate::criteria) fn named(&self) -> &[Fact] {
        &self.named
    }

    /// The least and the most that the number in a slot can be, where its question says so.
    pub(super) fn limits(&self, slot: FactIndex) -> (f64, f64) {
        let Some(Fact::Answer(place)) = self.named.get(usize::from(slot)) else { return (f64::MIN, f64::MAX) };
        let question = &self.questions[*place];
        let (Kind::Number(range) | Kind::Money(range)) = &question.kind else { return (f64::MIN, f64::MAX) };
        let (least, most) = (range.min.unwrap_or(f64::MIN), range.max.unwrap_or(f64::MAX));
        if question.counts_down { (least.min(0.0), most.max(0.0)) } else { (least, most) }
    }

    /// The facts by slot.
    pub(in crate::criteria) fn into_named(self) -> Vec<Fact> {
        self.named
    }

    pub(super) fn answer(&self, id: &str) -> Option<(Fact, Type)> {
        let place = self.questions.iter().position(|question| *question.id == *id)?;
        let kind = match &self.questions[place].kind {
            Kind::Text => Type::Text,
            Kind::Number(_) | Kind::Money(_) => Type::Number,
            Kind::YesNo => Type::YesNo,
            Kind::Date => Type::Instant,
            Kind::Choice(choices) => Type::Choice(Arc::clone(choices)),
            Kind::Choices(choices) => Type::List(Box::new(Type::Choice(Arc::clone(choices)))),
        };
        Some((Fact::Answer(place), kind))
    }

    pub(super) fn is_unusable(&self, root: &str, id: &str) -> bool {
        root == "answers" && (self.torn || self.unusable.contains(&plain(id)))
    }

    /// The names after `root.`.
    pub(super) fn names(&self, root: &str) -> Vec<&str> {
        let fields = FIELDS.iter().filter_map(|field| field.name.strip_prefix(root)?.strip_prefix('.'));
        let answers = self.questions.iter().map(|question| &*question.id).filter(|_| root == "answers");
        fields.chain(answers).chain((root == "lead").then_some("age")).collect()
    }
}

/// What a condition must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::criteria) enum ExpectedType {
    /// Yes or no.
    YesNo,
    /// A date.
    Instant,
}
