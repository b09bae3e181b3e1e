//! Outcomes that clients report in the answers of their webhooks. The answer is a row from the attempt on: what fails here is
//! done by the next sweep.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::context::DispatcherContext;
use jiff::{SignedDuration, Timestamp};
use ripen_actions::{
    Refusal,
    outcome::{OutcomeResult, RecordAnswer, RefuseAnswer},
};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{
    Failure,
    outcome::answer::{AnswerPlace, WaitingAnswer},
};

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

/// How far a round over all that was left has come. Each sweep goes on where the last one ended: what fails each time, and may pass
/// once something is mended, stands in nobody's way.
#[derive(Debug, Clone, Copy, Default)]
struct SweepRound {
    /// The last one that was tried.
    after: Option<AnswerPlace>,
    /// So many could not be recorded, and stay.
    failed: usize,
}

/// Records what was left until asked to stop.
pub async fn run(ctx: DispatcherContext, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.dispatcher.sweep_interval_ms.max(10));
    let round = Mutex::new(SweepRound::default());
    let kept = || round.lock().unwrap_or_else(PoisonError::into_inner);
    every("the sweep of answers", interval, stop.soft(), || async {
        let begun = *kept();
        let done = sweep(&ctx, begun, ctx.clock.now()).await?;
        *kept() = done;
        Ok::<_, Refusal>(NextTick::InAPeriod)
    })
    .await;
}

/// Records some of what answers say that was left; returns how far that is of a round over all of it.
///
/// # Errors
/// When the database is away: they stay.
async fn sweep(ctx: &DispatcherContext, mut round: SweepRound, now: Timestamp) -> Result<SweepRound, Refusal> {
    // Whoever sent the delivery records its answer within seconds; this finds what a crash left.
    let before = now.checked_sub(LEFT_AFTER).unwrap_or(now);
    let left = ctx.store.answers_waiting(before, round.after, BATCH).await?;
    let is_last = i64::try_from(left.len()).is_ok_and(|found| found < BATCH);
    for answer in left {
        let place = AnswerPlace { at: answer.at, delivery: answer.delivery };
        match record_one(ctx, answer).await {
            Ok(()) => {}
            // With the database away the others would fail as well, and they stay.
            Err(Refusal::Store(error)) if error.is_unreachable() => return Err(Refusal::Store(error)),
            Err(refusal) => round.failed += usize::from(!put_aside(ctx, place, &refusal).await),
        }
        round.after = Some(place);
    }
    if !is_last {
        return Ok(round);
    }
    let note =
        format!("{} answers of webhooks could not be recorded and are tried again: the log says why", round.failed);
    ctx.health.note("answers", (round.failed > 0).then_some(note));
    Ok(SweepRound::default())
}

/// What becomes of an answer that could not be recorded: where it would fail as often as it is tried it is put aside, with the reason
/// for people to see. Returns whether it was; what may pass later stays.
async fn put_aside(ctx: &DispatcherContext, AnswerPlace { at, delivery }: AnswerPlace, refusal: &Refusal) -> bool {
    tracing::warn!(delivery.id = %delivery, %refusal, "what an answer says could not be recorded");
    let fails_again = match refusal {
        Refusal::Store(error) => error.failure() == Failure::Values,
        _ => true,
    };
    if !fails_again {
        return false;
    }
    let request = RefuseAnswer { delivery, why: format!("It could not be recorded: {refusal}."), at: Some(at) };
    let done = ctx.actions.run(&ctx.actor(), &request).await;
    if let Err(error) = &done {
        tracing::warn!(delivery.id = %delivery, %error, "an answer that cannot be recorded could not be put aside");
    }
    done.is_ok()
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
