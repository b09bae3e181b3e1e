//! Waiting for what became of an arrival, for senders that prefer to (`Prefer: wait`).

use std::time::Duration;

use ripen_domain::id::{ArrivalId, SourceId};
use ripen_store::arrival::status::ArrivalStatus;
use tokio::time::Instant;

use crate::context::Parts;

/// The pause between the first two questions; each further one is longer.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What became of the arrival, when that is known within `limit`. Nothing when it is not, when too many wait already,
/// or when the database is away: then the sender hears what is true in any case, that it was received.
pub async fn decided(parts: &Parts, source: SourceId, id: ArrivalId, limit: Duration) -> Option<ArrivalStatus> {
    let _permit = parts.waiters.try_acquire().ok()?;
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let asked = tokio::time::timeout_at(deadline, parts.store.arrival_status(source, &[id])).await;
        match asked {
            Ok(Ok(mut found)) => {
                if let Some(status) = found.pop() {
                    return Some(status);
                }
            }
            Ok(Err(error)) => {
                tracing::debug!(error = %error, "a decision could not be waited for");
                return None;
            }
            Err(_elapsed) => return None,
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE).min(deadline.saturating_duration_since(Instant::now()));
        if pause.is_zero() {
            return None;
        }
    }
}
