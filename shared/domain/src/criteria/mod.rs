//! The criteria document: how a firm's manager says what makes an A lead, and how that is applied to one.
//!
//! [`Criteria::load`] reads and checks a document, all mistakes at once. [`qualify`] applies it to the [`Facts`] of a lead at
//! an instant; the [`Decision`] carries a [`Receipt`] that [`replay`] makes again, byte for byte. Everything here is pure:
//! who loads the facts, keeps the receipts and fires what falls due is the qualifier's business.
//!
//! A hostile document costs an error: its size, depth and number of words are limited before anything recurses into it,
//! so that it is read within a few megabytes and a small part of a thread's stack.

mod answer;
mod backtest;
mod broken;
mod condition;
mod decide;
mod dictionary;
mod document;
mod expression;
mod facts;
mod field;
mod inputs;
mod likeness;
mod load;
mod mistake;
mod past;
mod place;
mod question;
mod reach;
mod receipt;
mod rule;
mod wording;
mod words;

use std::{collections::BTreeMap, sync::Arc};

pub use answer::InvalidAnswer;
pub use backtest::{ALeads, Backtest, Band, Example, Kept, Report as BacktestReport, Standing as BacktestStanding};
pub use decide::{Cause, Decision, NextStep, qualify};
pub use facts::{Answer, ClientFacts, Facts, InvalidOrigin, LeadFacts, Origin, SourceFacts};
pub use load::Loaded;
pub use mistake::Mistake;
pub use past::{PastArrival, PastDecision, PastLead};
pub use question::{Kind, Question, Range};
pub use receipt::{Cap, CriteriaVersion, Finding, Input, OwnDate, Reason, Receipt, ReplayError, Verdict, replay};
pub use rule::{Disqualifier, Gate, Rule};
pub use wording::Wording;

pub(crate) use condition::{Condition, ConditionReader, Conditions, Holding};
pub(crate) use document::{Located, Section, parse};
pub(crate) use likeness::{did_you_mean, quoted};
pub(crate) use mistake::Notes;

use expression::{Fact, Slot};
use rule::{Grades, Requalify};

use crate::hash::ContentHash;

/// One version of a program's criteria, checked: whatever is in it can be applied to any lead.
#[derive(Debug, Clone, PartialEq)]
pub struct Criteria {
    name: Arc<str>,
    about: Option<String>,
    script: BTreeMap<String, Wording>,
    questions: Vec<Question>,
    rules: Vec<Rule>,
    gates: Vec<Gate>,
    disqualifiers: Vec<Disqualifier>,
    grades: Grades,
    requalify: Requalify,
    /// The facts that the conditions name, by slot.
    named: Vec<Named>,
    slots: Slots,
    version: u32,
    hash: ContentHash,
}

/// A fact with its full name, such as `answers.budget`.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    name: Arc<str>,
    fact: Fact,
}

/// The facts that a decision reads whether a condition names them or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slots {
    last_arrived_at: Slot,
    last_conversation_at: Slot,
    returned: Slot,
    agreed_for: Slot,
    rounds: Slot,
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

    /// The same criteria with their place in the line of versions, which receipts carry.
    #[must_use]
    pub fn with_version(self, version: u32) -> Self {
        Self { version, ..self }
    }
}
