//! `Prefer: wait` (RFC 7240): waits for the decision on an arrival, within the sender's limit.

use std::time::Duration;

use ripen_domain::{backoff::Backoff, id::SourceId};
use ripen_runtime::{
    lifecycle::Stop,
    retry::{RetryLimit, Tried, retry},
};
use ripen_store::arrival::status::ArrivalStatus;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{arrival::AcceptedBody, context::IntakeParts};

/// Pauses between questions. The first comes after one pause: nothing is decided at once.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(15), longest: Duration::from_millis(100) };

/// What became of the arrival, when that is known within `limit`. Nothing when it is not, when too many wait already,
/// or when the database is away: then the sender hears what is true in any case, that it was received.
pub async fn decided(
    parts: &IntakeParts,
    source: SourceId,
    own: AcceptedBody,
    limit: Duration,
) -> Option<ArrivalStatus> {
    // Too many wait already: this one hears at once that its lead was received, which is true in any case.
    let _permit = parts.waiters.try_acquire().ok()?;
    let ids: Vec<_> = own.others().chain([own.id]).collect();
    let deadline = Instant::now() + limit;
    sleep(BACKOFF.first).await;
    // A request that its sender gives up is dropped here, and drains with the listener at the stop.
    let never = Stop::default();
    let asked = retry(BACKOFF, RetryLimit::Until(deadline), never.soft(), || async {
        // A database that hangs must not keep the sender beyond the limit it named.
        match timeout_at(deadline, parts.store.arrival_status(source, &ids)).await {
            // Not decided yet; asked again until the time is up.
            Ok(Ok(found)) => of_body(found, own).map_or(Tried::Again(()), |status| Tried::Done(Some(status))),
            Ok(Err(error)) => {
                tracing::debug!(error = %error, "a decision could not be waited for");
                Tried::Done(None)
            }
            Err(_elapsed) => Tried::Done(None),
        }
    });
    asked.await.ok().flatten()
}

/// What became of this very body: of another one under its id the sender was told before.
fn of_body(found: Vec<ArrivalStatus>, own: AcceptedBody) -> Option<ArrivalStatus> {
    // An id of its own has one body.
    let is_it = |status: &ArrivalStatus| own.is_fresh || status.id != own.id || status.content == own.content;
    let (mut others, mut first): (Vec<_>, Vec<_>) =
        found.into_iter().filter(is_it).partition(|status| status.id != own.id);
    others.pop().or_else(|| first.pop())
}
