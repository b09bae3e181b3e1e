//! When a person whom nobody reached is tried again: after pauses that grow, and not without end.

use jiff::{SignedDuration, Timestamp};

/// Pauses after tries that reached nobody, the first after the first of them.
const PAUSES: [SignedDuration; 5] = [
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(48),
    SignedDuration::from_hours(96),
    SignedDuration::from_hours(168),
    SignedDuration::from_hours(168),
];

/// When a person is tried again after so many tries in vain; none where it was tried often enough.
#[must_use]
pub fn next_try(tries: u32, last: Timestamp) -> Option<Timestamp> {
    let tried = usize::try_from(tries).ok()?.checked_sub(1)?;
    PAUSES.get(tried).map(|pause| last.saturating_add(*pause).unwrap_or(last))
}
