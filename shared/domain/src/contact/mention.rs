//! The addresses and numbers that words may hold, for whoever must not repeat some of them. Generous: what is found is compared
//! with what is barred, so that one too many harms nobody and one too few does.

use std::collections::BTreeSet;

use super::{
    Email, Identity, InvalidPhone, Phone,
    phone::either,
    spelling::{EXTENSION_DIGITS, FEWEST_DIGITS, bracketed_zero},
};
use crate::values::folded;

/// The most digits of a number with its country code and what is dialled before it.
const MOST_DIGITS: usize = 18;
/// Between two groups of digits of one number stands less than this.
const LONGEST_GAP: usize = 6;

/// Every address and number that a text holds, written in any way; numbers without a country code as ones of each country.
#[must_use]
pub fn mentioned(text: &str, countries: &[&str]) -> BTreeSet<Identity> {
    let text = folded(text);
    let mut found: BTreeSet<Identity> = emails(&text).map(|email| Identity::of_email(&email)).collect();
    // Nearly every text ends here.
    if text.chars().filter(char::is_ascii_digit).count() < FEWEST_DIGITS {
        return found;
    }
    let bare = without_bracketed_zeros(&text);
    let mut phones = BTreeSet::new();
    for country in countries.iter().copied().map(Some).chain([None]) {
        whole(&text, country, &mut phones);
        pieces(&text, country, &mut phones);
        if bare != text {
            pieces(&bare, country, &mut phones);
        }
    }
    found.extend(phones.into_iter().map(Identity::Phone));
    found
}

/// The text with numbers as they are dialled from abroad: `+48 (0) 512 345 678` without its zero.
fn without_bracketed_zeros(text: &str) -> String {
    let mut bare = text.to_owned();
    while let Some(zero) = bracketed_zero(&bare) {
        bare = format!("{} {}", zero.before, zero.after);
    }
    bare
}

fn emails(text: &str) -> impl Iterator<Item = Email> {
    let is_between = |c: char| c.is_whitespace() || "[](){}<>\"',;|/\\".contains(c);
    let parts = text.split(is_between).filter(|part| part.contains('@'));
    // `mailto:`, `E-Mail:a@example.com`, a sentence's point.
    let bare = parts.map(|part| part.rsplit(':').next().unwrap_or(part).trim_end_matches(['.', '!', '?', '…']));
    bare.filter_map(|part| Email::parse(part).ok())
}

/// As the field of a number is read, with the others that stand in it.
fn whole(text: &str, country: Option<&str>, phones: &mut BTreeSet<Phone>) {
    let Ok(read) = Phone::parse(text, country) else { return };
    let others = read.others.iter().filter_map(|other| Phone::parse(other, country).ok());
    phones.extend(others.map(|other| other.phone));
    phones.extend(read.formerly);
    phones.insert(read.phone);
}

/// Some digits in a row.
struct DigitGroup<'t> {
    digits: &'t str,
    has_plus: bool,
    /// How many bytes stand between the group before it and this one.
    gap: usize,
}

fn groups(text: &str) -> Vec<DigitGroup<'_>> {
    let mut groups = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let from = &rest[start..];
        let length = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let has_plus = rest[..start].trim_end_matches(['(', ' ']).ends_with('+');
        groups.push(DigitGroup { digits: &from[..length], has_plus, gap: start });
        rest = &from[length..];
    }
    groups
}

