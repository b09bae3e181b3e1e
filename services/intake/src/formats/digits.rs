//! Numbers in JSON that no number of ours holds: ids of twenty digits, amounts with more decimals than a float has. They are
//! read as texts, digit for digit; two ids that differ in their last digit must not become one.

//!
//! A number with a power of ten (`1.23457e14`) is what a spreadsheet leaves of an id or a telephone number: read as a number it
//! would be an id again, of digits that nobody wrote. It stays as it was written, wherever no number is asked for.

use std::borrow::Cow;

/// Fewer digits than these any float keeps.
const CERTAIN: usize = 15;
/// The most digits of a whole number that is written out.
const LONGEST: usize = 300;
/// Members of a lead in which a number is a number.
const OF_NUMBERS: [&str; 3] = ["\"answers\"", "\"submitted_at\"", "\"consent\""];

/// The JSON with every number that would lose digits put in quotation marks. The text is well-formed already.
pub fn kept(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut kept = String::new();
    let mut place = MemberPlace::default();
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = after_string(bytes, at);
                place.string(json.get(at..end).unwrap_or_default());
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let end = at + bytes[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                if let Some(text) = as_text(&json[at..end], place.is_of_numbers) {
                    kept.push_str(&json[copied..at]);
                    kept.push('"');
                    kept.push_str(&text);
                    kept.push('"');
                    copied = end;
                }
                at = end;
            }
            mark => {
                place.mark(*mark);
                at += 1;
            }
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    kept.push_str(&json[copied..]);
    Cow::Owned(kept)
}

/// Where in a lead.
#[derive(Default)]
struct MemberPlace {
    depth: usize,
    is_key: bool,
    is_of_numbers: bool,
}

impl MemberPlace {
    fn mark(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.is_key = byte == b'{';
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => self.is_key = true,
            b':' => self.is_key = false,
            _ => {}
        }
    }

    fn string(&mut self, text: &str) {
        if self.depth == 1 && self.is_key {
            self.is_of_numbers = OF_NUMBERS.contains(&text);
        }
    }
}

/// The text that a number has to be read as; none where it may be a number.
fn as_text(number: &str, is_of_numbers: bool) -> Option<Cow<'_, str>> {
    let written = if is_of_numbers { None } else { written(number).map(Cow::Owned) };
    let written = written.or_else(|| (!is_of_numbers && ends_in_a_zero(number)).then_some(Cow::Borrowed(number)));
    written.or_else(|| loses_digits(number).then_some(Cow::Borrowed(number)))
}

/// Whether it has decimals of which the last is a zero, and not all of them: `1.10` is another id than `1.1`, and read as a
/// number it would be that one. A spreadsheet's `1.0` is a one.
fn ends_in_a_zero(number: &str) -> bool {
    let decimals = number.split_once('.').map(|(_, decimals)| decimals);
    decimals.is_some_and(|all| {
        all.ends_with('0') && all.bytes().all(|digit| digit.is_ascii_digit()) && all.bytes().any(|digit| digit != b'0')
    })
}

