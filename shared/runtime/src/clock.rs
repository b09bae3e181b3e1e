//! The clock: the one place where the time of day is read.
//!
//! Edges hold a [`Clock`] and hand the instant on; tests hold a mock one and move it. Time spans that must not jump
//! with the wall clock (leases held, time limits) are measured with tokio's monotonic clock, not with this one.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::time::whole_micros;

/// Where the time of day comes from. Clones of a mock clock share its time.
#[derive(Debug, Clone)]
pub struct Clock(ClockSource);

#[derive(Debug, Clone)]
enum ClockSource {
    System,
    Mock(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(ClockSource::System)
    }

    /// A clock that stands at an instant until it is moved.
    #[must_use]
    pub fn mock(at: Timestamp) -> Self {
        // In microseconds, as the database keeps instants: a finer clock would make times that do not read back
        // equal.
        Self(ClockSource::Mock(Arc::new(AtomicI64::new(at.as_microsecond()))))
    }

    /// The present instant in whole microseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            ClockSource::System => machine_time(),
            // Only instants that jiff made are ever stored, so the way back cannot fail.
            ClockSource::Mock(micros) => {
                Timestamp::from_microsecond(micros.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// Moves a mock clock on (or back). False, and nothing moved, for the machine's clock and past the last instant.
    pub fn advance(&self, by: SignedDuration) -> bool {
        self.now().checked_add(by).is_ok_and(|at| self.set(at))
    }

    /// Sets a mock clock. False, and nothing set, for the machine's clock.
    pub fn set(&self, at: Timestamp) -> bool {
        match &self.0 {
            ClockSource::System => false,
            ClockSource::Mock(micros) => {
                micros.store(at.as_microsecond(), Ordering::SeqCst);
                true
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn machine_time() -> Timestamp {
    whole_micros(Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mock_clock_moves_only_when_told_and_its_clones_with_it() {
        let start: Timestamp = "2026-11-21T10:00:00.123456789Z".parse().unwrap();
        let clock = Clock::mock(start);
        let clone = clock.clone();
        assert_eq!(clock.now().to_string(), "2026-11-21T10:00:00.123456Z");
        assert!(clock.advance(SignedDuration::from_secs(60)));
        assert_eq!(clone.now().to_string(), "2026-11-21T10:01:00.123456Z");
        assert!(clone.set(Timestamp::UNIX_EPOCH));
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        assert!(!clock.advance(SignedDuration::MAX), "past the last instant");
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn the_machines_clock_runs_in_whole_microseconds_and_cannot_be_moved() {
        let clock = Clock::system();
        let before = clock.now();
        assert!(!clock.set(Timestamp::UNIX_EPOCH));
        assert!(!clock.advance(SignedDuration::from_secs(1)));
        assert!(clock.now() >= before);
        assert_eq!(before, whole_micros(before));
    }
}
