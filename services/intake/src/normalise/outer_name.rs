//! Fields that stand within one outer name, as form plug-ins write them: `form_fields[email]` (Elementor), `fields[email][value]`,
//! `{"data": {"email": …}}`. Where nothing outside says how to reach the person, and one outer name alone does, its fields are the
//! lead's. Of two such (a buyer and an agent) nobody can say whose enquiry it is: then all stays what it is.

use std::collections::BTreeMap;

use ripen_domain::{
    list::header::{GROUPS, fields_of, outer_name},
    values::is_nothing,
};
use serde_json::Value;

use super::text;
use crate::formats::Fields;

/// Where a field stands.
enum OuterPlace {
    /// Under this name: `form_fields[email]`.
    Flat(String),
    /// Within the object of the outer name.
    Nested,
}

/// A field within an outer name.
struct InnerField {
    inner: String,
    place: OuterPlace,
    /// It says something, and is no object itself.
    is_said: bool,
}

/// Puts the fields of one outer name beside those that have none. A field that is there already keeps its place, and the other one its
/// own name. Returns under which name each was posted.
pub fn look_through(fields: &mut Fields) -> BTreeMap<String, String> {
    let mut posted_as = BTreeMap::new();
    if reaches(fields.iter().map(|(name, value)| (name.as_str(), is_said(value)))) {
        return posted_as;
    }
    let mut outers = within(fields)
        .into_iter()
        .filter(|(_, inner)| reaches(inner.iter().map(|field| (field.inner.as_str(), field.is_said))));
    let (Some((outer, inner)), None) = (outers.next(), outers.next()) else { return posted_as };
    for InnerField { inner, place, is_said } in inner {
        if !is_said || inner.starts_with('_') || fields.contains_key(&inner) {
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
        if let OuterPlace::Flat(name) = place {
            posted_as.insert(inner.clone(), name);
        }
        fields.insert(inner, value);
    }
    if fields.get(&outer).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
        fields.remove(&outer);
    }
    posted_as
}

/// Every outer name with what stands within it.
fn within(fields: &Fields) -> BTreeMap<String, Vec<InnerField>> {
    let mut outers: BTreeMap<String, Vec<InnerField>> = BTreeMap::new();
    for (name, value) in fields {
        if let Some(found) = outer_name(name) {
            let field = InnerField {
                inner: found.inner.to_owned(),
                place: OuterPlace::Flat(name.clone()),
                is_said: is_said(value),
            };
            outers.entry(found.outer.to_owned()).or_default().push(field);
        } else if let Value::Object(members) = value
            && !GROUPS.contains(&name.as_str())
            && !name.starts_with('_')
        {
            let inner = members.iter().map(|(inner, value)| InnerField {
                inner: inner.clone(),
                place: OuterPlace::Nested,
                is_said: is_said(value),
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
            json!({"_meta": {"email": "c@x.com"}}),
        ] {
            assert_eq!(looked(posted.clone()), posted);
        }
    }
}
