//! Addresses and numbers in fields of the sender's own: seen by whoever calls, and part of no person.

use ripen_domain::{
    contact::{Email, Phone},
    flag::{Flag, FlagCode},
    list::header::contact_field,
    submission::Submission,
    values::folded,
};
use serde_json::Value;

use super::text;

/// An address or a number in a field that is called like one and is none of ours, `mobile` beside `phone`: whoever calls sees it,
/// unless it must not be contacted.
pub(super) fn in_field_of_their_own(said: &Submission, name: &str, value: &Value) -> Option<Flag> {
    let given = text::shown(value);
    let shown = match contact_field(name)? {
        "email" => {
            let email = Email::parse(address(&folded(&given))).ok()?;
            (said.email.as_ref() != Some(&email)).then(|| email.as_str().to_owned())
        }
        _ => {
            let read = Phone::parse(&given, said.country.as_deref()).ok().filter(|read| !read.doubtful)?;
            let numbers = [read.phone.as_str()].into_iter().chain(read.others.iter().map(String::as_str));
            let numbers: Vec<_> = numbers.filter(|one| said.phone.as_ref().map(Phone::as_str) != Some(one)).collect();
            (!numbers.is_empty()).then(|| numbers.join("; "))
        }
    };
    shown.map(|shown| Flag::new(name, FlagCode::UnknownField).saying(&shown))
}

/// The address alone, where mail programs write more around it: `Casey <casey@example.com>`, or a sentence's point behind it.
pub(super) fn address(text: &str) -> &str {
    let bracketed = text.strip_suffix('>').and_then(|text| text.split_once('<'));
    // Beside another address nobody can say which is meant.
    let inner = bracketed.filter(|(name, inner)| {
        let name = name.trim().trim_matches(['"', '\'']);
        !inner.contains('<') && (!name.contains('@') || name.eq_ignore_ascii_case(inner.trim()))
    });
    let text = inner.map_or(text, |(_, inner)| inner.trim()).trim_start_matches("mailto:");
    text.strip_suffix('.').unwrap_or(text)
}
