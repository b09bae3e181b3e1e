//! Names, and the words that programs leave where there is none. Some families are called Null.

use ripen_domain::values::is_nothing;

/// The parts of a name as they were given.
pub struct GivenName {
    /// Given name.
    pub first: Option<String>,
    /// Family name.
    pub last: Option<String>,
    /// Whole name.
    pub whole: Option<String>,
}

/// The parts of a name without what says that there is none. A word for nothing is a name where it is written like the other
/// part: `Jennifer` `Null`, and not `Wanda` `NULL`.
pub fn kept(given: GivenName) -> GivenName {
    let GivenName { first, last, whole } = given;
    let is_name = |text: &Option<String>| text.as_deref().is_some_and(|text| !is_no_name(text));
    let beside = |text: &Option<String>, other: &Option<String>| {
        is_name(text)
            || is_name(other)
                && text.as_deref().zip(other.as_deref()).is_some_and(|(one, two)| is_written_like(one, two))
    };
    let (keep_first, keep_last) = (beside(&first, &last), beside(&last, &first));
    GivenName {
        first: first.filter(|_| keep_first),
        last: last.filter(|_| keep_last),
        whole: whole.filter(|text| !text.split_whitespace().all(is_no_name)),
    }
}

fn is_no_name(text: &str) -> bool {
    // Nan is short for Nancy, and written as a name.
    let nan = text == "Nan";
    (is_nothing(text) || text.eq_ignore_ascii_case("false")) && !nan
}

/// Whether a word for nothing may be a name beside this one: of letters alone, with capitals in the same places.
fn is_written_like(word: &str, name: &str) -> bool {
    let surname = ["null", "nil", "none", "unknown"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let style = |text: &str| {
        let mut letters = text.chars().filter(|c| c.is_alphabetic());
        let first = letters.next().is_some_and(char::is_uppercase);
        (first, letters.any(char::is_lowercase))
    };
    surname && style(word) == style(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_nothing_are_no_names_but_some_people_are_called_so() {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        for (first, last, kept_first, kept_last) in [
            ("Jennifer", "Null", "Jennifer", "Null"),
            ("JENNIFER", "NULL", "JENNIFER", "NULL"),
            ("Wanda", "NULL", "Wanda", ""),
            ("Wanda", "null", "Wanda", ""),
            ("false", "NULL", "", ""),
            ("null", "undefined", "", ""),
            ("Null", "Null", "", ""),
            ("Nan", "Goldin", "Nan", "Goldin"),
            ("Wanda", "N/A", "Wanda", ""),
            ("Wanda", "-", "Wanda", ""),
            ("", "Null", "", ""),
        ] {
            let name = kept(GivenName { first: some(first), last: some(last), whole: None });
            assert_eq!((name.first, name.last), (some(kept_first), some(kept_last)), "{first} {last}");
        }
        let whole = |text: &str| kept(GivenName { first: None, last: None, whole: some(text) }).whole;
        assert_eq!(
            (whole("null null"), whole("undefined"), whole("Jennifer Null")),
            (None, None, some("Jennifer Null"))
        );
    }
}
