//! When a rep is reminded of an appointment: a day before, by the clock where the rep is, and an hour before.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use crate::lead::words;

words! {
    /// How long before.
    Reminder "reminder" {
        /// The day before, at the same time on the clock.
        DayBefore = "day_before",
        /// An hour before.
        HourBefore = "hour_before",
    }
}

impl Reminder {
    /// When it is due.
    #[must_use]
    pub fn at(self, starts_at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            // A calendar day: where the clock is set in between, 24 hours would be another time of day.
            Self::DayBefore => starts_at.to_zoned(zone.clone()).checked_sub(1.day()).ok().map(|at| at.timestamp()),
            Self::HourBefore => starts_at.checked_sub(SignedDuration::from_hours(1)).ok(),
        }
    }
}

/// The reminders that are still to come once an appointment was made or moved, in order.
#[must_use]
pub fn reminders(starts_at: Timestamp, made_at: Timestamp, zone: &TimeZone) -> Vec<(Reminder, Timestamp)> {
    let due = Reminder::ALL.iter().filter_map(|one| Some((*one, one.at(starts_at, zone)?)));
    // What lies before the appointment was made would go out at once, beside the booking itself.
    due.filter(|(_, at)| *at > made_at).collect()
}
