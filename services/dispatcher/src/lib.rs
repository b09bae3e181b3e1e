//! The dispatcher: sends what is owed to clients. It leases a delivery, attempts it within the lease, and records what
//! came of it; webhook and e-mail differ in one step.
//!
//! It grades nothing and decides nothing about leads. Every delivery is a row: losing all offers loses nothing.

mod alert;
mod answer;
mod attempt;
mod attempt_recorder;
mod break_off;
mod clock_watch;
mod context;
mod endpoint_queues;
mod in_flight;
mod keep_lease;
mod lease;
mod letterhead;
mod mail_pool;
mod notice;
mod notice_mail;
mod outcome;
mod sender;
mod slots;
mod sweeper;
mod user_notice;

pub use alert::{held_tick, undelivered_tick};
pub use context::DispatcherContext;
pub use sweeper::tick;

use ripen_runtime::{lifecycle::Stop, random::uuid_v7};
use tokio::task::JoinSet;

/// Why the dispatcher ended.
#[derive(Debug, thiserror::Error)]
pub enum DispatcherError {
    /// A part of it panicked.
    #[error("a part of the dispatcher panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Runs until asked to stop; attempts under way are finished.
///
/// # Errors
/// When a part of it dies.
pub async fn service(ctx: DispatcherContext, stop: Stop) -> Result<(), DispatcherError> {
    attempt::register_metrics();
    attempt_recorder::register_metrics();
    notice::register_metrics();
    mail_pool::register_metrics();
    sender::register_metrics();
    let recorder = attempt_recorder::recorder(&ctx);
    let clock = clock_watch::ClockWatch::default();
    let mail = mail_pool::MailPool::new(ctx.settings.mail.conversations, ctx.health.clone(), ctx.break_off(&stop));
    // Queues inside the process reach no other: it has every slot.
    let alone = ctx.transport.is_local();
    let slots = if alone { slots::SlotShare::alone() } else { slots::SlotShare::shared(uuid_v7(ctx.clock.now())) };
    let flights = in_flight::InFlight::default();
    let (own_offers, offered) = sweeper::own_offers();
    let mut parts = JoinSet::new();
    parts.spawn(slots::run(ctx.clone(), (slots.clone(), flights.clone()), stop.clone()));
    parts.spawn(mail_pool::run(ctx.clone(), mail.clone(), stop.clone()));
    parts.spawn(notice::run((ctx.clone(), mail.clone()), clock.clone(), stop.clone()));
    let shared = lease::LeaseParts { clock: clock.clone(), flights, slots: slots.clone(), mail, offered };
    parts.spawn(lease::run(ctx.clone(), shared, recorder, stop.clone()));
    parts.spawn(alert::run(ctx.clone(), stop.clone()));
    parts.spawn(outcome::run(ctx.clone(), stop.clone()));
    parts.spawn(sweeper::run((ctx, clock), (slots, own_offers), stop));
    // The first part that panics ends the service: the process goes down and is started again whole.
    while let Some(ended) = parts.join_next().await {
        ended.map_err(DispatcherError::Panicked)?;
    }
    Ok(())
}
