//! What is not kept for ever: read by the qualifier, who forgets it once a day. Without a setting everything stays. What lies in
//! months is dropped by the month, and so kept for up to a month longer.

use serde::{Deserialize, Serialize};

/// `[retention]`: for how many days something is kept; 0 for ever.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// The bodies of arrivals as they came, by the month in which they did. What was parsed of them stays.
    pub raw_bodies_days: u32,
    /// The attempts of deliveries that ended, by the month in which the delivery came to be owed, and what webhooks answered that could
    /// not be recorded.
    pub attempts_days: u32,
    /// The ids by which a retry of an arrival is known. What is stored under its own id is known by that, too.
    pub seen_ids_days: u32,
    /// Arrivals in the quarantine, by when they were received: those given up, and those that a honeypot, a test or a reused key
    /// keeps and nobody let go. What a pause keeps waits for its end.
    pub quarantined_days: u32,
    /// Mails to people that were sent or given up, by when that was: what they said names persons. At least 60 days, as what is told once
    /// is known by its mail.
    pub notices_days: u32,
    /// How many leads each recipient was given on a day, and to whom leads were offered; the latter for two years at least, as long as
    /// links in mails live.
    pub routing_days: u32,
}
