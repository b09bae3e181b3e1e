//! How long all mail waits once the sender was refused, wherever that was heard: by the server itself or in a mail that came back.

use std::time::Duration;

use jiff::Timestamp;

use crate::time::{later, whole_micros};

/// The pause before one mail tries whether the sender is taken again. Not longer with each: a firm that has just paid its bill waits no
/// hour for its mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderPause(pub Duration);

impl SenderPause {
    /// When one mail tries again.
    #[must_use]
    pub fn probe_at(self, now: Timestamp) -> Timestamp {
        whole_micros(later(now, self.0))
    }

    /// When the mail is tried again that met the refusal: behind the others. If it alone is refused, one of them has to try the server,
    /// or nobody ever learns that.
    #[must_use]
    pub fn behind_others(self, now: Timestamp) -> Timestamp {
        self.probe_at(self.probe_at(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_that_was_refused_comes_after_one_that_tries() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let pause = SenderPause(Duration::from_secs(10));
        assert_eq!(pause.probe_at(now).to_string(), "2026-11-24T10:00:10Z");
        assert_eq!(pause.behind_others(now).to_string(), "2026-11-24T10:00:20Z");
        assert_eq!(SenderPause(Duration::MAX).behind_others(now), whole_micros(Timestamp::MAX));
    }
}
