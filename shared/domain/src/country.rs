//! Which countries there are, by their two letters, and what people write for them. What is known of one beside that stands where
//! it is needed.

use std::{collections::HashMap, sync::LazyLock};

use crate::person::folded_words;

/// ISO 3166-1 alpha-2, and XK, which the standard leaves to its users and everybody uses for Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Whether a text is the code of a country, in capitals.
#[must_use]
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|known| known == code)
}

/// A country's code, and its names and code of three letters, folded: `IT ita italia italie italy …`.
const NAMES: &str = include_str!("../data/places/country_names.txt");

static BY_NAME: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let rows = NAMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    rows.flat_map(|(code, names)| names.split(' ').map(move |name| (name, code))).collect()
});

/// The code of a country as people write it: its two or three letters, its name in the languages that most enquiries are in, or
/// both (`US - United States`); none where that is nothing known, or could be two. `UK` is what Britons write; the code is `GB`.
#[must_use]
pub fn country_written(text: &str) -> Option<&'static str> {
    let named = |text: &str| {
        let folded = folded_words(text).concat();
        let of_two = || COUNTRIES.split_ascii_whitespace().find(|code| code.eq_ignore_ascii_case(&folded));
        BY_NAME.get(folded.as_str()).copied().or_else(of_two)
    };
    named(text).or_else(|| {
        let mut parts =
            text.split(['(', ')', '/', ',', ';', '-', '–', '|']).map(str::trim).filter(|part| !part.is_empty());
        let first = named(parts.next()?)?;
        parts.all(|part| named(part) == Some(first)).then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("us", Some("US"))]
    #[case("UK", Some("GB"))]
    #[case("U.S.A.", Some("US"))]
    #[case("usa", Some("US"))]
    #[case("Italy", Some("IT"))]
    #[case("ITALIA ", Some("IT"))]
    #[case("México", Some("MX"))]
    #[case("Mexico", Some("MX"))]
    #[case("Österreich", Some("AT"))]
    #[case("Côte d’Ivoire", Some("CI"))]
    #[case("Türkiye", Some("TR"))]
    #[case("Brasil", Some("BR"))]
    #[case("日本", Some("JP"))]
    #[case("Россия", Some("RU"))]
    #[case("US - United States", Some("US"))]
    #[case("Germany (DE)", Some("DE"))]
    #[case("Korea, Republic of", Some("KR"))]
    #[case("Bosnia & Herzegovina", Some("BA"))]
    #[case("Bosnia and Herzegovina", Some("BA"))]
    #[case("St. Lucia", Some("LC"))]
    #[case("Congo", None)]
    #[case("US / CA", None)]
    #[case("XX", None)]
    #[case("Springfield", None)]
    #[case("A ", None)]
    #[case("", None)]
    fn countries_are_read_as_people_write_them(#[case] given: &str, #[case] code: Option<&str>) {
        assert_eq!(country_written(given), code);
    }

    #[test]
    fn each_name_is_folded_as_what_is_written_and_of_one_country() {
        let mut seen = std::collections::HashSet::new();
        for (code, names) in NAMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
        {
            assert!(is_country(code), "{code}");
            for name in names.split(' ') {
                assert_eq!(folded_words(name).concat(), name, "{code}");
                assert!(seen.insert(name), "{name} is of two countries");
                assert!(!is_country(&name.to_uppercase()), "{name} is a code");
            }
        }
    }

    #[test]
    fn the_table_is_whole_and_sorted() {
        let codes: Vec<_> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 250);
        assert!(codes.is_sorted_by(|a, b| a < b) && is_country("XK") && !is_country("UK") && !is_country("us"));
    }
}
