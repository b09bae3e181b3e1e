//! How long what somebody of the firm matured can be taken back, before it goes out: `qualifier.undo_s`.

use jiff::{SignedDuration, Timestamp};
use ripen_runtime::config::Settings;

/// Why a delivery waits that nobody has yet.
pub const CAN_BE_TAKEN_BACK: &str = "can be taken back until then";

/// Until when what is matured now can be taken back.
pub fn until(settings: &Settings, now: Timestamp) -> Timestamp {
    let undo = SignedDuration::from_secs(i64::try_from(settings.qualifier.undo_s).unwrap_or(0));
    now.saturating_add(undo).unwrap_or(now)
}
