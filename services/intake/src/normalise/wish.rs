//! Whether the person must not be contacted, as the sender says it: in the field for it, or by a word in any other, or beside a number.

use ripen_domain::{
    flag::{Flag, FlagCode},
    list::{
        header::contact_field,
        wish::{
            ContactWish, FieldWish, is_wish, names_one_kind, strongest, wish_in_named, wish_in_note, wish_in_value,
            wishes_in,
        },
    },
};
use serde_json::Value;

use super::{reader::Reader, text};

/// The field for it.
const FIELD: &str = "do_not_contact";
/// Groups of which what they have no member for, or what is no group, is looked through as the sender's own fields are.
const LOOKED_THROUGH: [&str; 2] = ["consent", "answers"];

/// Reads all of a lead. Every other field has to be taken before: what is left are the sender's own.
pub fn read(reader: &mut Reader) {
    if let Some(value) = reader.take(FIELD) {
        match wish_in_named(FIELD, &value) {
            ContactWish::DoNot => said(reader, FIELD, &value),
            ContactWish::NotSaid => {}
            ContactWish::Unclear => reader.set_aside(FIELD, value),
        }
    }
    in_notes(reader);
    in_answers(reader);
    // Where pages note what they know, nobody expects it: it is shown, and somebody asks.
    let tracking = Value::Object(reader.submission.tracking.clone());
    let mut found = wishes_in("tracking", &tracking);
    found.extend(reader.rest().iter().flat_map(|(name, value)| wishes_in(name, value)));
    for name in LOOKED_THROUGH {
        found.extend(reader.beside(name).iter().flat_map(|value| wishes_in(name, value)));
    }
    let is_of_one = is_of_one_kind_alone(reader);
    for FieldWish { field, wish, said } in found {
        let wish = if is_of_one && is_of_consent(&field) { unclear_at_most(wish) } else { wish };
        heard(reader, wish, (&field, &said));
    }
    beside_other_numbers(reader);
}

/// Whether a field is one of the group for what the person agreed to, written flat.
fn is_of_consent(field: &str) -> bool {
    field.split_once('.').is_some_and(|(group, _)| group.eq_ignore_ascii_case("consent"))
}

/// A wish that may be about something else: whoever looks at the lead sees it.
const fn unclear_at_most(wish: ContactWish) -> ContactWish {
    match wish {
        ContactWish::DoNot => ContactWish::Unclear,
        other => other,
    }
}

/// Whether a record of consent that is written flat says that it is for one kind of message: `consent.channel` beside `consent.opt_out`.
fn is_of_one_kind_alone(reader: &Reader) -> bool {
    reader
        .rest()
        .iter()
        .any(|(name, value)| is_of_consent(name) && value.is_string() && names_one_kind(&text::shown(value)))
}

/// Each note is read by itself: of a list the first is the note, and the others are kept beside it.
fn in_notes(reader: &mut Reader) {
    if let Some(note) = reader.submission.notes.clone() {
        of_note(reader, wish_in_note(&note), &note);
    }
    for further in reader.beside("notes") {
        of_note(reader, strongest(&wishes_in_note(&further)), &text::shown(&further));
    }
}

/// What a note says, whatever its shape: its texts as any note, and what stands under a name that is such a wish as that.
fn wishes_in_note(note: &Value) -> Vec<ContactWish> {
    match note {
        Value::Array(notes) => notes.iter().flat_map(wishes_in_note).collect(),
        Value::Object(members) => {
            let of_member = |(name, value): (&String, &Value)| {
                if is_wish(name) { vec![wish_in_named(name, value)] } else { wishes_in_note(value) }
            };
            members.iter().flat_map(of_member).collect()
        }
        Value::Null => Vec::new(),
        text => vec![wish_in_note(&text::shown(text))],
    }
}

fn of_note(reader: &mut Reader, wish: ContactWish, said: &str) {
    match wish {
        ContactWish::DoNot => heard(reader, wish, ("notes", said)),
        ContactWish::NotSaid => {}
        ContactWish::Unclear => reader.flag("notes", FlagCode::WishUnclear, said),
    }
}

/// An answer to a question may be about anything: only one that is called so counts.
fn in_answers(reader: &mut Reader) {
    let answers = reader.submission.answers.iter().filter(|(name, _)| is_wish(name));
    let found: Vec<_> = answers
        .map(|(name, value)| FieldWish {
            field: name.clone(),
            wish: wish_in_named(name, value),
            said: text::shown(value),
        })
        .collect();
    for FieldWish { field, wish, said } in found {
        heard(reader, wish, (&field, &said));
    }
}

/// What stands beside a further number, in a field of its own, is of that number alone, as likely: whoever looks at the lead sees it.
fn beside_other_numbers(reader: &mut Reader) {
    let of_numbers = reader.rest().iter().filter(|(name, _)| contact_field(name) == Some("phone"));
    let doubted: Vec<_> = of_numbers
        .filter(|(_, value)| wish_in_value(value, wish_in_note) != ContactWish::NotSaid)
        .map(|(name, value)| (name.clone(), text::shown(value)))
        .collect();
    for (name, said) in doubted {
        reader.flag(&name, FlagCode::WishUnclear, &said);
    }
}

fn heard(reader: &mut Reader, wish: ContactWish, (field, said): (&str, &str)) {
    match wish {
        ContactWish::DoNot => {
            reader.submission.do_not_contact = true;
            reader.flag(field, FlagCode::DoNotContact, said);
        }
        ContactWish::NotSaid => {}
        ContactWish::Unclear => {
            let flag = Flag::new(field, FlagCode::UnknownField).saying(said);
            reader.submission.flag(flag.meaning(FIELD));
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
    heard(reader, ContactWish::DoNot, (field, &text::shown(value)));
}
