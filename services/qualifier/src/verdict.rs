//! What a failure says: whether the database is to blame, the messages, or nobody.

use std::time::Duration;

use ripen_domain::backoff::Backoff;
use ripen_queue::Settlement;
use ripen_store::{Failure, StoreError, criteria::load::BrokenCriteria};

use crate::batch::DecideError;

/// Tries alone before a message is a dead letter.
pub const TRIES: i32 = 5;
/// Pauses of a message at which the database fails though it takes others: what made it fail may pass.
const ALONE: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(30) };

/// How a batch failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Another transaction was in the way.
    Nobody,
    /// A message says what no database takes.
    Message,
    /// The criteria of a client cannot be used by this version: its leads wait, everybody else's go on.
    Criteria,
    /// The database, or whatever the messages did to it: a trial lead tells.
    Database(Failure),
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
            DecideError::Store(store) | DecideError::Criteria(BrokenCriteria::Store(store)) => match store.failure() {
                Failure::Contention => Blame::Nobody,
                Failure::Values => Blame::Message,
                failure => Blame::Database(failure),
            },
            DecideError::UnknownClient(_) => Blame::Message,
            DecideError::Criteria(_) | DecideError::Calling(_) => Blame::Criteria,
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

    /// What becomes of the message that failed so alone, for the `tries`th time, while the database takes a trial lead.
    pub fn end(self, tries: i32) -> Settlement {
        match self.blame {
            Blame::Nobody => Settlement::Later(Duration::from_secs(1)),
            Blame::Criteria => Settlement::Later(Duration::from_secs(30)),
            _ if tries >= TRIES => Settlement::Dead(format!("gave up after {TRIES} tries: {}", self.why)),
            Blame::Message => Settlement::Retry(self.why),
            Blame::Database(_) => {
                let failures = u32::try_from(tries.saturating_sub(1)).unwrap_or(0);
                Settlement::Later(ALONE.pause(failures, 1.0))
            }
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

    fn fault(error: StoreError) -> BatchFault {
        DecideError::Store(error).into()
    }

    #[test]
    fn only_a_message_that_is_to_blame_ends_after_five_tries() {
        let unfit = || fault(StoreError::Unfit("22P05".to_owned()));
        assert_eq!(unfit().end(4), Settlement::Retry("the database refused: 22P05".to_owned()));
        assert!(matches!(unfit().end(5), Settlement::Dead(why) if why.contains("22P05")));
        let conflict = fault(StoreError::Conflict("40001".to_owned()));
        assert!(!conflict.counts() && matches!(conflict.end(1_000), Settlement::Later(_)), "never a dead letter");
    }

    #[test]
    fn what_fails_alone_beside_a_trial_that_passes_is_given_time() {
        let pauses = [1, 2, 3, 4].map(|tries| match fault(StoreError::Failed("XX000".to_owned())).end(tries) {
            Settlement::Later(pause) => pause.as_millis(),
            other => panic!("{other:?}"),
        });
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000]);
        assert!(matches!(fault(StoreError::TooSlow).end(5), Settlement::Dead(_)));
    }
}
