//! Fields under the names that senders give them (`firstName`, `zip`, `answers.budget`) put under Ripen's, as the columns of a list
//! are: by the same table.

use ripen_domain::{
    contact::{DialCode, Email, Phone, bare_address},
    list::{
        header::{FIELDS, GROUPS, fields_of},
        wish::{ContactWish, wish_in_field},
    },
    values::{folded, is_nothing, yes_no},
};
use serde_json::{Map, Value, map::Entry};

use super::{dial_code::dial_code, text};
use crate::formats::Fields;

/// Members of `consent`: under any other name it is a field of the sender's own.
const OF_CONSENT: [&str; 5] = ["text", "version", "ip", "certificate_url", "given_at"];

/// Of which country a number is that does not say so.
struct NumberPlace<'c> {
    code: Option<DialCode>,
    country: &'c str,
}

/// Renames. Where a field is there under its own name, or came before, the others stay what they are, beside it. Returns under which name
/// the phone number came.
pub fn put_under_ripens(fields: &mut Fields, country: &str) -> Option<String> {
    let names: Vec<String> = fields.keys().filter(|name| !name.starts_with('_')).cloned().collect();
    let place = NumberPlace { code: dial_code(fields), country };
    let mut phone_as = fields.contains_key("phone").then(|| "phone".to_owned());
    for usable in [true, false] {
        for (name, field) in names.iter().zip(fields_of(&names)) {
            // A member of a group is put into it, also where it is written as lists write it: `answers.budget`.
            let Some(field) = field.filter(|field| field != name || field.contains('.')) else { continue };
            match field.split_once('.') {
                Some((group, member)) => put_into_group(fields, name, (group, member)),
                None => {
                    let is_moved = put(fields, (name, &field), |text| !usable || is_usable(&field, text, &place));
                    if is_moved && field == "phone" {
                        phone_as = Some(name.clone());
                    }
                }
            }
        }
    }
    phone_as
}

/// Whether the value was moved.
fn put(fields: &mut Fields, (name, field): (&str, &str), is_usable: impl Fn(&str) -> bool) -> bool {
    let says = |value: &Value| is_plain(value, field) && !is_nothing(&text::shown(value));
    if !FIELDS.contains(&field) || fields.get(field).is_some_and(is_said) {
        return false;
    }
    if !fields.get(name).is_some_and(|value| says(value) && is_usable(&text::shown(value))) {
        return false;
    }
    let Some(value) = fields.remove(name) else { return false };
    // What said nothing there is kept: it may be a word that somebody typed.
    if let Some(before) = fields.insert(field.to_owned(), value).filter(|before| !before.is_null()) {
        fields.insert(name.to_owned(), before);
    }
    true
}

fn put_into_group(fields: &mut Fields, name: &str, (group, member): (&str, &str)) {
    if !GROUPS.contains(&group) || group == "consent" && !OF_CONSENT.contains(&member) {
        return;
    }
    let Some(value) = fields.remove(name) else { return };
    let entry = fields.entry(group).or_insert_with(|| Value::Object(Map::new()));
    if entry.is_null() {
        *entry = Value::Object(Map::new());
    }
    let left = match entry {
        Value::Object(members) => match members.entry(member) {
            Entry::Vacant(free) => {
                free.insert(value);
                None
            }
            Entry::Occupied(mut known) if known.get().is_null() => {
                known.insert(value);
                None
            }
            Entry::Occupied(_) => Some(value),
        },
        _ => Some(value),
    };
    if let Some(value) = left {
        fields.insert(name.to_owned(), value);
    }
}

fn is_said(value: &Value) -> bool {
    !value.is_null() && !value.as_str().is_some_and(is_nothing)
}

