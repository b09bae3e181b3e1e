//! How often one number may be called: so many calls in so many hours, whoever calls and for whatever reason.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{InvalidCalling, Region, holiday::place_or_all, window::short};

/// At most so many calls in so many hours, looking back from each call: `3 in 24h`, `4 in 30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimit {
    most: u32,
    hours: u32,
}

impl CallLimit {
    /// The time over which calls are counted.
    #[must_use]
    pub fn within(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.hours))
    }

    /// The first instant, not before this one, at which one more call keeps the limit.
    fn next(self, at: Timestamp, calls: &[Timestamp]) -> Timestamp {
        let mut counted: Vec<_> =
            calls.iter().filter(|call| **call <= at && at.duration_since(**call) < self.within()).collect();
        counted.sort_unstable();
        // One more is allowed once the call that is so many back no longer counts.
        let oldest = counted.len().checked_sub(usize::try_from(self.most).unwrap_or(usize::MAX));
        let free = oldest.and_then(|at| counted.get(at)).and_then(|call| call.checked_add(self.within()).ok());
        free.unwrap_or(at).max(at)
    }
}

/// The first instant, not before this one, at which a number that was called then may be called once more under all limits.
#[must_use]
pub fn next_call(at: Timestamp, calls: &[Timestamp], limits: &[CallLimit]) -> Timestamp {
    // To wait longer never makes a limit stricter: calls only leave the time that is counted.
    limits.iter().map(|limit| limit.next(at, calls)).max().unwrap_or(at)
}

impl FromStr for CallLimit {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        read(text).ok_or_else(|| InvalidCalling::Limit(short(text)))
    }
}

fn read(text: &str) -> Option<CallLimit> {
    const LONGEST_HOURS: u32 = 366 * 24;
    let (most, within) = text.trim().split_once(" in ")?;
    let number = |text: &str| {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u32>().ok())?
    };
    let hours = match (within.strip_suffix('h'), within.strip_suffix('d')) {
        (Some(hours), _) => number(hours)?,
        (_, Some(days)) => number(days)?.checked_mul(24)?,
        _ => return None,
    };
    let most = number(most)?;
    (most > 0 && (1..=LONGEST_HOURS).contains(&hours)).then_some(CallLimit { most, hours })
}

impl fmt::Display for CallLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hours {
            hours if hours > 24 && hours % 24 == 0 => write!(f, "{} in {}d", self.most, hours / 24),
            hours => write!(f, "{} in {hours}h", self.most),
        }
    }
}

/// A limit of the firm's own, in one place or everywhere: `US 2 in 24h`, `all 5 in 7d`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FirmLimit {
    pub(super) place: Option<Region>,
    pub(super) limit: CallLimit,
}

impl FromStr for FirmLimit {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        let (place, limit) = text.trim().split_once(' ').ok_or_else(|| InvalidCalling::Limit(short(text)))?;
        let place = place_or_all(place)?;
        Ok(Self { place, limit: read(limit).ok_or_else(|| InvalidCalling::Limit(short(text)))? })
    }
}

impl fmt::Display for FirmLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{place} {}", self.limit),
            None => write!(f, "all {}", self.limit),
        }
    }
}

impl TryFrom<String> for FirmLimit {
    type Error = InvalidCalling;

    fn try_from(text: String) -> Result<Self, InvalidCalling> {
        text.parse()
    }
}

impl From<FirmLimit> for String {
    fn from(limit: FirmLimit) -> Self {
        limit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn limits(texts: &[&str]) -> Vec<CallLimit> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[rstest]
    #[case(&[], "2026-11-30T18:00:00Z")]
    #[case(&["2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z"], "2026-11-30T18:00:00Z")]
    #[case(&["2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z", "2026-11-30T17:00:00Z"], "2026-12-01T10:00:00Z")]
    #[case(&["2026-11-29T18:00:00Z", "2026-11-30T11:00:00Z", "2026-11-30T17:00:00Z"], "2026-11-30T18:00:00Z")]
    #[case(&["2026-11-30T17:00:00Z", "2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z", "2026-11-30T12:00:00Z"], "2026-12-01T11:00:00Z")]
    // What is recorded for later does not count yet: a clock that runs ahead must not lock a number.
    #[case(&["2026-12-30T10:00:00Z", "2026-12-30T11:00:00Z", "2026-12-30T17:00:00Z"], "2026-11-30T18:00:00Z")]
    fn three_calls_a_day_are_three_in_any_24_hours(#[case] calls: &[&str], #[case] next: &str) {
        let calls: Vec<_> = calls.iter().map(|call| at(call)).collect();
        assert_eq!(next_call(at("2026-11-30T18:00:00Z"), &calls, &limits(&["3 in 24h"])), at(next));
    }

    #[test]
    fn of_several_limits_the_last_to_allow_counts() {
        let calls = [at("2026-11-02T10:00:00Z"), at("2026-11-20T10:00:00Z"), at("2026-11-30T10:00:00Z")];
        let next = |texts: &[&str]| next_call(at("2026-11-30T18:00:00Z"), &calls, &limits(texts)).to_string();
        assert_eq!(next(&["1 in 24h"]), "2026-12-01T10:00:00Z");
        assert_eq!(next(&["1 in 24h", "3 in 30d"]), "2026-12-02T10:00:00Z");
        assert_eq!(next(&[]), "2026-11-30T18:00:00Z");
    }

    #[test]
    fn limits_are_written_in_one_way() {
        for text in ["3 in 24h", "4 in 30d", "1 in 1h"] {
            assert_eq!(text.parse::<CallLimit>().unwrap().to_string(), text);
        }
        assert_eq!("3 in 1d".parse::<CallLimit>().unwrap().to_string(), "3 in 24h");
        for text in ["", "3", "0 in 24h", "3 in 0h", "3 in 24", "-3 in 24h", "+3 in 24h", "3 in 99999999d", "3 per 24h"]
        {
            assert_eq!(text.parse::<CallLimit>(), Err(InvalidCalling::Limit(text.to_owned())), "{text}");
        }
        for text in ["US 2 in 24h", "all 5 in 7d"] {
            assert_eq!(text.parse::<FirmLimit>().unwrap().to_string(), text);
        }
        assert!("2 in 24h".parse::<FirmLimit>().is_err() && "Utah 2 in 24h".parse::<FirmLimit>().is_err());
    }

    proptest! {
        #[test]
        fn a_next_call_keeps_every_limit_and_comes_no_later_than_needed(
            seconds in proptest::collection::vec(0_i64..3_000_000, 0..12), now in 0_i64..3_000_000,
            most in 1_u32..5, hours in 1_u32..200
        ) {
            let instant = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let calls: Vec<_> = seconds.into_iter().filter(|second| *second <= now).map(instant).collect();
            let limit = CallLimit { most, hours };
            let counted = |at: Timestamp| calls.iter().filter(|call| at.duration_since(**call) < limit.within()).count();
            let next = next_call(instant(now), &calls, &[limit]);
            prop_assert!(next >= instant(now) && counted(next) < most as usize);
            if next > instant(now) {
                prop_assert!(counted(next - SignedDuration::from_secs(1)) >= most as usize);
            }
        }
    }
}
