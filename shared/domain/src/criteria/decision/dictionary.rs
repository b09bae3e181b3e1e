//! The bytes that receipts of one document have in common. The store compresses every receipt against them: what a
//! document makes all its receipts say costs next to nothing to keep. They follow from the document alone; whoever keeps
//! receipts keeps them too, since a later version of this file may come to others.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    criteria::{
        decision::{
            decide::qualify,
            receipt::{Cause, Finding, Receipt, Verdict},
        },
        facts::{
            inputs::Inputs,
            snapshot::{Answer, ClientFacts, Facts, LeadFacts, Origin, SourceFacts},
            value::FactIndex,
        },
        model::Criteria,
        rule::Rule,
        script::question::{Kind, Question},
    },
    id::ArrivalId,
    lead::Channel,
};

/// The longest dictionary. A longer one saves nothing: its beginning would be too far away to be referred to cheaply.
const MOST_BYTES: usize = 64 * 1024;
/// Synthetic leads, each with other answers.
const VARIANTS: usize = 4;

impl Criteria {
    /// Receipts of synthetic leads under these criteria, one after the other: nothing answered, everything holds, nothing
    /// holds, and what these criteria really say to each. What is most usual comes last. The same document always has the
    /// same dictionary.
    #[must_use]
    pub fn dictionary(&self) -> Vec<u8> {
        let mut text = String::new();
        for (variant, verdict) in (0..VARIANTS).zip([Verdict::Error, Verdict::Missing, Verdict::No, Verdict::Yes]) {
            text += &self.synthetic(variant, verdict).to_json();
        }
        let (silent, answered) = (self.silent(), self.lead(0));
        for facts in [answered, silent] {
            text += &qualify(&facts, self, &cause(0), at(0)).receipt.to_json();
        }
        let mut bytes = text.into_bytes();
        // From the front: the end of a dictionary is what is worth most.
        bytes.drain(..bytes.len().saturating_sub(MOST_BYTES));
        bytes
    }

    /// A receipt that reads every fact and on which every condition came to the same.
    fn synthetic(&self, variant: usize, verdict: Verdict) -> Receipt {
        let facts = self.lead(variant);
        let now = at(variant);
        let inputs = Inputs::new(&facts, &self.questions, &self.named, now);
        for slot in (0..self.named.len()).filter_map(|slot| FactIndex::try_from(slot).ok()) {
            // Each fact once, so that its name and typical value are in the bytes whether or not a rule reads it.
            inputs.read(slot);
        }
        let mut receipt = qualify(&facts, self, &cause(variant), now).receipt;
        receipt.inputs = inputs.used();
        for (finding, rule) in receipt.rules.iter_mut().zip(&self.rules) {
            finding.points = Some(points(rule, verdict));
            settle(finding, verdict);
        }
        receipt.gates.iter_mut().chain(&mut receipt.disqualifiers).for_each(|finding| settle(finding, verdict));
        receipt
    }

    /// A lead about which everything is known.
    fn lead(&self, variant: usize) -> Facts {
        let at = arrived_at(variant);
        let answer =
            |question: &Question| Answer { value: typical(&question.kind, variant), at, origin: origin(variant) };
        let place = |text: &str| Some(text.to_owned());
        Facts {
            answers: self.questions.iter().map(|question| (question.id.to_string(), answer(question))).collect(),
            lead: LeadFacts {
                channel: Channel::ALL[variant % Channel::ALL.len()],
                verified: variant % 2 == 1,
                touches: u32::from(variant % 2 == 1),
                last_disposition: place("no_answer"),
                last_conversation_at: (variant % 2 == 1).then_some(at),
                has_phone: variant.is_multiple_of(2),
                country: place("US"),
                postal_code: place("60134"),
                time_zone: place("America/Chicago"),
                ..form(at)
            },
            client: ClientFacts { country: "US".to_owned(), ..ClientFacts::default() },
            source: SourceFacts { channel: Channel::WebForm, ..SourceFacts::default() },
        }
    }

    /// A lead that a form brought a moment ago, without any answer.
    fn silent(&self) -> Facts {
        Facts { lead: LeadFacts { channel: Channel::WebForm, ..form(arrived_at(0)) }, ..Facts::default() }
    }
}

fn form(at: Timestamp) -> LeadFacts {
    LeadFacts {
        arrivals: 1,
        enquiries: 1,
        first_arrived_at: at,
        last_arrived_at: at,
        has_email: true,
        ..LeadFacts::default()
    }
}

fn points(rule: &Rule, verdict: Verdict) -> i32 {
    if verdict == Verdict::Yes { rule.points } else { 0 }
}

fn settle(finding: &mut Finding, verdict: Verdict) {
    finding.result = verdict;
    finding.error = None;
    if verdict != Verdict::Missing {
        finding.missing = Vec::new();
    }
}

/// What people say to such a question.
fn typical(kind: &Kind, variant: usize) -> Value {
    let pick =
        |choices: &[Arc<str>]| choices.get(variant % choices.len().max(1)).map_or("", |choice| &**choice).to_owned();
    match kind {
        Kind::Text => json!("yes"),
        // Values that differ from variant to variant: only the names around them should be learnt.
        Kind::Number(_) => json!([30, 60, 90, 180][variant % VARIANTS]),
        Kind::Money(_) => json!([250_000, 400_000, 450_000, 600_000][variant % VARIANTS]),
        Kind::YesNo => json!(variant.is_multiple_of(2)),
        Kind::Date => json!("2026-12-31"),
        Kind::Choice(choices) => json!(pick(choices)),
        Kind::Choices(choices) => json!([pick(choices)]),
    }
}

/// Some instant of the days in which these criteria are applied; only its form matters.
fn at(variant: usize) -> Timestamp {
    // A fixed instant: the dictionary follows from the document alone, and a clock would make it differ each time.
    const SOME: i64 = 1_795_000_000_123_456;
    let apart = SignedDuration::from_secs(i64::try_from(variant).unwrap_or(0) * 98_765);
    Timestamp::from_microsecond(SOME).and_then(|at| at.checked_add(apart)).unwrap_or_default()
}

fn arrived_at(variant: usize) -> Timestamp {
    at(variant).checked_sub(SignedDuration::from_micros(654_321)).unwrap_or_default()
}

fn arrival(variant: usize) -> ArrivalId {
    let milliseconds = u128::try_from(arrived_at(variant).as_millisecond()).unwrap_or_default();
    // Fixed bytes in the shape of UUIDs of version 7.
    let rest = [
        0x7a5c_83f1_96e4_0d2b_7b91_u128,
        0x7f02_a6d8_4c13_95eb_28f7,
        0x7360_b9f5_8e21_d74a_c50d,
        0x78d4_91ca_6f37_b208_e5e2,
    ];
    ArrivalId::from_uuid(Uuid::from_u128((milliseconds << 80) | rest[variant % VARIANTS]))
}

fn origin(variant: usize) -> Origin {
    Origin::Arrival(arrival(variant))
}

fn cause(variant: usize) -> Cause {
    match variant {
        0 => Cause::arrivals(vec![arrival(0)]),
        1 => Cause::regrade(),
        variant => Cause::promise(i64::try_from(variant).unwrap_or(1)),
    }
}