/// Every run of groups of digits that is a number, whatever stands around it.
fn pieces(text: &str, country: Option<&str>, phones: &mut BTreeSet<Phone>) {
    let groups = groups(text);
    for start in 0..groups.len() {
        let mut digits = String::new();
        for end in start..groups.len() {
            let Some(group) = groups.get(end).filter(|group| end == start || group.gap <= LONGEST_GAP) else { break };
            digits.push_str(group.digits);
            if digits.len() > MOST_DIGITS {
                break;
            }
            if digits.len() < FEWEST_DIGITS {
                continue;
            }
            let has_plus = groups.get(start).is_some_and(|group| group.has_plus);
            // With its country code and without the sign for it, too.
            let mut read = readings(&format!("+{digits}"), None);
            if !has_plus {
                read.extend(readings(&digits, country));
            }
            let extension = groups.get(end + 1).map(|group| group.digits).filter(|next| next.len() <= EXTENSION_DIGITS);
            for phone in read {
                phones.extend(extension.map(|extension| phone.with_extension(extension)));
                phones.insert(phone);
            }
        }
    }
}

/// Every number that digits can be.
fn readings(digits: &str, country: Option<&str>) -> Vec<Phone> {
    match Phone::parse(digits, country) {
        Ok(read) => [read.phone].into_iter().chain(read.formerly).collect(),
        Err(InvalidPhone::TwoReadings) => either(digits, country),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn holds(text: &str, value: &str) -> bool {
        mentioned(text, &["US", "DE"]).iter().any(|identity| identity.value() == value)
    }

    #[rstest]
    #[case("+14155550118")]
    #[case("(415) 555-0136, (415) 555-0137 and (415) 555-0118")]
    #[case("415-555-0136 415-555-0118")]
    #[case("415-555-0136,415-555-0118")]
    #[case("415-555-0136 / 0118")]
    #[case("415-555-0136/37/18")]
    #[case("rather 1 (415) 555 0118, after six")]
    #[case("14155550118")]
    #[case("0014155550118")]
    #[case(r#"{"mobile":"+1 415.555.0118","home":null}"#)]
    #[case("my sister: ٤١٥-٥٥٥-٠١١٨")]
    #[case("[4155550136,4155550118]")]
    #[case("415 555 0118 ext. 12")]
    fn a_number_is_found_however_it_is_written(#[case] text: &str) {
        assert!(holds(text, "+14155550118"), "{text}");
    }

    #[rstest]
    #[case("030/23125001/02/03", "+493023125003")]
    #[case("+49 (0)30 23125001", "+493023125001")]
    #[case("415 555 0118 x12", "+14155550118;ext=12")]
    #[case("415 555 0136 or 415 555 0118, extension 12", "+14155550118;ext=12")]
    #[case(r#"["b@example.com","C@example.com"]"#, "c@example.com")]
    #[case("Casey <casey@example.com>; mailto:robin@example.com.", "robin@example.com")]
    #[case("a@example.com/casey@example.com", "casey@example.com")]
    fn shortened_foreign_and_other_ways_are_found(#[case] text: &str, #[case] value: &str) {
        assert!(holds(text, value), "{text}");
    }

    /// A zero that is not dialled from abroad, wherever the number stands, and a number that may be two.
    #[rstest]
    #[case("+48 (0) 512 345 678", "+48512345678")]
    #[case("after six: +48 (0) 512 345 678, thank you", "+48512345678")]
    #[case("+39 (0) 331 123456", "+390331123456")]
    #[case("+39 (0) 331 123456", "+39331123456")]
    #[case("4921891234", "+494921891234")]
    #[case("4921891234", "+4921891234")]
    #[case("4915228817386", "+4915228817386")]
    #[case("4915228817386", "+494915228817386")]
    fn every_reading_of_a_number_is_found(#[case] text: &str, #[case] value: &str) {
        assert!(holds(text, value), "{text}");
    }

    #[rstest]
    #[case("about half a million")]
    #[case("03/15/2024")]
    #[case("450.000")]
    #[case("")]
    fn other_words_hold_none(#[case] text: &str) {
        assert!(mentioned(text, &["US"]).is_empty(), "{text}");
    }

    proptest! {
        #[test]
        fn no_words_panic(text in "[0-9+() ./x;,#@a-c-]{0,130}|.{0,60}") {
            let _ = mentioned(&text, &["US"]);
        }
    }
}
