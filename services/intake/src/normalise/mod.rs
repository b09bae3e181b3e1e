//! From the fields that somebody posted to a [`Submission`]: tolerant of types and writing, strict about what is kept.
//!
//! Everything that cannot be used is flagged and stays in the raw body; only a lead without a usable e-mail address or
//! phone number, or with an unusable external id, is refused. Nothing posted can set what Ripen decides: a field that
//! is none of the submission's own lands in `extra`.

mod bounds;
mod consent;
mod contact;
mod map;
mod normalised;
mod place;
mod reader;
mod text;
mod time;

use jiff::Timestamp;
use ripen_domain::submission::Flag;
use ripen_web::FieldProblem;
use serde_json::Value;

use crate::formats::Fields;
use bounds::{LONG, SHORT};
pub use normalised::Normalised;
use reader::Reader;

/// Normalises the fields. `country` is the source's, for phone numbers of leads that name none.
pub fn submission(fields: Fields, country: &str, now: Timestamp) -> Normalised {
    let mut reader = Reader::new(fields);
    reader.submission.first_name = reader.line("first_name", SHORT);
    reader.submission.last_name = reader.line("last_name", SHORT);
    reader.submission.name = reader.line("name", SHORT);
    reader.submission.referred_by = reader.line("referred_by", SHORT);
    reader.submission.postal_code = reader.line("postal_code", 32);
    reader.submission.locale = reader.line("locale", 35);
    reader.submission.notes = reader.text("notes", LONG);
    external_id(&mut reader);
    place::read(&mut reader, country);
    contact::read(&mut reader);
    channel(&mut reader);
    time::read(&mut reader, now);
    test(&mut reader);
    consent::read(&mut reader);
    reader.submission.answers = reader.map("answers");
    reader.submission.tracking = reader.map("tracking");
    reader.finish()
}

/// An id that had to be cut or guessed would make two leads one.
fn external_id(reader: &mut Reader) {
    let error =
        |code, message: &'static str| FieldProblem { pointer: "/external_id".into(), code, message: message.into() };
    match reader.take("external_id") {
        None => {}
        Some(value) => match text::of(value) {
            Err(_) => reader.errors.push(error("invalid", "The external id must be a text or a number.")),
            Ok(given) => {
                let id = reader.cleaned(text::line(given, usize::MAX));
                if id.as_ref().is_some_and(|id| id.chars().count() > SHORT) {
                    reader.errors.push(error("too_long", "The external id may have at most 200 characters."));
                } else {
                    reader.submission.external_id = id;
                }
            }
        },
    }
}

fn channel(reader: &mut Reader) {
    if let Some(word) = reader.line("channel", SHORT) {
        match word.to_ascii_lowercase().parse() {
            Ok(channel) => reader.submission.channel = Some(channel),
            Err(_) => reader.submission.flag(Flag::ChannelUnknown),
        }
    }
}

/// A test lead says so as JSON or as a form does.
fn test(reader: &mut Reader) {
    match reader.take("test") {
        None => {}
        Some(Value::Bool(test)) => reader.submission.test = test,
        Some(value) => match text::of(value.clone()).unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => reader.submission.test = true,
            "false" | "0" | "no" | "off" | "" => {}
            _ => reader.set_aside("test", value),
        },
    }
}

#[cfg(test)]
mod tests;
