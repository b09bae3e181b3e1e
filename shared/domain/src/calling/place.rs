//! Where a person may be, as far as their phone number, postal code and stated time zone tell: places with the zone
//! whose clock counts there. Nothing is guessed beyond the tables, and nothing is asked of anybody.

use std::fmt;

use jiff::tz::TimeZone;

use super::{
    Region, postal_code,
    tables::{self, FoundPlace},
};
use crate::person::Profile;

/// One place where the person may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose exceptions to the calling hours apply, where that is known.
    pub region: Option<Region>,
    /// Whose clock counts.
    pub zone: TimeZone,
}

impl Place {
    /// The zone's name; none for one that has none.
    #[must_use]
    pub fn zone_name(&self) -> Option<&str> {
        self.zone.iana_name()
    }
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
    /// The client's zone: the first of those of a country that has several, and the only one where not even a country is known.
    pub client_time_zone: &'a str,
}

impl fmt::Debug for Whereabouts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whereabouts(…)")
    }
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

    /// Every place where the person may be, at least one; the postal code's before the phone's and the country's. The first
    /// one's clock is that by which the person is told times.
    ///
    /// The person's own time zone settles which clock counts, not which state's hours. Without it, all places that the
    /// postal code and the number name are there, and all of the country where neither names one in it: in a country of many
    /// zones that leaves the hours that all of them allow, never the client's zone by silence.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let Reached { found: reached, has_address } = self.reached();
        let home = self.country.and_then(Region::of_country);
        let mut places = Vec::new();
        match self.time_zone.and_then(OwnClock::read) {
            Some(OwnClock::OfAPlace(own, country)) => settle(&mut places, &reached, &own, country.or(home)),
            Some(OwnClock::Fixed(own)) => {
                // An offset is somebody's clock, or what a machine fills in: it does not outweigh where they are reached.
                add_all(&mut places, &reached);
                add(&mut places, reached.first().map(|found| found.region).or(home), &own);
            }
            None => {
                add_all(&mut places, &reached);
                // An address is in the country that its code is of, whatever the country of who asked for it.
                if !has_address {
                    self.add_country(&mut places, home);
                }
            }
        }
        places
    }

    /// Where the postal code and the number are.
    fn reached(&self) -> Reached {
        let phone = self.phone.map(tables::of_phone).unwrap_or_default();
        let has_us_phone = phone.iter().any(|found| found.region.country() == US);
        let mut found =
            self.postal_code.map(|code| by_postal_code(code, self.country, has_us_phone)).unwrap_or_default();
        let has_address = !found.is_empty();
        let says_more = |of_phone: &&FoundPlace| !found.iter().any(|address| is_told_by(of_phone, address));
        let of_phone: Vec<_> = phone.iter().filter(says_more).cloned().collect();
        found.extend(of_phone);
        Reached { found, has_address }
    }

    /// The country, where it keeps one time or nothing else says where in it the person is.
    fn add_country(&self, places: &mut Vec<Place>, home: Option<Region>) {
        match home.and_then(tables::of_country) {
            Some(FoundPlace { region, zones }) => {
                let is_placed =
                    places.iter().any(|place| place.region.is_some_and(|at| at.country() == region.country()));
                if zones.len() > 1 && is_placed {
                    return;
                }
                // The client's first, where it is one of them: by its clock the firm talks of days and hours.
                let of_client = zones.iter().filter(|zone| **zone == self.client_time_zone);
                for zone in of_client.chain(zones) {
                    add_named(places, *region, zone);
                }
            }
            None if places.is_empty() => {
                add(places, home, &TimeZone::get(self.client_time_zone).unwrap_or(TimeZone::UTC));
            }
            None => {}
        }
    }
}

/// Whether an address says all that a number does, and more: a mobile number of Australia is of any of its clocks, and so is `08` of three
/// of them; the postal code says which. Numbers of states count beside an address: they name another place, or the same.
fn is_told_by(of_phone: &FoundPlace, address: &FoundPlace) -> bool {
    of_phone.region == address.region
        && of_phone.region.is_country()
        && address.zones.iter().all(|zone| of_phone.zones.contains(zone))
}

/// Where somebody is reached, an address first.
struct Reached {
    found: Vec<FoundPlace>,
    has_address: bool,
}

const US: Region = Region::US;

/// Their own clock at each place where they are reached, and once more where that is the clock of another.
fn settle(places: &mut Vec<Place>, reached: &[FoundPlace], own: &TimeZone, country: Option<Region>) {
    for FoundPlace { region, zones } in reached {
        add(places, Some(*region), own);
        if !own.iana_name().is_some_and(|name| zones.contains(&name)) {
            // They have left that state, or it has a name of its own for the same clock.
            add(places, country, own);
        }
    }
    if places.is_empty() {
        add(places, country, own);
    }
}

fn add_all(places: &mut Vec<Place>, reached: &[FoundPlace]) {
    for FoundPlace { region, zones } in reached {
        zones.iter().for_each(|zone| add_named(places, *region, zone));
    }
}

fn add_named(places: &mut Vec<Place>, region: Region, zone: &str) {
    if let Ok(zone) = TimeZone::get(zone) {
        add(places, Some(region), &zone);
    }
}

fn add(places: &mut Vec<Place>, region: Option<Region>, zone: &TimeZone) {
    let place = Place { region, zone: zone.clone() };
    if !places.contains(&place) {
        places.push(place);
    }
}

/// What the zone that somebody gave says.
enum OwnClock {
    /// A place's, and of which country.
    OfAPlace(TimeZone, Option<Region>),
    /// So many hours from UTC, as in `Etc/GMT-8`, which is eight hours ahead of it.
    Fixed(TimeZone),
}

impl OwnClock {
    /// None for names that nobody lives by: `UTC` is what machines fill in.
    fn read(name: &str) -> Option<Self> {
        const OF_MACHINES: [&str; 10] =
            ["UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Universal", "Zulu", "Factory"];
        let zone = TimeZone::get(name).ok()?;
        let name = zone.iana_name()?;
        let short = name.strip_prefix("Etc/").unwrap_or(name);
        if OF_MACHINES.contains(&short) {
            return None;
        }
        let is_fixed = short != name || matches!(name, "EST" | "MST" | "HST");
        let country = tables::country_of_zone(name);
        Some(if is_fixed { Self::Fixed(zone) } else { Self::OfAPlace(zone, country) })
    }
}

/// The states of a postal code. Five digits are a code of the US only in the US: Berlin has them too; and four one of Australia only there.
fn by_postal_code(code: &str, country: Option<&str>, has_us_phone: bool) -> Vec<FoundPlace> {
    let of_us =
        country.map_or(has_us_phone, |code| Region::of_country(code).is_some_and(|region| region.country() == US));
    if let Some(zip) = postal_code::zip(code).filter(|_| of_us) {
        return tables::of_zip(zip.five);
    }
    if country == Some("AU") {
        return postal_code::australian(code).and_then(tables::of_australian).cloned().into_iter().collect();
    }
    let may_be_canadian = matches!(country, Some("US" | "CA") | None);
    let letter = postal_code::canadian(code).filter(|_| may_be_canadian).and_then(|code| code.chars().next());
    letter.into_iter().flat_map(tables::of_letter).cloned().collect()
}

#[cfg(test)]
mod tests;
