//! Postal codes as spreadsheets and forms leave them: `2134` lost its zero, `60134.0` went through a number, `601341234`
//! its hyphen.

use super::postal_shapes;

/// The code as its country's post writes it: five digits, or nine with a hyphen, in the US; `K1A 0B1` in Canada. Elsewhere as it was
/// given, without what programs and neighbours put around it: the `z:` of Meta's exports, a spreadsheet's apostrophe or decimals, the
/// country's letters. What is no code of its country stays the text without surrounding space.
#[must_use]
pub fn normal(text: &str, country: Option<&str>) -> String {
    let text = text.trim();
    read(text, country).unwrap_or_else(|| text.to_owned())
}

/// The code that a text is; none where it is none of the country's.
fn read(text: &str, country: Option<&str>) -> Option<String> {
    [text, bare(text)].into_iter().find_map(|text| match country {
        Some("US" | "AS" | "GU" | "MP" | "PR" | "VI") => zip(text).map(Zip::written),
        Some("CA") => canadian(text).or_else(|| is_half_canadian(text).then(|| text.to_owned())),
        Some(country) if postal_shapes::is_known(country) => postal_shapes::code(text, country).map(str::to_owned),
        _ => Some(bare(text).to_owned()),
    })
}

/// The text without the `z:` that Meta puts before every code, as it puts `p:` before numbers, the apostrophe by which people keep a
/// spreadsheet from reading a number, and the decimals of one that it read. Where more than a code is left, or less, all of it.
fn bare(text: &str) -> &str {
    let rest = text.strip_prefix(['\'', '\u{2019}']).unwrap_or(text);
    let rest = rest.strip_prefix("z:").or_else(|| rest.strip_prefix("Z:")).unwrap_or(rest).trim();
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = rest.strip_suffix(".0").or_else(|| rest.strip_suffix(".00")).filter(is_number);
    let rest = number.unwrap_or(rest);
    let is_plain = rest.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    if is_plain && rest.contains(|c: char| c.is_ascii_digit()) { rest } else { text }
}

/// Whether a postal code of this country (ISO 3166 alpha-2) says whose clock counts there.
#[must_use]
pub fn says_where(country: &str) -> bool {
    matches!(country, "US" | "AS" | "GU" | "MP" | "PR" | "VI" | "CA" | "AU")
}

/// The lowest code of the United States: Holtsville, New York.
const LOWEST: u32 = 501;

/// Whether a text can be a code of its country (ISO 3166 alpha-2). Of a country whose codes nobody here knows any can.
#[must_use]
pub fn is_possible(text: &str, country: Option<&str>) -> bool {
    match country {
        Some("US" | "AS" | "GU" | "MP" | "PR" | "VI") => {
            [text, bare(text)].into_iter().find_map(zip).is_some_and(|zip| zip.five >= LOWEST)
        }
        _ => read(text, country).is_some(),
    }
}

/// A ZIP code, with its four more digits where they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zip {
    pub(super) five: u32,
    more: Option<u32>,
}

impl Zip {
    fn written(self) -> String {
        self.more.map_or_else(|| format!("{:05}", self.five), |more| format!("{:05}-{more:04}", self.five))
    }
}

/// Reads `60134`, `60134-1234`, `601341234`, and each without the zeros it began with, or as a number with a decimal.
pub(super) fn zip(text: &str) -> Option<Zip> {
    let text = text.trim();
    let text =
        text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")).or_else(|| text.strip_suffix('-')).unwrap_or(text);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok())?;
    if let Some((five, more)) = text.split_once(['-', ' ', '\u{2010}', '\u{2011}', '\u{2013}']) {
        let more = more.trim();
        let fits = (3..=5).contains(&five.len()) && more.len() == 4;
        return fits.then(|| Some(Zip { five: digits(five)?, more: Some(digits(more)?) }))?;
    }
    let number = digits(text)?;
    match text.len() {
        3..=5 => Some(Zip { five: number, more: None }),
        7..=9 => Some(Zip { five: number / 10_000, more: Some(number % 10_000) }),
        _ => None,
    }
}

/// Letters that no Canadian code holds, at the beginning and anywhere.
const NEVER_FIRST: &str = "DFIOQUWZ";
const NEVER: &str = "DFIOQU";

/// `k1a0b1` as `K1A 0B1`.
pub(super) fn canadian(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| *c != ' ' && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
    let fits = |(at, c): (usize, char)| match at {
        0 => c.is_ascii_uppercase() && !NEVER_FIRST.contains(c),
        2 | 4 => c.is_ascii_uppercase() && !NEVER.contains(c),
        _ => c.is_ascii_digit(),
    };
    (code.len() == 6 && code.chars().enumerate().all(fits)).then(|| format!("{} {}", &code[..3], &code[3..]))
}

/// Whether a text is the first half of one, `K1A`, which says where people live as near as many want to tell.
fn is_half_canadian(text: &str) -> bool {
    text.len() == 3 && canadian(&format!("{text}1A1")).is_some()
}

