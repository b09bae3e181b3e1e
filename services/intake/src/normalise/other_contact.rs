//! Addresses and numbers in fields of the sender's own: seen by whoever calls, and part of no person.

use ripen_domain::{
    contact::{Email, Phone, bare_address},
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
            let email = Email::parse(bare_address(&folded(&given))).ok()?;
            (said.email.as_ref() != Some(&email)).then(|| email.as_str().to_owned())
        }
        _ => {
            let read = Phone::parse_with_remark(&given, said.country.as_deref()).ok().filter(|read| !read.doubtful)?;
            let numbers = [read.phone.as_str()].into_iter().chain(read.others.iter().map(String::as_str));
            let numbers: Vec<_> = numbers.filter(|one| said.phone.as_ref().map(Phone::as_str) != Some(one)).collect();
            (!numbers.is_empty()).then(|| numbers.join("; "))
        }
    };
    shown.map(|shown| Flag::new(name, FlagCode::UnknownField).saying(&shown))
}
