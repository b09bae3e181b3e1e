//! Fields that stand within one outer name, as form plug-ins write them: `form_fields[email]` (Elementor), `fields[email][value]`,
//! `{"data": {"email": …}}`. Where nothing outside says how to reach the person, and one outer name alone does, its fields are the
//! lead's, with its answers, consent and tracking. Of two such (a buyer and an agent) nobody can say whose enquiry it is: then all
//! stays what it is.

use std::collections::BTreeMap;

use ripen_domain::{
    list::{
        header::{GROUPS, fields_of, outer_name},
        wish::is_wish,
    },
    values::is_nothing,
};
use serde_json::{Map, Value};

use super::text;
use crate::formats::{Fields, field::member};

/// What programs call the object of a person's further fields.
const MORE_FIELDS: [&str; 5] = ["extra", "custom_fields", "customFields", "custom", "properties"];

/// Where a field stands.
enum OuterPlace {
    /// Under this name: `form_fields[email]`.
    Flat(String),
    /// Within the object of the outer name.
    Nested,
}

/// A field within an outer name.
struct InnerField {
    /// What it is called there; a member of a group as lists write it, `answers.budget`.
    inner: String,
    place: OuterPlace,
    /// It says something, and is no object itself but for a group of Ripen's.
    is_said: bool,
}

/// A flat name taken apart.
struct FlatName {
    outer: String,
    inner: String,
}

/// Puts the fields of one outer name beside those that have none. A field that is there already keeps its place, and the other one its
/// own name. Returns under which name each was posted.
pub fn look_through(fields: &mut Fields) -> BTreeMap<String, String> {
    let mut posted_as = BTreeMap::new();
    let outside = fields.iter().filter(|(name, _)| flat_name(name).is_none());
    if reaches(outside.map(|(name, value)| (name.as_str(), is_said(value)))) {
        return posted_as;
    }
    // `opt_out[phone]` says by no number how to reach anybody.
    let mut outers = within(fields).into_iter().filter(|(outer, inner)| {
        !is_wish(outer) && reaches(inner.iter().map(|field| (field.inner.as_str(), field.is_said)))
    });
    let (Some((outer, inner)), None) = (outers.next(), outers.next()) else { return posted_as };
    for InnerField { inner, place, is_said } in inner {
        if !is_said || inner.starts_with('_') || is_member_there(fields, &inner) {
            continue;
        }
        let value = match &place {
            OuterPlace::Flat(name) => fields.remove(name),
            OuterPlace::Nested => match fields.get_mut(&outer) {
                Some(Value::Object(members)) => members.remove(&inner),
                _ => None,
            },
        };
        let Some(value) = value else { continue };
        match (put(fields, &inner, value), place) {
            (None, OuterPlace::Flat(name)) => drop(posted_as.insert(inner, name)),
            (None, OuterPlace::Nested) => {}
            (Some(left), OuterPlace::Flat(name)) => drop(fields.insert(name, left)),
            (Some(left), OuterPlace::Nested) => {
                if let Some(Value::Object(members)) = fields.get_mut(&outer) {
                    members.insert(inner, left);
                }
            }
        }
    }
    if fields.get(&outer).and_then(Value::as_object).is_some_and(Map::is_empty) {
        fields.remove(&outer);
    }
    posted_as
}

/// Puts a value where no outer name stands. A group is filled up member by member: answers may stand in both places. Gives back what is
/// there already.
fn put(fields: &mut Fields, name: &str, value: Value) -> Option<Value> {
    let known = match fields.get_mut(name) {
        Some(Value::Object(known)) if GROUPS.contains(&name) => known,
        Some(known) if is_there(known) => return Some(value),
        _ => {
            fields.insert(name.to_owned(), value);
            return None;
        }
    };
    let members = match value {
        Value::Object(members) => members,
        other => return Some(other),
    };
    let mut left = Map::new();
    for (member, value) in members {
        if known.get(&member).is_some_and(is_there) {
            left.insert(member, value);
        } else {
            known.insert(member, value);
        }
    }
    (!left.is_empty()).then_some(Value::Object(left))
}

/// Whether a member of a group is in it already.
fn is_member_there(fields: &Fields, name: &str) -> bool {
    let Some((group, member)) = name.split_once('.').filter(|(group, _)| GROUPS.contains(group)) else { return false };
    let members = fields.get(group).and_then(Value::as_object);
    members.and_then(|members| members.get(member)).is_some_and(is_there)
}