/// Reads an Australian postcode, `2000`, and one that lost its zero to a spreadsheet, `800` or `800.0`.
pub(super) fn australian(text: &str) -> Option<u32> {
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    let is_one = (3..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("60134", "60134")]
    #[case(" 60134 ", "60134")]
    #[case("60134-1234", "60134-1234")]
    #[case("60134 1234", "60134-1234")]
    #[case("60134–1234", "60134-1234")]
    #[case("601341234", "60134-1234")]
    #[case("60134.0", "60134")]
    #[case("601341234.0", "60134-1234")]
    #[case("60134-", "60134")]
    #[case("2134", "02134")]
    #[case("2134.0", "02134")]
    #[case("2134-1234", "02134-1234")]
    #[case("21341234", "02134-1234")]
    #[case("501", "00501")]
    #[case("5010001", "00501-0001")]
    #[case("60134.5", "60134.5")]
    #[case("6013", "06013")]
    #[case("12", "12")]
    #[case("601345", "601345")]
    #[case("60134-12", "60134-12")]
    #[case("K1A 0B1", "K1A 0B1")]
    #[case("-60134", "-60134")]
    #[case("٦٠١٣٤", "٦٠١٣٤")]
    fn a_code_of_the_us_is_written_as_its_post_does(#[case] given: &str, #[case] written: &str) {
        assert_eq!(normal(given, Some("US")), written);
        assert_eq!(normal(written, Some("US")), written, "a second time changes nothing");
    }

    #[rstest]
    #[case("k1a0b1", "K1A 0B1")]
    #[case("K1A-0B1", "K1A 0B1")]
    #[case("H2X 1Y4", "H2X 1Y4")]
    #[case("D1A 0B1", "D1A 0B1")]
    #[case("K1A 0O1", "K1A 0O1")]
    #[case("12345", "12345")]
    fn a_canadian_code_has_a_space(#[case] given: &str, #[case] written: &str) {
        assert_eq!(normal(given, Some("CA")), written);
    }

    #[test]
    fn what_can_be_no_code_of_a_country_is_known() {
        for (code, country, expected) in [
            ("60134", Some("US"), true),
            ("60134-1234", Some("US"), true),
            ("00501", Some("US"), true),
            ("2134", Some("US"), true),
            ("0.5", Some("US"), false),
            ("O2139", Some("US"), false),
            ("SW1A 1AA", Some("US"), false),
            ("SW1A 1AA", Some("GB"), true),
            ("z:10115", Some("DE"), true),
            ("01067 Dresden", Some("DE"), false),
            ("abc", Some("DE"), false),
            ("1067", Some("DE"), false),
            ("28001", Some("ES"), true),
            ("60134", Some("GB"), false),
            ("M5V 2T6", Some("CA"), true),
            ("M5V", Some("CA"), true),
            ("M5V 2TO", Some("CA"), false),
            ("D1A", Some("CA"), false),
            ("60134", Some("CA"), false),
            ("2000", Some("AU"), true),
            ("abc", Some("AU"), false),
            ("00000", Some("US"), false),
            ("60134", Some("PR"), true),
            ("abc", Some("PR"), false),
            ("0.5", None, true),
            ("abc", Some("KE"), true),
        ] {
            assert_eq!(is_possible(code, country), expected, "{code}");
        }
    }

    #[rstest]
    #[case("z:60134", "US", "60134")]
    #[case("z:2134", "US", "02134")]
    #[case("'02134", "US", "02134")]
    #[case("z:10115", "DE", "10115")]
    #[case("z:01067", "DE", "01067")]
    #[case("'01067", "DE", "01067")]
    #[case("01067.0", "DE", "01067")]
    #[case("D-01067", "DE", "01067")]
    #[case("Z: 28001", "ES", "28001")]
    #[case("z:sw1a 1aa", "GB", "sw1a 1aa")]
    #[case("z:M5V 2T6", "CA", "M5V 2T6")]
    #[case("z:m5v2t6", "CA", "M5V 2T6")]
    #[case("z:2000", "AU", "2000")]
    #[case("2000.0", "AU", "2000")]
    #[case("z:00100", "KE", "00100")]
    #[case("z:01067 Dresden", "DE", "z:01067 Dresden")]
    #[case("01067 Dresden", "DE", "01067 Dresden")]
    #[case("z:", "DE", "z:")]
    #[case("z:z:10115", "DE", "z:z:10115")]
    #[case("zona 5", "GT", "zona 5")]
    fn what_programs_put_around_a_code_is_no_part_of_it(
        #[case] given: &str,
        #[case] country: &str,
        #[case] written: &str,
    ) {
        assert_eq!(normal(given, Some(country)), written);
        assert_eq!(normal(written, Some(country)), written, "a second time changes nothing");
    }

    #[test]
    fn an_australian_postcode_is_four_digits_or_three_that_lost_their_zero() {
        let read = ["6000", " 0800 ", "800", "800.0", "60000", "60", "6OOO", "-600", ""].map(australian);
        assert_eq!(read, [Some(6000), Some(800), Some(800), Some(800), None, None, None, None, None]);
    }

    #[test]
    fn other_countries_codes_are_left_alone() {
        for (code, country) in [("2134", Some("AU")), ("1010", Some("AT")), ("01067", Some("DE")), ("2134", None)] {
            assert_eq!(normal(code, country), code);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_cut_and_no_digit_is_lost(text in "\\PC{0,12}", country in "US|CA|DE|GB|NL|KE") {
            let written = normal(&text, Some(&country));
            prop_assert_eq!(normal(&written, Some(&country)), written.clone());
            let digits = |text: &str| text.trim_end_matches(".0").chars().filter(char::is_ascii_digit).collect::<String>();
            let (before, after) = (digits(&text.trim().replace(".00", "")), digits(&written));
            prop_assert!(after.ends_with(&before) || written == text.trim(), "{text:?} {written:?}");
        }

        #[test]
        fn every_code_comes_back_from_a_spreadsheet(code in 501_u32..100_000) {
            let lost = format!("{code}");
            prop_assert_eq!(normal(&lost, Some("US")), format!("{code:05}"));
            prop_assert_eq!(normal(&format!("{lost}.0"), Some("US")), format!("{code:05}"));
        }
    }
}
