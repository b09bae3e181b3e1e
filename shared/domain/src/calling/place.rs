//! Where a person may be, as far as their phone number, postal code and stated time zone tell: places with the zone
//! whose clock counts there. Nothing is guessed beyond the tables, and nothing is asked of anybody.

use std::{fmt, str::FromStr};

use jiff::tz::TimeZone;

use super::facts::{AREA_CODES, CANADIAN_LETTERS, COUNTRIES, STATES, ZIPS, ZONES};
use crate::person::Profile;

/// A country (`DE`), or a state of the US or a province of Canada (`US-CA`, `CA-ON`), as in ISO 3166.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    country: [u8; 2],
    state: Option<[u8; 2]>,
}

impl Region {
    /// The country alone.
    #[must_use]
    pub const fn country(self) -> Self {
        Self { country: self.country, state: None }
    }

    /// Whether it is a country rather than a part of one.
    #[must_use]
    pub const fn is_country(self) -> bool {
        self.state.is_none()
    }

    /// A country's code of two capital letters, known or not.
    fn of_country(code: &str) -> Option<Self> {
        Some(Self { country: letters(code)?, state: None })
    }

    /// A name from the tables.
    fn of_table(name: &str) -> Option<Self> {
        match name.split_once('-') {
            Some((country, state)) => Some(Self { country: letters(country)?, state: Some(letters(state)?) }),
            None => Self::of_country(name),
        }
    }
}

fn letters(code: &str) -> Option<[u8; 2]> {
    let bytes: [u8; 2] = code.as_bytes().try_into().ok()?;
    bytes.iter().all(u8::is_ascii_uppercase).then_some(bytes)
}

/// Reads only countries that exist and states that the tables know.
impl FromStr for Region {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let known = match text.split_once('-') {
            Some(_) => STATES.iter().any(|(name, _)| *name == text),
            None => crate::country::is_country(text),
        };
        known.then(|| Self::of_table(text)).flatten().ok_or(())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write =
            |f: &mut fmt::Formatter<'_>, [one, two]: [u8; 2]| write!(f, "{}{}", char::from(one), char::from(two));
        write(f, self.country)?;
        self.state.map_or(Ok(()), |state| {
            f.write_str("-")?;
            write(f, state)
        })
    }
}

/// One place where the person may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose exceptions to the calling hours apply, where that is known.
    pub region: Option<Region>,
    /// Whose clock counts.
    pub zone: TimeZone,
}

/// What is known of where a person is. `Debug` shows nothing: it is contact data.
#[derive(Clone, Copy, Default)]
pub struct Whereabouts<'a> {
    /// The person's own zone, by its name in the tz database.
    pub time_zone: Option<&'a str>,
    /// ISO 3166 alpha-2.
    pub country: Option<&'a str>,
    /// As it was given.
    pub postal_code: Option<&'a str>,
    /// E.164.
    pub phone: Option<&'a str>,
    /// The client's zone, which counts where nothing else is known.
    pub client_time_zone: &'a str,
}

impl fmt::Debug for Whereabouts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whereabouts(…)")
    }
}

/// A region and every zone that may count there.
struct Found {
    region: Option<Region>,
    zones: Vec<&'static str>,
}

impl Found {
    /// A row of the tables: the name of a region, and the letters of its zones or none for those of the whole state.
    fn of(name: &str, zones: &str) -> Self {
        let all = || STATES.iter().find(|(state, _)| *state == name).map_or("", |(_, zones)| zones);
        let zones = if zones.is_empty() { all() } else { zones };
        Self { region: Region::of_table(name), zones: zones.chars().filter_map(zone_of).collect() }
    }
}

fn zone_of(letter: char) -> Option<&'static str> {
    ZONES.iter().find(|(known, _)| *known == letter).map(|(_, name)| *name)
}

impl<'a> Whereabouts<'a> {
    /// What a profile tells, and where it is silent its client.
    #[must_use]
    pub fn of(profile: &'a Profile, client_country: &'a str, client_time_zone: &'a str) -> Self {
        Self {
            time_zone: profile.time_zone.as_deref(),
            country: profile.country.as_deref().or(Some(client_country)),
            postal_code: profile.postal_code.as_deref(),
            phone: profile.phone.as_deref(),
            client_time_zone,
        }
    }

