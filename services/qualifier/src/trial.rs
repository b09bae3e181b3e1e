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
use ripen_store::{Failure, StoreError, criteria::load::BrokenCriteria, source::any::AnySource};
use tokio::time::timeout;

use crate::{
    batch::{DecideError, decide_within},
    context::QualifierContext,
    message::Item,
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
    let Some(source) = batch.any_source().await? else { return Ok(()) };
    let item = Item::Arrival(Box::new(arrival(source, ctx.clock.now())));
    match decide_within(ctx, &mut batch, &[&item], &[]).await {
        Err(DecideError::Store(error) | DecideError::Criteria(BrokenCriteria::Store(error)))
            if error.failure() != Failure::Contention =>
        {
            Err(error)
        }
        // Whatever else is wrong is wrong with this one source's client or criteria: the database answered.
        _ => Ok(()),
    }
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
        submission,
        raw: RawBody { media_type: "text/plain".to_owned(), text: String::new() },
    }
}
