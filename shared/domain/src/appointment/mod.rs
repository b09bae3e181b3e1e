//! Appointments: a time that the desk agrees between a lead's person and a rep, taken from the rep's free slots.
//!
//! [`Diary`] says which slots a rep has free, from its hours, its pause and what is taken already. [`Appointment`] is held,
//! booked, moved and cancelled; [`reminders`] says when the rep is reminded. Everything here is pure: that no slot is given
//! twice under concurrency is the store's business, who is told of what the dispatcher's.

mod booking;
mod diary;
mod in_words;
mod local_time;
mod reminder;

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

pub use booking::{Appointment, AppointmentState, BookingRefused};
pub use diary::{Diary, NotFree};
pub use in_words::{in_words, span_in_words};
pub use local_time::{At, InvalidAt, NoSuchTime};
pub use reminder::{Reminder, reminders};

use crate::id::AppointmentId;

/// From when until when. The end is no longer part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The first instant.
    pub starts_at: Timestamp,
    /// The first instant after it.
    pub ends_at: Timestamp,
}

impl Slot {
    /// So long from this instant on; none beyond the end of time.
    #[must_use]
    pub fn new(starts_at: Timestamp, length: SignedDuration) -> Option<Self> {
        let ends_at = starts_at.checked_add(length).ok()?;
        // A slot without length overlaps nothing and could be given twice.
        (ends_at > starts_at).then_some(Self { starts_at, ends_at })
    }

    /// Whether they share an instant.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        // Half-open: one that begins when the other ends does not overlap it.
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }
}

/// How appointments are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long each lasts.
    pub length: SignedDuration,
    /// How long before its beginning it can still be booked.
    pub notice: SignedDuration,
    /// On how many days, today included, slots are offered, by the rep's calendar.
    pub days: u16,
}

impl Default for Terms {
    fn default() -> Self {
        Self { length: SignedDuration::from_mins(30), notice: SignedDuration::from_mins(60), days: 14 }
    }
}

impl Terms {
    /// From when on a slot can be booked.
    fn earliest(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.notice).unwrap_or(Timestamp::MAX)
    }

    /// The first day on which none can be booked any more.
    fn last_day(&self, now: Timestamp, zone: &TimeZone) -> jiff::civil::Date {
        let today = zone.to_datetime(now).date();
        today.checked_add(i32::from(self.days).days()).unwrap_or(jiff::civil::Date::MAX)
    }
}

/// A booked appointment as a client's payload tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Its id.
    pub appointment: AppointmentId,
    /// When.
    pub slot: Slot,
    /// Where the rep is: an IANA name.
    pub time_zone: String,
    /// What was agreed beside the time.
    pub note: Option<String>,
    /// Counts its changes.
    pub sequence: i32,
}

#[cfg(test)]
mod tests;
