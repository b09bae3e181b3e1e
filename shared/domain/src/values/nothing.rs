//! The words by which programs and people say that there is nothing.

/// Compared in small letters, without blanks around them.
const WORDS: [&str; 24] = [
    "null",
    "(null)",
    "<null>",
    "[null]",
    "nil",
    "undefined",
    "nan",
    "n/a",
    "n.a.",
    "#n/a",
    "#n/a n/a",
    "#null!",
    "#ref!",
    "#value!",
    "not available",
    "not provided",
    "not applicable",
    "unknown",
    "\\n",
    "[object object]",
    "none",
    "-none-",
    "(none)",
    "(blank)",
];

/// Whether a text says that there is nothing: empty, dashes or dots alone, or a word for it.
#[must_use]
pub fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    if text.chars().all(|c| matches!(c, '-' | '–' | '—' | '_' | '.' | '?' | ' ')) {
        return true;
    }
    let small = text.to_lowercase();
    WORDS.contains(&small.as_str())
}

/// Whether a text says that there is nothing, unless it is one of the words that may be said: `none` where a question
/// offers that as a choice.
#[must_use]
pub fn is_nothing_but<'a>(text: &str, may_be_said: impl IntoIterator<Item = &'a str>) -> bool {
    is_nothing(text) && !may_be_said.into_iter().any(|word| word.eq_ignore_ascii_case(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_many_spellings() {
        for nothing in
            ["", " ", "-", "--", "n/a", "N/A", "NULL", "null", "undefined", "#N/A", "None", "nil", "NaN", "—"]
        {
            assert!(is_nothing(nothing), "{nothing}");
        }
        for something in ["0", "false", "no", "Jennifer Null", "x", "-5", "Nan Smith"] {
            assert!(!is_nothing(something), "{something}");
        }
        assert!(!is_nothing_but("None", ["none", "fha"]));
    }
}
