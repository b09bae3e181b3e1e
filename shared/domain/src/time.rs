//! Instants in whole microseconds, the precision PostgreSQL keeps: a value written and read back is the same value.

use jiff::Timestamp;

/// The instant cut down to whole microseconds.
#[must_use]
pub fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_cut() {
        let at: Timestamp = "2026-11-21T10:00:00.123456789Z".parse().unwrap();
        assert_eq!(whole_micros(at).to_string(), "2026-11-21T10:00:00.123456Z");
    }
}
