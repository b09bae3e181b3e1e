//! What one cell says: without the white space around it and without the marks that spreadsheets put on texts.

/// Nothing to see, and no part of any value.
const INVISIBLE: [char; 3] = ['\u{feff}', '\u{200b}', '\u{2060}'];

/// The text of a cell. `="00501"` and `'+14155550100` are how programs keep a spreadsheet from reading a text as a number
/// or formula: the marks are no part of it.
#[must_use]
pub fn text(cell: &str) -> &str {
    let trimmed = trim(cell);
    if let Some(inner) = trimmed.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return trim(inner);
    }
    match trimmed.strip_prefix('\'') {
        // A name such as 't Hooft keeps its apostrophe.
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit() || "+-=@".contains(first)) => trim(rest),
        _ => trimmed,
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || INVISIBLE.contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_spreadsheets_are_no_part_of_a_text() {
        for (cell, said) in [
            ("  Casey\u{a0}", "Casey"),
            ("=\"00501\"", "00501"),
            ("'+14155550100", "+14155550100"),
            ("'t Hooft", "'t Hooft"),
            ("\u{feff}email", "email"),
            ("=SUM(A1)", "=SUM(A1)"),
            ("=\"", "=\""),
            ("", ""),
        ] {
            assert_eq!(text(cell), said, "{cell:?}");
        }
    }
}
