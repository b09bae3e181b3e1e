//! The words of senders in what a client is told. An address or a number that must not be contacted may stand in any of them: in a
//! name, an answer, a note.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    facts::DeliveryFacts,
    known_lead::KnownLead,
    payload::{EventDetail, LeadNote, Member},
};
use crate::{
    contact::{Identity, WITHHELD, without},
    flag::{Flag, FlagCode},
    id::LeadId,
    person::Profile,
};

/// What tells words of senders.
pub trait TellsWords {
    /// Of which lead.
    fn lead(&self) -> LeadId;

    /// All of them.
    #[must_use]
    fn told_words(&self) -> Vec<String>;

    /// Takes out of them what must not be contacted.
    fn withhold(&mut self, countries: &[&str], barred: &BTreeSet<Identity>);
}

impl TellsWords for DeliveryFacts {
    fn lead(&self) -> LeadId {
        self.lead
    }

    fn told_words(&self) -> Vec<String> {
        let mut words = words_about(&self.profile, &self.answers, &self.notes);
        words.extend(self.appointment.as_ref().and_then(|agreed| agreed.note.clone()));
        if let EventDetail::Updated(update) = &self.detail {
            words.extend(update.reason.get().cloned());
        }
        words
    }

    /// Flags where it stood.
    fn withhold(&mut self, countries: &[&str], barred: &BTreeSet<Identity>) {
        let cut = |text: &str| without(text, countries, barred);
        let fields = cut_about(&mut self.profile, &mut self.answers, &mut self.notes, &cut);
        if let Some(note) = self.appointment.as_mut().and_then(|agreed| agreed.note.as_mut())
            && let Some(left) = cut(note)
        {
            *note = left;
        }
        if let EventDetail::Updated(update) = &mut self.detail
            && let Some(left) = update.reason.get().and_then(|reason| cut(reason))
        {
            update.reason = Member::Is(left);
        }
        self.flags.extend(fields.iter().map(|field| Flag::new(field, FlagCode::SecondSuppressed)));
        self.flags.sort();
        self.flags.dedup();
    }
}

impl TellsWords for KnownLead {
    fn lead(&self) -> LeadId {
        self.lead
    }

    fn told_words(&self) -> Vec<String> {
        words_about(&self.profile, &self.answers, &self.notes)
    }

    fn withhold(&mut self, countries: &[&str], barred: &BTreeSet<Identity>) {
        let cut = |text: &str| without(text, countries, barred);
        cut_about(&mut self.profile, &mut self.answers, &mut self.notes, &cut);
    }
}

/// Those about a person, and what they said.
fn words_about(profile: &Profile, answers: &Map<String, Value>, notes: &[LeadNote]) -> Vec<String> {
    let names =
        [&profile.first_name, &profile.last_name, &profile.name, &profile.phone_extension, &profile.postal_code];
    let mut words: Vec<String> = names.into_iter().flatten().cloned().collect();
    words.extend(profile.full_name());
    answers.values().for_each(|answer| words_of(answer, &mut words));
    words.extend(notes.iter().filter_map(|note| note.text.get().cloned()));
    words
}

/// Takes out of those about a person what is cut; the fields in which it stood.
fn cut_about(
    profile: &mut Profile,
    answers: &mut Map<String, Value>,
    notes: &mut [LeadNote],
    cut: &impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut fields = Vec::new();
    let mut whole = [
        ("first_name", &mut profile.first_name),
        ("last_name", &mut profile.last_name),
        ("name", &mut profile.name),
        ("phone_extension", &mut profile.phone_extension),
        ("postal_code", &mut profile.postal_code),
    ];
    for (field, told) in &mut whole {
        let Some(left) = told.as_deref().and_then(cut) else { continue };
        // A name is that without it, and nothing where no name is left.
        let left = left.replace(WITHHELD, " ").split_whitespace().collect::<Vec<_>>().join(" ");
        **told = Some(left).filter(|left| left.chars().any(char::is_alphanumeric) && field.ends_with("name"));
        fields.push((*field).to_owned());
    }
    if profile.full_name().as_deref().and_then(cut).is_some() {
        (profile.first_name, profile.last_name, profile.name) = (None, None, None);
        fields.push("name".to_owned());
    }
    for (question, answer) in answers {
        if redact(answer, cut) {
            fields.push(question.clone());
        }
    }
    for note in notes {
        if let Some(left) = note.text.get().and_then(|text| cut(text)) {
            note.text = left.into();
            fields.push("notes".to_owned());
        }
    }
    fields
}

/// All texts and numbers of a value.
pub(super) fn words_of(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Number(number) => words.push(number.to_string()),
        Value::Array(values) => values.iter().for_each(|one| words_of(one, words)),
        Value::Object(members) => members.values().for_each(|one| words_of(one, words)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether something was taken out.
pub(super) fn redact(value: &mut Value, cut: &impl Fn(&str) -> Option<String>) -> bool {
    let left = match value {
        Value::String(text) => cut(text),
        Value::Number(number) => cut(&number.to_string()),
        // Each of them, not up to the first.
        Value::Array(values) => return values.iter_mut().filter_map(|one| redact(one, cut).then_some(())).count() > 0,
        Value::Object(members) => {
            return members.values_mut().filter_map(|one| redact(one, cut).then_some(())).count() > 0;
        }
        Value::Null | Value::Bool(_) => None,
    };
    let is_cut = left.is_some();
    if let Some(left) = left {
        *value = Value::String(left);
    }
    is_cut
}
