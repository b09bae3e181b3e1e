//! One version of a program's criteria as they are applied.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    criteria::{
        facts::value::{FactIndex, Named},
        rule::{Disqualifier, Gate, Grades, Requalify, Rule},
        script::{question::Question, wording::Wording},
    },
    hash::ContentHash,
};

/// One version of a program's criteria, checked: whatever is in it can be applied to any lead.
#[derive(Debug, Clone, PartialEq)]
pub struct Criteria {
    pub(in crate::criteria) name: Arc<str>,
    pub(in crate::criteria) about: Option<String>,
    pub(in crate::criteria) script: BTreeMap<String, Wording>,
    pub(in crate::criteria) questions: Vec<Question>,
    pub(in crate::criteria) rules: Vec<Rule>,
    pub(in crate::criteria) gates: Vec<Gate>,
    pub(in crate::criteria) disqualifiers: Vec<Disqualifier>,
    pub(in crate::criteria) grades: Grades,
    pub(in crate::criteria) requalify: Requalify,
    /// The facts that the conditions name, by slot.
    pub(in crate::criteria) named: Vec<Named>,
    pub(in crate::criteria) slots: Slots,
    pub(in crate::criteria) version: u32,
    pub(in crate::criteria) hash: ContentHash,
}

/// The facts that a decision reads whether a condition names them or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::criteria) struct Slots {
    pub last_arrived_at: FactIndex,
    pub last_conversation_at: FactIndex,
    pub returned: FactIndex,
    pub agreed_for: FactIndex,
    pub rounds: FactIndex,
}

impl Criteria {
    /// The program's name in the document.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the program is about.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The free texts of the script, by name: opening, voicemail …
    #[must_use]
    pub const fn script(&self) -> &BTreeMap<String, Wording> {
        &self.script
    }

    /// The questions, in the order they are asked.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The rules, in the document's order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The gates, in the document's order.
    #[must_use]
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// The disqualifiers, in the document's order.
    #[must_use]
    pub fn disqualifiers(&self) -> &[Disqualifier] {
        &self.disqualifiers
    }

    /// The points needed for A and for B.
    #[must_use]
    pub const fn thresholds(&self) -> (i32, i32) {
        (self.grades.a, self.grades.b)
    }

    /// What the document says, hashed.
    #[must_use]
    pub const fn hash(&self) -> ContentHash {
        self.hash
    }

    /// Its place in the program's line of versions; 0 for a draft.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The most points that a rule which asks for this question's answer gives; 0 where none does.
    #[must_use]
    pub fn points_of(&self, question: &str) -> i32 {
        let name = format!("answers.{question}");
        let place = self.named.iter().position(|named| *named.name == *name);
        let Some(fact) = place.and_then(|place| FactIndex::try_from(place).ok()) else { return 0 };
        let asks = self.rules.iter().filter(|rule| rule.when.reads(fact));
        asks.map(|rule| rule.points).max().unwrap_or(0).max(0)
    }

    /// The most points that these rules can give together: of those that exclude each other, such as two ranges of one number, one
    /// counts. Of rules that take points away none does.
    #[must_use]
    pub fn most_together(&self, is_meant: impl Fn(&Rule) -> bool) -> i32 {
        let mut rules: Vec<_> = self.rules.iter().filter(|rule| rule.points > 0 && is_meant(rule)).collect();
        // The best first: of more than are tried against each other it is the one that counts.
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.points));
        most_of(&rules)
    }

    /// The same criteria with their place in the line of versions, which receipts carry.
    #[must_use]
    pub fn with_version(self, version: u32) -> Self {
        Self { version, ..self }
    }
}

/// So many rules are tried against each other: each more could double the work, and a page waits for it.
const TRIED: usize = 12;

fn most_of(rules: &[&Rule]) -> i32 {
    let Some((first, rest)) = rules.split_first() else { return 0 };
    let with_first: Vec<_> = rest.iter().copied().filter(|rule| !first.when.excludes(&rule.when)).collect();
    let is_free = with_first.len() == rest.len();
    let most = first.points.saturating_add(most_of(&with_first));
    if is_free || rules.len() > TRIED { most } else { most.max(most_of(rest)) }
}
