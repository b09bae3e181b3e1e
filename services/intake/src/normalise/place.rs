//! Where a person is: the country, the postal code as its post writes it, and the time zone.

use jiff::tz::TimeZone;
use ripen_domain::{calling::postal_code, submission::Flag};

use super::{bounds::SHORT, reader::Reader};

/// ISO 3166-1 alpha-2, and XK, which the standard leaves to its users and everybody uses for Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Reads both. The lead's own country goes before its source's.
pub fn read(reader: &mut Reader, sources: &str) {
    let own = reader.line("country", SHORT).and_then(|given| {
        let known = country(&given);
        if known.is_none() {
            reader.submission.flag(Flag::CountryUnknown);
        }
        known
    });
    reader.submission.country = own.or_else(|| country(sources));
    let code = reader.submission.postal_code.take();
    reader.submission.postal_code = code.map(|code| postal_code::normal(&code, reader.submission.country.as_deref()));
    reader.submission.time_zone = reader.line("time_zone", SHORT).and_then(|given| {
        let known = time_zone(&given);
        if known.is_none() {
            reader.submission.flag(Flag::TimeZoneUnknown);
        }
        known
    });
}

/// The country's code in upper case. `UK` is what Britons write; the code is `GB`.
fn country(given: &str) -> Option<String> {
    let code = given.to_ascii_uppercase();
    let code = if code == "UK" { "GB".to_owned() } else { code };
    (code.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|known| known == code)).then_some(code)
}

/// The zone's name as the tz database writes it.
fn time_zone(given: &str) -> Option<String> {
    TimeZone::get(given).ok()?.iana_name().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("us", Some("US"))]
    #[case("UK", Some("GB"))]
    #[case("XX", None)]
    #[case("USA", None)]
    #[case("A ", None)]
    #[case("", None)]
    fn countries_are_iso_codes(#[case] given: &str, #[case] code: Option<&str>) {
        assert_eq!(country(given).as_deref(), code);
    }

    #[test]
    fn the_table_is_whole_and_sorted() {
        let codes: Vec<_> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 250);
        assert!(codes.is_sorted_by(|a, b| a < b));
    }

    #[rstest]
    #[case("america/chicago", Some("America/Chicago"))]
    #[case("Europe/Berlin", Some("Europe/Berlin"))]
    #[case("../etc/passwd", None)]
    #[case("Mars/Olympus", None)]
    #[case("Asia/Calcutta", Some("Asia/Calcutta"))]
    #[case("America/Buenos_Aires", Some("America/Buenos_Aires"))]
    #[case("Europe/Kiev", Some("Europe/Kiev"))]
    #[case("Etc/GMT-8", Some("Etc/GMT-8"))]
    #[case("America/Indianapolis", Some("America/Indianapolis"))]
    #[case("GMT+0530", None)]
    fn time_zones_are_the_databases(#[case] given: &str, #[case] name: Option<&str>) {
        assert_eq!(time_zone(given).as_deref(), name);
    }
}