/// Whether a value keeps its place: what is empty hides nothing that is said elsewhere.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(values) => !values.is_empty(),
        scalar => is_said(scalar),
    }
}

/// Whether something within the lead's own outer name is looked through for a wish not to be contacted, whatever its shape.
fn may_hold_wish(name: &str, value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_)) && (is_wish(name) || MORE_FIELDS.contains(&name))
}

/// The outer name of a flat one, and what stands within it.
fn flat_name(name: &str) -> Option<FlatName> {
    if let Some(found) = outer_name(name) {
        // What landing pages add by themselves is of `tracking`, also where a plug-in puts its own name around it.
        let inner = match member(found.inner) {
            Some((group, member)) => format!("{group}.{member}"),
            None => found.inner.to_owned(),
        };
        return Some(FlatName { outer: found.outer.to_owned(), inner });
    }
    // `form_fields[answers][budget]`, `form_fields[answers.budget]`.
    let name = name.strip_suffix("[value]").unwrap_or(name);
    let mut parts = name.split(['[', ']', '.']).filter(|part| !part.trim().is_empty());
    let (outer, group, member) = (parts.next()?, parts.next()?.to_lowercase(), parts.next()?);
    let is_ours = GROUPS.contains(&outer.to_lowercase().as_str()) || outer.starts_with('_');
    let is_member = parts.next().is_none() && GROUPS.contains(&group.as_str()) && !is_ours;
    is_member.then(|| FlatName { outer: outer.to_owned(), inner: format!("{group}.{member}") })
}

/// Every outer name with what stands within it.
fn within(fields: &Fields) -> BTreeMap<String, Vec<InnerField>> {
    let mut outers: BTreeMap<String, Vec<InnerField>> = BTreeMap::new();
    for (name, value) in fields {
        if let Some(FlatName { outer, inner }) = flat_name(name) {
            let field = InnerField { inner, place: OuterPlace::Flat(name.clone()), is_said: is_said(value) };
            outers.entry(outer).or_default().push(field);
        } else if let Value::Object(members) = value
            && !GROUPS.contains(&name.as_str())
            && !name.starts_with('_')
        {
            let inner = members.iter().map(|(inner, value)| InnerField {
                inner: inner.clone(),
                place: OuterPlace::Nested,
                is_said: is_said(value)
                    || GROUPS.contains(&inner.as_str()) && value.is_object()
                    || may_hold_wish(inner, value),
            });
            outers.entry(name.clone()).or_default().extend(inner);
        }
    }
    outers
}

/// Whether one of these names is that of an address or a number, and says something.
fn reaches<'n>(fields: impl Iterator<Item = (&'n str, bool)>) -> bool {
    let (names, said): (Vec<String>, Vec<bool>) = fields.map(|(name, is_said)| (name.to_owned(), is_said)).unzip();
    let mut fields = fields_of(&names).into_iter().zip(said);
    fields.any(|(field, is_said)| is_said && matches!(field.as_deref(), Some("email" | "phone")))
}

