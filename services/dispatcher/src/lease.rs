//! Takes offers, leases what may be sent now, and starts an attempt for each. Never takes more than can be held: webhooks have the
//! workers of this process, mails have places of their own, and both have its share of their endpoint's slots.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use ripen_domain::{backoff::Backoff, id::DeliveryId, message::DeliverMessage};
use ripen_queue::{Consumer, Queue, Received, Settlement};
use ripen_runtime::{
    lifecycle::Stop,
    random::uuid_v7,
    retry::{RetryLimit, Tried, retry},
};
use ripen_store::{
    delivery::{
        catch_up::BodyTerms,
        lease::{LeaseGrant, LeaseRequest, MailRoom},
        sweep::SweptDelivery,
    },
    endpoint::endpoint_record::EndpointKind,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};
use uuid::Uuid;

use crate::{
    attempt::Attempt,
    attempt_recorder::Recorder,
    clock_watch::ClockWatch,
    context::DispatcherContext,
    endpoint_queues::{EndpointQueues, Room},
    in_flight::InFlight,
    mail_pool::MailPool,
    slots::{SlotGuard, SlotShare},
};

/// At most so many are leased by one statement.
const BATCH: usize = 64;
/// A delivery that found no place in its endpoint's queue is offered again after this.
const LATER: SignedDuration = SignedDuration::from_secs(2);
/// Part of a lease that is kept for recording the attempt.
const FOR_RECORDING: Duration = Duration::from_secs(5);
/// Pauses while the database is away.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(2) };

/// What leasing shares with the other parts of the dispatcher.
pub struct LeaseParts {
    /// Whether this machine's clock can be trusted.
    pub clock: ClockWatch,
    /// Attempts under way.
    pub flights: InFlight,
    /// This process' share of the endpoints' slots.
    pub slots: SlotShare,
    /// The places of mails.
    pub mail: MailPool,
    /// What this process offers to itself.
    pub offered: mpsc::Receiver<SweptDelivery>,
}

/// Leases and starts attempts until asked to stop, then finishes those under way.
pub async fn run(ctx: DispatcherContext, parts: LeaseParts, recorder: Recorder, stop: Stop) {
    // Twice what can be held: the next offers are here while the attempts run.
    let prefetch = u16::try_from(ctx.settings.dispatcher.workers.saturating_mul(2)).unwrap_or(u16::MAX);
    let mut worker = LeaseWorker {
        permits: Arc::new(Semaphore::new(ctx.settings.dispatcher.workers.max(1))),
        consumer: ctx.transport.consume(Queue::Deliveries, prefetch.max(1)),
        queues: EndpointQueues::default(),
        attempts: JoinSet::new(),
        ctx,
        parts,
        recorder,
        stop,
    };
    while worker.step().await.is_some() {}
    worker.finish().await;
}

