//! A time as people type it: by the clock where the rep is, or with an offset, which then counts.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::DateTime, fmt::temporal::Pieces, tz::TimeZone};

/// A typed time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// By the clock of a place that the text does not name.
    Clock(DateTime),
    /// With its offset.
    Instant(Timestamp),
}

/// A text that names no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time: write it as 2026-11-23T10:00, by the rep's clock, or with an offset as in 2026-11-23T10:00-05:00"
)]
pub struct InvalidAt(String);

/// A time that a clock does not show once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchTime {
    /// Skipped.
    #[error("the clock there skips {0}, because it is set forward")]
    Skipped(DateTime),
    /// Shown twice.
    #[error("the clock there shows {0} twice, because it is set back: write the offset, as in {0}{1} or {0}{2}")]
    Twice(DateTime, jiff::tz::Offset, jiff::tz::Offset),
}

impl FromStr for At {
    type Err = InvalidAt;

    fn from_str(text: &str) -> Result<Self, InvalidAt> {
        let text = text.trim();
        // Cut: the text stands in an error that is logged and sent back.
        read(text).ok_or_else(|| InvalidAt(text.chars().take(64).collect()))
    }
}

/// A day alone is no time, nor is a time with a place's name: whose clock counts would be said twice.
fn read(text: &str) -> Option<At> {
    let pieces = Pieces::parse(text).ok()?;
    pieces.time().filter(|_| pieces.time_zone_annotation().is_none())?;
    // `Z` is no numeric offset, but names the instant just as well.
    if pieces.to_numeric_offset().is_some() || text.ends_with(['Z', 'z']) {
        return text.parse().ok().map(At::Instant);
    }
    text.parse().ok().map(At::Clock)
}

impl At {
    /// The instant at which clocks of this place show it.
    ///
    /// # Errors
    /// Where a clock that is set skips the time or shows it twice.
    pub fn instant(self, zone: &TimeZone) -> Result<Timestamp, NoSuchTime> {
        let time = match self {
            Self::Instant(at) => return Ok(at),
            Self::Clock(time) => time,
        };
        let shown = zone.to_ambiguous_timestamp(time);
        // Refused instead of guessed: an hour off is a missed appointment.
        match shown.offset() {
            jiff::tz::AmbiguousOffset::Fold { before, after } => Err(NoSuchTime::Twice(time, before, after)),
            jiff::tz::AmbiguousOffset::Gap { .. } => Err(NoSuchTime::Skipped(time)),
            jiff::tz::AmbiguousOffset::Unambiguous { .. } => shown.unambiguous().map_err(|_| NoSuchTime::Skipped(time)),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock(time) => time.fmt(f),
            Self::Instant(at) => at.fmt(f),
        }
    }
}