    /// Every place where the person may be, at least one; the postal code's before the phone's and the country's.
    ///
    /// The person's own time zone settles which clock counts, not which state's hours. Without it, all places that the
    /// postal code, the area code and the country name are there, and where they name none, the client's zone.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let found = self.found();
        let home = self.country.and_then(Region::of_country);
        let mut places = Vec::new();
        let own = self.time_zone.and_then(local_zone);
        for Found { region, zones } in found {
            match &own {
                Some(own) => {
                    add(&mut places, region, own);
                    if !own.iana_name().is_some_and(|name| zones.contains(&name)) {
                        // They have left that state, or it has a name of its own for the same clock.
                        add(&mut places, home, own);
                    }
                }
                None => {
                    for zone in zones.iter().filter_map(|name| crate::time::zone(name)) {
                        add(&mut places, region, &zone);
                    }
                }
            }
        }
        if places.is_empty() {
            let zone = own.or_else(|| crate::time::zone(self.client_time_zone)).unwrap_or(TimeZone::UTC);
            add(&mut places, home, &zone);
        }
        places
    }

    fn found(&self) -> Vec<Found> {
        let phone: Vec<_> = self.phone.map(by_phone).unwrap_or_default();
        let has_us_phone = phone.iter().any(|found| found.region.is_some_and(|region| region.country == *b"US"));
        let mut found =
            self.postal_code.map(|code| by_postal_code(code, self.country, has_us_phone)).unwrap_or_default();
        found.extend(phone);
        let country = COUNTRIES.iter().find(|(code, _)| Some(*code) == self.country);
        found.extend(country.map(|(code, zone)| Found { region: Region::of_country(code), zones: vec![zone] }));
        found
    }
}

fn add(places: &mut Vec<Place>, region: Option<Region>, zone: &TimeZone) {
    let place = Place { region, zone: zone.clone() };
    if !places.contains(&place) {
        places.push(place);
    }
}

/// A zone that is some place's: `UTC` and `Etc/GMT+5` are what machines fill in, and nobody lives there.
fn local_zone(name: &str) -> Option<TimeZone> {
    let is_somewhere = name.contains('/') && !name.starts_with("Etc/");
    is_somewhere.then(|| crate::time::zone(name)).flatten()
}

/// The states of a postal code. Five digits are a code of the US only in the US: Berlin has them too.
fn by_postal_code(code: &str, country: Option<&str>, has_us_phone: bool) -> Vec<Found> {
    let code = code.trim();
    let of_us = matches!(country, Some("US" | "PR" | "VI" | "GU")) || country.is_none() && has_us_phone;
    if let Some(first) = zip_start(code).filter(|_| of_us) {
        let row = ZIPS.iter().find(|(from, to, ..)| (*from..=*to).contains(&first));
        return row.map(|(_, _, state, zones)| Found::of(&format!("US-{state}"), zones)).into_iter().collect();
    }
    if !matches!(country, Some("US" | "CA") | None) || !is_canadian(code) {
        return Vec::new();
    }
    let letter = code.chars().next().map(|first| first.to_ascii_uppercase());
    let rows = CANADIAN_LETTERS.iter().filter(|(known, ..)| Some(*known) == letter);
    rows.map(|(_, province, zones)| Found::of(&format!("CA-{province}"), zones)).collect()
}

/// The first three digits of `10001` or `10001-1234`.
fn zip_start(code: &str) -> Option<u16> {
    let is = |part: &str, digits| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    let (five, rest) = code.split_once(['-', ' ']).map_or((code, None), |(five, rest)| (five, Some(rest)));
    let fits = is(five, 5) && rest.is_none_or(|rest| is(rest.trim(), 4));
    fits.then(|| five.get(..3)?.parse().ok()).flatten()
}

/// Whether the code is written like `K1A 0B1`.
fn is_canadian(code: &str) -> bool {
    let bytes: Vec<_> = code.bytes().filter(|byte| *byte != b' ').collect();
    bytes.len() == 6
        && bytes.iter().enumerate().all(|(at, byte)| match at % 2 {
            0 => byte.is_ascii_alphabetic(),
            _ => byte.is_ascii_digit(),
        })
}

