//! How long PostgreSQL itself waits for a connection of ours: bounds that hold even where the process behind the connection
//! was stopped, or is cut off, and can end nothing any more. And how long this process waits for PostgreSQL, whose word may
//! not come through.

use std::time::Duration;

use crate::pool::AnswerLimits;

/// Bounds of every connection. Zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// How long one lock is waited for; then the statement fails as a conflict.
    pub lock: Duration,
    /// How long one statement may take.
    pub statement: Duration,
    /// After how long a transaction that nothing is asked of is ended, with its locks: its process was stopped.
    pub idle_in_transaction: Duration,
    /// After how long a connection whose other end does not answer is given up: by PostgreSQL when nothing comes through, by
    /// this process when a statement is overdue for so long.
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

/// How long a list that was broken off may take to come to its end.
const BROKEN_OFF_LIST: Duration = Duration::from_secs(1);

/// Probes that are not answered before a connection counts as dead.
const PROBES: u32 = 3;

impl TimeLimits {
    /// How long answers to lookups and writes are waited for. What was broken off in the middle is short, and its connection
    /// wanted.
    pub(crate) fn of_lookups(self) -> AnswerLimits {
        AnswerLimits { statement: self.overdue(), release: self.tcp }
    }

    /// How long answers to lists are waited for. There are few places, and one that was broken off may run for minutes: its
    /// connection is closed, and the server ends it when it finds that nobody listens.
    pub(crate) fn of_lists(self) -> AnswerLimits {
        AnswerLimits { statement: self.overdue(), release: BROKEN_OFF_LIST }
    }

    /// When a statement's answer cannot come any more; zero is never.
    fn overdue(self) -> Duration {
        if self.statement.is_zero() || self.tcp.is_zero() { Duration::ZERO } else { self.statement + self.tcp }
    }

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

    /// What a stopped process cannot do any more is PostgreSQL's to do, on each of its connections.
    #[tokio::test]
    async fn postgresql_knows_the_limits_of_every_connection() {
        let database = ripen_testkit::postgres::database().await;
        let limits = TimeLimits {
            lock: Duration::from_millis(1_500),
            statement: Duration::from_secs(7),
            idle_in_transaction: Duration::from_secs(4),
            tcp: Duration::from_secs(12),
        };
        let options = crate::StoreOptions { limits, ..crate::StoreOptions::new(database.url(), 2) };
        let store = crate::Store::open(&options).unwrap();
        // Held together: two connections.
        let mut both = [store.begin().await.unwrap(), store.begin().await.unwrap()];
        let names = ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "tcp_user_timeout"];
        for transaction in &mut both {
            // The last is the operating system's word, without its unit.
            for (name, value) in names.into_iter().zip(["1500ms", "7s", "4s", "12000"]) {
                let setting = sqlx::query_scalar("select current_setting($1)").bind(name);
                let setting: String = setting.fetch_one(transaction.connection()).await.unwrap();
                assert_eq!(setting, value, "{name}");
            }
        }
    }

    #[test]
    fn an_answer_is_waited_for_longer_than_postgresql_allows_the_statement() {
        let seconds = Duration::from_secs;
        let limits = TimeLimits { statement: seconds(60), tcp: seconds(15), ..TimeLimits::default() };
        assert_eq!(limits.of_lookups(), AnswerLimits { statement: seconds(75), release: seconds(15) });
        assert_eq!(limits.of_lists(), AnswerLimits { statement: seconds(75), release: seconds(1) });
        let endless = TimeLimits { statement: Duration::ZERO, ..limits };
        assert_eq!(endless.of_lookups(), AnswerLimits { statement: Duration::ZERO, release: seconds(15) });
    }

    #[test]
    fn a_dead_peer_is_noticed_within_its_limit() {
        let settings = TimeLimits { tcp: Duration::from_secs(12), ..TimeLimits::default() }.settings();
        let of = |name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        assert_eq!((of("tcp_keepalives_idle"), of("tcp_keepalives_interval")), (Some("3"), Some("3")));
        assert_eq!((of("tcp_keepalives_count"), of("tcp_user_timeout")), (Some("3"), Some("12000")));
    }
}
