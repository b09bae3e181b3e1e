//! How an attempt ended, and what follows from it: delivered, tried again by the schedule, held, or given up.

use std::time::Duration;

use jiff::Timestamp;

use super::retry_after::heeded;
use crate::time::later;

/// What cannot be sent for want of a key is looked at again after so long at the latest.
const LONGEST_WAIT_FOR_KEY: Duration = Duration::from_secs(5 * 60);

/// How an attempt ended, webhook and mail alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempted {
    /// The client has it: a 2xx, or a mail server that took it.
    Taken,
    /// Written to a file because there is no mail server: never called delivered.
    Filed,
    /// The client wants no more: 410.
    Gone,
    /// May work later; the client may have said when.
    Failed {
        /// In a few words, without contact data.
        why: String,
        /// The time the client asked for.
        not_before: Option<Timestamp>,
    },
    /// Nobody's fault that gets it: the firm's own mail is refused, and all of it waits.
    Waits {
        /// In a few words, without contact data.
        why: String,
        /// When it is looked at again.
        until: Timestamp,
    },
    /// Never will: the mail server refused for good, or the receiver does not take this record.
    Refused {
        /// In a few words, without contact data.
        why: String,
    },
    /// Nothing was sent: what signs it, or a header of the endpoint's, cannot be opened under the keys of this installation.
    /// That is the firm's to mend, and says nothing of the receiver.
    Sealed {
        /// In a few words, without contact data.
        why: String,
    },
}

/// What happens to the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ended well.
    Delivered,
    /// Written to a file.
    Filed,
    /// The endpoint is disabled; the delivery waits for another.
    Held(String),
    /// Tried again then.
    Retry(Timestamp, String),
    /// Waits until then, for something that has nothing to do with it: the attempt does not count.
    Waits(Timestamp, String),
    /// Given up; a person can replay it.
    Dead(String),
}

/// When to try again: a wait after each failed attempt, and the longest that a client's Retry-After is heeded.
#[derive(Debug, Clone)]
pub struct RetrySchedule {
    /// Wait after the first, second, … attempt.
    pub waits: Vec<Duration>,
    /// The longest Retry-After heeded: [`super::LONGEST_RETRY_AFTER`].
    pub longest_wait: Duration,
}

impl RetrySchedule {
    /// What follows an attempt. `attempts` counts this one and none that is excused, but all of what waits for a key; `jitter` is
    /// a factor around 1.
    #[must_use]
    pub fn next(&self, attempted: Attempted, attempts: usize, jitter: f64, now: Timestamp) -> Next {
        match attempted {
            Attempted::Taken => Next::Delivered,
            // A file in a folder is no delivery: it has a state of its own, so that nobody counts it as handed over.
            Attempted::Filed => Next::Filed,
            // Not dead: the endpoint is gone, not the lead, which waits for a person or another endpoint.
            Attempted::Gone => Next::Held("the endpoint answered 410 Gone".to_owned()),
            // Not by the schedule: a day of a suspended account would otherwise use up the tries of every mail.
            Attempted::Waits { why, until } => Next::Waits(until, why),
            // The same attempt would be refused again: retries would only delay the news.
            Attempted::Refused { why } => Next::Dead(why),
            // Never given up: the key is put back by a person, at whatever time.
            Attempted::Sealed { why } => {
                let wait = self.waits.get(attempts.saturating_sub(1)).or(self.waits.last()).copied();
                let wait = wait.unwrap_or(LONGEST_WAIT_FOR_KEY).min(LONGEST_WAIT_FOR_KEY);
                Next::Waits(self.due(wait, None, jitter, now), why)
            }
            // The schedule's length is the number of retries; the first attempt has no wait.
            Attempted::Failed { why, not_before } => match self.waits.get(attempts.saturating_sub(1)) {
                None => Next::Dead(format!("gave up after {attempts} attempts: {why}")),
                Some(wait) => Next::Retry(self.due(*wait, not_before, jitter, now), why),
            },
        }
    }

    fn due(&self, wait: Duration, not_before: Option<Timestamp>, jitter: f64, now: Timestamp) -> Timestamp {
        // A factor below zero or not finite makes no length of time: the plain wait stands in.
        let jittered = Duration::try_from_secs_f64(wait.as_secs_f64() * jitter).unwrap_or(wait);
        let ours = later(now, jittered);
        crate::time::whole_micros(heeded(ours, not_before, (now, self.longest_wait)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> RetrySchedule {
        RetrySchedule { waits: [5, 30].map(Duration::from_secs).to_vec(), longest_wait: Duration::from_secs(3600) }
    }

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn failed(not_before: Option<&str>) -> Attempted {
        Attempted::Failed { why: "503".into(), not_before: not_before.map(|at| at.parse().unwrap()) }
    }

    #[test]
    fn failures_follow_the_schedule_and_then_die() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(schedule().next(failed(None), 1, 1.0, now()), Next::Retry(at("2026-11-21T10:00:05Z"), "503".into()));
        assert_eq!(schedule().next(failed(None), 2, 1.1, now()), Next::Retry(at("2026-11-21T10:00:33Z"), "503".into()));
        assert!(matches!(schedule().next(failed(None), 3, 1.0, now()), Next::Dead(_)));
    }

    #[test]
    fn a_wish_to_wait_is_heeded_within_bounds_and_never_shortens() {
        let due = |wish| match schedule().next(failed(Some(wish)), 1, 1.0, now()) {
            Next::Retry(at, _) => at.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(due("2026-11-21T10:10:00Z"), "2026-11-21T10:10:00Z");
        assert_eq!(due("2026-11-21T10:00:01Z"), "2026-11-21T10:00:05Z");
        assert_eq!(due("2036-11-21T10:00:01Z"), "2026-11-21T11:00:00Z");
    }

    #[test]
    fn what_lacks_its_key_waits_and_is_never_given_up() {
        let sealed = || Attempted::Sealed { why: "no key".into() };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (attempts, due) in [(1, "2026-11-21T10:00:05Z"), (2, "2026-11-21T10:00:30Z"), (900, "2026-11-21T10:00:30Z")]
        {
            assert_eq!(schedule().next(sealed(), attempts, 1.0, now()), Next::Waits(at(due), "no key".into()));
        }
        let slow = RetrySchedule { waits: vec![Duration::from_secs(86_400)], ..schedule() };
        assert_eq!(slow.next(sealed(), 9, 1.0, now()), Next::Waits(at("2026-11-21T10:05:00Z"), "no key".into()));
    }

    #[test]
    fn gone_holds_and_a_refusal_is_final() {
        assert!(matches!(schedule().next(Attempted::Gone, 1, 1.0, now()), Next::Held(_)));
        let waits = Attempted::Waits { why: "535".into(), until: now() };
        assert_eq!(
            schedule().next(waits, 9, 1.0, now()),
            Next::Waits(now(), "535".into()),
            "however often it was tried"
        );
        assert!(matches!(schedule().next(Attempted::Refused { why: "550".into() }, 1, 1.0, now()), Next::Dead(_)));
        assert_eq!(schedule().next(Attempted::Filed, 1, 1.0, now()), Next::Filed);
    }
}
