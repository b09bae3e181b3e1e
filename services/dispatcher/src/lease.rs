//! Takes offers, leases what may be sent now, and starts an attempt for each. Never takes more than can be held.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use ripen_domain::{
    backoff::Backoff,
    delivery::Member,
    id::{DeliveryId, EndpointId},
    link::Links,
    message::DeliverMessage,
};
use ripen_queue::{Consumer, Queue, Received, Settlement};
use ripen_runtime::{
    lifecycle::Stop,
    random::uuid_v7,
    retry::{RetryLimit, Tried, retry},
};
use ripen_store::{
    delivery::{
        lease::{LeaseGrant, LeaseRequest},
        load::LeasedDelivery,
    },
    endpoint::record::EndpointKind,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use uuid::Uuid;

use crate::{
    attempt::Attempt, clock_watch::ClockWatch, context::DispatcherContext, endpoint_queues::EndpointQueues,
    in_flight::InFlight, record::Recorder,
};

/// At most so many are leased by one statement.
const BATCH: usize = 64;
/// A delivery that found no place in its endpoint's queue is offered again after this.
const LATER: SignedDuration = SignedDuration::from_secs(2);
/// Part of a lease that is kept for recording the attempt.
const FOR_RECORDING: Duration = Duration::from_secs(5);
/// Pauses while the database is away.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(2) };

/// Leases and starts attempts until asked to stop, then finishes those under way.
pub async fn run((ctx, clock): (DispatcherContext, ClockWatch), recorder: Recorder, stop: Stop) {
    // Twice what can be held: the next offers are here while the attempts run.
    let prefetch = u16::try_from(ctx.settings.dispatcher.workers.saturating_mul(2)).unwrap_or(u16::MAX);
    let mut worker = LeaseWorker {
        permits: Arc::new(Semaphore::new(ctx.settings.dispatcher.workers.max(1))),
        consumer: ctx.transport.consume(Queue::Deliveries, prefetch.max(1)),
        flights: InFlight::default(),
        queues: EndpointQueues::default(),
        attempts: JoinSet::new(),
        ctx,
        clock,
        recorder,
        stop,
    };
    while worker.step().await.is_some() {}
    worker.finish().await;
}

/// Takes offers and holds leases.
struct LeaseWorker {
    ctx: DispatcherContext,
    clock: ClockWatch,
    recorder: Recorder,
    stop: Stop,
    permits: Arc<Semaphore>,
    consumer: Consumer,
    flights: InFlight,
    queues: EndpointQueues,
    attempts: JoinSet<()>,
}

impl LeaseWorker {
    /// Queues offers, leases those whose endpoint has a free slot, and starts the attempts. None when asked to stop.
    async fn step(&mut self) -> Option<()> {
        // Those that ended would otherwise be kept until the process stops.
        while self.attempts.try_join_next().is_some() {}
        // Permits before offers: what is taken can be held at once.
        let held = some_permits(&self.permits, &self.stop).await?;
        let mut deliveries = self.queues.take_ready(&self.flights, held.len());
        let received = self.next_offers(deliveries.is_empty()).await?;
        if !self.clock.is_sound() {
            // By this clock it may be time, and by everybody else's not yet: for a process whose clock is right.
            let later = Settlement::Later(LATER.unsigned_abs());
            self.consumer.settle(received.into_iter().map(|message| (message, later.clone())).collect()).await;
            self.release(&deliveries).await;
            return Some(());
        }
        // What waits longest goes first; only then is the queue asked for more.
        self.enqueue(&received).await;
        // Again, because the offers just taken may belong to endpoints with a free slot.
        deliveries.extend(self.queues.take_ready(&self.flights, held.len() - deliveries.len()));
        if !deliveries.is_empty() {
            let (claimed, lease, until) = self.lease(&deliveries).await?;
            self.queues.set_slots(claimed.slots);
            // Another process had the slot: they wait here, ahead of what came later.
            self.queues.requeue(claimed.waiting);
            // No more than permits: as many deliveries were asked for as there are.
            for (leased, permit) in claimed.ready.into_iter().zip(held) {
                self.start(Attempt { leased, lease, until }, permit);
            }
        }
        // The rows are leased, or kept in mind: the offers have done their work, whatever becomes of the attempts.
        self.consumer.settle(received.into_iter().map(|message| (message, Settlement::Done)).collect()).await;
        Some(())
    }

    /// Takes offers; where there is other work, only those that are here. None when asked to stop.
    async fn next_offers(&self, wait: bool) -> Option<Vec<Received>> {
        // Only what is here, unless there is nothing else to do: waiting for offers would hold back what is ready.
        tokio::select! {
            biased;
            () = self.stop.soft().cancelled() => None,
            received = self.consumer.next_batch(BATCH) => if received.is_empty() { None } else { Some(received) },
            () = self.flights.freed(), if wait => Some(Vec::new()),
            () = std::future::ready(()), if !wait => Some(Vec::new()),
        }
    }

    /// Puts offers into the queues of their endpoints. Those that find no place are offered again later.
    async fn enqueue(&mut self, received: &[Received]) {
        let offers = received.iter().filter_map(read);
        let too_many: Vec<_> = offers
            .filter(|(delivery, at)| !self.queues.enqueue(*delivery, *at))
            .map(|(delivery, _)| delivery)
            .collect();
        if too_many.is_empty() {
            return;
        }
        let now = self.ctx.clock.now();
        // A little later and not at once: the queue it did not fit into is still full.
        let later = now.saturating_add(LATER).unwrap_or(now);
        if let Err(error) = self.ctx.store.deliveries_release(&too_many, later, now).await {
            tracing::info!(%error, deliveries = too_many.len(), "deliveries without a place in their queue are offered again when their time is up");
        }
    }

    fn start(&mut self, attempt: Attempt, permit: OwnedSemaphorePermit) {
        let flight = self.flights.begin(attempt.leased.due.endpoint);
        let (ctx, recorder, stop) = (self.ctx.clone(), self.recorder.clone(), self.stop.clone());
        // On its own: a slow receiver must not keep this worker from leasing for others.
        self.attempts.spawn(async move {
            attempt.run(&ctx, &recorder, &stop).await;
            // Both at the end of the attempt: the place in this process and the slot of the endpoint.
            drop((permit, flight));
        });
    }

    /// Leases these, holding them while the database is away. None when asked to stop meanwhile.
    async fn lease(&self, deliveries: &[DeliveryId]) -> Option<(LeaseGrant, Uuid, Instant)> {
        let ctx = &self.ctx;
        let lasts = Duration::from_secs(ctx.settings.dispatcher.lease_s.max(1));
        let leased = retry(BACKOFF, RetryLimit::None, self.stop.soft(), || async {
            // Begun before the claim: the lease cannot end before this limit says so.
            let begun = Instant::now();
            let now = ctx.clock.now();
            let claim = LeaseRequest {
                deliveries,
                // A new name for each try: an answer that was lost may have leased under the old one, and that lease
                // runs out by itself.
                lease: uuid_v7(now),
                lasts,
                busy: &self.flights.counts(),
                kept_until: now.saturating_add(ctx.offer()).unwrap_or(now),
            };
            match ctx.store.deliveries_lease(&claim, now, |due| freeze(due, ctx.links.as_ref(), now)).await {
                // Ends before the lease does: recording needs some of it.
                Ok(claimed) => Tried::Done((claimed, claim.lease, begun + lasts.saturating_sub(FOR_RECORDING))),
                // Held and tried again: the rows are untouched, or their leases run out.
                Err(error) if error.is_unreachable() || error.is_conflict() => Tried::Again(()),
                Err(error) => {
                    tracing::error!(%error, deliveries = deliveries.len(), "deliveries could not be leased; the sweeper offers them again");
                    Tried::Done((LeaseGrant::default(), claim.lease, begun))
                }
            }
        });
        leased.await.ok()
    }

    /// What waited here for a slot is offered again.
    async fn release(&self, waiting: &[DeliveryId]) {
        // Let go first: what waits here looks offered to every other process.
        let now = self.ctx.clock.now();
        if !waiting.is_empty()
            && let Err(error) = self.ctx.store.deliveries_release(waiting, now, now).await
        {
            tracing::info!(%error, deliveries = waiting.len(), "deliveries that waited for a slot are offered again later");
        }
    }

    /// Lets go of what waits, and finishes what is under way.
    async fn finish(&mut self) {
        let waiting = self.queues.drain();
        self.release(&waiting).await;
        // Finished: an attempt that is broken off has perhaps arrived, and would be made again.
        tokio::select! {
            () = self.stop.hard().cancelled() => {}
            () = async { while self.attempts.join_next().await.is_some() {} } => {}
        }
    }
}

/// Waits for a place, then takes what is free up to a batch. None when asked to stop.
async fn some_permits(permits: &Arc<Semaphore>, stop: &Stop) -> Option<Vec<OwnedSemaphorePermit>> {
    let first = tokio::select! {
        biased;
        () = stop.soft().cancelled() => return None,
        permit = Arc::clone(permits).acquire_owned() => permit.ok()?,
    };
    // As many as are free, up to a batch: one statement leases for all of them.
    let more = std::iter::from_fn(|| Arc::clone(permits).try_acquire_owned().ok());
    Some(std::iter::once(first).chain(more.take(BATCH - 1)).collect())
}

/// An offer that cannot be read offers nothing: the row it was about is found by the sweeper.
fn read(message: &Received) -> Option<(DeliveryId, Option<EndpointId>)> {
    match serde_json::from_slice(&message.body) {
        Ok(DeliverMessage::V1 { delivery, endpoint }) => Some((delivery, endpoint)),
        Err(_) => {
            tracing::warn!(message.id = %message.id, "an offer in ripen.deliveries cannot be read and is dropped");
            None
        }
    }
}

/// The bytes that every attempt sends.
fn freeze(due: &LeasedDelivery, links: Option<&Links>, now: jiff::Timestamp) -> Vec<u8> {
    let mut event = due.facts.to_event(now);
    // Links are made with the freeze, so that every attempt sends the same ones.
    if let Some((links, lead)) = links.zip(event.lead_mut()) {
        lead.outcome_url = links.outcome_url(due.facts.handed_over, now).into();
        // A webhook's body goes to the whole team's programs: the page is the rep's own.
        let rep = due.rep.filter(|_| due.kind == EndpointKind::Email);
        lead.open_leads_url = Member::if_some(rep.map(|rep| links.rep_url(rep, now)));
    }
    event.to_bytes()
}
