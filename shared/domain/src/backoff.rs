//! How long to pause between tries of something that failed: doubling, up to a bound, spread by a random number.
//!
//! Pure: whoever waits brings the number. Pauses of deliveries follow a configured list instead, see
//! [`crate::delivery::Schedule`].

use std::time::Duration;

/// Pauses that double from `first` to `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The pause before the second try.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Backoff {
    /// The pause before the next try, after `failures` earlier pauses: between a half and the whole of the doubled one,
    /// by `random` from 0 to 1 ("equal jitter"). Replicas that failed together do not come back together.
    #[must_use]
    pub fn pause(&self, failures: u32, random: f64) -> Duration {
        // 2^16 of the shortest useful pause is past every bound; a larger shift would overflow.
        let doubled = self.first.saturating_mul(1 << failures.min(16)).min(self.longest);
        let random = if random.is_nan() { 1.0 } else { random.clamp(0.0, 1.0) };
        doubled.mul_f64(0.5 + random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5) };

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses = [0, 1, 2, 5, 6, 1_000].map(|failures| BACKOFF.pause(failures, 1.0).as_millis());
        assert_eq!(pauses, [100, 200, 400, 3_200, 5_000, 5_000]);
    }

    #[test]
    fn a_random_number_takes_away_at_most_half() {
        for (random, millis) in [(0.0, 50), (0.5, 75), (1.0, 100), (-3.0, 50), (7.0, 100), (f64::NAN, 100)] {
            assert_eq!(BACKOFF.pause(0, random).as_millis(), millis, "{random}");
        }
    }
}
