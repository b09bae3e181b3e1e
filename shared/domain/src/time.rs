//! Instants in whole microseconds, the precision PostgreSQL keeps: a value written and read back is the same value. And
//! in whole minutes, the precision of promises.

use std::{sync::LazyLock, time::Duration};

use jiff::{
    SignedDuration, Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};

/// The library's own: machines without old zone names know neither `US/Central` nor `Asia/Calcutta`, and two machines would
/// read one lead differently.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of this name in the tz database, old names included.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// The instant cut down to whole microseconds.
#[must_use]
pub fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The first whole minute that is not before the instant.
#[must_use]
pub fn whole_minute(at: Timestamp) -> Timestamp {
    const MINUTE: i128 = 60_000_000_000;
    let past = at.as_nanosecond().rem_euclid(MINUTE);
    if past == 0 {
        return at;
    }
    let rest = SignedDuration::from_nanos_i128(MINUTE - past);
    at.checked_add(rest).unwrap_or(at)
}

/// The instant plus a wait; the end of time where that lies beyond it.
#[must_use]
pub fn later(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_cut() {
        let at: Timestamp = "2026-11-21T10:00:00.123456789Z".parse().unwrap();
        assert_eq!(whole_micros(at).to_string(), "2026-11-21T10:00:00.123456Z");
    }

    #[test]
    fn zones_have_their_old_names_too() {
        for name in
            ["America/Chicago", "US/Central", "Asia/Calcutta", "Europe/Kiev", "America/Indianapolis", "Etc/GMT-8"]
        {
            assert_eq!(zone(name).and_then(|zone| zone.iana_name().map(str::to_owned)).as_deref(), Some(name));
        }
        let eight = zone("Etc/GMT-8").unwrap().to_offset("2026-11-20T00:00:00Z".parse().unwrap());
        assert_eq!(eight.seconds(), 8 * 3600);
        assert!(zone("GMT+0530").is_none() && zone("Mars/Olympus").is_none() && zone("../etc/passwd").is_none());
    }

    #[test]
    fn minutes_are_whole_and_never_before() {
        for (at, minute) in [
            ("2026-11-30T12:00:00Z", "2026-11-30T12:00:00Z"),
            ("2026-11-30T12:00:00.000000001Z", "2026-11-30T12:01:00Z"),
            ("2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
            ("1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z"),
            ("1969-12-31T23:58:30.5Z", "1969-12-31T23:59:00Z"),
        ] {
            assert_eq!(whole_minute(at.parse().unwrap()), minute.parse().unwrap(), "{at}");
        }
        assert_eq!(whole_minute(Timestamp::MAX), Timestamp::MAX);
    }
}
