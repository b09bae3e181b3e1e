//! A trial lead: decided as any other, and rolled back. When a batch fails, it tells a database that takes nothing from a
//! message that no database would take.

use std::time::Duration;

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, RawBody, Sameness},
    contact::Email,
    id::ArrivalId,
    submission::Submission,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{Failure, StoreError, source::any::AnySource};
use tokio::time::timeout;

use crate::{
    batch::{DecideError, decide_within},
    context::QualifierContext,
    message::Item,
    set_aside::SetAside,
};

/// How long the database has to take one lead: messages are held meanwhile.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether the database takes a lead. Nothing of it stays.
///
/// # Errors
/// How the database failed; it is nothing that a message could be blamed for.
pub async fn run(ctx: &QualifierContext) -> Result<(), StoreError> {
    let silent = || StoreError::Unreachable(format!("no answer within {} s", LIMIT.as_secs()));
    timeout(LIMIT, attempt(ctx)).await.unwrap_or_else(|_| Err(silent()))
}

async fn attempt(ctx: &QualifierContext) -> Result<(), StoreError> {
    let mut batch = ctx.store.begin().await?;
    batch.grants_check().await?;
    let mut unproven = None;
    for source in batch.any_sources().await? {
        let item = Item::Arrival(Box::new(arrival(source, ctx.clock.now())));
        match decide_within(ctx, &mut batch, (&[&item], &[]), &mut SetAside::default()).await {
            // Decided and written, or in the way of somebody who just did that.
            Ok(report) if report.set_aside.is_empty() => return Ok(()),
            Err(DecideError::Store(error)) if error.failure() == Failure::Contention => return Ok(()),
            Err(DecideError::Held) => return Ok(()),
            Err(DecideError::Store(error)) => return Err(error),
            // Set aside it wrote nothing, and what is wrong with this one client proves nothing of the others: the next one's.
            Ok(report) => unproven = report.broken_criteria.or(unproven),
            Err(error @ (DecideError::UnknownClient(_) | DecideError::Calling(_))) => {
                unproven = Some(error.to_string());
            }
        }
    }
    // Where nothing can arrive there is nothing to prove; where no client's lead can be decided, none is proven to be at fault.
    unproven.map_or(Ok(()), |why| Err(StoreError::Failed(format!("no client's trial lead could be decided: {why}"))))
}

fn arrival(source: AnySource, now: Timestamp) -> Arrival {
    let id = uuid_v7(now);
    // Nobody's address (RFC 2606), and no other trial's: two at once meet at no lock.
    let email = Email::parse(&format!("{}@trial.invalid", id.simple())).ok();
    let submission = Submission { email, notes: Some("A trial".to_owned()), ..Submission::default() };
    Arrival {
        key: None,
        formerly: None,
        form: None,
        id: ArrivalId::from_uuid(id),
        sameness: Sameness::Content,
        source: source.id,
        client: source.client,
        received_at: now,
        content: submission.content_hash(),
        quarantine: None,
        is_released: false,
        by_visitor: false,
        in_bulk: false,
        submission,
        raw: RawBody { media_type: "text/plain".to_owned(), text: String::new() },
    }
}
