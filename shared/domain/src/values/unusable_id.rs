//! Ids that name nothing: taken for one, strangers who share it would be one lead.

use super::{is_nothing, script::visible};

/// Why a text is no id, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableId {
    /// Something, of which nobody sees anything.
    #[error("nobody can see it: write it again by hand")]
    Invisible,
    /// `{{contact.id}}`
    #[error("a placeholder nobody filled in: put the id in its place, or leave the field out")]
    Placeholder,
    /// `1.23457E+14`
    #[error("a spreadsheet rounded it: make the column a text, and export it again")]
    Rounded,
    /// A UUID of zeros, `-1`.
    #[error("programs write this where they have no id: leave the field out")]
    NamesNothing,
}

/// What templates have around the name of a field.
const MARKS: [(&str, &str); 11] = [
    ("{{", "}}"),
    ("${", "}"),
    ("#{", "}"),
    ("{", "}"),
    ("%%", "%%"),
    ("%", "%"),
    ("[", "]"),
    ("<", ">"),
    ("*|", "|*"),
    ("##", "##"),
    ("__", "__"),
];

/// Why an id that is not empty names nothing; none where it may name something.
#[must_use]
pub fn unusable_id(text: &str) -> Option<UnusableId> {
    let text = text.trim();
    let seen = visible(text);
    let seen = seen.trim();
    if seen.is_empty() {
        return (!text.is_empty()).then_some(UnusableId::Invisible);
    }
    if is_placeholder(seen) {
        Some(UnusableId::Placeholder)
    } else if is_rounded(seen) {
        Some(UnusableId::Rounded)
    } else if seen == "-1" || is_nil(seen) {
        Some(UnusableId::NamesNothing)
    } else {
        None
    }
}

/// Whether a text can be the id of one lead.
#[must_use]
pub fn is_id(text: &str) -> bool {
    !is_nothing(text) && unusable_id(text).is_none() && !names_no_lead(visible(text.trim()).trim())
}

/// What programs and people write where they have no id, in small letters.
const NO_IDS: [&str; 39] = [
    "test",
    "unknown",
    "id",
    "external_id",
    "tbd",
    "tba",
    "tbc",
    "t.b.d.",
    "n/k",
    "nk",
    "na",
    "n/d",
    "n.d.",
    "nd",
    "k.a.",
    "k/a",
    "s/n",
    "no id",
    "noid",
    "no_id",
    "no-id",
    "not known",
    "not set",
    "not given",
    "unset",
    "pending",
    "missing",
    "empty",
    "blank",
    "dummy",
    "placeholder",
    "todo",
    "sin id",
    "unbekannt",
    "keine",
    "kein",
    "ninguno",
    "aucun",
    "desconocido",
];

/// What programs write where they have no id: taken as one, the next lead would overwrite this one.
fn names_no_lead(id: &str) -> bool {
    let word = id.to_lowercase();
    let of_one = |letter| word.bytes().all(|byte| byte == letter);
    of_one(b'0') || of_one(b'x') || NO_IDS.contains(&word.as_str())
}

/// An id in brackets has digits; the name of a field that should have been replaced has none.
fn is_placeholder(text: &str) -> bool {
    let filled = text.chars().any(char::is_numeric);
    !filled && MARKS.iter().any(|(open, close)| text.strip_prefix(open).is_some_and(|rest| rest.ends_with(close)))
}

/// Written with a power of ten, and fewer digits than the number had. `1E5` without a mark or a sign may be somebody's id.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let is_marked = whole.len() < mantissa.len() || exponent.starts_with('+');
    let whole = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let power = exponent.strip_prefix('+').unwrap_or(exponent);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = whole.len() == 1 && digits(whole) && digits(decimals) && !power.is_empty() && digits(power);
    is_marked && is_number && power.parse().is_ok_and(|power: usize| decimals.len() < power)
}

/// `00000000-0000-0000-0000-000000000000`, with or without braces.
fn is_nil(text: &str) -> bool {
    text.len() >= 32 && text.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'{' | b'}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_nothing_is_no_id() {
        use UnusableId::{Invisible, NamesNothing, Placeholder, Rounded};
        for (text, why) in [
            ("{{contact.id}}", Placeholder),
            ("{{ id }}", Placeholder),
            ("%%ID%%", Placeholder),
            ("${id}", Placeholder),
            ("[id]", Placeholder),
            ("<id>", Placeholder),
            ("\u{feff}{lead_id}", Placeholder),
            ("*|UNIQID|*", Placeholder),
            ("{{}}", Placeholder),
            ("1.23457E+14", Rounded),
            ("1,23457E+14", Rounded),
            ("1.23456789012346E+19", Rounded),
            ("1E+15", Rounded),
            ("1.2345678901234567e29", Rounded),
            ("00000000-0000-0000-0000-000000000000", NamesNothing),
            ("{00000000-0000-0000-0000-000000000000}", NamesNothing),
            ("-1", NamesNothing),
            ("\u{200b}", Invisible),
            ("\u{feff}", Invisible),
            ("\u{2800}", Invisible),
            ("\u{3164}", Invisible),
            (" \u{ad}\u{ad}", Invisible),
        ] {
            assert_eq!(unusable_id(text), Some(why), "{text:?}");
        }
    }

    #[test]
    fn what_programs_write_for_no_id_is_none() {
        for text in [
            "",
            "null",
            "0",
            "000",
            "test",
            "ID",
            "\u{feff}unknown",
            "{{id}}",
            "-1",
            "TBD",
            concat!("XX", "X"),
            "x",
            "None",
            "n/k",
            "No ID",
        ] {
            assert!(!is_id(text), "{text:?}");
        }
        assert!(is_id("B-17") && is_id("test 7") && is_id("XXL") && is_id("NA-17"));
    }

    #[test]
    fn what_may_name_something_is_one() {
        for id in [
            "",
            "B-17",
            "[4711]",
            "<20261129.1@mail.example>",
            "{7f1c0c3e-0000-4000-8000-000000000000}",
            "00000000-0000-0000-0000-000000000001",
            "1E5",
            "12E4",
            "3e7a",
            "1.23456789E+8",
            "-17",
            "100%",
            "%",
            "[",
            "a{id}",
        ] {
            assert_eq!(unusable_id(id), None, "{id:?}");
        }
    }
}