/// Takes offers and holds leases.
struct LeaseWorker {
    ctx: DispatcherContext,
    parts: LeaseParts,
    recorder: Recorder,
    stop: Stop,
    permits: Arc<Semaphore>,
    consumer: Consumer,
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
        let mut deliveries = self.queues.take_ready(&self.parts.flights, self.room(held.len()));
        let received = self.next_offers(deliveries.is_empty()).await?;
        if !self.parts.clock.is_sound() {
            // By this clock it may be time, and by everybody else's not yet: for a process whose clock is right.
            let later = Settlement::Later(LATER.unsigned_abs());
            self.consumer.settle(received.into_iter().map(|message| (message, later.clone())).collect()).await;
            self.release(&deliveries).await;
            return Some(());
        }
        // What waits longest goes first; only then is the queue asked for more.
        self.enqueue(&received).await;
        // Again, because the offers just taken may belong to endpoints with a free slot.
        let room = self.room(held.len() - deliveries.len());
        deliveries.extend(self.queues.take_ready(&self.parts.flights, room));
        if !deliveries.is_empty() {
            self.send(&deliveries, held).await?;
        }
        // The rows are leased, or kept in mind: the offers have done their work, whatever becomes of the attempts.
        self.consumer.settle(received.into_iter().map(|message| (message, Settlement::Done)).collect()).await;
        Some(())
    }

    /// What can be sent now. Mails that the server takes none of are asked for all the same: they are put off, and then people see
    /// what they wait for.
    fn room(&self, most: usize) -> Room {
        Room { most, mails: self.parts.mail.worth_asking() }
    }

    /// Leases what may be sent of these and starts its attempts. None when asked to stop.
    async fn send(&mut self, deliveries: &[DeliveryId], held: Vec<OwnedSemaphorePermit>) -> Option<()> {
        let mut mails = self.parts.mail.take(deliveries.len(), self.ctx.clock.now());
        let mail =
            MailRoom { free: i32::try_from(mails.places.len()).unwrap_or(i32::MAX), wait_until: mails.wait_until };
        let Granted { grant, lease, until, slots } = self.lease(deliveries, mail).await?;
        self.queues.set_slots(grant.slots, grant.mailed);
        // Another process had the slot: they wait here, ahead of what came later.
        self.queues.requeue(grant.waiting);
        let mut held = held.into_iter();
        for leased in grant.ready {
            // No more than there is of either: as many were asked for as there are, and mails as many as have a place.
            let place = if leased.due.kind == EndpointKind::Email { mails.places.pop() } else { None };
            let permit = if place.is_none() { held.next() } else { None };
            self.start(Attempt { leased, lease, until, place }, permit);
        }
        mails.give_back();
        // Until they are under way and counted: a new share must not be agreed to before.
        drop(slots);
        Some(())
    }

    /// Takes offers; where there is other work, only those that are here. None when asked to stop.
    async fn next_offers(&mut self, wait: bool) -> Option<Vec<Received>> {
        let parts = &mut self.parts;
        // Only what is here, unless there is nothing else to do: waiting for offers would hold back what is ready.
        tokio::select! {
            biased;
            () = self.stop.soft().cancelled() => None,
            received = self.consumer.next_batch(BATCH) => if received.is_empty() { None } else { Some(received) },
            Some(own) = parts.offered.recv() => {
                self.enqueue_offers(std::iter::once(own)).await;
                Some(Vec::new())
            }
            () = parts.flights.freed(), if wait => Some(Vec::new()),
            () = parts.mail.freed(), if wait => Some(Vec::new()),
            () = std::future::ready(()), if !wait => Some(Vec::new()),
        }
    }

    /// Puts offers into the queues of their endpoints. Those that find no place are offered again later.
    async fn enqueue(&mut self, received: &[Received]) {
        // Beside what this process offers to itself: neither must keep the other waiting.
        let own: Vec<_> = std::iter::from_fn(|| self.parts.offered.try_recv().ok()).take(BATCH).collect();
        self.enqueue_offers(own.into_iter().chain(received.iter().filter_map(read))).await;
    }

    async fn enqueue_offers(&mut self, offers: impl Iterator<Item = SweptDelivery> + Send) {
        let too_many: Vec<_> = offers
            .filter(|offer| !self.queues.enqueue(offer.delivery, offer.endpoint))
            .map(|offer| offer.delivery)
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

    fn start(&mut self, attempt: Attempt, permit: Option<OwnedSemaphorePermit>) {
        let flight = self.parts.flights.begin(attempt.leased.due.endpoint);
        let (ctx, recorder, stop) = (self.ctx.clone(), self.recorder.clone(), self.stop.clone());
        // On its own: a slow receiver must not keep this worker from leasing for others.
        self.attempts.spawn(async move {
            attempt.run(&ctx, &recorder, &stop).await;
            // Both at the end of the attempt: the place in this process and the slot of the endpoint.
            drop((permit, flight));
        });
    }

    /// Leases these, holding them while the database is away. None when asked to stop meanwhile.
    async fn lease(&self, deliveries: &[DeliveryId], mail: MailRoom) -> Option<Granted> {
        let ctx = &self.ctx;
        let lasts = Duration::from_secs(ctx.settings.dispatcher.lease_s.max(1));
        let leased = retry(BACKOFF, RetryLimit::None, self.stop.soft(), || async {
            // Begun before the request: the lease cannot end before this limit says so.
            let begun = Instant::now();
            let now = ctx.clock.now();
            // While nobody can say what this process' share is, the others may have been given it.
            let Some(slots) = self.parts.slots.guard().await else { return Tried::Again(()) };
            let request = LeaseRequest {
                deliveries,
                // A new name for each try: an answer that was lost may have leased under the old one, and that lease
                // runs out by itself.
                lease: uuid_v7(now),
                lasts,
                busy: &self.parts.flights.counts(),
                places: &slots.places,
                mail,
                kept_until: now.saturating_add(ctx.offer()).unwrap_or(now),
            };
            let terms = BodyTerms { links: ctx.links.as_ref(), hours: &ctx.actions.hours, now };
            match ctx.store.deliveries_lease(&request, now, |due| due.to_body(terms)).await {
                // Ends before the lease does: recording needs some of it.
                Ok(grant) => {
                    let until = begun + lasts.saturating_sub(FOR_RECORDING);
                    Tried::Done(Granted { grant, lease: request.lease, until, slots })
                }
                // Held and tried again: the rows are untouched, or their leases run out.
                Err(error) if error.is_unreachable() || error.is_conflict() => Tried::Again(()),
                Err(error) => {
                    tracing::error!(%error, deliveries = deliveries.len(), "deliveries could not be leased; the sweeper offers them again");
                    Tried::Done(Granted { grant: LeaseGrant::default(), lease: request.lease, until: begun, slots })
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
        let mut waiting = self.queues.drain();
        waiting.extend(std::iter::from_fn(|| self.parts.offered.try_recv().ok()).map(|offer| offer.delivery));
        self.release(&waiting).await;
        // Finished: an attempt that is broken off has perhaps arrived, and would be made again.
        tokio::select! {
            () = self.stop.hard().cancelled() => {}
            () = async { while self.attempts.join_next().await.is_some() {} } => {}
        }
        self.parts.slots.leave(&self.ctx).await;
    }
}

/// A lease, and what holds it within this process' share.
struct Granted {
    grant: LeaseGrant,
    lease: Uuid,
    /// When attempts must be over.
    until: Instant,
    slots: SlotGuard,
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
fn read(message: &Received) -> Option<SweptDelivery> {
    match serde_json::from_slice(&message.body) {
        Ok(DeliverMessage::V1 { delivery, endpoint }) => Some(SweptDelivery { delivery, endpoint }),
        Err(_) => {
            tracing::warn!(message.id = %message.id, "an offer in ripen.deliveries cannot be read and is dropped");
            None
        }
    }
}
