//! Numbers in JSON that no number of ours holds: ids of twenty digits, amounts with more decimals than a float has. They are
//! read as texts, digit for digit; two ids that differ in their last digit must not become one.

use std::borrow::Cow;

/// Fewer digits than these any float keeps.
const CERTAIN: usize = 15;

/// The JSON with every number that would lose digits put in quotation marks. The text is well-formed already.
pub fn kept(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut kept = String::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = after_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let end = at + bytes[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                let number = &json[at..end];
                if loses_digits(number) {
                    kept.push_str(&json[copied..at]);
                    kept.push('"');
                    kept.push_str(number);
                    kept.push('"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    kept.push_str(&json[copied..]);
    Cow::Owned(kept)
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// The place after a string that begins here.
fn after_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// Whether a number read and written again has other digits.
fn loses_digits(number: &str) -> bool {
    if number.bytes().filter(u8::is_ascii_digit).count() <= CERTAIN {
        return false;
    }
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return false;
    }
    let Ok(read) = number.parse::<f64>() else { return false };
    decimal(number) != decimal(&read.to_string())
}

/// Sign, digits without zeros at either end, and the place of the point: the same for the same number.
fn decimal(number: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let (whole, decimals) =
        mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let digits = format!("{whole}{decimals}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let point = exponent + i64::try_from(whole.len()).unwrap_or(0) - i64::try_from(leading).unwrap_or(0);
    let plain = digits.trim_matches('0').to_owned();
    let point = if plain.is_empty() { 0 } else { point };
    (number.starts_with('-'), plain, point)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let json = r#"{"id": 20261120100000123456, "b": [20261120100000123457, 5, 1.5, -18446744073709551616],
            "text": "20261120100000123456 \" 20261120100000123456", "n": 18446744073709551615, "f": 0.1234567890123456789,
            "e": 12345678901234567890e-3, "ok": 41.87811300000001, "float": 3023125004.0}"#;
        let read: Value = serde_json::from_str(&kept(json)).unwrap();
        assert_eq!(read["id"], "20261120100000123456");
        assert_eq!(read["b"], json!(["20261120100000123457", 5, 1.5, "-18446744073709551616"]));
        assert_eq!(read["text"], "20261120100000123456 \" 20261120100000123456");
        assert_eq!((&read["n"], &read["f"]), (&json!(u64::MAX), &json!("0.1234567890123456789")));
        assert_eq!((&read["e"], &read["ok"]), (&json!("12345678901234567890e-3"), &json!(41.878_113_000_000_01)));
        assert_eq!(read["float"], json!(3_023_125_004.0));
    }

    proptest! {
        #[test]
        fn what_floats_and_whole_numbers_hold_stays_as_it_is(float in any::<f64>(), whole in any::<i64>(), text in ".*") {
            let json = json!({"f": float, "w": [whole, {text.clone(): text}]}).to_string();
            prop_assert_eq!(kept(&json), json.as_str());
        }

        #[test]
        fn other_numbers_become_texts_with_their_digits(digits in "[1-9][0-9]{20,40}") {
            let read: Value = serde_json::from_str(&kept(&format!("[{digits}]"))).unwrap();
            let whole = read[0].as_str().map_or_else(|| read[0].as_f64().map(|f| f.to_string()), |text| Some(text.to_owned()));
            prop_assert_eq!(whole.unwrap(), digits);
        }
    }
}