/// A whole number as its digits, or as a spreadsheet writes one that it rounded; none for other numbers.
fn written(number: &str) -> Option<String> {
    let (sign, bare) = number.strip_prefix('-').map_or(("", number), |bare| ("-", bare));
    let (mantissa, exponent) = bare.split_once(['e', 'E']).unwrap_or((bare, "0"));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power: usize = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let digits = format!("{whole}{decimals}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() || mantissa == bare && decimals.is_empty() && !mantissa.contains('.') {
        return None;
    }
    if power <= decimals.len() {
        let (more, rest) = decimals.split_at(power);
        let is_whole = rest.bytes().all(|digit| digit == b'0');
        let text = format!("{whole}{more}");
        let text = text.trim_start_matches('0');
        // Of few digits without a power it is a number like any other.
        let is_written = power > 0 || text.len() >= CERTAIN;
        return (is_whole && is_written && text.len() <= LONGEST).then(|| format!("{sign}{text}"));
    }
    let (first, rest) = significant.split_at(1);
    let power = power + whole.len() + significant.len() - digits.len() - 1;
    let point = if rest.is_empty() { "" } else { "." };
    Some(format!("{sign}{first}{point}{rest}E+{power}"))
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

/// Whether a number read and written again has other digits. Written as JSON is: of two shortest texts of one float, as between
/// `2159301758712327.2` and `.3`, `Display` may choose the other.
fn loses_digits(number: &str) -> bool {
    let Ok(read) = number.parse::<f64>() else { return false };
    // More than any float holds.
    let Some(read) = serde_json::Number::from_f64(read) else { return true };
    let is_certain = number.bytes().filter(u8::is_ascii_digit).count() <= CERTAIN;
    let is_whole = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    !is_certain && !is_whole && decimal(number) != decimal(&read.to_string())
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

    #[test]
    fn a_number_stays_where_it_is_written_again_as_it_was() {
        let json = r#"{"answers":{"f":2159301758712327.2}}"#;
        assert_eq!(kept(json), json);
        let other: Value = serde_json::from_str(&kept(r#"{"answers":{"f":2159301758712327.3}}"#)).unwrap();
        assert_eq!(other["answers"]["f"], "2159301758712327.3");
        let large: Value = serde_json::from_str(&kept(r#"{"answers":{"f":1e400}}"#)).unwrap();
        assert_eq!(large["answers"]["f"], "1e400", "more than any float holds is no reason to refuse a lead");
    }

    #[test]
    fn what_a_spreadsheet_rounded_is_no_number() {
        let json = r#"{"external_id": 1.23457e14, "phone": 4.9302E+11, "a": {"b": [1e20, 0.5e3, 12E4]}, "whole": 1.23456789E8,
            "long": 20261120100000123456.0, "float": 9007199254740994.0, "few": 4155550100.0, "small": 1.5e-7, "none": 0e5,
            "half": 1.25e1, "answers": {"budget": 4.5e5, "x": {"external_id": 1e3}}, "submitted_at": 1.764e9, "minus": -1e17}"#;
        let read: Value = serde_json::from_str(&kept(json)).unwrap();
        assert_eq!((&read["external_id"], &read["phone"]), (&json!("1.23457E+14"), &json!("4.9302E+11")));
        assert_eq!(read["a"]["b"], json!(["1E+20", "5E+2", "1.2E+5"]));
        assert_eq!((&read["whole"], &read["long"]), (&json!("123456789"), &json!("20261120100000123456")));
        assert_eq!((&read["float"], &read["few"]), (&json!("9007199254740994"), &json!(4_155_550_100.0)));
        assert_eq!((&read["small"], &read["none"], &read["half"]), (&json!(1.5e-7), &json!(0.0), &json!(12.5)));
        assert_eq!(read["answers"], json!({"budget": 450_000.0, "x": {"external_id": 1000.0}}));
        assert_eq!((&read["submitted_at"], &read["minus"]), (&json!(1_764_000_000.0), &json!("-1E+17")));
    }

    #[test]
    fn the_zeros_at_the_end_of_an_id_are_its_own() {
        let json = r#"{"external_id": 2026.10, "other": 2026.1, "one": 1.0, "none": 0.00, "minus": -0.50, "extra": {"n": [1.10]},
            "tracking": {"click_id": 7.70}, "answers": {"budget": 4500.50}, "phone": 4155550100.0}"#;
        let read: Value = serde_json::from_str(&kept(json)).unwrap();
        assert_eq!((&read["external_id"], &read["other"]), (&json!("2026.10"), &json!(2026.1)));
        assert_eq!((&read["one"], &read["none"], &read["minus"]), (&json!(1.0), &json!(0.0), &json!("-0.50")));
        assert_eq!((&read["extra"]["n"], &read["tracking"]["click_id"]), (&json!(["1.10"]), &json!("7.70")));
        assert_eq!((&read["answers"]["budget"], &read["phone"]), (&json!(4500.5), &json!(4_155_550_100.0)));
    }

    proptest! {
        #[test]
        fn what_floats_and_whole_numbers_hold_stays_as_it_is(float in any::<f64>(), whole in any::<i64>(), text in ".*") {
            let json = json!({"answers": {"f": float, "w": [whole, {text.clone(): text}]}}).to_string();
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
