//! How far a receiver's `Retry-After` is heeded: it lengthens our own wait, up to a day, and never shortens it.

use std::time::Duration;

use jiff::Timestamp;

use crate::time::later;

/// The longest `Retry-After` of a receiver that is heeded: a mistaken date would hold leads for weeks.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// When to try again: when we would ourselves, or when the receiver asked for, where that is later and no later than `longest`
/// from now.
pub(super) fn heeded(
    ours: Timestamp,
    not_before: Option<Timestamp>,
    (now, longest): (Timestamp, Duration),
) -> Timestamp {
    // Bounded: `Retry-After` of a year would park the delivery for good.
    let theirs = not_before.map_or(ours, |at| at.min(later(now, longest)));
    // A wish lengthens the wait and never shortens it: `Retry-After: 0` would spend the whole schedule at once.
    ours.max(theirs)
}
