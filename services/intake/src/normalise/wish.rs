//! Whether the person must not be contacted, as the sender says it: in the field for it, or by a word in any other, or beside a number.

use ripen_domain::{
    flag::{Flag, FlagCode},
    list::wish::{ContactWish, is_wish, wish_in_field, wish_in_note, wish_in_value, wish_in_words},
};
use serde_json::Value;

use super::{reader::Reader, text};

/// The field for it.
const FIELD: &str = "do_not_contact";

/// Reads all of a lead. Every other field has to be taken before: what is left are the sender's own.
pub fn read(reader: &mut Reader) {
    if let Some(value) = reader.take(FIELD) {
        match wish_in_value(&value, wish_in_field) {
            ContactWish::DoNot => said(reader, FIELD, &value),
            ContactWish::NotSaid => {}
            ContactWish::Unclear => reader.set_aside(FIELD, value),
        }
    }
    let notes = reader.submission.notes.clone().map(Value::String);
    if let Some(notes) = notes {
        match wish_in_value(&notes, wish_in_note) {
            ContactWish::DoNot => said(reader, "notes", &notes),
            ContactWish::NotSaid => {}
            ContactWish::Unclear => reader.flag("notes", FlagCode::WishUnclear, &text::shown(&notes)),
        }
    }
    // An answer to a question may be about anything: only one that is called so counts.
    let answers = reader.submission.answers.clone();
    let own = reader.rest().iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>();
    let answers = answers.into_iter().filter(|(name, _)| is_wish(name));
    for (name, value) in answers.chain(own) {
        let in_words = |text: &str| if is_wish(&name) { wish_in_field(text) } else { wish_in_words(&name, text) };
        match wish_in_value(&value, in_words) {
            ContactWish::DoNot => said(reader, &name, &value),
            ContactWish::NotSaid => {}
            ContactWish::Unclear => {
                let flag = Flag::new(&name, FlagCode::UnknownField).saying(&text::shown(&value));
                reader.submission.flag(flag.meaning(FIELD));
            }
        }
    }
}

/// What stands beside a number, or in place of one, is a note about whoever is reached there.
pub fn beside_number(reader: &mut Reader, remark: &str) {
    match wish_in_note(remark) {
        ContactWish::DoNot => said(reader, "phone", &Value::String(remark.to_owned())),
        ContactWish::NotSaid => {}
        ContactWish::Unclear => reader.flag("phone", FlagCode::WishUnclear, remark),
    }
}

fn said(reader: &mut Reader, field: &str, value: &Value) {
    reader.submission.do_not_contact = true;
    reader.flag(field, FlagCode::DoNotContact, &text::shown(value));
}
