//! Words without the addresses and numbers in them that must not be told. All else that they say stays.

use std::collections::BTreeSet;

use super::{Identity, mention::mentioned};
use crate::values::folded;

/// What stands for an address or a number that was taken out.
pub const WITHHELD: &str = "[must not be contacted]";

/// The most digits of a number, with what is dialled before it and an extension.
const MOST_DIGITS: usize = 28;
/// Texts hold few numbers. What is left after so many is taken out whole.
const MOST: usize = 50;

/// The text without what is barred; none where it holds nothing of it. Numbers without a country code are read as ones of each country.
#[must_use]
pub fn without(text: &str, countries: &[&str], barred: &BTreeSet<Identity>) -> Option<String> {
    let holds = |text: &str| !barred.is_empty() && !mentioned(text, countries).is_disjoint(barred);
    if !holds(text) {
        return None;
    }
    let mut left = folded(text);
    for _ in 0..MOST {
        let Some(PlaceInText { from, to }) = address(&left, &holds).or_else(|| number(&left, &holds)) else { break };
        left.replace_range(from..to, WITHHELD);
    }
    // What is only read together with other words, such as a list of last digits.
    Some(if holds(&left) { WITHHELD.to_owned() } else { left })
}

/// From which byte to which.
struct PlaceInText {
    from: usize,
    to: usize,
}

/// The first address that is barred.
fn address(text: &str, is_barred: &impl Fn(&str) -> bool) -> Option<PlaceInText> {
    let is_between = |c: char| c.is_whitespace() || "[](){}<>\"',;|/\\".contains(c);
    let mut from = 0;
    for part in text.split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        if word.contains('@') && is_barred(word) {
            return Some(PlaceInText { from, to: from + word.len() });
        }
        from += part.len();
    }
    None
}

/// The shortest run of groups of digits that holds a number that is barred.
fn number(text: &str, is_barred: &impl Fn(&str) -> bool) -> Option<PlaceInText> {
    let groups = digit_groups(text);
    for count in 1..=groups.len() {
        for run in groups.windows(count) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let before = text.get(..first.from).unwrap_or_default();
            let from = before.trim_end_matches(['(', '+', ' ']).len();
            let from = from + before.get(from..).map_or(0, |signs| signs.len() - signs.trim_start().len());
            let digits: usize = run.iter().map(|group| group.to - group.from).sum();
            if digits <= MOST_DIGITS && text.get(from..last.to).is_some_and(is_barred) {
                return Some(PlaceInText { from, to: last.to });
            }
        }
    }
    None
}

fn digit_groups(text: &str) -> Vec<PlaceInText> {
    let mut groups: Vec<PlaceInText> = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match groups.last_mut() {
            Some(last) if last.to == at => last.to = at + 1,
            _ => groups.push(PlaceInText { from: at, to: at + 1 }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn barred() -> BTreeSet<Identity> {
        [("phone", "+14155550118"), ("phone", "+442079460958"), ("email", "no@example.com")]
            .into_iter()
            .filter_map(|(kind, value)| Identity::stored(kind, value))
            .collect()
    }

    fn left(text: &str) -> Option<String> {
        without(text, &["US", "DE"], &barred())
    }

    #[rstest]
    #[case("ring me at (415) 555-0118 after six", "ring me at [must not be contacted] after six")]
    #[case("Zed Quill 4155550118", "Zed Quill [must not be contacted]")]
    #[case("+44 20 7946 0958 or 415 555 0119", "[must not be contacted] or 415 555 0119")]
    #[case("No@example.com, not yes@example.com", "[must not be contacted], not yes@example.com")]
    #[case("4155550118 and 415.555.0118", "[must not be contacted] and [must not be contacted]")]
    #[case("2 rooms, 450000, 415-555-0118", "2 rooms, 450000, [must not be contacted]")]
    fn what_is_barred_is_taken_out_and_all_else_stays(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(left(text).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_read_together_with_other_words_is_taken_out_too() {
        for text in ["415-555-0136 / 0118", "+1 (0) 415 555 0118", "415-555-0136/37/18"] {
            let left = left(text).unwrap();
            assert!(!left.contains("0118") && !left.contains("18"), "{left}");
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for text in ["", "about half a million", "415 555 0119", "yes@example.com", "2027-03-04"] {
            assert_eq!(left(text), None, "{text}");
        }
        assert_eq!(without("4155550118", &["US"], &BTreeSet::new()), None);
    }

    proptest! {
        #[test]
        fn nothing_barred_is_left(words in "[0-9+() ./x;,#@a-c-]{0,40}", at in 0..40_usize) {
            let at = at.min(words.len());
            let text = format!("{} 415 555 0118 {}", &words[..at], &words[at..]);
            if let Some(left) = left(&text) {
                prop_assert!(mentioned(&left, &["US", "DE"]).is_disjoint(&barred()), "{left}");
            }
        }
    }
}
