//! The words of senders in what a client is told. An address or a number that must not be contacted may stand in any of them: in a
//! name, an answer, a note.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    facts::DeliveryFacts,
    payload::{EventDetail, Member},
};
use crate::{
    contact::{Identity, WITHHELD, without},
    flag::{Flag, FlagCode},
};

impl DeliveryFacts {
    /// All of them.
    #[must_use]
    pub fn told_words(&self) -> Vec<String> {
        let profile = &self.profile;
        let names =
            [&profile.first_name, &profile.last_name, &profile.name, &profile.phone_extension, &profile.postal_code];
        let mut words: Vec<String> = names.into_iter().flatten().cloned().collect();
        words.extend(profile.full_name());
        self.answers.values().for_each(|answer| words_of(answer, &mut words));
        words.extend(self.notes.iter().filter_map(|note| note.text.get().cloned()));
        words.extend(self.appointment.as_ref().and_then(|agreed| agreed.note.clone()));
        if let EventDetail::Updated(update) = &self.detail {
            words.extend(update.reason.get().cloned());
        }
        words
    }

    /// Takes out of them what must not be contacted, and flags where it stood.
    pub fn withhold(&mut self, countries: &[&str], barred: &BTreeSet<Identity>) {
        let cut = |text: &str| without(text, countries, barred);
        let mut fields = Vec::new();
        let profile = &mut self.profile;
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
        for (question, answer) in &mut self.answers {
            if redact(answer, &cut) {
                fields.push(question.clone());
            }
        }
        for note in &mut self.notes {
            if let Some(left) = note.text.get().and_then(|text| cut(text)) {
                note.text = left.into();
                fields.push("notes".to_owned());
            }
        }
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

fn words_of(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Number(number) => words.push(number.to_string()),
        Value::Array(values) => values.iter().for_each(|one| words_of(one, words)),
        Value::Object(members) => members.values().for_each(|one| words_of(one, words)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether something was taken out.
fn redact(value: &mut Value, cut: &impl Fn(&str) -> Option<String>) -> bool {
    let left = match value {
        Value::String(text) => cut(text),
        Value::Number(number) => cut(&number.to_string()),
        // Each of them, not up to the first.
        Value::Array(values) => return values.iter_mut().fold(false, |any, one| redact(one, cut) || any),
        Value::Object(members) => return members.values_mut().fold(false, |any, one| redact(one, cut) || any),
        Value::Null | Value::Bool(_) => None,
    };
    let is_cut = left.is_some();
    if let Some(left) = left {
        *value = Value::String(left);
    }
    is_cut
}
