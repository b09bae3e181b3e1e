//! How long PostgreSQL itself waits for a connection of ours: bounds that hold even where the process behind the connection
//! was stopped, or is cut off, and can end nothing any more.

use std::time::Duration;

/// Bounds of every connection. Zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// How long one lock is waited for; then the statement fails as a conflict.
    pub lock: Duration,
    /// How long one statement may take.
    pub statement: Duration,
    /// After how long a transaction that nothing is asked of is ended, with its locks: its process was stopped.
    pub idle_in_transaction: Duration,
    /// After how long a connection whose other end does not answer is given up.
    pub tcp: Duration,
}

impl Default for TimeLimits {
    /// For a command or a test, which take as long as they take.
    fn default() -> Self {
        Self {
            lock: Duration::from_secs(30),
            statement: Duration::ZERO,
            idle_in_transaction: Duration::from_secs(60),
            tcp: Duration::from_secs(15),
        }
    }
}

/// Probes that are not answered before a connection counts as dead.
const PROBES: u32 = 3;

impl TimeLimits {
    /// As PostgreSQL's own settings. A connection over a unix socket ignores those of TCP.
    pub(crate) fn settings(self) -> [(&'static str, String); 7] {
        let ms = |limit: Duration| limit.as_millis().to_string();
        // Whole seconds, at least one: 0 means the operating system's two hours.
        let probe = (self.tcp / (PROBES + 1)).as_secs().max(1).to_string();
        [
            ("lock_timeout", ms(self.lock)),
            ("statement_timeout", ms(self.statement)),
            ("idle_in_transaction_session_timeout", ms(self.idle_in_transaction)),
            ("tcp_keepalives_idle", probe.clone()),
            ("tcp_keepalives_interval", probe),
            ("tcp_keepalives_count", PROBES.to_string()),
            // Keep-alives are not sent while an answer waits to be taken: this bounds that.
            ("tcp_user_timeout", ms(self.tcp)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_peer_is_noticed_within_its_limit() {
        let settings = TimeLimits { tcp: Duration::from_secs(12), ..TimeLimits::default() }.settings();
        let of = |name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        assert_eq!((of("tcp_keepalives_idle"), of("tcp_keepalives_interval")), (Some("3"), Some("3")));
        assert_eq!((of("tcp_keepalives_count"), of("tcp_user_timeout")), (Some("3"), Some("12000")));
    }
}
