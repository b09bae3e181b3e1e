//! Texts as people and programs send them: numbers for texts, white space around them, control characters in them.

use ripen_domain::values::digits;
pub use ripen_domain::values::shown;
use serde_json::Value;

/// A text and what was done to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// What is kept.
    pub text: String,
    /// Control characters were taken out or made spaces.
    pub controls: bool,
    /// It was longer than its limit.
    pub cut: bool,
}

/// The text that a value is: a text, or a number (a postal code without quotes).
///
/// # Errors
/// Gives any other value back.
pub fn of(value: Value) -> Result<String, Value> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(digits(&number)),
        other => Err(other),
    }
}

/// A text of one line with at most `most` characters: line breaks and tabs become spaces, so that no name can end a
/// line of a mail's header or of a CSV file.
pub fn line(text: String, most: usize) -> Cleaned {
    clean(text, most, |c| match c {
        '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    })
}

/// A text of any number of lines with at most `most` characters: line breaks become `\n`, tabs stay.
pub fn lines(text: String, most: usize) -> Cleaned {
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    clean(text, most, |c| match c {
        '\n' | '\t' => Some(c),
        c if c.is_control() => None,
        c => Some(c),
    })
}

fn clean(text: String, most: usize, keep: impl Fn(char) -> Option<char>) -> Cleaned {
    let controls = text.chars().any(|c| keep(c) != Some(c));
    let text = if controls { text.chars().filter_map(keep).collect() } else { text };
    let trimmed = text.trim();
    // Bytes are never fewer than characters, so most texts need no count.
    let end = if trimmed.len() > most { trimmed.char_indices().nth(most).map(|(at, _)| at) } else { None };
    let kept = end.map_or(trimmed, |end| trimmed[..end].trim_end());
    let cut = end.is_some();
    if kept.len() == text.len() {
        Cleaned { text, controls, cut }
    } else {
        Cleaned { text: kept.to_owned(), controls, cut }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("  Casey ", "Casey", false)]
    #[case("Casey\r\nBcc: x@example.com", "Casey  Bcc: x@example.com", true)]
    #[case("Ca\0sey\u{1b}", "Casey", true)]
    #[case("محمد", "محمد", false)]
    #[case("👩‍🌾 Ann", "👩‍🌾 Ann", false)]
    #[case("<b>Bob</b>", "<b>Bob</b>", false)]
    #[case(" \t ", "", true)]
    fn a_line_is_one_line(#[case] text: &str, #[case] kept: &str, #[case] controls: bool) {
        assert_eq!(line(text.to_owned(), 200), Cleaned { text: kept.to_owned(), controls, cut: false });
    }

    #[test]
    fn lines_keep_their_breaks() {
        let cleaned = lines("one\r\ntwo\rthree\n\tfour\0".to_owned(), 200);
        assert_eq!(cleaned, Cleaned { text: "one\ntwo\nthree\n\tfour".to_owned(), controls: true, cut: false });
    }

    #[rstest]
    #[case(json!(60134), "60134")]
    #[case(json!(4_155_550_100.0), "4155550100")]
    #[case(json!(1.5), "1.5")]
    #[case(json!(-3), "-3")]
    #[case(json!("x"), "x")]
    fn numbers_are_texts(#[case] value: Value, #[case] text: &str) {
        assert_eq!(of(value).unwrap(), text);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_within_its_bounds(text in any::<String>(), most in 1..50_usize) {
            for cleaned in [line(text.clone(), most), lines(text, most)] {
                prop_assert!(cleaned.text.chars().count() <= most);
                prop_assert_eq!(cleaned.text.trim(), &cleaned.text);
                prop_assert!(!cleaned.text.contains('\0'));
                let again = lines(cleaned.text.clone(), most);
                prop_assert_eq!(again, Cleaned { text: cleaned.text, controls: false, cut: false });
            }
        }
    }
}
