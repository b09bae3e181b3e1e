//! From the fields that somebody posted to a [`Submission`]: tolerant of types and writing, strict about what is kept.
//!
//! Everything that cannot be used is flagged and stays in the raw body; only a lead without a usable e-mail address or
//! phone number, or with an unusable external id, is refused. Nothing posted can set what Ripen decides: a field that
//! is none of the submission's own lands in `extra`.

mod bounds;
mod clock;
mod consent;
mod contact;
mod dial_code;
mod map;
mod name;
mod normalised;
mod number;
mod other_contact;
mod outer_name;
mod own_names;
mod place;
mod posted_from;
mod read_flags;
mod reader;
mod test_lead;
mod text;
mod time;
mod wish;

use jiff::tz::TimeZone;
use ripen_domain::{
    calling::postal_code::is_possible,
    flag::FlagCode,
    lead::Channel,
    time::zone,
    values::{UnusableId, is_id, is_nothing, unusable_id, visible},
};
use ripen_web::FieldProblem;
use serde_json::Value;

use crate::formats::Fields;
use bounds::{LONG, SHORT};
use name::GivenName;
pub use normalised::Normalised;
pub use posted_from::PostedFrom;
use reader::Reader;
pub use time::end_at_receipt;

/// Normalises the fields.
pub fn submission(mut fields: Fields, from: &PostedFrom<'_>) -> Normalised {
    let of_reading = read_flags::take(&mut fields);
    let is_dummy = test_lead::is_dummy(&fields);
    let posted_as = outer_name::look_through(&mut fields);
    let phone_as = own_names::put_under_ripens(&mut fields, from.country);
    let phone_as = phone_as.map(|name| posted_as.get(&name).cloned().unwrap_or(name));
    let has_bare_plus = phone_as.is_some_and(|name| from.bare_plus.contains(&name));
    let mut reader = Reader::new(fields, zone(from.time_zone).unwrap_or(TimeZone::UTC));
    reader.has_bare_plus = has_bare_plus;
    names(&mut reader);
    reader.submission.referred_by = reader.words("referred_by", SHORT);
    reader.submission.postal_code = postal_code(&mut reader);
    reader.submission.locale = reader.line("locale", 35);
    reader.submission.notes = reader.text("notes", LONG);
    external_id(&mut reader);
    place::read(&mut reader, from.country);
    postal_code_of_place(&mut reader);
    contact::read(&mut reader, from);
    user_name(&mut reader);
    channel(&mut reader);
    time::read(&mut reader, from.received_at);
    test_lead::read(&mut reader);
    reader.submission.test |= is_dummy;
    consent::read(&mut reader);
    reader.submission.answers = reader.map("answers");
    reader.submission.tracking = reader.tracking();
    wish::read(&mut reader);
    of_reading.into_iter().for_each(|flag| reader.submission.flag(flag));
    reader.finish()
}

fn names(reader: &mut Reader) {
    let first = reader.name("first_name", SHORT);
    let last = reader.name("last_name", SHORT);
    let whole = reader.name("name", SHORT);
    let given = GivenName { first, last, whole };
    let kept = name::kept(given.clone());
    let parts = [
        ("first_name", given.first, &kept.first),
        ("last_name", given.last, &kept.last),
        ("name", given.whole, &kept.whole),
    ];
    for (field, given, kept) in parts {
        let dropped = given.filter(|given| kept.is_none() && name::is_told(given));
        dropped.into_iter().for_each(|said| reader.flag(field, FlagCode::FieldUnusable, &said));
    }
    reader.submission.first_name = kept.first;
    reader.submission.last_name = kept.last;
    reader.submission.name = kept.whole;
}

/// A user's name is no name of a person. Comes after the address is read.
fn user_name(reader: &mut Reader) {
    let said = &mut reader.submission;
    let parts = [("first_name", &mut said.first_name), ("last_name", &mut said.last_name), ("name", &mut said.name)];
    let given = parts.iter().filter_map(|(_, text)| (**text).as_ref());
    if !said.email.as_ref().is_some_and(|email| name::is_user_name(given, email)) {
        return;
    }
    let dropped = parts.map(|(field, text)| (field, text.take()));
    for (field, text) in dropped.into_iter().filter_map(|(field, text)| Some((field, text?))) {
        reader.flag(field, FlagCode::FieldUnusable, &text);
    }
}

/// So much of an id is shown beside why it cannot be used.
const SHOWN_OF_ID: usize = 40;

/// An id is compared as it came, but for blanks at its ends, which cells of spreadsheets have and nobody sees: one that had to be cut,
/// cleaned or guessed would make two leads one.
fn external_id(reader: &mut Reader) {
    let error =
        |code, message: &'static str| FieldProblem { pointer: "/external_id".into(), code, message: message.into() };
    let Some(value) = reader.take_first("external_id", is_id) else { return };
    if value == Value::Bool(false) {
        return;
    }
    let Ok(given) = text::of(value) else {
        return reader.errors.push(error("invalid", "The external id must be a text or a number."));
    };
    let id = given.trim();
    // `null` from a program without an id would make all its leads one.
    if is_nothing(id) {
        return;
    }
    if let Some(why) = unusable_id(id) {
        let words: String = id.chars().take(SHOWN_OF_ID).collect();
        let said = format!("{}: {why}", visible(&words));
        let code = if why == UnusableId::Rounded { FlagCode::Rounded } else { FlagCode::FieldUnusable };
        return reader.flag("external_id", code, said.trim_start_matches(": "));
    }
    if !is_id(id) {
        return;
    }
    // Also at its ends: a line break there is a control character like any other.
    if given.chars().any(char::is_control) {
        reader.errors.push(error("invalid", "The external id holds control characters, such as a tab: take them out."));
    } else if id.chars().count() > SHORT {
        reader.errors.push(error("too_long", "The external id may have at most 200 characters."));
    } else {
        reader.submission.external_id = Some(id.to_owned());
    }
}

/// A code that a spreadsheet took for a number too large to show is none.
fn postal_code(reader: &mut Reader) -> Option<String> {
    let code = reader.words("postal_code", 32)?;
    if unusable_id(&code) != Some(UnusableId::Rounded) {
        return Some(code);
    }
    reader.flag("postal_code", FlagCode::Rounded, &code);
    reader.keep_beside("postal_code", Value::String(code));
    None
}

/// What is no code of the person's country: half a number, a letter for a digit, a town beside it, another country's. Whoever calls sees
/// it; nobody's place is guessed from it.
fn postal_code_of_place(reader: &mut Reader) {
    let country = reader.submission.country.clone();
    let is_impossible = |code: &mut String| !is_possible(code, country.as_deref());
    if let Some(code) = reader.submission.postal_code.take_if(is_impossible) {
        reader.set_aside("postal_code", Value::String(code));
    }
}

fn channel(reader: &mut Reader) {
    if let Some(word) = reader.line("channel", SHORT) {
        match Channel::as_written(&word) {
            Some(channel) => reader.submission.channel = Some(channel),
            None => reader.flag("channel", FlagCode::ChannelUnknown, &word),
        }
    }
}

#[cfg(test)]
mod tests;
