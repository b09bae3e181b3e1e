//! Countries and states: whose calling hours apply.

use std::fmt;

/// A country (`DE`), or a state of the US or a province of Canada (`US-CA`, `CA-ON`), as in ISO 3166. The territories of the
/// US are its states here, by either name: `PR` is `US-PR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    country: [u8; 2],
    state: Option<[u8; 2]>,
}

/// They have a country code too.
const US_TERRITORIES: [&str; 5] = ["AS", "GU", "MP", "PR", "VI"];

impl Region {
    /// The United States.
    pub(super) const US: Self = Self { country: *b"US", state: None };

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

    /// Whether a rule for the place is one for this region: the place is the region or its country.
    #[must_use]
    pub fn is_in(self, place: Self) -> bool {
        place == self || place == self.country()
    }

    /// A country's code of two capital letters, known or not.
    pub(super) fn of_country(code: &str) -> Option<Self> {
        let letters = letters(code)?;
        let of_us = US_TERRITORIES.contains(&code);
        Some(if of_us {
            Self { country: *b"US", state: Some(letters) }
        } else {
            Self { country: letters, state: None }
        })
    }

    /// A name from the tables.
    pub(super) fn of_table(name: &str) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("US", true)]
    #[case("US-CA", true)]
    #[case("US-PR", true)]
    #[case("CA-ON", true)]
    #[case("CA-NU", true)]
    #[case("KY", true)]
    #[case("XK", true)]
    #[case("QQ", false)]
    #[case("us", false)]
    #[case("US-QQ", false)]
    #[case("US-ON", false)]
    #[case("DE-BY", false)]
    #[case("", false)]
    fn regions_are_known_ones(#[case] text: &str, #[case] known: bool) {
        let region = text.parse::<Region>();
        assert_eq!(region.is_ok(), known);
        assert!(region.map_or(true, |region| region.to_string() == text));
    }

    #[test]
    fn a_territory_is_one_region_under_both_its_names() {
        assert_eq!("PR".parse::<Region>(), "US-PR".parse());
        assert!("PR".parse::<Region>().is_ok_and(|region| region.is_in("US".parse().unwrap())));
    }
}
