//! Outcomes that clients report in the answers of their webhooks. The answer is a row from the attempt on: what fails here is
//! done by the next sweep.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    delivery::OutcomeKind,
    id::DeliveryId,
    outcome::{How, OutcomeFields},
};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{
    StoreError,
    outcome::record::{NewOutcome, Recorded},
};

use crate::context::DispatcherContext;

/// Answers that waited longer were left by whoever sent the delivery.
const LEFT_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// At most so many in one sweep.
const BATCH: i64 = 200;
/// Answers often say no more than the word.
const NO_REASON: &str = "no reason given";

/// Records what one answer says.
pub async fn record(ctx: &DispatcherContext, delivery: DeliveryId, said: OutcomeFields) {
    if let Err(error) = record_one(ctx, delivery, said).await {
        tracing::warn!(delivery.id = %delivery, %error, "what an answer says could not be recorded and is tried again");
    }
}

/// Records what was left until asked to stop.
pub async fn run(ctx: DispatcherContext, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.dispatcher.sweep_interval_ms.max(10));
    every("the sweep of answers", interval, stop.soft(), || async {
        sweep(&ctx, ctx.clock.now()).await.map(|_| NextTick::InAPeriod)
    })
    .await;
}

/// Records what answers say that were left; returns how many.
///
/// # Errors
/// When the database is away: they stay.
pub async fn sweep(ctx: &DispatcherContext, now: Timestamp) -> Result<usize, StoreError> {
    let before = now.checked_sub(LEFT_AFTER).unwrap_or(now);
    let left = ctx.store.answers_waiting(before, BATCH).await?;
    let found = left.len();
    for (delivery, said) in left {
        record_one(ctx, delivery, said).await?;
    }
    Ok(found)
}

async fn record_one(ctx: &DispatcherContext, delivery: DeliveryId, mut said: OutcomeFields) -> Result<(), StoreError> {
    let needs_reason = matches!(
        said.outcome.as_deref().and_then(|word| word.parse().ok()),
        Some(OutcomeKind::Returned | OutcomeKind::Lost)
    );
    if needs_reason && said.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        said.reason = Some(NO_REASON.to_owned());
    }
    let (outcome, hours) = match (said.read(), ctx.settings.calling.hours()) {
        (Ok(outcome), Ok(hours)) => (outcome, hours),
        (Err(wrong), _) => {
            let why: Vec<_> = wrong.into_iter().map(|one| one.message).collect();
            return ctx.store.answer_refuse(delivery, &why.join(" ")).await;
        }
        (_, Err(error)) => return ctx.store.answer_refuse(delivery, &error.to_string()).await,
    };
    let new =
        NewOutcome { delivery, outcome: &outcome, how: How::Answer, by: "its answer", seen: None, dry_run: false };
    let recorded = ctx.store.outcome_record(ctx.scope(), &new, &hours, ctx.clock.now()).await?;
    if let Recorded::Refused(why) = recorded {
        tracing::info!(delivery.id = %delivery, %why, "what an answer says is refused");
    }
    Ok(())
}
