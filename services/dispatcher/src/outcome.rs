//! Outcomes that clients report in the answers of their webhooks. The answer is a row from the attempt on: what fails here is
//! done by the next sweep.

use std::time::Duration;

use crate::context::DispatcherContext;
use jiff::{SignedDuration, Timestamp};
use ripen_actions::{
    Refusal,
    outcome::{OutcomeResult, RecordAnswer, RefuseAnswer},
};
use ripen_domain::id::DeliveryId;
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{Failure, outcome::answer::WaitingAnswer};

/// Answers that waited longer were left by whoever sent the delivery.
const LEFT_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// At most so many in one sweep.
const BATCH: i64 = 200;

/// Records what one answer says.
pub async fn record(ctx: &DispatcherContext, answer: WaitingAnswer) {
    let delivery = answer.delivery;
    if let Err(error) = record_one(ctx, answer).await {
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
pub async fn sweep(ctx: &DispatcherContext, now: Timestamp) -> Result<usize, Refusal> {
    // Whoever sent the delivery records its answer within seconds; this finds what a crash left.
    let before = now.checked_sub(LEFT_AFTER).unwrap_or(now);
    let left = ctx.store.answers_waiting(before, BATCH).await?;
    let found = left.len();
    for answer in left {
        let (delivery, at) = (answer.delivery, answer.at);
        match record_one(ctx, answer).await {
            Ok(()) => {}
            // With the database away the others would fail as well, and they stay.
            Err(Refusal::Store(error)) if error.is_unreachable() => return Err(Refusal::Store(error)),
            Err(refusal) => put_aside(ctx, (delivery, at), &refusal).await,
        }
    }
    Ok(found)
}

/// What becomes of an answer that could not be recorded: where it would fail as often as it is tried it is put aside, so that
/// it does not take the place of others in every sweep.
async fn put_aside(ctx: &DispatcherContext, (delivery, at): (DeliveryId, Timestamp), refusal: &Refusal) {
    tracing::warn!(delivery.id = %delivery, %refusal, "what an answer says could not be recorded");
    let fails_again = match refusal {
        Refusal::Store(error) => error.failure() == Failure::Values,
        _ => true,
    };
    if !fails_again {
        return;
    }
    let request = RefuseAnswer { delivery, why: format!("It could not be recorded: {refusal}."), at: Some(at) };
    if let Err(error) = ctx.actions.run(&ctx.actor(), &request).await {
        tracing::warn!(delivery.id = %delivery, %error, "an answer that cannot be recorded could not be put aside");
    }
}

async fn record_one(ctx: &DispatcherContext, answer: WaitingAnswer) -> Result<(), Refusal> {
    let WaitingAnswer { delivery, at, said } = answer;
    let request = RecordAnswer { delivery, said, at: Some(at) };
    match ctx.actions.run(&ctx.actor(), &request).await {
        Ok(OutcomeResult::Refused(why)) => {
            tracing::info!(delivery.id = %delivery, %why, "what an answer says is refused");
            Ok(())
        }
        // The delivery is gone from the actor's sight: nothing that another try would find.
        Ok(_) | Err(Refusal::Missing { .. }) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}
