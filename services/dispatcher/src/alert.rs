//! Alerts, written as notices that [`crate::notice`] mails. Each file says what one of them is of, when it is told and to whom;
//! here they are run; what they have in common is in `addressee`.

mod addressee;
mod dead_delivery;
mod failing_endpoint;
mod held_as_same;
mod mail_refused;
mod remind;
mod undelivered;
mod unsent;
mod waits_for_key;

use std::time::Duration;

use jiff::Timestamp;
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{StoreError, sweep::SweepParts};

pub use held_as_same::held_tick;

use crate::context::DispatcherContext;

/// How often failing endpoints are looked for: they are told of after minutes.
const PERIOD: Duration = Duration::from_secs(10);

/// The places of so many deliveries are given back in one transaction.
const UNREACHED_BATCH: i64 = 200;

/// Looks for all of it until asked to stop.
pub async fn run(ctx: DispatcherContext, stop: Stop) {
    let settings = &ctx.settings.dispatcher;
    // Tests and small installations sweep faster; alerts keep their distance to the sweep.
    let period = PERIOD.min(Duration::from_millis(settings.sweep_interval_ms.max(10)) * 10);
    let rarely = Duration::from_secs(settings.remind_every_s);
    tokio::join!(
        every("alerts of failing endpoints", period, stop.soft(), || async {
            unless_stopped(&stop, endpoints_tick(&ctx, ctx.clock.now())).await.map(|()| NextTick::InAPeriod)
        }),
        every("leads that could not be delivered", period, stop.soft(), || async {
            let more = undelivered_tick(&ctx, ctx.clock.now()).await?;
            Ok::<_, StoreError>(NextTick::sooner_if(more, Duration::ZERO))
        }),
        every("places of leads that reached nobody", period, stop.soft(), || async {
            let more = ctx.store.places_of_unreached_free(UNREACHED_BATCH, ctx.clock.now()).await?;
            Ok::<_, StoreError>(NextTick::sooner_if(more, Duration::ZERO))
        }),
        every("mails to people that could not be sent", period, stop.soft(), || async {
            unsent::tick(&ctx, ctx.clock.now()).await.map(|()| NextTick::InAPeriod)
        }),
        every("whether the mail server takes the sender", period, stop.soft(), || async {
            mail_refused::tick(&ctx, ctx.clock.now()).await.map(|()| NextTick::InAPeriod)
        }),
        // After a failure it is tried again within the shorter period: nobody waits an hour for a reminder that is due.
        every("reminders of leads without an outcome", period, stop.soft(), || async {
            unless_stopped(&stop, remind::tick(&ctx, ctx.clock.now())).await.map(|()| NextTick::After(rarely))
        }),
    );
}

/// Has what could not be delivered go on to others, and told; whether there may be more.
///
/// # Errors
/// When the database is away: what was not followed up is found again.
pub async fn undelivered_tick(ctx: &DispatcherContext, now: Timestamp) -> Result<bool, StoreError> {
    // None of these keeps the others: that an offer came to nobody is known whatever else fails.
    let mut parts = SweepParts::default();
    let more = parts.part(undelivered::tick(ctx, now).await)?;
    parts.part(dead_delivery::give_up_of_busy_mailboxes(ctx, now).await)?;
    let dead = parts.part(dead_delivery::tick(ctx, now).await)?;
    parts.end(more || dead)
}

/// Breaks a look off at the soft stop: it writes up to a thousand notices one by one, and what is left out is found again by
/// the next process, while finishing it could use up the time to stop.
async fn unless_stopped(stop: &Stop, look: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    tokio::select! {
        biased;
        () = stop.soft().cancelled() => Ok(()),
        done = look => done,
    }
}

/// What is told of endpoints and of what waits, one by one: none of these waits for another.
async fn endpoints_tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let mut parts = SweepParts::default();
    parts.part(failing_endpoint::tick(ctx, now).await)?;
    parts.part(waits_for_key::tick(ctx, now).await)?;
    parts.part(held_tick(ctx, now).await)?;
    parts.end(())
}

#[cfg(test)]
mod tests;
