//! Where a person is: the country, the postal code as its post writes it, and the time zone.

use ripen_domain::{
    calling::postal_code,
    country::country_written,
    flag::{Flag, FlagCode},
    time,
};

use super::{bounds::SHORT, dial_code::country_beside, reader::Reader};

/// Reads both. The lead's own country goes before its source's. One that nobody knows leaves it open: read as of the source's
/// country, a number, a date or an amount of another one would be wrong, and look right.
pub fn read(reader: &mut Reader, sources: &str) {
    reader.submission.country = match reader.line("country", SHORT) {
        Some(given) => {
            let known = country_written(&given);
            if known.is_none() {
                reader.flag("country", FlagCode::CountryUnknown, &given);
            }
            known.map(str::to_owned)
        }
        None => country_beside(reader.rest()).or_else(|| country_written(sources)).map(str::to_owned),
    };
    let code = reader.submission.postal_code.take();
    reader.submission.postal_code = code.map(|code| postal_code::normal(&code, reader.submission.country.as_deref()));
    reader.submission.time_zone = reader.line("time_zone", SHORT).and_then(|given| {
        let summer = with_summer(&given, reader.submission.country.as_deref());
        if let Some(zone) = summer {
            reader.submission.flag(Flag::new("time_zone", FlagCode::TimeZoneUnknown).saying(&given).meaning(zone));
            return Some(zone.to_owned());
        }
        let known = time_zone(&given);
        if known.is_none() {
            reader.flag("time_zone", FlagCode::TimeZoneUnknown, &given);
        }
        known
    });
}

/// What people of North America mean by three letters that are zones without a summer in the tz database: taken for those, they would
/// be called an hour late from March to November.
fn with_summer(given: &str, country: Option<&str>) -> Option<&'static str> {
    let zones = [("EST", "America/New_York"), ("MST", "America/Denver"), ("HST", "Pacific/Honolulu")];
    let found = zones.into_iter().find(|(letters, _)| given.eq_ignore_ascii_case(letters));
    found.filter(|_| matches!(country, Some("US" | "CA"))).map(|(_, zone)| zone)
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