/// The states of an area code in the North American plan; several where several share it.
fn by_phone(phone: &str) -> Vec<Found> {
    let national = phone.strip_prefix("+1").filter(|national| national.len() == 10);
    let Some(code) = national.and_then(|national| national.get(..3)?.parse::<u16>().ok()) else { return Vec::new() };
    let rows = AREA_CODES.iter().filter(|(_, _, codes)| codes.contains(&code));
    rows.map(|(name, zones, _)| Found::of(name, zones)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    fn shown(whereabouts: Whereabouts<'_>) -> String {
        let places = whereabouts.places();
        let shown = places.iter().map(|place| {
            let region = place.region.map_or_else(|| "?".to_owned(), |region| region.to_string());
            format!("{region} {}", place.zone.iana_name().unwrap_or("?"))
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    const NOTHING: Whereabouts<'_> = Whereabouts {
        time_zone: None,
        country: None,
        postal_code: None,
        phone: None,
        client_time_zone: "America/Chicago",
    };

    #[rstest]
    #[case("+12125550100", "US-NY America/New_York")]
    #[case("+14155550100", "US-CA America/Los_Angeles")]
    #[case("+13125550100", "US-IL America/Chicago")]
    #[case("+16025550100", "US-AZ America/Phoenix")]
    #[case("+19285550100", "US-AZ America/Phoenix, US-AZ America/Denver")]
    #[case("+18085550100", "US-HI Pacific/Honolulu")]
    #[case("+19075550100", "US-AK America/Anchorage, US-AK America/Adak")]
    #[case("+19155550100", "US-TX America/Denver")]
    #[case("+15125550100", "US-TX America/Chicago")]
    #[case("+18505550100", "US-FL America/New_York, US-FL America/Chicago")]
    #[case("+13055550100", "US-FL America/New_York")]
    #[case("+12085550100", "US-ID America/Denver, US-ID America/Los_Angeles")]
    #[case("+16155550100", "US-TN America/Chicago")]
    #[case("+18655550100", "US-TN America/New_York")]
    #[case("+12195550100", "US-IN America/Chicago")]
    #[case("+17875550100", "US-PR America/Puerto_Rico")]
    #[case("+16715550100", "US-GU Pacific/Guam")]
    #[case("+12025550100", "US-DC America/New_York")]
    #[case("+14165550100", "CA-ON America/Toronto")]
    #[case("+16045550100", "CA-BC America/Vancouver")]
    #[case("+17095550100", "CA-NL America/St_Johns, CA-NL America/Halifax")]
    #[case("+19025550100", "CA-NS America/Halifax, CA-PE America/Halifax")]
    #[case("+18765550100", "JM America/Jamaica")]
    #[case("+18005550100", "? America/Chicago")]
    #[case("+442070313000", "? America/Chicago")]
    #[case("+1415", "? America/Chicago")]
    fn an_area_code_says_where(#[case] phone: &str, #[case] places: &str) {
        assert_eq!(shown(Whereabouts { phone: Some(phone), ..NOTHING }), places);
    }

    #[rstest]
    #[case("10001", "US-NY America/New_York")]
    #[case("94103-1234", "US-CA America/Los_Angeles")]
    #[case("60601", "US-IL America/Chicago")]
    #[case("85001", "US-AZ America/Phoenix")]
    #[case("86515", "US-AZ America/Phoenix, US-AZ America/Denver")]
    #[case("02139", "US-MA America/New_York")]
    #[case("00901", "US-PR America/Puerto_Rico")]
    #[case("32501", "US-FL America/Chicago")]
    #[case("33101", "US-FL America/New_York")]
    #[case("79901", "US-TX America/Denver")]
    #[case("73301", "US-TX America/Chicago")]
    #[case("75201", "US-TX America/Chicago")]
    #[case("37201", "US-TN America/Chicago")]
    #[case("37901", "US-TN America/New_York")]
    #[case("47701", "US-IN America/Chicago")]
    #[case("46204", "US-IN America/New_York")]
    #[case("57701", "US-SD America/Denver")]
    #[case("83814", "US-ID America/Los_Angeles")]
    #[case("83702", "US-ID America/Denver")]
    #[case("99501", "US-AK America/Anchorage, US-AK America/Adak")]
    #[case("96813", "US-HI Pacific/Honolulu")]
    #[case("20001", "US-DC America/New_York")]
    #[case("20101", "US-VA America/New_York")]
    #[case("30301", "US-GA America/New_York")]
    #[case("39901", "US-GA America/New_York")]
    #[case("82901", "US-WY America/Denver")]
    #[case("98101", "US-WA America/Los_Angeles")]
    #[case("H2X 1Y4", "CA-QC America/Toronto")]
    #[case("x0a0h0", "CA-NT America/Edmonton, CA-NU America/Toronto, CA-NU America/Winnipeg, CA-NU America/Edmonton")]
    #[case("09012", "US America/Chicago")]
    #[case("1000", "US America/Chicago")]
    #[case("10001-12", "US America/Chicago")]
    #[case("W1A 0AX", "US America/Chicago")]
    fn a_postal_code_says_where(#[case] code: &str, #[case] places: &str) {
        assert_eq!(shown(Whereabouts { postal_code: Some(code), country: Some("US"), ..NOTHING }), places);
    }

    #[test]
    fn five_digits_are_a_code_of_the_us_only_there() {
        let berlin = Whereabouts { postal_code: Some("10115"), country: Some("DE"), ..NOTHING };
        assert_eq!(shown(berlin), "DE Europe/Berlin");
        assert_eq!(shown(Whereabouts { country: None, ..berlin }), "? America/Chicago");
        let with_phone = Whereabouts { phone: Some("+12125550100"), postal_code: Some("94103"), ..NOTHING };
        assert_eq!(shown(with_phone), "US-CA America/Los_Angeles, US-NY America/New_York");
    }

    #[test]
    fn ones_own_zone_settles_the_clock_and_no_states_hours() {
        let phone = Whereabouts { phone: Some("+14155550100"), country: Some("US"), ..NOTHING };
        let at = |time_zone| shown(Whereabouts { time_zone: Some(time_zone), ..phone });
        assert_eq!(at("America/Los_Angeles"), "US-CA America/Los_Angeles");
        assert_eq!(at("America/New_York"), "US-CA America/New_York, US America/New_York");
        for machine in ["UTC", "Etc/UTC", "Etc/GMT+5", "Mars/Olympus", "", "EST"] {
            assert_eq!(at(machine), "US-CA America/Los_Angeles", "{machine}");
        }
        assert_eq!(shown(Whereabouts { time_zone: Some("Asia/Dubai"), ..NOTHING }), "? Asia/Dubai");
    }

    #[test]
    fn where_nothing_is_known_the_clients_zone_counts() {
        assert_eq!(shown(Whereabouts { country: Some("US"), ..NOTHING }), "US America/Chicago");
        assert_eq!(shown(Whereabouts { client_time_zone: "nowhere", ..NOTHING }), "? UTC");
        assert_eq!(format!("{:?}", Whereabouts { phone: Some("+14155550100"), ..NOTHING }), "Whereabouts(…)");
    }

    #[rstest]
    #[case("US", true)]
    #[case("US-CA", true)]
    #[case("CA-ON", true)]
    #[case("KY", true)]
    #[case("QQ", false)]
    #[case("us", false)]
    #[case("US-QQ", false)]
    #[case("DE-BY", false)]
    #[case("", false)]
    fn regions_are_known_ones(#[case] text: &str, #[case] known: bool) {
        let region = text.parse::<Region>();
        assert_eq!(region.is_ok(), known);
        assert!(region.map_or(true, |region| region.to_string() == text));
    }

    #[test]
    fn the_tables_agree_with_each_other_and_with_the_tz_database() {
        for (_, name) in
            ZONES.iter().map(|(letter, name)| (*letter, *name)).chain(COUNTRIES.iter().map(|(_, n)| ('-', *n)))
        {
            assert!(crate::time::zone(name).is_some(), "{name}");
        }
        let zones_of = |state: &str| STATES.iter().find(|(name, _)| *name == state).map(|(_, zones)| *zones);
        let zips = ZIPS.iter().map(|(_, _, state, zones)| (format!("US-{state}"), *zones));
        let letters = CANADIAN_LETTERS.iter().map(|(_, province, zones)| (format!("CA-{province}"), *zones));
        let codes = AREA_CODES.iter().map(|(name, zones, _)| ((*name).to_owned(), *zones));
        for (state, zones) in zips.chain(letters).chain(codes).filter(|(state, _)| state.contains('-')) {
            let all = zones_of(&state).unwrap_or_else(|| panic!("{state} is no state"));
            assert!(zones.chars().all(|zone| all.contains(zone)), "{state} {zones}");
        }
        assert!(STATES.iter().all(|(_, zones)| zones.chars().all(|zone| zone_of(zone).is_some())));
        assert!(ZIPS.is_sorted_by(|one, next| one.0 <= one.1 && one.1 < next.0), "rows do not overlap");
        let covered: BTreeSet<_> = ZIPS.iter().map(|(_, _, state, _)| *state).collect();
        let with_code: BTreeSet<_> = AREA_CODES.iter().filter_map(|(name, ..)| name.strip_prefix("US-")).collect();
        assert_eq!(with_code.len(), 56, "fifty states, the capital and five territories");
        assert_eq!(with_code.difference(&covered).copied().collect::<Vec<_>>(), ["AS", "MP"], "which share others'");
    }

    #[test]
    fn an_area_code_belongs_to_one_state_or_stands_for_all_that_share_it() {
        let all = AREA_CODES.iter().flat_map(|(_, _, codes)| *codes);
        let mut seen = BTreeSet::new();
        for code in all.filter(|code| ![782, 867, 902].contains(*code)) {
            assert!((201..=989).contains(code) && seen.insert(code), "{code} stands twice");
        }
        assert!(AREA_CODES.iter().all(|(_, _, codes)| codes.is_sorted()));
    }
}
