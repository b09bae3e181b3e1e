//! Ids that name nothing: taken for one, strangers who share it would be one lead.

use super::{
    nothing::{is_filler, is_nothing, is_zero},
    placeholder::{is_failed_formula, is_name_of_id, is_placeholder},
    script::visible,
};

/// Why a text is no id, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableId {
    /// Something, of which nobody sees anything.
    #[error("nobody can see it: write it again by hand")]
    Invisible,
    /// `{{contact.id}}`
    #[error("a placeholder nobody filled in: put the id in its place, or leave the field out")]
    Placeholder,
    /// `#DIV/0!`
    #[error("a spreadsheet's formula failed: mend it, and export the list again")]
    FailedFormula,
    /// `1.23457E+14`
    #[error("a spreadsheet rounded it: make the column a text, and export it again")]
    Rounded,
    /// A UUID of one digit alone, `-1`, `true`.
    #[error("programs write this where they have no id: leave the field out")]
    NamesNothing,
}

/// Why an id that is not empty names nothing; none where it may name something.
#[must_use]
pub fn unusable_id(text: &str) -> Option<UnusableId> {
    let text = text.trim();
    let seen = visible(text);
    let seen = seen.trim();
    if seen.is_empty() {
        return (!text.is_empty()).then_some(UnusableId::Invisible);
    }
    let is_known_word = is_nothing(seen) || NO_IDS.contains(&seen.to_lowercase().as_str());
    if is_placeholder(seen) || !is_known_word && is_name_of_id(seen) {
        Some(UnusableId::Placeholder)
    } else if !is_nothing(seen) && is_failed_formula(seen) {
        Some(UnusableId::FailedFormula)
    } else if is_rounded(seen) {
        Some(UnusableId::Rounded)
    } else if is_minus_one(seen) || is_of_one_digit(seen) || TRUTHS.contains(&seen.to_lowercase().as_str()) {
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

/// What programs write for yes and no; of a spreadsheet, in its language.
const TRUTHS: [&str; 10] =
    ["true", "false", "wahr", "falsch", "vrai", "faux", "verdadero", "falso", "vero", "verdadeiro"];

/// What programs and people write where they have no id, in small letters, beside what says nothing in any field.
const NO_IDS: [&str; 26] = [
    "test",
    "id",
    "external_id",
    "n/k",
    "nk",
    "nd",
    "no id",
    "noid",
    "no_id",
    "no-id",
    "unknown id",
    "pending",
    "missing",
    "empty",
    "blank",
    "dummy",
    "placeholder",
    "todo",
    "sin id",
    "keine",
    "kein",
    "keine id",
    "leer",
    "ohne",
    "vide",
    "vacío",
];

/// What programs write where they have no id: taken as one, the next lead would overwrite this one.
fn names_no_lead(id: &str) -> bool {
    is_filler(id) || is_zero(id) || NO_IDS.contains(&id.to_lowercase().trim_matches(['(', ')', '"', '\'']))
}

fn is_minus_one(text: &str) -> bool {
    text.strip_prefix("-1").is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ',']) && is_zero(&rest[1..]))
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
    // As a spreadsheet shows numbers of its own accord: of 998.7 too.
    let is_shown = exponent.starts_with('+') && power.len() == 2 && decimals.len() <= 2;
    is_marked && is_number && (is_shown || power.parse().is_ok_and(|power: usize| decimals.len() < power))
}

/// `00000000-0000-0000-0000-000000000000`, `ffffffff-…`, with or without braces.
fn is_of_one_digit(text: &str) -> bool {
    let mut digits =
        text.bytes().filter(|byte| !matches!(byte, b'-' | b'{' | b'}')).map(|byte| byte.to_ascii_lowercase());
    let Some(first) = digits.next().filter(u8::is_ascii_hexdigit) else { return false };
    digits.all(|digit| digit == first) && text.bytes().filter(u8::is_ascii_hexdigit).count() == 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_nothing_is_no_id() {
        use UnusableId::{FailedFormula, Invisible, NamesNothing, Placeholder, Rounded};
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
            ("lead_id", Placeholder),
            ("Lead ID", Placeholder),
            ("$id", Placeholder),
            ("#id#", Placeholder),
            ("@@id@@", Placeholder),
            ("%{id}", Placeholder),
            ("$(id)", Placeholder),
            ("#DIV/0!", FailedFormula),
            ("#NAME?", FailedFormula),
            ("#¡REF!", FailedFormula),
            ("#N/V", FailedFormula),
            ("true", NamesNothing),
            ("FALSE", NamesNothing),
            ("WAHR", NamesNothing),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", NamesNothing),
            ("-1.0", NamesNothing),
            ("9.99E+02", Rounded),
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
            "leer",
            "ohne",
            "s/o",
            "\"\"",
            "''",
            "0.00",
            "-0",
            "0,0",
            "#VALUE!",
            "#N/A",
            "keine Angabe",
            "unbekannt",
            "k.A.",
            "N/D",
        ] {
            assert!(!is_id(text), "{text:?}");
        }
        assert!(is_id("B-17") && is_id("test 7") && is_id("XXL") && is_id("NA-17"));
        assert!(is_id("ka") && is_id("MADRID") && is_id("ff") && is_id("acc-x") && is_id("7E2"));
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
