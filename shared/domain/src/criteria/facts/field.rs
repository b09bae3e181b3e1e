//! The facts that a condition may name besides the answers: `lead.*`, `client.*`, `source.*`.

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;

use crate::{
    criteria::facts::{
        snapshot::Facts,
        value::{Held, Type},
    },
    lead::{Channel, Stage},
};

/// What a fact is.
#[derive(Debug, Clone, Copy)]
enum Sort {
    YesNo,
    Whole,
    Text,
    Instant,
    Channel,
    Stage,
}

/// One fact: its name, what it is, and how it is read.
pub(in crate::criteria) struct Field {
    /// As it stands in a condition and on a receipt.
    pub name: &'static str,
    sort: Sort,
    /// Absent facts are `None`.
    pub get: for<'f> fn(&'f Facts) -> Option<Held<'f>>,
}

impl Field {
    /// The type that conditions see.
    pub(in crate::criteria) fn kind(&self) -> Type {
        match self.sort {
            Sort::YesNo => Type::YesNo,
            Sort::Whole => Type::Whole,
            Sort::Text => Type::Text,
            Sort::Instant => Type::Instant,
            Sort::Channel => Type::Choice(Channel::ALL.iter().map(|word| Arc::from(word.word())).collect()),
            Sort::Stage => Type::Choice(Stage::ALL.iter().map(|word| Arc::from(word.word())).collect()),
        }
    }
}

const fn field(name: &'static str, sort: Sort, get: for<'f> fn(&'f Facts) -> Option<Held<'f>>) -> Field {
    Field { name, sort, get }
}

fn count(number: u32) -> Option<Held<'static>> {
    Some(Held::Whole(i64::from(number)))
}

fn word(text: &'static str) -> Option<Held<'static>> {
    Some(Held::Text(Cow::Borrowed(text)))
}

fn maybe(text: &Option<String>) -> Option<Held<'_>> {
    text.as_deref().and_then(known)
}

/// An empty text is an absent one.
fn known(text: &str) -> Option<Held<'_>> {
    (!text.is_empty()).then_some(Held::Text(Cow::Borrowed(text)))
}

/// Every fact that is no answer, in the order of the alphabet.
pub(in crate::criteria) static FIELDS: [Field; 25] = [
    field("client.country", Sort::Text, |f| known(&f.client.country)),
    field("client.name", Sort::Text, |f| known(&f.client.name)),
    field("client.slug", Sort::Text, |f| known(&f.client.slug)),
    field("client.time_zone", Sort::Text, |f| known(&f.client.time_zone)),
    field(AGREED_FOR, Sort::Instant, |f| f.lead.agreed_for.map(Held::Instant)),
    field("lead.arrivals", Sort::Whole, |f| count(f.lead.arrivals)),
    field("lead.channel", Sort::Channel, |f| word(f.lead.channel.word())),
    field("lead.country", Sort::Text, |f| maybe(&f.lead.country)),
    field("lead.do_not_contact", Sort::YesNo, |f| Some(Held::YesNo(f.lead.do_not_contact))),
    field("lead.enquiries", Sort::Whole, |f| count(f.lead.enquiries)),
    field(FIRST_ARRIVED_AT, Sort::Instant, |f| Some(Held::Instant(f.lead.first_arrived_at))),
    field("lead.has_email", Sort::YesNo, |f| Some(Held::YesNo(f.lead.has_email))),
    field("lead.has_phone", Sort::YesNo, |f| Some(Held::YesNo(f.lead.has_phone))),
    field(LAST_ARRIVED_AT, Sort::Instant, |f| Some(Held::Instant(f.lead.last_arrived_at))),
    field(LAST_CONVERSATION_AT, Sort::Instant, |f| f.lead.last_conversation_at.map(Held::Instant)),
    field("lead.last_disposition", Sort::Text, |f| maybe(&f.lead.last_disposition)),
    field("lead.postal_code", Sort::Text, |f| maybe(&f.lead.postal_code)),
    field(RETURNED, Sort::YesNo, |f| Some(Held::YesNo(f.lead.returned))),
    field(ROUNDS, Sort::Whole, |f| count(f.lead.rounds)),
    field("lead.stage", Sort::Stage, |f| word(f.lead.stage.word())),
    field("lead.time_zone", Sort::Text, |f| maybe(&f.lead.time_zone)),
    field("lead.touches", Sort::Whole, |f| count(f.lead.touches)),
    field("lead.verified", Sort::YesNo, |f| Some(Held::YesNo(f.lead.verified))),
    field("source.channel", Sort::Channel, |f| word(f.source.channel.word())),
    field("source.name", Sort::Text, |f| known(&f.source.name)),
];

/// Read before a lead's next step is computed.
pub(in crate::criteria) const AGREED_FOR: &str = "lead.agreed_for";
/// Read by `lead.age` too.
pub(in crate::criteria) const FIRST_ARRIVED_AT: &str = "lead.first_arrived_at";
/// Read by `confirm_within`.
pub(in crate::criteria) const LAST_ARRIVED_AT: &str = "lead.last_arrived_at";
/// Read by `confirm_within`.
pub(in crate::criteria) const LAST_CONVERSATION_AT: &str = "lead.last_conversation_at";
/// Read before a lead may be A.
pub(in crate::criteria) const RETURNED: &str = "lead.returned";
/// Read before a lead may go on being worked.
pub(in crate::criteria) const ROUNDS: &str = "lead.rounds";
/// Whole days since the first arrival: computed, so that its receipt shows the instant it rests on.
pub(in crate::criteria) const AGE: &str = "lead.age";

/// Which field has this name.
pub(in crate::criteria) fn find(name: &str) -> Option<usize> {
    FIELDS.binary_search_by(|field| field.name.cmp(name)).ok()
}

/// A value as a receipt keeps it.
pub(in crate::criteria) fn to_json(held: &Held<'_>) -> Value {
    match held {
        Held::YesNo(flag) => Value::Bool(*flag),
        Held::Whole(number) => Value::from(*number),
        Held::Number(number) => Value::from(*number),
        Held::Text(text) => Value::String(text.clone().into_owned()),
        Held::Instant(at) => Value::String(at.to_string()),
        Held::Texts(texts) => texts.iter().copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_sorted_and_every_fact_of_the_wire_form_is_one() {
        assert!(FIELDS.is_sorted_by_key(|field| field.name));
        let facts = serde_json::to_value(Facts::default()).unwrap();
        for group in ["lead", "client", "source"] {
            for name in facts[group].as_object().unwrap().keys() {
                assert!(find(&format!("{group}.{name}")).is_some(), "{group}.{name}");
            }
        }
    }

    #[test]
    fn a_receipt_shows_a_fact_as_the_wire_form_does() {
        let mut facts = Facts::default();
        facts.lead.country = Some("US".into());
        facts.lead.last_conversation_at = Some("2026-11-20T10:00:00Z".parse().unwrap());
        facts.client.slug = "acme".into();
        let wire = serde_json::to_value(&facts).unwrap();
        for field in &FIELDS {
            if let Some(held) = (field.get)(&facts) {
                let (group, name) = field.name.split_once('.').unwrap();
                assert_eq!(to_json(&held), wire[group][name], "{}", field.name);
            }
        }
    }
}
