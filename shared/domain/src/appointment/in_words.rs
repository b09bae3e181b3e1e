//! Times of appointments in words, by the clock of a place.

use jiff::{Timestamp, tz::TimeZone};

use super::Slot;

/// `Monday, 23 November 2026, 10:00 CST`
#[must_use]
pub fn in_words(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%A, %-d %B %Y, %H:%M %Z").to_string()
}

/// `Monday, 23 November 2026, 10:00 to 10:30 CST`
#[must_use]
pub fn span_in_words(slot: Slot, zone: &TimeZone) -> String {
    let (from, to) = (slot.starts_at.to_zoned(zone.clone()), slot.ends_at.to_zoned(zone.clone()));
    // By offset too: where the clock is set during the slot, two times of one zone need their names.
    let same_clock = from.date() == to.date() && from.offset() == to.offset();
    let until = if same_clock { "%H:%M %Z" } else { "%A, %-d %B %Y, %H:%M %Z" };
    let begins = if same_clock { "%A, %-d %B %Y, %H:%M" } else { "%A, %-d %B %Y, %H:%M %Z" };
    format!("{} to {}", from.strftime(begins), to.strftime(until))
}
