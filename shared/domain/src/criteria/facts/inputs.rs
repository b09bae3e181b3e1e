//! The facts of one decision, each made usable when it is first read. What was read is remembered: the receipt keeps
//! exactly that, and a replay needs nothing else.

use std::{borrow::Cow, cell::OnceCell, collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::criteria::{
    facts::{
        answer::usable,
        field::{FIELDS, to_json},
        snapshot::{Facts, Origin},
        value::{Fact, FactIndex, Held, Named},
    },
    script::question::Question,
};

/// One fact that was read.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// As it was given.
    pub value: Value,
    /// When it was given; answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// By whom; answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Why it counted as not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<Cow<'static, str>>,
}

/// Shows no value: inputs are personal data.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("origin", &self.origin).field("unused", &self.unused).finish_non_exhaustive()
    }
}

impl Named {
    /// By its full name.
    pub(in crate::criteria) fn of(fact: Fact, questions: &[Question]) -> Self {
        let name = match fact {
            Fact::Field(place) => FIELDS[place].name.into(),
            Fact::Answer(place) => format!("answers.{}", questions[place].id).into(),
        };
        Self { name, fact }
    }
}

/// A fact that was read.
enum Reading<'f> {
    Usable(Held<'f>),
    /// There is an answer, and this is why it counts as not given.
    Unusable(Cow<'static, str>),
    Absent,
}

/// The facts of one lead as the conditions of one document see them at one instant.
pub(in crate::criteria) struct Inputs<'f> {
    facts: &'f Facts,
    questions: &'f [Question],
    named: &'f [Named],
    now: Timestamp,
    readings: Vec<OnceCell<Reading<'f>>>,
}

impl<'f> Inputs<'f> {
    pub(in crate::criteria) fn new(
        facts: &'f Facts,
        questions: &'f [Question],
        named: &'f [Named],
        now: Timestamp,
    ) -> Self {
        let readings = named.iter().map(|_| OnceCell::new()).collect();
        Self { facts, questions, named, now, readings }
    }

    pub(in crate::criteria) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The fact, if it is there and usable.
    pub(in crate::criteria) fn read(&self, slot: FactIndex) -> Option<&Held<'f>> {
        let slot = usize::from(slot);
        // Looked up once: the receipt must show the reading that the rules saw, and no other.
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
    pub(in crate::criteria) fn used(&self) -> BTreeMap<Arc<str>, Input> {
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
