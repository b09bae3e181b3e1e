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

/// A plain number such as `450.125`, as a text that is read as this number by the writing of every country: three digits behind a
/// point are thousands in some of them, and so a zero stands behind those.
#[must_use]
pub fn unmistakable(plain: String) -> String {
    match plain.split_once('.') {
        Some((_, decimals)) if decimals.len() == 3 && decimals.bytes().all(|byte| byte.is_ascii_digit()) => plain + "0",
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::values::{Conventions, amount};

    #[test]
    fn a_number_is_the_same_number_wherever_it_is_read() {
        for country in ["US", "DE", "CH", "IN", "FR", "KW"] {
            let by = Conventions::of(None, Some(country));
            for number in ["450.125", "1.375", "-12.375", "0.125", "4512.375", "450.1", "450", "1234567.125", "12.3456"]
            {
                let read = amount(&unmistakable(number.to_owned()), &by);
                assert_eq!(read, Ok(number.parse::<Decimal>().unwrap()), "{number} in {country}");
            }
        }
    }
}
