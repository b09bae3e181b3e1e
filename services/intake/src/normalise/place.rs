//! Where a person is: the country, the postal code as its post writes it, and the time zone.

use ripen_domain::{calling::postal_code, country::is_country, flag::FlagCode, time};

use super::{bounds::SHORT, reader::Reader};

/// Reads both. The lead's own country goes before its source's.
pub fn read(reader: &mut Reader, sources: &str) {
    let own = reader.line("country", SHORT).and_then(|given| {
        let known = country(&given);
        if known.is_none() {
            reader.flag("country", FlagCode::CountryUnknown, &given);
        }
        known
    });
    reader.submission.country = own.or_else(|| country(sources));
    let code = reader.submission.postal_code.take();
    reader.submission.postal_code = code.map(|code| postal_code::normal(&code, reader.submission.country.as_deref()));
    reader.submission.time_zone = reader.line("time_zone", SHORT).and_then(|given| {
        let known = time_zone(&given);
        if known.is_none() {
            reader.flag("time_zone", FlagCode::TimeZoneUnknown, &given);
        }
        known
    });
}

/// The country's code in upper case. `UK` is what Britons write; the code is `GB`.
fn country(given: &str) -> Option<String> {
    let code = given.to_ascii_uppercase();
    let code = if code == "UK" { "GB".to_owned() } else { code };
    is_country(&code).then_some(code)
}

/// The zone's name as the tz database writes it.
fn time_zone(given: &str) -> Option<String> {
    time::zone(given)?.iana_name().map(str::to_owned)
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
