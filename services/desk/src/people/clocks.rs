//! The time where somebody is, as pages say it: one clock, or between which two it lies while it is not settled where they are. A page
//! that names one clock of several has calls promised for hours at which the other person is asleep.

use jiff::Timestamp;
use ripen_domain::calling::{Place, PossibleClocks, postal_code};

use super::when::When;

/// Several clocks that may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClocksThere {
    /// `between 11:56 am and 2:56 pm`
    pub hours: String,
    /// `Perth to Sydney`
    pub places: String,
}

impl ClocksThere {
    /// What they show at an instant; none where there is one clock, or all show the same.
    pub fn of(places: &[Place], when: &When, at: Timestamp) -> Option<Self> {
        let PossibleClocks { earliest, latest } = PossibleClocks::of(places, at)?;
        let (from, to) = (when.there(earliest), when.there(latest));
        // Two days at once, over the date line or midnight.
        let day = |clock: &When| match from.day(at) == to.day(at) {
            true => String::new(),
            false => format!(" on {}", clock.day(at)),
        };
        Some(Self {
            hours: format!("between {}{} and {}{}", from.hour(at), day(&from), to.hour(at), day(&to)),
            places: format!("{} to {}", from.place(), to.place()),
        })
    }
}

/// What settles whose clock counts: the field of the contact data, by its name there.
pub fn settled_by(country: &str, postal_code_is_known: bool) -> &'static str {
    match postal_code::says_where(country) && !postal_code_is_known {
        true => "Their postal code or time zone",
        false => "Their time zone",
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use ripen_domain::calling::Whereabouts;

    use super::*;

    #[test]
    fn while_it_is_not_settled_both_ends_are_said() {
        let at: Timestamp = "2026-12-01T03:56:00Z".parse().unwrap();
        let when = When::at_clock(at, TimeZone::get("Australia/Sydney").unwrap());
        let mobile = Whereabouts { phone: Some("+61412999001"), country: Some("AU"), ..Whereabouts::default() };
        let said = ClocksThere::of(&mobile.places(), &when, at).unwrap();
        assert_eq!((said.hours.as_str(), said.places.as_str()), ("between 11:56 and 14:56", "Perth to Sydney"));
        let night: Timestamp = "2026-12-01T14:30:00Z".parse().unwrap();
        let said = ClocksThere::of(&mobile.places(), &when, night).unwrap();
        assert_eq!(said.hours, "between 22:30 on 1 Dec and 01:30 on 2 Dec");
        let settled = Whereabouts { postal_code: Some("6000"), ..mobile };
        assert_eq!(ClocksThere::of(&settled.places(), &when, at), None);
        assert_eq!(settled_by("AU", false), "Their postal code or time zone");
        assert_eq!([settled_by("AU", true), settled_by("RU", false)], ["Their time zone"; 2]);
    }
}