/// Whether a value is one that the field takes; an object under a name such as `contact` is the sender's own.
fn is_plain(value: &Value, field: &str) -> bool {
    match value {
        // `country_code` is that of a number, too: `+44`.
        Value::String(text) if field == "country" => !text.contains(|c: char| c.is_ascii_digit()),
        Value::Number(_) if field == "country" => false,
        Value::String(_) | Value::Number(_) => true,
        Value::Bool(_) => matches!(field, "do_not_contact" | "test"),
        Value::Array(values) => !values.is_empty() && values.iter().all(|one| one.is_string() || one.is_number()),
        _ => false,
    }
}

/// Whether the field would be filled by it: a number that is none must not hide the one under another name.
fn is_usable(field: &str, text: &str, of: &NumberPlace<'_>) -> bool {
    match field {
        "email" => Email::parse(bare_address(&folded(text))).is_ok(),
        "phone" => {
            of.code.as_ref().is_some_and(|code| code.parse_with_remark(text).is_ok())
                || Phone::parse_with_remark(text, Some(of.country)).is_ok()
        }
        "do_not_contact" => wish_in_field(text) == ContactWish::DoNot,
        "test" => yes_no(text) == Some(true),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn renamed(fields: Value) -> Value {
        let Value::Object(mut fields) = fields else { panic!("an object") };
        put_under_ripens(&mut fields, "US");
        Value::Object(fields)
    }

    #[test]
    fn names_of_others_are_those_of_a_lists_columns() {
        let said = json!({"firstName": "Casey", "surname": "Smith", "zip": 60134, "E-Mail": "c@example.com", "Mobile": "(415) 555-0100",
                          "comments": "a note", "createdAt": "2026-11-20", "DNC": true});
        let expected = json!({"first_name": "Casey", "last_name": "Smith", "postal_code": 60134, "email": "c@example.com",
                              "phone": "(415) 555-0100", "notes": "a note", "submitted_at": "2026-11-20", "do_not_contact": true});
        assert_eq!(renamed(said), expected);
        assert_eq!(renamed(json!({"full_name": "Casey Smith"})), json!({"name": "Casey Smith"}));
        assert_eq!(
            renamed(json!({"vorname": "Anna", "name": "Low"})),
            json!({"first_name": "Anna", "last_name": "Low"})
        );
    }

    #[test]
    fn what_is_there_stays_and_of_several_the_usable_one_counts() {
        let said = json!({"phone": "1", "mobile": "2", "email": null, "mail": "a@example.com", "name": "n/a", "fullName": "Ann"});
        let expected = json!({"phone": "1", "mobile": "2", "email": "a@example.com", "name": "Ann", "fullName": "n/a"});
        assert_eq!(renamed(said), expected);
        let said =
            json!({"home_phone": "ask", "mobile": "(415) 555-0100", "message": {"a": 1}, "company": "x", "_t": "1"});
        let expected =
            json!({"home_phone": "ask", "phone": "(415) 555-0100", "message": {"a": 1}, "company": "x", "_t": "1"});
        assert_eq!(renamed(said), expected);
        assert_eq!(renamed(json!({"opt_out": "no", "dnc": "yes"})), json!({"opt_out": "no", "do_not_contact": "yes"}));
        assert_eq!(renamed(json!({"is_test": false, "testLead": true})), json!({"is_test": false, "test": true}));
    }

    #[test]
    fn answers_are_members_however_their_names_are_written() {
        let said =
            json!({"answers.budget": 1, "answers_rooms": 2, "answers[soon]": true, "Answers.Pets": "no", "budget": 3});
        let expected = json!({"answers": {"budget": 1, "rooms": 2, "soon": true, "Pets": "no"}, "budget": 3});
        assert_eq!(renamed(said), expected);
        let said =
            json!({"answers": {"budget": 1}, "answers.budget": 2, "consent.text": "Yes.", "consent.given": true});
        let expected =
            json!({"answers": {"budget": 1}, "answers.budget": 2, "consent": {"text": "Yes."}, "consent.given": true});
        assert_eq!(renamed(said), expected);
        assert_eq!(renamed(json!({"answers": "x", "answers.y": "1"})), json!({"answers": "x", "answers.y": "1"}));
    }
}
