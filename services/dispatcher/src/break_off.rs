//! How long attempts under way may take once the process is asked to stop: a mail server that hangs must not keep it until it is
//! killed, with the leases it holds. What is broken off is given back at once and attempted again, under the same id.

use std::time::Duration;

use ripen_runtime::lifecycle::Stop;

/// Of the time to stop, kept for recording what was broken off.
const FOR_RECORDING: Duration = Duration::from_secs(3);

/// Of that, what a mail still has that the server has whole: broken off it is sent again, perhaps a second time.
const FOR_HANDED_OVER: Duration = Duration::from_secs(2);
/// The same after a second signal, which leaves two seconds for all.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Why an attempt that was broken off waits.
pub const BROKEN_OFF: &str = "the process was stopped before an answer came";
/// Why a mail waits that was broken off after it was handed over.
pub const PERHAPS_SENT: &str =
    "the process was stopped before the mail server said whether it has the mail: it is sent again, perhaps twice";

/// When what is under way is to be broken off. The default never is.
#[derive(Debug, Clone, Default)]
pub struct BreakOff {
    stop: Stop,
    after: Duration,
    /// So much later of a mail that was handed over.
    then: Duration,
}

impl BreakOff {
    /// In a process that may take so long to stop.
    pub fn new(stop: Stop, stop_timeout: Duration) -> Self {
        // Of a time that is shorter than what is kept, a half.
        let after = stop_timeout.saturating_sub(FOR_RECORDING).max(stop_timeout / 2);
        Self { stop, after, then: FOR_HANDED_OVER.min(stop_timeout / 4) }
    }

    /// Returns when it is time.
    pub async fn due(&self) {
        self.stop.soft().cancelled().await;
        tokio::select! {
            () = self.stop.hard().cancelled() => {}
            () = tokio::time::sleep(self.after) => {}
        }
    }

    /// Returns when it is time for a mail as well that was handed over: somewhat after [`BreakOff::due`] did.
    pub async fn due_for_handed_over(&self) {
        tokio::select! {
            () = self.stop.hard().cancelled() => tokio::time::sleep(AT_ONCE.min(self.then)).await,
            () = tokio::time::sleep(self.then) => {}
        }
    }
}
