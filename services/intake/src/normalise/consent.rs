//! Consent as it was given: kept word for word, within bounds.

use ripen_domain::{flag::FlagCode, submission::Consent};
use serde_json::{Map, Value};

use super::{
    bounds::{LONG, SHORT},
    reader::Reader,
    text, time,
};

/// Most characters of an address.
const URL: usize = 2_000;

/// Reads `consent`. Members that it does not have stay together under `extra`.
pub fn read(reader: &mut Reader) {
    let mut members = match reader.take("consent") {
        Some(Value::Object(members)) => members,
        Some(other) => return reader.set_aside("consent", other),
        None => return,
    };
    let text =
        member(reader, &mut members, "text").and_then(|given| reader.cleaned("consent", text::lines(given, LONG)));
    let mut short = |name, most| {
        member(reader, &mut members, name).and_then(|given| reader.cleaned("consent", text::line(given, most)))
    };
    let consent = Consent {
        text,
        version: short("version", SHORT),
        ip: short("ip", 64),
        certificate_url: short("certificate_url", URL),
        given_at: given_at(reader, &mut members),
    };
    if consent != Consent::default() {
        reader.submission.consent = Some(consent);
    }
    members.retain(|_, value| !value.is_null());
    if !members.is_empty() {
        reader.set_aside("consent", Value::Object(members));
    }
}

/// Takes a member that is a text; anything else stays where it is.
fn member(reader: &mut Reader, members: &mut Map<String, Value>, name: &str) -> Option<String> {
    match text::of(members.remove(name)?) {
        Ok(text) => Some(text),
        Err(Value::Null) => None,
        Err(other) => {
            reader.flag("consent", FlagCode::FieldUnusable, &text::shown(&other));
            members.insert(name.to_owned(), other);
            None
        }
    }
}

fn given_at(reader: &Reader, members: &mut Map<String, Value>) -> Option<jiff::Timestamp> {
    let at = time::instant(members.get("given_at")?, &reader.clock())?;
    members.remove("given_at");
    Some(at)
}
