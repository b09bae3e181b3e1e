//! The grade receipt: one decision written down so that anybody can see why, and so that it can be made again. Agents read
//! it on the lead's page, a client sees its reasons, `ripen decision replay` proves it.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    criteria::facts::inputs::Input,
    hash::ContentHash,
    id::ArrivalId,
    lead::{Grade, words},
};

words! {
    /// What a condition came to.
    Verdict "verdict" {
        /// It holds.
        Yes = "yes",
        /// It does not hold.
        No = "no",
        /// Facts are absent that it needs: it is neither true nor false.
        Missing = "missing",
        /// It could not be computed.
        Error = "error",
    }
}

words! {
    /// What keeps a lead from being an A whatever its points are, until a person says otherwise. No criteria decide that.
    KeptBack "reason to keep back" {
        /// The person says that they never enquired: a manager looks at the consent.
        Review = "review",
        /// In the last conversation they wanted nothing, and they have not enquired since.
        NotInterested = "not_interested",
    }
}

/// Why a decision is made. One decision may have several causes: everything that waited for the lead in one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// These arrivals came in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arrivals: Vec<ArrivalId>,
    /// The promise of this generation fell due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<i64>,
    /// A fact or the criteria changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub regrade: bool,
    /// The grade that the lead had until now, if it was decided before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Grade>,
    /// Why the person must not be contacted, where that is so. No criteria decide that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barred: Option<String>,
    /// What keeps the lead from being an A, where something does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_back: Option<KeptBack>,
}

impl Cause {
    /// Arrivals came in.
    #[must_use]
    pub fn arrivals(arrivals: Vec<ArrivalId>) -> Self {
        Self { arrivals, ..Self::default() }
    }

    /// A promise fell due.
    #[must_use]
    pub fn promise(generation: i64) -> Self {
        Self { promise: Some(generation), ..Self::default() }
    }

    /// A fact or the criteria changed.
    #[must_use]
    pub fn regrade() -> Self {
        Self { regrade: true, ..Self::default() }
    }

    /// The same cause for a lead whose person must not be contacted.
    #[must_use]
    pub fn barred(self, why: Option<String>) -> Self {
        Self { barred: why, ..self }
    }

    /// The same cause for a lead that something keeps from being an A.
    #[must_use]
    pub fn kept_back(self, why: Option<KeptBack>) -> Self {
        Self { kept_back: why, ..self }
    }

    /// The same cause for a lead that had this grade until now.
    #[must_use]
    pub fn after(self, before: Option<Grade>) -> Self {
        Self { before, ..self }
    }

    /// Both causes. Of two promises the later generation counts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.arrivals.extend(other.arrivals);
        Self {
            // The later of two promises: generations count up.
            promise: self.promise.max(other.promise),
            regrade: self.regrade || other.regrade,
            before: self.before.or(other.before),
            barred: self.barred.or(other.barred),
            kept_back: self.kept_back.or(other.kept_back),
            ..self
        }
    }

    /// A promise fell due for a lead that was no A, and nothing else happened: nobody heard of the person since.
    pub(super) fn is_time_alone(&self) -> bool {
        let was_no_a = self.before.is_some_and(|grade| grade != Grade::A);
        // All four: an arrival or a new version of the criteria is news, not the passage of time.
        self.promise.is_some() && self.arrivals.is_empty() && !self.regrade && was_no_a
    }
}

/// When a lead is looked at again, and why then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// On a whole minute, after the decision.
    pub due_at: Timestamp,
    /// In words.
    pub why: String,
}

/// Which criteria decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriteriaVersion {
    /// The document's name.
    pub name: Arc<str>,
    /// Its place in the line of versions, 0 for a draft.
    pub version: u32,
    /// The document itself.
    pub hash: ContentHash,
}

/// What one rule, gate or disqualifier came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its id in the document.
    pub id: Arc<str>,
    /// What its condition came to.
    pub result: Verdict,
    /// The facts that are absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Arc<str>>,
    /// Why it could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Cow<'static, str>>,
    /// Rules: the points it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i32>,
    /// Gates: the best grade while it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Grade>,
    /// The manager's words.
    pub because: Arc<str>,
}

/// What holds down the grade of whoever must not be contacted: of all caps the one whose words are no manager's.
pub const DO_NOT_CONTACT: &str = "do_not_contact";

/// Why the grade is less than the score's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// A gate's id, `returned`, `confirm_within`, `time_alone`, `review`, `not_interested` or [`DO_NOT_CONTACT`].
    pub by: Arc<str>,
    /// The best grade it allows.
    pub at_most: Grade,
    /// In words.
    pub because: Arc<str>,
}

/// What the lead's own date came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnDate {
    /// The date, also where it is past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The facts that are absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Arc<str>>,
    /// Why it could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Cow<'static, str>>,
}

/// A rule that counted, as the client's sales team is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The points it gave.
    pub points: i32,
    /// The manager's words.
    pub because: Arc<str>,
}

/// One decision, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which criteria decided.
    pub criteria: CriteriaVersion,
    /// The instant that the decision took for now.
    pub at: Timestamp,
    /// Why it was made.
    pub cause: Cause,
    /// The facts that were read, by name. Absent facts are not here: the findings name them.
    pub inputs: BTreeMap<Arc<str>, Input>,
    /// Every rule, in the document's order.
    pub rules: Vec<Finding>,
    /// Every gate, in the document's order.
    pub gates: Vec<Finding>,
    /// Every disqualifier, in the document's order.
    pub disqualifiers: Vec<Finding>,
    /// The points of all rules together.
    pub score: i32,
    /// Why the grade is less than the score's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    /// The grade.
    pub grade: Grade,
    /// What the lead's own date came to, where it mattered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_date: Option<OwnDate>,
    /// Why the lead is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// When it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextStep>,
}

impl Receipt {
    /// The bytes that are kept: compact JSON, fields and inputs in a fixed order.
    #[must_use]
    pub fn to_json(&self) -> String {
        const USUAL: usize = 4_096;
        let mut bytes = Vec::with_capacity(USUAL);
        // Its maps have texts for keys and its numbers are finite: such a value always serialises, and as UTF-8.
        let written = serde_json::to_writer(&mut bytes, self);
        written.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// The rules that counted, in the document's order.
    #[must_use]
    pub fn reasons(&self) -> Vec<Reason> {
        let counted = self.rules.iter().filter(|finding| finding.result == Verdict::Yes);
        let reason = |finding: &Finding| Reason {
            rule: Arc::clone(&finding.id),
            points: finding.points.unwrap_or_default(),
            because: Arc::clone(&finding.because),
        };
        counted.map(reason).collect()
    }
}
