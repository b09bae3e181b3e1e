//! `Prefer: wait` (RFC 7240): waits for the decision on an arrival, within the sender's limit.

use std::time::Duration;

use ripen_domain::{
    arrival::return_id,
    backoff::Backoff,
    id::{ArrivalId, SourceId},
};
use ripen_runtime::{
    lifecycle::Stop,
    retry::{RetryLimit, Tried, retry},
};
use ripen_store::{
    StoreError,
    arrival::status::{ArrivalStatus, WorkedBody},
};
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
    let ids: Vec<_> = own.others().chain([own.id]).chain(own.key).collect();
    let deadline = Instant::now() + limit;
    sleep(BACKOFF.first).await;
    // A request that its sender gives up is dropped here, and drains with the listener at the stop.
    let never = Stop::default();
    let asked = retry(BACKOFF, RetryLimit::Until(deadline), never.soft(), || async {
        // A database that hangs must not keep the sender beyond the limit it named.
        match timeout_at(deadline, ask(parts, source, own, &ids)).await {
            // Not decided yet; asked again until the time is up.
            Ok(Ok(found)) => found.map_or(Tried::Again(()), |status| Tried::Done(Some(status))),
            Ok(Err(error)) => {
                tracing::debug!(error = %error, "a decision could not be waited for");
                Tried::Done(None)
            }
            Err(_elapsed) => Tried::Done(None),
        }
    });
    asked.await.ok().flatten()
}

/// What became of this very body, where that is known.
async fn ask(
    parts: &IntakeParts,
    source: SourceId,
    own: AcceptedBody,
    ids: &[ArrivalId],
) -> Result<Option<ArrivalStatus>, StoreError> {
    let mut found = parts.store.arrival_status(source, ids).await?;
    let key = found.iter().position(|status| Some(status.id) == own.key && status.id != own.id);
    let key = key.map(|place| found.swap_remove(place));
    let Some(status) = of_body(found, own) else { return Ok(None) };
    let came_back = return_id(own.id, own.content, own.received_at);
    // Its key is noted with what it made: where that is nothing of its own, it is the request of before.
    let is_noted = key.is_some_and(|key| key.content == own.content);
    if own.is_fresh || is_noted || status.id == came_back || status.lead.is_none() {
        return Ok(Some(status));
    }
    let counts = parts.store.arrival_counting(source, status.id).await?;
    Ok(Some(status).filter(|status| tells_of(own, status, counts)))
}

/// Whether a status under an id that came before tells what became of this body, beside the one that counts.
fn tells_of(own: AcceptedBody, status: &ArrivalStatus, counts: Option<WorkedBody>) -> bool {
    let Some(counts) = counts else { return true };
    if counts.content == own.content && counts.received_at == own.received_at {
        // The body itself. It may have been worked after its status was asked for, which is then the one of the first that said
        // the same; its own is there by now.
        return status.received_at == own.received_at;
    }
    // Where another body counts since, and this one is newer, it will count again under an id of its own: what became of the
    // first says nothing of it.
    counts.content == own.content || !own.time().is_newer(counts.last)
}

/// What became of this very body: of another one under its id the sender was told before.
fn of_body(found: Vec<ArrivalStatus>, own: AcceptedBody) -> Option<ArrivalStatus> {
    // An id of its own has one body.
    let is_it = |status: &ArrivalStatus| own.is_fresh || status.id != own.id || status.content == own.content;
    let came_back = return_id(own.id, own.content, own.received_at);
    // Where it came back after another body, that is what became of it; else of an id of its own before the first.
    found.into_iter().filter(is_it).max_by_key(|status| (status.id == came_back, status.id != own.id))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ripen_domain::{arrival::BodyTime, hash::ContentHash, id::LeadId};
    use ripen_store::arrival::status::ArrivalState;
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn worked(content: u8, second: i64) -> Option<WorkedBody> {
        let last = BodyTime { received_at: at(second), submitted_at: None };
        Some(WorkedBody { content: ContentHash::from_bytes([content; 16]), received_at: at(second), last })
    }

    #[test]
    fn a_body_that_comes_back_is_not_told_what_became_of_the_first_also_when_it_is_worked_between_two_questions() {
        let id = ArrivalId::from_uuid(Uuid::from_u128(1));
        let content = ContentHash::from_bytes([1; 16]);
        // It said the same at 10; another body came at 20.
        let own = AcceptedBody { id, key: None, is_fresh: false, content, received_at: at(30), submitted_at: None };
        let first = ArrivalStatus {
            id,
            content,
            state: ArrivalState::Graded,
            reason: None,
            received_at: at(10),
            amended_at: None,
            lead: Some(LeadId::from_uuid(Uuid::from_u128(2))),
            repeat: false,
            grade: None,
            flags: Vec::new(),
        };
        assert!(!tells_of(own, &first, worked(2, 20)), "not worked yet");
        assert!(!tells_of(own, &first, worked(1, 30)), "worked since the status was read");
        assert!(tells_of(own, &ArrivalStatus { received_at: at(30), ..first.clone() }, worked(1, 30)));
        assert!(tells_of(own, &first, worked(1, 10)), "a repetition of what counts");
        assert!(tells_of(own, &first, worked(2, 40)), "late: it will not count");
        assert!(tells_of(own, &first, None));
        // What says the same as that other one was worked before this, and received after it.
        let said_again = worked(2, 20).map(|counts| WorkedBody { last: worked(2, 40).unwrap().last, ..counts });
        assert!(tells_of(own, &first, said_again), "it will not count");
    }
}
