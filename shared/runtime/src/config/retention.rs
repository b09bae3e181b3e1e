//! What is not kept for ever: read by the qualifier, who forgets it once a day. Without a setting everything stays.

use serde::{Deserialize, Serialize};

/// `[retention]`: for how many days something is kept; 0 for ever.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// The bodies of arrivals as they came. What was parsed of them stays.
    pub raw_bodies_days: u32,
    /// The attempts of deliveries that ended.
    pub attempts_days: u32,
    /// The ids by which a retry of an arrival is known.
    pub seen_ids_days: u32,
}
