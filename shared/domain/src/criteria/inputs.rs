//! The facts of one decision, each made usable when it is first read. What was read is remembered: the receipt keeps
//! exactly that, and a replay needs nothing else.

use std::{borrow::Cow, cell::OnceCell, collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    Named,
    answer::usable,
    expression::{Fact, Held, Slot},
    facts::Facts,
    field::{FIELDS, to_json},
    question::Question,
    receipt::Input,
};

/// A fact that was read.
enum Reading<'f> {
    Usable(Held<'f>),
    /// There is an answer, and this is why it counts as not given.
    Unusable(Cow<'static, str>),
    Absent,
}

/// The facts of one lead as the conditions of one document see them at one instant.
pub(super) struct Inputs<'f> {
    facts: &'f Facts,
    questions: &'f [Question],
    named: &'f [Named],
    now: Timestamp,
    readings: Vec<OnceCell<Reading<'f>>>,
}

impl<'f> Inputs<'f> {
    pub(super) fn new(facts: &'f Facts, (questions, named): (&'f [Question], &'f [Named]), now: Timestamp) -> Self {
        let readings = named.iter().map(|_| OnceCell::new()).collect();
        Self { facts, questions, named, now, readings }
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The fact, if it is there and usable.
    pub(super) fn read(&self, slot: Slot) -> Option<&Held<'f>> {
        let slot = usize::from(slot);
        match self.readings.get(slot)?.get_or_init(|| self.look_up(self.named[slot].fact)) {
            Reading::Usable(held) => Some(held),
            Reading::Unusable(_) | Reading::Absent => None,
        }
    }

    fn look_up(&self, fact: Fact) -> Reading<'f> {
        match fact {
            Fact::Field(place) => (FIELDS[place].get)(self.facts).map_or(Reading::Absent, Reading::Usable),
            Fact::Answer(place) => {
                let question = &self.questions[place];
                let Some(answer) = self.facts.answers.get(&*question.id) else { return Reading::Absent };
                usable(question, answer, self.now).map_or_else(Reading::Unusable, Reading::Usable)
            }
        }
    }

    /// What was read, by name, as it was given and by whom.
    pub(super) fn used(&self) -> BTreeMap<Arc<str>, Input> {
        let named = self.named.iter().zip(&self.readings);
        named
            .filter_map(|(named, reading)| Some((Arc::clone(&named.name), self.input(named.fact, reading.get()?)?)))
            .collect()
    }

    fn input(&self, fact: Fact, reading: &Reading<'f>) -> Option<Input> {
        match (fact, reading) {
            (_, Reading::Absent) => None,
            (Fact::Field(_), Reading::Usable(held)) => Some(Input { value: to_json(held), ..Input::default() }),
            (Fact::Field(_), Reading::Unusable(_)) => None,
            (Fact::Answer(place), reading) => {
                let answer = self.facts.answers.get(&*self.questions[place].id)?;
                let unused = match reading {
                    Reading::Unusable(why) => Some(why.clone()),
                    Reading::Usable(_) | Reading::Absent => None,
                };
                Some(Input {
                    value: answer.value.clone(),
                    at: Some(answer.at),
                    origin: Some(answer.origin.clone()),
                    unused,
                })
            }
        }
    }
}
