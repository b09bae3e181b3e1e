//! The grade receipt: one decision written down so that anybody can see why, and so that it can be made again. Agents read
//! it on the lead's page, a client sees its reasons, `ripen decision replay` proves it.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::value::MapDeserializer};
use serde_json::Value;

use super::{
    Criteria,
    decide::{Cause, NextStep, qualify},
    facts::{Answer, ClientFacts, Facts, LeadFacts, Origin, SourceFacts},
};
use crate::{
    hash::ContentHash,
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

/// Why the grade is less than the score's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// A gate's id, `returned`, `confirm_within` or `time_alone`.
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

/// Why a receipt cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The text is no receipt.
    #[error("not a grade receipt")]
    Unreadable(#[from] serde_json::Error),
    /// The receipt was written by other criteria.
    #[error("the receipt was written by criteria {needed}, not {given}")]
    OtherCriteria {
        /// The hash on the receipt.
        needed: ContentHash,
        /// The hash of the criteria at hand.
        given: ContentHash,
    },
}

/// The decision made again from nothing but what the receipt keeps. Equal bytes prove that the stored decision is what
/// these criteria say.
///
/// # Errors
/// When the text is no receipt, or one of other criteria.
pub fn replay(receipt_json: &str, criteria: &Criteria) -> Result<String, ReplayError> {
    let kept: Kept = serde_json::from_str(receipt_json)?;
    let (needed, given) = (kept.criteria.hash, criteria.hash());
    if needed != given {
        return Err(ReplayError::OtherCriteria { needed, given });
    }
    let facts = facts_of(kept.inputs)?;
    Ok(qualify(&facts, criteria, &kept.cause, kept.at).receipt.to_json())
}

/// Of a receipt what the rest of it follows from.
#[derive(Deserialize)]
struct Kept {
    criteria: Hashed,
    at: Timestamp,
    cause: Cause,
    inputs: BTreeMap<String, Input>,
}

#[derive(Deserialize)]
struct Hashed {
    hash: ContentHash,
}

/// The facts that the inputs came from. What was not read stays unknown, and will not be read this time either.
fn facts_of(inputs: BTreeMap<String, Input>) -> serde_json::Result<Facts> {
    let mut answers = BTreeMap::new();
    let (mut lead, mut client, mut source) = (Vec::new(), Vec::new(), Vec::new());
    for (name, input) in &inputs {
        let (group, field) = name.split_once('.').unwrap_or(("", name));
        match (group, input.at, &input.origin) {
            ("answers", Some(at), Some(origin)) => {
                let answer = Answer { value: input.value.clone(), at, origin: origin.clone() };
                answers.insert(field.to_owned(), answer);
            }
            ("lead", ..) => lead.push((field, &input.value)),
            ("client", ..) => client.push((field, &input.value)),
            ("source", ..) => source.push((field, &input.value)),
            _ => {}
        }
    }
    Ok(Facts {
        answers,
        lead: LeadFacts::deserialize(MapDeserializer::new(lead.into_iter()))?,
        client: ClientFacts::deserialize(MapDeserializer::new(client.into_iter()))?,
        source: SourceFacts::deserialize(MapDeserializer::new(source.into_iter()))?,
    })
}
