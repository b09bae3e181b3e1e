//! How long attempts under way may take once the process is asked to stop: a mail server that hangs must not keep it until it is
//! killed, with the leases it holds. What is broken off is given back at once and attempted again, under the same id.

use std::time::Duration;

use ripen_runtime::lifecycle::Stop;

/// Of the time to stop, kept for recording what was broken off.
const FOR_RECORDING: Duration = Duration::from_secs(3);

/// Why an attempt that was broken off waits.
pub const BROKEN_OFF: &str = "the process was stopped before an answer came";

/// When what is under way is to be broken off. The default never is.
#[derive(Debug, Clone, Default)]
pub struct BreakOff {
    stop: Stop,
    after: Duration,
}

impl BreakOff {
    /// In a process that may take so long to stop.
    pub fn new(stop: Stop, stop_timeout: Duration) -> Self {
        // Of a time that is shorter than what is kept, a half.
        Self { stop, after: stop_timeout.saturating_sub(FOR_RECORDING).max(stop_timeout / 2) }
    }

    /// Returns when it is time.
    pub async fn due(&self) {
        self.stop.soft().cancelled().await;
        tokio::select! {
            () = self.stop.hard().cancelled() => {}
            () = tokio::time::sleep(self.after) => {}
        }
    }
}
