//! Whether a lead is somebody's test: its sender says so in the field for it, under whatever name, or an ad platform filled it with what
//! it fills its own tests with.

use ripen_domain::{
    list::header::is_test,
    values::{is_nothing, ticked, yes_no},
};
use serde_json::Value;

use super::{reader::Reader, text};
use crate::formats::Fields;

/// The field for it.
const FIELD: &str = "test";
/// How what Meta's tool for testing lead ads writes into a field begins: `<test lead: dummy data for full_name>`.
const DUMMY: &str = "<test lead: dummy data";
/// The addresses that it writes.
const OF_META: [&str; 2] = ["test@fb.com", "test@meta.com"];

/// Whether a field holds what stands for a person in a test of Meta's.
pub fn is_dummy(fields: &Fields) -> bool {
    fields.values().any(holds_dummy)
}

/// As deep as the body: its reader bounds that.
fn holds_dummy(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.trim_start().get(..DUMMY.len()).is_some_and(|start| start.eq_ignore_ascii_case(DUMMY))
        }
        Value::Array(values) => values.iter().any(holds_dummy),
        Value::Object(members) => members.values().any(holds_dummy),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Reads what is said of it. Comes after the address is read, and every other field that has a name of its own.
pub fn read(reader: &mut Reader) {
    in_its_field(reader);
    // A `no` under one name takes nothing from the `yes` under another.
    let mut beside = reader.rest().iter().filter(|(name, _)| is_test(name));
    let is_said_beside = beside.any(|(_, value)| yes_no(&text::shown(value)) == Some(true));
    let email = reader.submission.email.as_ref();
    let is_of_meta = email.is_some_and(|email| OF_META.contains(&email.as_str()));
    reader.submission.test |= is_said_beside || is_of_meta;
}

/// A test lead says so as JSON or as a form does.
fn in_its_field(reader: &mut Reader) {
    match reader.take(FIELD) {
        None => {}
        Some(Value::Bool(test)) => reader.submission.test = test,
        Some(value) => {
            let said = text::of(value.clone()).unwrap_or_default();
            let several =
                value.as_array().and_then(|all| ticked(&all.iter().filter_map(Value::as_str).collect::<Vec<_>>()));
            match yes_no(&said).or(several) {
                Some(test) => reader.submission.test = test,
                None if is_nothing(&said) && !value.is_array() && !value.is_object() => {}
                None => reader.set_aside(FIELD, value),
            }
        }
    }
}
