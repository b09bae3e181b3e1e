//! The clock and the calendar of the person who sent a lead, as far as they are known.

use jiff::tz::TimeZone;
use ripen_domain::values::Conventions;

/// How times are written where the person is, and by which clock.
#[derive(Debug, Clone)]
pub struct LocalClock {
    /// How dates are written.
    pub conventions: Conventions,
    /// The person's zone, else the client's.
    pub zone: TimeZone,
}
