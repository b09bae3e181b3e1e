//! What somebody posted, as words.

use serde_json::{Number, Value};

/// A value as its words are shown and read.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => digits(number),
        other => other.to_string(),
    }
}

/// A number as it would be written by hand: a phone number that went through a spreadsheet has no decimals.
#[must_use]
pub fn digits(number: &Number) -> String {
    match number.as_f64() {
        #[allow(clippy::cast_possible_truncation, reason = "whole and below 2^53, so it fits exactly")]
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => (float as i64).to_string(),
        _ => number.to_string(),
    }
}
