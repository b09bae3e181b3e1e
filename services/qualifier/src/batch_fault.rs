//! What a failure says: whether the database is to blame, the messages, or nobody.

use std::time::Duration;

use ripen_domain::backoff::Backoff;
use ripen_queue::Settlement;
use ripen_store::{Failure, StoreError};

use crate::{batch::DecideError, dead_letters::TRIES_BEFORE_DEAD_LETTER};

/// How a batch failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Another transaction was in the way.
    Nobody,
    /// A message says what no database takes.
    Message,
    /// Nobody could be called in the hours that are configured.
    Hours,
    /// What surrounds the messages (a grant, a table, a disk): never they.
    Outside,
    /// The database, or whatever the messages did to it: a trial lead tells.
    Database(Failure),
}

/// When a message comes again whose client's criteria cannot be used. Offered again and again as soon, thousands of them would take
/// all that may be offered of what is overdue.
pub const AFTER_CRITERIA: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(5 * 60) };

/// When a message comes again that met another transaction each time, or a row that is not there.
const AFTER_A_CONFLICT: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// Conflicts pass by themselves. One that a message met so often does not.
const CONFLICTS_SHOWN_FROM: u32 = 3;

/// A message that failed alone.
#[derive(Debug, Clone, Copy)]
pub struct FailedAlone {
    /// For which time that counts.
    pub tries: i32,
    /// How often it was delivered before.
    pub deliveries: u32,
    /// Pauses before it is tried again, where that may help: what made it fail may pass.
    pub pauses: Backoff,
}

/// A failure of a batch, in words that can be shown.
#[derive(Debug, Clone)]
pub struct BatchFault {
    /// Who is to blame.
    pub blame: Blame,
    /// The error.
    pub why: String,
    /// It waited for a lock already: running it again at once would wait for the same.
    pub waited: bool,
}

impl From<DecideError> for BatchFault {
    fn from(error: DecideError) -> Self {
        let blame = match &error {
            DecideError::Store(store) => match store.failure() {
                Failure::Contention => Blame::Nobody,
                Failure::Values => Blame::Message,
                Failure::Outside => Blame::Outside,
                failure => Blame::Database(failure),
            },
            DecideError::Held => Blame::Nobody,
            DecideError::UnknownClient(_) => Blame::Message,
            DecideError::Calling(_) => Blame::Hours,
        };
        let waited = matches!(&error, DecideError::Store(store) if store.waited_for_a_lock());
        Self { blame, why: error.to_string(), waited }
    }
}

impl BatchFault {
    /// No answer came in time: the connection hangs.
    pub fn silent(limit: Duration) -> Self {
        DecideError::Store(StoreError::Unreachable(format!("no answer within {} s", limit.as_secs()))).into()
    }

    /// What becomes of the message that failed so alone, while the database takes a trial lead.
    pub fn end(self, after: FailedAlone) -> Settlement {
        let FailedAlone { tries, deliveries, pauses } = after;
        match self.blame {
            Blame::Nobody => Settlement::Later(AFTER_A_CONFLICT.pause(deliveries, 1.0)),
            Blame::Hours => Settlement::Later(AFTER_CRITERIA.pause(deliveries, 1.0)),
            // For as long as it lasts: that others pass proves nothing against a message that needs what is missing.
            Blame::Outside => Settlement::Later(pauses.pause(deliveries, 1.0)),
            _ if tries >= TRIES_BEFORE_DEAD_LETTER => {
                Settlement::Dead(format!("gave up after {TRIES_BEFORE_DEAD_LETTER} tries: {}", self.why))
            }
            Blame::Message => Settlement::Retry(self.why),
            Blame::Database(_) => {
                let failures = u32::try_from(tries.saturating_sub(1)).unwrap_or(0);
                Settlement::Later(pauses.pause(failures, 1.0))
            }
        }
    }