fn is_said(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Number(_) => {
            !is_nothing(&text::shown(value)) && !text::shown(value).trim().is_empty()
        }
        Value::Bool(_) => true,
        Value::Array(values) => !values.is_empty() && values.iter().all(|one| !one.is_array() && !one.is_object()),
        Value::Object(_) | Value::Null => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn looked(fields: Value) -> Value {
        let Value::Object(mut fields) = fields else { panic!("an object") };
        look_through(&mut fields);
        Value::Object(fields)
    }

    #[test]
    fn the_fields_of_one_outer_name_are_the_leads() {
        for (posted, read) in [
            (
                json!({"form_fields[name]": "Ella", "form_fields[email]": "ella@x.com", "form_fields[budget]": "9", "post_id": "7"}),
                json!({"name": "Ella", "email": "ella@x.com", "budget": "9", "post_id": "7"}),
            ),
            (
                json!({"fields[email][id]": "email", "fields[email][value]": "ella@x.com", "fields[your-tel][value]": "1"}),
                json!({"fields[email][id]": "email", "email": "ella@x.com", "your-tel": "1"}),
            ),
            (
                json!({"data": {"Email Address": "ella@x.com", "name": "Ella", "agent": {"email": "b@x.com"}}, "name": "E. Low"}),
                json!({"Email Address": "ella@x.com", "data": {"name": "Ella", "agent": {"email": "b@x.com"}}, "name": "E. Low"}),
            ),
            (json!({"contact": {"phone": 4_155_550_100_u64}}), json!({"phone": 4_155_550_100_u64})),
            (json!({"enquiry.email": "ella@x.com"}), json!({"email": "ella@x.com"})),
            (json!({"email": null, "data": {"email": "ella@x.com"}}), json!({"email": "ella@x.com"})),
            (
                json!({"data": {"email": "ella@x.com"}, "opt_out": {"phone": true}}),
                json!({"email": "ella@x.com", "opt_out": {"phone": true}}),
            ),
            (
                json!({"enquiry": {"email": "ella@x.com", "do_not_contact": {"value": true}, "extra": {"DNC": "yes"}}}),
                json!({"email": "ella@x.com", "do_not_contact": {"value": true}, "extra": {"DNC": "yes"}}),
            ),
            (json!({"email": "", "data": {"email": "ella@x.com"}}), json!({"email": "ella@x.com"})),
        ] {
            assert_eq!(looked(posted.clone()), read, "{posted}");
        }
    }

    #[test]
    fn answers_consent_and_tracking_are_the_leads_too() {
        for (posted, read) in [
            (
                json!({"data": {"email": "ella@x.com", "answers": {"budget": 9, "rooms": {"from": 2}}, "consent": {"text": "Yes."}}}),
                json!({"email": "ella@x.com", "answers": {"budget": 9, "rooms": {"from": 2}}, "consent": {"text": "Yes."}}),
            ),
            (
                json!({"lead": {"email": "ella@x.com", "answers": {"budget": 9, "soon": true}, "tracking": {"cost": 2}},
                       "answers": {"budget": 8}, "tracking": null}),
                json!({"email": "ella@x.com", "answers": {"budget": 8, "soon": true}, "tracking": {"cost": 2},
                       "lead": {"answers": {"budget": 9}}}),
            ),
            (
                json!({"data": {"email": "ella@x.com", "answers": {"budget": 9, "soon": true}}, "answers": {"budget": ""}}),
                json!({"email": "ella@x.com", "answers": {"budget": 9, "soon": true}}),
            ),
            (
                json!({"data": {"email": "ella@x.com", "answers": {"budget": 9}}, "answers": ""}),
                json!({"email": "ella@x.com", "answers": {"budget": 9}}),
            ),
            (
                json!({"data": {"email": "ella@x.com", "answers": {"budget": 9}}, "answers": "x"}),
                json!({"email": "ella@x.com", "answers": "x", "data": {"answers": {"budget": 9}}}),
            ),
            (
                json!({"form_fields[email]": "ella@x.com", "form_fields[answers][budget]": "450k",
                       "form_fields[answers.soon]": "yes", "form_fields[consent][text]": "Yes.", "form_fields[utm_source]": "ad"}),
                json!({"email": "ella@x.com", "answers.budget": "450k", "answers.soon": "yes", "consent.text": "Yes.",
                       "tracking.utm_source": "ad"}),
            ),
            (
                json!({"a.email": "ella@x.com", "a.answers.budget": "9", "a[answers][soon][value]": "yes", "answers": {"soon": "no"}}),
                json!({"email": "ella@x.com", "answers.budget": "9", "a[answers][soon][value]": "yes", "answers": {"soon": "no"}}),
            ),
        ] {
            assert_eq!(looked(posted.clone()), read, "{posted}");
        }
    }

    #[test]
    fn what_may_be_of_somebody_else_stays_where_it_is() {
        for posted in [
            json!({"email": "c@x.com", "first_name": "Casey", "agent": {"name": "Bo", "email": "b@x.com"}}),
            json!({"buyer[email]": "c@x.com", "agent[email]": "b@x.com"}),
            json!({"buyer": {"email": "c@x.com"}, "agent": {"phone": "1"}}),
            json!({"answers": {"email": "c@x.com"}, "answers[phone]": "1"}),
            json!({"form_fields[email]": "", "form_fields[name]": "Ella"}),
            json!({"a": {"b": {"email": "c@x.com"}}}),
            json!({"buyer": {"email": "c@x.com", "answers": {"budget": 9}}, "agent": {"email": "b@x.com", "answers": {"x": 1}}}),
            json!({"_meta": {"email": "c@x.com"}}),
        ] {
            assert_eq!(looked(posted.clone()), posted);
        }
    }
}
