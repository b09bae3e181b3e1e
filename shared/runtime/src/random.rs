//! Randomness: secrets, ids, passwords and the spread of retries, from the operating system's generator.
//!
//! The one place that makes any; functions elsewhere are given the bytes they need.

use jiff::Timestamp;
use rand::Rng;
use uuid::{Builder, Uuid};

/// Without the letters and digits that are mistaken for each other when read aloud: 31 signs.
const PASSWORD_SIGNS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const PASSWORD_GROUPS: usize = 4;
const PASSWORD_GROUP: usize = 5;
/// Signs of an id that is read out.
const SPOKEN_ID: usize = 8;

#[allow(clippy::disallowed_methods, reason = "this is the one place that makes randomness")]
fn generator() -> impl rand::CryptoRng {
    rand::rng()
}

/// 256 random bits, enough for any key.
#[must_use]
pub fn bytes32() -> [u8; 32] {
    generator().random()
}

/// A UUIDv7 of the given instant: milliseconds, then the microseconds in `rand_a` (RFC 9562, method 3), then 62
/// random bits. Ids of different microseconds sort by time; within one microsecond their order is random.
#[must_use]
pub fn uuid_v7(now: Timestamp) -> Uuid {
    // Before 1970 there are no ids; a clock that is wrong by that much is caught elsewhere.
    let micros = u64::try_from(now.as_microsecond()).unwrap_or(0);
    // Never only the time: two ids of one microsecond must differ, and nobody may guess the next.
    let mut tail: [u8; 10] = generator().random();
    // 1000 microseconds spread over the 12 bits of `rand_a`; the top four of them are overwritten by the version.
    let fraction = u16::try_from(micros % 1000 * 4096 / 1000).unwrap_or(0);
    tail[..2].copy_from_slice(&fraction.to_be_bytes());
    Builder::from_unix_timestamp_millis(micros / 1000, &tail).into_uuid()
}

/// A password a person can read out and type: four groups of five signs, 99 bits.
#[must_use]
pub fn password() -> String {
    let mut generator = generator();
    let mut group = || -> String {
        (0..PASSWORD_GROUP)
            .map(|_| char::from(PASSWORD_SIGNS[generator.random_range(0..PASSWORD_SIGNS.len())]))
            .collect()
    };
    (0..PASSWORD_GROUPS).map(|_| group()).collect::<Vec<_>>().join("-")
}

/// An id that a person can read out, of what happens now and then: eight signs, 39 bits.
#[must_use]
pub fn spoken_id() -> String {
    let mut generator = generator();
    let mut sign = || char::from(PASSWORD_SIGNS[generator.random_range(0..PASSWORD_SIGNS.len())]);
    (0..SPOKEN_ID).map(|_| sign()).collect()
}

/// A factor between `1 - fraction` and `1 + fraction`, so that many who wait do not come back at once. A fraction
/// outside 0 to 1 is taken as the nearer of the two.
#[must_use]
pub fn jitter(fraction: f64) -> f64 {
    // A fraction above 1 would make negative factors, and no pause at all.
    let fraction = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) };
    1.0 + fraction * generator().random_range(-1.0..=1.0)
}

/// A number from 0 to 1, as [`ripen_domain::backoff::Backoff::pause`] wants it.
#[must_use]
pub fn fraction() -> f64 {
    generator().random_range(0.0..=1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_their_instant_and_sort_by_it() {
        let at: Timestamp = "2026-11-21T10:00:00.123Z".parse().unwrap();
        let step = jiff::SignedDuration::from_micros(1);
        let instants: Vec<Timestamp> = (0..2000).map(|n| at + step * n).collect();
        let ids: Vec<Uuid> = instants.iter().map(|at| uuid_v7(*at)).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(ids[0].get_version_num(), 7);
        let (seconds, nanos) = ids[0].get_timestamp().unwrap().to_unix();
        assert_eq!((seconds.cast_signed(), nanos), (at.as_second(), 123_000_000));
        assert_ne!(uuid_v7(at), uuid_v7(at), "one instant, two ids");
    }

    #[test]
    fn passwords_differ_and_are_readable() {
        let one = password();
        assert_eq!(one.len(), 23, "{one}");
        assert!(one.split('-').all(|group| group.len() == 5 && group.bytes().all(|b| PASSWORD_SIGNS.contains(&b))));
        assert_ne!(one, password());
        assert_ne!(bytes32(), bytes32());
    }

    #[test]
    fn jitter_stays_within_its_fraction() {
        for (fraction, widest) in [(0.1, 0.1), (0.0, 0.0), (-1.0, 0.0), (7.0, 1.0), (f64::NAN, 0.0)] {
            for _ in 0..200 {
                let factor = jitter(fraction);
                assert!((factor - 1.0).abs() <= widest + f64::EPSILON, "{fraction}: {factor}");
            }
        }
        assert!((0..200).any(|_| jitter(0.1) > 1.05) && (0..200).any(|_| jitter(0.1) < 0.95));
    }
}
