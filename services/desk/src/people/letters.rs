//! Words as lines of a page begin.

/// With a capital, as a line begins.
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// What ends the words as a sentence, where they have no end of their own and another one follows.
pub fn full_stop(words: &str) -> &'static str {
    let words = words.trim_end();
    if words.is_empty() || words.ends_with(['.', '!', '?', '…']) { "" } else { "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_once() {
        assert_eq!(["asked for the evening", "Asked.", "Why?", ""].map(full_stop), [".", "", "", ""]);
    }
}
