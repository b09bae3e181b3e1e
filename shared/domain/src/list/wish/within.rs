//! A wish not to be contacted in what stands within a field of a sender's own: `"opt_out": {"phone": true}`, `"custom_fields": {"DNC":
//! "yes"}`, `[{"name": "DNC", "value": "yes"}]`. Followed where nothing around it says that it may be somebody else's, else unclear.

use serde_json::{Map, Value};

use super::{
    ContactWish,
    field_name::{is_filler, named_wish},
    is_day, is_telling, names_one_kind, strongest, wish_in_words,
};
use crate::values::{shown, ticked};

/// How deep one is looked for.
const DEEPEST: usize = 8;
/// In how many values of one field.
const MOST_VALUES: usize = 500;
/// What a list of fields calls the name of each,
const NAMED: [&str; 6] = ["name", "label", "key", "title", "field", "id"];
/// and its value.
const VALUED: [&str; 4] = ["value", "values", "field_value", "fieldValue"];
/// The group for what the person agreed to.
const CONSENT: &str = "consent";

/// What a field, or one within it, says.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldWish {
    /// Where it stands: `custom_fields.DNC`.
    pub field: String,
    /// What it says.
    pub wish: ContactWish,
    /// Its words.
    pub said: String,
}

/// What a field of a sender's own says, and everything within it; nothing where nothing of it is said.
#[must_use]
pub fn wishes_in(name: &str, value: &Value) -> Vec<FieldWish> {
    let mut search = WishSearch { found: Vec::new(), left: MOST_VALUES };
    let outermost =
        WishPlace { field: name.to_owned(), name: outermost(name, value).to_owned(), is_plain: true, depth: DEEPEST };
    search.look(&outermost, value);
    search.found
}

/// What the name of a field says of whom it is about, and what it is. A person's consent is their own: the name of that group says no
/// more than `custom_fields` does, unless what stands in it is about one kind of message.
fn outermost<'n>(name: &'n str, value: &Value) -> &'n str {
    match name.split_once('.') {
        Some((group, member)) if group.eq_ignore_ascii_case(CONSENT) => member,
        None if name.eq_ignore_ascii_case(CONSENT) && value.is_object() && !is_for_one_kind(value, DEEPEST) => "",
        _ => name,
    }
}

/// Whether a record says that it is for one kind of message: `{"channel": "sms", "opt_out": true}`.
fn is_for_one_kind(value: &Value, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    match value {
        Value::Object(members) => members.values().any(|value| is_for_one_kind(value, deeper)),
        Value::Array(values) => values.iter().any(|one| is_for_one_kind(one, deeper)),
        // Under whatever name: `consent_type`, `category`, `method`.
        Value::String(text) => names_one_kind(text),
        _ => false,
    }
}

/// What a value says under a name that is such a wish, whatever its shape: `true`, `["yes"]`, `{"value": true}`, `{"phone": true}`.
#[must_use]
pub fn wish_in_named(name: &str, value: &Value) -> ContactWish {
    in_shape(name, value, DEEPEST)
}

fn in_shape(name: &str, value: &Value, depth: usize) -> ContactWish {
    let Some(deeper) = depth.checked_sub(1) else { return ContactWish::Unclear };
    match value {
        Value::Null => ContactWish::NotSaid,
        // Its hidden zero says no, and the box yes.
        Value::Array(values) if is_ticked(values) => wish_in_words(name, "yes"),
        Value::Array(values) => strongest(&values.iter().map(|one| in_shape(name, one, deeper)).collect::<Vec<_>>()),
        Value::Object(members) => match valued(members) {
            Some(value) => in_shape(name, value, deeper),
            None => {
                let of_member = |(inner, value): (&String, &Value)| match in_shape(&joined(name, inner), value, deeper)
                {
                    // When something else became of it, as likely.
                    ContactWish::DoNot if value.as_str().is_some_and(is_day) => ContactWish::Unclear,
                    wish => wish,
                };
                strongest(&members.iter().map(of_member).collect::<Vec<_>>())
            }
        },
        Value::Bool(_) | Value::Number(_) | Value::String(_) => wish_in_words(name, &shown(value)),
    }
}

/// Whether a list is a box that was ticked, with the hidden `no` of its form.
fn is_ticked(values: &[Value]) -> bool {
    let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
    texts.is_some_and(|texts| ticked(&texts) == Some(true))
}

/// Where something stands within a field.
struct WishPlace {
    field: String,
    /// The names of all that it stands in, and its own.
    name: String,
    /// Nothing around it says that it is about somebody else.
    is_plain: bool,
    depth: usize,
}

impl WishPlace {
    fn inner(&self, name: &str) -> Self {
        Self {
            field: format!("{}.{name}", self.field),
            name: joined(&self.name, name),
            is_plain: self.is_plain && (is_filler(&self.name) || is_telling(&self.name)),
            depth: self.depth.saturating_sub(1),
        }
    }
}

struct WishSearch {
    found: Vec<FieldWish>,
    /// How many more values are looked at.
    left: usize,
}

impl WishSearch {
    fn look(&mut self, place: &WishPlace, value: &Value) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return;
        }
        let holds_others = match value {
            Value::Object(_) => true,
            Value::Array(values) => values.iter().any(|one| one.is_object() || one.is_array()),
            _ => false,
        };
        if holds_others && named_wish(&place.name).is_none() {
            return self.look_within(place, value);
        }
        let wish = match wish_in_named(&place.name, value) {
            ContactWish::DoNot if !place.is_plain => ContactWish::Unclear,
            wish => wish,
        };
        if wish != ContactWish::NotSaid {
            self.found.push(FieldWish { field: place.field.clone(), wish, said: shown(value) });
        }
    }

    fn look_within(&mut self, place: &WishPlace, value: &Value) {
        if place.depth == 0 {
            return;
        }
        match value {
            Value::Array(values) => {
                let element = WishPlace {
                    field: place.field.clone(),
                    name: place.name.clone(),
                    is_plain: place.is_plain,
                    depth: place.depth - 1,
                };
                values.iter().for_each(|one| self.look(&element, one));
            }
            Value::Object(members) => match (name_of(place, members), valued(members)) {
                (Some(name), Some(value)) => self.look(&place.inner(name), value),
                _ => members.iter().for_each(|(name, value)| self.look(&place.inner(name), value)),
            },
            _ => {}
        }
    }
}

fn joined(outer: &str, inner: &str) -> String {
    format!("{outer} {inner}")
}

fn valued(members: &Map<String, Value>) -> Option<&Value> {
    VALUED.iter().filter_map(|name| members.get(*name)).find(|value| !value.is_null())
}

/// What an element of a list of fields is called: of several names the one that is such a wish.
fn name_of<'m>(place: &WishPlace, members: &'m Map<String, Value>) -> Option<&'m str> {
    let names = move || NAMED.iter().filter_map(move |name| members.get(*name)?.as_str());
    names().find(|name| named_wish(&joined(&place.name, name)).is_some()).or_else(|| names().next())
}
