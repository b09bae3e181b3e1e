//! How postal codes look in countries that have no reader of their own, by the Universal Postal Union's guide to addressing of each
//! country. They say what can be no code of a country, and not which codes there are; other countries' are left as they are.

use crate::values::folded;

/// Signs between a country's letters and its code: `D-10115`.
const BETWEEN: [char; 5] = ['-', ' ', '\u{2010}', '\u{2011}', '\u{2013}'];

/// How the codes of some countries look. `9` is a digit and `A` a letter; blanks, hyphens and points within a code make no difference.
struct PostalShape {
    /// ISO 3166 alpha-2, and the letters that people of that country and its neighbours write before a code.
    countries: &'static [PostalCountry],
    shapes: &'static [&'static str],
}

struct PostalCountry {
    code: &'static str,
    before: &'static str,
}

const fn of(code: &'static str, before: &'static str) -> PostalCountry {
    PostalCountry { code, before }
}

/// Halves that people know, and forms ask for, are codes too: the district of a British one, the digits of a Dutch one.
static SHAPES: [PostalShape; 8] = [
    PostalShape {
        countries: &[
            of("DE", "D"),
            of("ES", "E"),
            of("FR", "F"),
            of("IT", "I"),
            of("FI", "FIN"),
            of("SE", "S"),
            of("CZ", "CZ"),
            of("SK", "SK"),
            of("GR", "GR"),
            of("PL", "PL"),
            of("HR", "HR"),
            of("TR", "TR"),
            of("MX", "MX"),
        ],
        shapes: &["99999"],
    },
    PostalShape {
        countries: &[
            of("AT", "A"),
            of("CH", "CH"),
            of("LI", "FL"),
            of("BE", "B"),
            of("LU", "L"),
            of("DK", "DK"),
            of("NO", "N"),
            of("HU", "H"),
            of("SI", "SI"),
            of("BG", "BG"),
            of("NZ", "NZ"),
            of("ZA", "ZA"),
        ],
        shapes: &["9999"],
    },
    PostalShape { countries: &[of("IN", "IN"), of("RO", "RO"), of("SG", "SG")], shapes: &["999999"] },
    PostalShape { countries: &[of("NL", "NL")], shapes: &["9999AA", "9999"] },
    PostalShape { countries: &[of("PT", "P")], shapes: &["9999999", "9999"] },
    PostalShape { countries: &[of("BR", "BR")], shapes: &["99999999", "99999"] },
    PostalShape { countries: &[of("AU", "AU")], shapes: &["9999", "999"] },
    PostalShape {
        countries: &[of("GB", "GB"), of("GG", "GG"), of("JE", "JE"), of("IM", "IM")],
        shapes: &[
            "A9", "A99", "AA9", "AA99", "A9A", "AA9A", "A999", "AA999", "A9A9", "AA9A9", "A99AA", "A999AA", "AA99AA",
            "AA999AA", "A9A9AA", "AA9A9AA", "AAA9AA",
        ],
    },
];

/// Whether anybody here knows how codes of this country look.
pub(super) fn is_known(country: &str) -> bool {
    found(country).is_some()
}

/// The part of a text that looks like a code of the country: without the letters of the country before it. None where it does not, or
/// nobody here knows how they look.
pub(super) fn code<'t>(text: &'t str, country: &str) -> Option<&'t str> {
    let shape = found(country)?;
    let before = shape.countries.iter().find(|one| one.code == country)?;
    let without = [before.code, before.before].into_iter().filter_map(|letters| without(text, letters));
    [text].into_iter().chain(without).find(|code| shape.fits(code))
}

fn found(country: &str) -> Option<&'static PostalShape> {
    SHAPES.iter().find(|shape| shape.countries.iter().any(|one| one.code == country))
}

fn without<'t>(text: &'t str, letters: &str) -> Option<&'t str> {
    let begins = text.get(..letters.len()).is_some_and(|start| start.eq_ignore_ascii_case(letters));
    begins.then(|| text[letters.len()..].trim_start_matches(BETWEEN))
}

impl PostalShape {
    fn fits(&self, text: &str) -> bool {
        let code: String = folded(text).chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
        let is_of = |(shape, c): (char, char)| match shape {
            '9' => c.is_ascii_digit(),
            _ => c.is_ascii_alphabetic(),
        };
        let is_one = |shape: &&str| shape.len() == code.len() && shape.chars().zip(code.chars()).all(is_of);
        !ends_in_decimal(text) && self.shapes.iter().any(is_one)
    }
}

/// `1011.5`, and not `01.310-100`, as people of Brazil write.
fn ends_in_decimal(text: &str) -> bool {
    let Some((_, decimals)) = text.rsplit_once('.') else { return false };
    !decimals.contains('-')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("DE", &["10115", "01067", "D-10115", "d 10115", "DE-10115"], &["1067", "abc", "01067 Dresden", "A-1010", "10115.5", "1010"])]
    #[case("ES", &["28001", "E-28001"], &["8001", "28O01", "Madrid"])]
    #[case("FR", &["75001", "F-75001"], &["75001 CEDEX", "7500"])]
    #[case("AT", &["1010", "A-1010"], &["10115", "101"])]
    #[case("CH", &["8001", "CH-8001"], &["80011"])]
    #[case("SE", &["114 55", "11455", "SE-114 55", "S-114 55"], &["1145"])]
    #[case("NL", &["1012 AB", "1012ab", "1012", "NL-1012 AB"], &["10 AB", "1012 A"])]
    #[case("PL", &["00-950", "00950"], &["00-95"])]
    #[case("PT", &["1000-001", "1000"], &["1000-01"])]
    #[case("BR", &["01310-100", "01.310-100", "01310100"], &["1310-100", "01310.5"])]
    #[case("IN", &["110001", "110 001", "११०००१"], &["11001"])]
    #[case("AU", &["2000", "800"], &["20000", "2OOO"])]
    #[case("GB", &["SW1A 1AA", "sw1a1aa", "M1 1AE", "EC1A 1BB", "W1", "LS1 4", "GIR 0AA"], &["SW1A OAA", "12345", "London"])]
    fn what_looks_like_no_code_of_a_country_is_known(
        #[case] country: &str,
        #[case] codes: &[&str],
        #[case] others: &[&str],
    ) {
        for text in codes {
            assert!(code(text, country).is_some(), "{country}: {text}");
        }
        for text in others {
            assert_eq!(code(text, country), None, "{country}: {text}");
        }
    }

    #[test]
    fn the_letters_of_a_country_are_no_part_of_its_code() {
        assert_eq!((code("D-10115", "DE"), code("SE-114 55", "SE")), (Some("10115"), Some("114 55")));
        assert_eq!((code("10115", "DE"), code("10115", "KE")), (Some("10115"), None));
    }

    #[test]
    fn every_shape_is_of_digits_and_letters_and_every_country_stands_once() {
        assert!(SHAPES.iter().flat_map(|one| one.shapes).all(|shape| shape.bytes().all(|c| matches!(c, b'9' | b'A'))));
        let mut codes: Vec<_> = SHAPES.iter().flat_map(|one| one.countries).map(|one| one.code).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
