//! Several clocks that may be a person's: a number of a whole country, or no number at all, leaves all of its zones.

use jiff::{Timestamp, tz::TimeZone};

use super::Place;

/// The clocks between which a person's may lie at an instant, where it is not settled which is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PossibleClocks {
    /// The one that shows the earliest time.
    pub earliest: TimeZone,
    /// The one that shows the latest.
    pub latest: TimeZone,
}

impl PossibleClocks {
    /// Of a person who may be at these places; none where all of them show the same time then.
    #[must_use]
    pub fn of(places: &[Place], at: Timestamp) -> Option<Self> {
        let offset = |place: &&Place| place.zone.to_offset(at);
        let earliest = places.iter().min_by_key(offset)?;
        // Of those that show the same the first, which most people keep.
        let latest = places.iter().rev().max_by_key(offset)?;
        let differ = offset(&earliest) != offset(&latest);
        differ.then(|| Self { earliest: earliest.zone.clone(), latest: latest.zone.clone() })
    }

    /// The one that shows another time than this: of the two the farther.
    #[must_use]
    pub fn other_than(&self, zone: &TimeZone, at: Timestamp) -> &TimeZone {
        let far = |other: &TimeZone| (other.to_offset(at).seconds() - zone.to_offset(at).seconds()).abs();
        if far(&self.earliest) >= far(&self.latest) { &self.earliest } else { &self.latest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling::Whereabouts;

    const NOW: &str = "2026-12-01T03:56:00Z";

    fn named(whereabouts: Whereabouts<'_>, at: &str) -> Option<(String, String)> {
        let at = at.parse().unwrap();
        let clocks = PossibleClocks::of(&whereabouts.places(), at)?;
        let name = |zone: &TimeZone| zone.iana_name().unwrap().to_owned();
        Some((name(&clocks.earliest), name(&clocks.latest)))
    }

    #[test]
    fn a_mobile_number_leaves_the_clocks_of_its_country_and_a_postal_code_settles_one() {
        let mobile = Whereabouts {
            phone: Some("+61412999001"),
            country: Some("AU"),
            client_time_zone: "Australia/Sydney",
            ..Whereabouts::default()
        };
        let (perth, sydney) = ("Australia/Perth".to_owned(), "Australia/Sydney".to_owned());
        assert_eq!(named(mobile, NOW), Some((perth, sydney)));
        assert_eq!(named(Whereabouts { postal_code: Some("6000"), ..mobile }, NOW), None);
        assert_eq!(named(Whereabouts { time_zone: Some("Australia/Perth"), ..mobile }, NOW), None);
        // Queensland has no summer time: in winter there is nothing to be settled.
        let border = Whereabouts { postal_code: Some("2406"), ..mobile };
        assert!(named(border, NOW).is_some() && named(border, "2027-07-01T03:56:00Z").is_none());
    }

    #[test]
    fn the_other_clock_is_the_farther() {
        let (of, at) = (|name: &str| TimeZone::get(name).unwrap(), NOW.parse().unwrap());
        let clocks = PossibleClocks { earliest: of("Australia/Perth"), latest: of("Australia/Sydney") };
        assert_eq!(clocks.other_than(&of("Australia/Sydney"), at), &clocks.earliest);
        assert_eq!(clocks.other_than(&of("Australia/Adelaide"), at), &clocks.earliest);
        assert_eq!(clocks.other_than(&of("Australia/Perth"), at), &clocks.latest);
    }
}
