//! Waiting for a condition with a limit, so that no test sleeps for a guessed time.

use std::time::{Duration, Instant};

/// Asks `check` every few milliseconds until it gives a value, for at most `limit`.
///
/// # Panics
/// When the limit passes; the message names `what` was waited for.
pub async fn until<T, F>(what: &str, limit: Duration, mut check: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let started = Instant::now();
    loop {
        if let Some(value) = check().await {
            return value;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
