//! A decision made again from its receipt alone, to prove that the stored one is what the criteria say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, de::value::MapDeserializer};

use crate::{
    criteria::{
        decision::{decide::qualify, receipt::Cause},
        facts::{
            inputs::Input,
            snapshot::{Answer, ClientFacts, Facts, LeadFacts, SourceFacts},
        },
        model::Criteria,
    },
    hash::ContentHash,
};

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
pub fn replay_decision(receipt_json: &str, criteria: &Criteria) -> Result<String, ReplayError> {
    let kept: ReplayInput = serde_json::from_str(receipt_json)?;
    // By hash: the same number of a version says nothing about the bytes of the document.
    let (needed, given) = (kept.criteria.hash, criteria.hash());
    if needed != given {
        return Err(ReplayError::OtherCriteria { needed, given });
    }
    let facts = facts_of(kept.inputs)?;
    // With the receipt's own instant: nothing here reads a clock.
    Ok(qualify(&facts, criteria, &kept.cause, kept.at).receipt.to_json())
}

/// Of a receipt what the rest of it follows from.
#[derive(Deserialize)]
struct ReplayInput {
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
            // An answer without its instant or origin was never one of those that are written.
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
