//! Takes offers, leases what may be sent now, and starts an attempt for each. Never takes more than can be held.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use ripen_domain::{criteria::Receipt, id::DeliveryId, message::DeliverMessage};
use ripen_outbound::lead_mail;
use ripen_queue::{Outcome, Queue, Received};
use ripen_runtime::{lifecycle::Stop, random::uuid_v7};
use ripen_store::{Claim, Due, Leased};
use serde::Deserialize as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use uuid::Uuid;

use crate::{Context, Recorder, attempt, in_flight::InFlight};

/// At most so many are leased by one transaction.
const BATCH: usize = 64;
/// A delivery that found no free slot is looked at again after this.
const NO_SLOT: SignedDuration = SignedDuration::from_millis(250);
/// Part of a lease that is kept for recording the attempt.
const FOR_RECORDING: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Leases and starts attempts until asked to stop, then finishes those under way.
pub async fn run(ctx: Context, recorder: Recorder, stop: Stop) {
    let permits = Arc::new(Semaphore::new(ctx.settings.dispatcher.workers.max(1)));
    let prefetch = u16::try_from(ctx.settings.dispatcher.workers.saturating_mul(2)).unwrap_or(u16::MAX);
    let consumer = ctx.transport.consume(Queue::Deliveries, prefetch.max(1));
    let flights = InFlight::default();
    let mut attempts = JoinSet::new();
    loop {
        while attempts.try_join_next().is_some() {}
        let Some(mut held) = some_permits(&permits, &stop).await else { break };
        let received = tokio::select! {
            biased;
            () = stop.soft().cancelled() => break,
            received = consumer.next_batch(held.len()) => received,
        };
        if received.is_empty() {
            break;
        }
        let Some(leased) = insist(&ctx, &received, &flights, &stop).await else { break };
        for (leased, name, until) in leased {
            let Some(permit) = held.pop() else { break };
            let flight = flights.begin(leased.due.endpoint);
            let attempt = attempt::Attempt { leased, lease: name, until };
            let (ctx, recorder) = (ctx.clone(), recorder.clone());
            attempts.spawn(async move {
                attempt.run(&ctx, &recorder).await;
                drop((permit, flight));
            });
        }
        // The rows are leased: the offers have done their work, whatever becomes of the attempts.
        consumer.settle(received.into_iter().map(|message| (message, Outcome::Done)).collect()).await;
    }
    tokio::select! {
        () = stop.hard().cancelled() => {}
        () = async { while attempts.join_next().await.is_some() {} } => {}
    }
}

/// Waits for a place, then takes what is free up to a batch. None when asked to stop.
async fn some_permits(permits: &Arc<Semaphore>, stop: &Stop) -> Option<Vec<OwnedSemaphorePermit>> {
    let first = tokio::select! {
        biased;
        () = stop.soft().cancelled() => return None,
        permit = Arc::clone(permits).acquire_owned() => permit.ok()?,
    };
    let more = std::iter::from_fn(|| Arc::clone(permits).try_acquire_owned().ok());
    Some(std::iter::once(first).chain(more.take(BATCH - 1)).collect())
}

/// Leases what the messages offer, holding them while the database is away. None when asked to stop meanwhile.
async fn insist(
    ctx: &Context,
    received: &[Received],
    flights: &InFlight,
    stop: &Stop,
) -> Option<Vec<(Leased, Uuid, Instant)>> {
    let deliveries: Vec<_> = received.iter().filter_map(read).collect();
    let lasts = Duration::from_secs(ctx.settings.dispatcher.lease_s.max(1));
    let mut pause = FIRST_PAUSE;
    loop {
        // Begun before the claim: the lease cannot end before this limit says so.
        let begun = Instant::now();
        let now = ctx.clock.now();
        let claim = Claim {
            deliveries: &deliveries,
            lease: uuid_v7(now),
            lasts,
            busy: &flights.counts(),
            no_slot_until: now.saturating_add(NO_SLOT).unwrap_or(now),
        };
        match ctx.store.deliveries_lease(&claim, now, |due| freeze(due, now)).await {
            Ok(leased) => {
                let until = begun + lasts.saturating_sub(FOR_RECORDING);
                return Some(leased.into_iter().map(|leased| (leased, claim.lease, until)).collect());
            }
            Err(error) if error.is_unreachable() || error.is_conflict() => {}
            Err(error) => {
                tracing::error!(%error, deliveries = deliveries.len(), "deliveries could not be leased; the sweeper offers them again");
                return Some(Vec::new());
            }
        }
        tokio::select! {
            () = stop.soft().cancelled() => return None,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

/// An offer that cannot be read offers nothing: the row it was about is found by the sweeper.
fn read(message: &Received) -> Option<DeliveryId> {
    match serde_json::from_slice(&message.body) {
        Ok(DeliverMessage::V1 { delivery }) => Some(delivery),
        Err(_) => {
            tracing::warn!(message.id = %message.id, "an offer in ripen.deliveries cannot be read and is dropped");
            None
        }
    }
}

/// The bytes that every attempt sends.
fn freeze(due: &Due, now: jiff::Timestamp) -> Vec<u8> {
    let receipt = Receipt::deserialize(&due.matured.receipt).ok();
    let payload =
        due.matured.payload(&serde_json::json!(receipt.map(|receipt| receipt.reasons()).unwrap_or_default()), now);
    // A JSON value always serialises.
    serde_json::to_vec(&payload).unwrap_or_default()
}

/// The mail of a frozen body.
pub fn mail_of(body: &[u8]) -> Option<lead_mail::LeadMail> {
    serde_json::from_slice(body).ok().map(|payload| lead_mail::render(&payload))
}