    /// Whether people are told that a message waits for what it failed of, which came so often before.
    pub const fn is_shown(&self, deliveries: u32) -> bool {
        match self.blame {
            Blame::Outside | Blame::Database(_) => true,
            Blame::Nobody => deliveries + 1 >= CONFLICTS_SHOWN_FROM,
            Blame::Message | Blame::Hours => false,
        }
    }

    /// Whether a try that ended so counts.
    pub const fn counts(&self) -> bool {
        matches!(self.blame, Blame::Message | Blame::Database(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: Backoff = Backoff { first: Duration::from_secs(15), longest: Duration::from_secs(60) };

    fn after(tries: i32) -> FailedAlone {
        FailedAlone { tries, deliveries: 0, pauses: PAUSES }
    }

    fn fault(error: StoreError) -> BatchFault {
        DecideError::Store(error).into()
    }

    #[test]
    fn only_a_message_that_is_to_blame_ends_after_five_tries() {
        let unfit = || fault(StoreError::Unfit("22P05".to_owned()));
        assert_eq!(unfit().end(after(4)), Settlement::Retry("the database refused: 22P05".to_owned()));
        assert!(matches!(unfit().end(after(5)), Settlement::Dead(why) if why.contains("22P05")));
        let conflict = fault(StoreError::Conflict("40001".to_owned()));
        assert!(
            !conflict.counts() && matches!(conflict.end(after(1_000)), Settlement::Later(_)),
            "never a dead letter"
        );
    }

    #[test]
    fn what_fails_alone_beside_a_trial_that_passes_is_given_time() {
        let pauses = [1, 2, 3, 4].map(|tries| match fault(StoreError::Failed("XX000".to_owned())).end(after(tries)) {
            Settlement::Later(pause) => pause.as_secs(),
            other => panic!("{other:?}"),
        });
        assert_eq!(pauses, [15, 30, 60, 60]);
        for suspicious in [
            StoreError::TooSlow,
            StoreError::Failed("XX002".to_owned()),
            StoreError::TooLarge("54000".to_owned()),
            // It takes its backend down with it, and others pass.
            StoreError::Unreachable("57P02".to_owned()),
        ] {
            assert!(matches!(fault(suspicious).end(after(5)), Settlement::Dead(_)));
        }
    }

    #[test]
    fn a_conflict_that_never_passes_is_waited_for_longer_and_longer_and_shown() {
        for conflict in [StoreError::Conflict("40001".to_owned()), StoreError::Moved("row")] {
            let ends = [0, 1, 2, 3, 1_000].map(|deliveries| {
                let fault = fault(conflict.clone());
                assert!(!fault.counts());
                let is_shown = fault.is_shown(deliveries);
                match fault.end(FailedAlone { deliveries, ..after(1) }) {
                    Settlement::Later(pause) => (pause.as_secs(), is_shown),
                    other => panic!("{conflict}: {other:?}"),
                }
            });
            assert_eq!(ends, [(1, false), (2, false), (4, true), (8, true), (60, true)]);
        }
    }

    #[test]
    fn what_no_message_brings_about_is_waited_for_longer_and_longer_and_never_ends_one() {
        for outside in [
            StoreError::Failed("42501".to_owned()),
            StoreError::Failed("42P01".to_owned()),
            StoreError::Failed("58030".to_owned()),
            StoreError::Failed("25006".to_owned()),
            StoreError::Unreachable("53100".to_owned()),
            StoreError::Corrupt("the word \"newer\"".to_owned()),
        ] {
            let pauses = [0, 1, 2, 1_000].map(|deliveries| {
                let fault = fault(outside.clone());
                assert!(!fault.counts());
                match fault.end(FailedAlone { deliveries, ..after(1_000) }) {
                    Settlement::Later(pause) => pause.as_secs(),
                    other => panic!("{outside}: {other:?}"),
                }
            });
            assert_eq!(pauses, [15, 30, 60, 60]);
        }
    }
}
