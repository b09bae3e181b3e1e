//! How long a link works: to a single lead for two years, to a rep's list of open leads for thirty days, to a password
//! for three.

use jiff::{SignedDuration, Timestamp};

/// Sales close late: a link works for 24 months of 30.44 days.
pub(super) const LIVES_S: i64 = 24 * 2_629_746;

/// A link to a list of persons works for so many days; links to single leads go on.
pub const LIST_DAYS: i64 = 30;

/// A link to choose a password works for so many days.
pub const PASSWORD_DAYS: i64 = 3;

/// From when a link made then chooses no password any more.
#[must_use]
pub fn end_for_password(made: Timestamp) -> Timestamp {
    made.checked_add(SignedDuration::from_hours(24 * PASSWORD_DAYS)).unwrap_or(Timestamp::MAX)
}

/// Until when a link to a single lead works that was made then.
#[must_use]
pub fn end(made: Timestamp) -> Timestamp {
    made.checked_add(SignedDuration::from_secs(LIVES_S)).unwrap_or(Timestamp::MAX)
}

/// Until when a link made then opens the list of a rep's open leads; after that another one is mailed.
#[must_use]
pub fn end_for_list(made: Timestamp) -> Timestamp {
    made.checked_add(SignedDuration::from_hours(24 * LIST_DAYS)).unwrap_or(Timestamp::MAX)
}

/// Whether a link made then is too old for the list of a rep's open leads, though its signature is good.
#[must_use]
pub fn is_too_old_for_list(made: Timestamp, now: Timestamp) -> bool {
    now > end_for_list(made)
}
