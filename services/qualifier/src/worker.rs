//! One consumer of one queue: takes what waits, decides it as a batch, settles each message.
//!
//! A healthy message is never dead-lettered for its neighbours or for the database: a batch that fails is split until
//! the message to blame stands alone, and while the database is away everything is held.

use std::time::Duration;

use bytes::Bytes;
use ripen_domain::{backoff::Backoff, message::DeliverMessage};
use ripen_queue::{Message, Queue, Received, Settlement};
use ripen_runtime::{
    lifecycle::Stop,
    retry::{RetryLimit, Tried, retry},
};
use ripen_store::{arrival::spool::SpoolKey, criteria::load::BrokenCriteria};
use uuid::Uuid;

use crate::{
    batch::{BatchReport, DecideError, decide},
    context::QualifierContext,
    maturation::DueDelivery,
    message::Item,
};

/// A message that came back so often is tried alone.
const SUSPICIOUS_DELIVERIES: u32 = 3;
/// Tries alone before a message is a dead letter.
const TRIES: i32 = 5;
/// Pauses while the database is away, and between runs of a transaction that met another.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(2) };

/// Takes and decides until asked to stop; what is held then goes back to the queue.
pub async fn run(ctx: QualifierContext, queue: Queue, stop: Stop) {
    let batch = ctx.settings.qualifier.batch.max(1);
    // The next batch is here while this one is decided. No more: what is prefetched counts as delivered once more when the
    // connection breaks.
    let prefetch = u16::try_from(batch.saturating_mul(2)).unwrap_or(u16::MAX);
    let consumer = ctx.transport.consume(queue, prefetch);
    loop {
        // The stop is looked at first: with a full queue the other branch would always be ready.
        let received = tokio::select! {
            biased;
            () = stop.soft().cancelled() => return,
            received = consumer.next_batch(batch) => received,
        };
        if received.is_empty() {
            return;
        }
        // None: asked to stop while the database is away. What was taken goes back to the queue unsettled.
        if let Some(settled) = (Handler { ctx: &ctx, queue, stop: &stop }).handle(received).await {
            consumer.settle(settled).await;
        } else {
            return;
        }
    }
}

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    for grade in ["A", "B", "C"] {
        metrics::counter!("ripen_decisions_total", "grade" => grade).absolute(0);
    }
    // At zero from the start: a rate over a series that begins with its first event misses that event.
    metrics::counter!("ripen_arrivals_stored_total").absolute(0);
    metrics::counter!("ripen_dead_letters_total").absolute(0);
    metrics::counter!("ripen_batches_split_total").absolute(0);
}

struct Handler<'a> {
    ctx: &'a QualifierContext,
    queue: Queue,
    stop: &'a Stop,
}

/// A message with what it says.
type Read = (Received, Item);

impl Handler<'_> {
    /// Decides a batch; none when asked to stop while the database is away: then nothing is settled.
    async fn handle(&self, received: Vec<Received>) -> Option<Vec<(Received, Settlement)>> {
        let mut settled = Vec::with_capacity(received.len());
        let mut healthy = Vec::with_capacity(received.len());
        let mut suspects = Vec::new();
        for message in received {
            match self.read(&message.body) {
                // Tried again, it would be as unreadable, and its neighbours would wait for it.
                Err(why) => settled.push((message, Settlement::Dead(why))),
                // It was delivered and lost several times: it may be what takes the process down, and must not take
                // others with it.
                Ok(item) if message.delivery_count >= SUSPICIOUS_DELIVERIES => suspects.push((message, item)),
                Ok(item) => healthy.push((message, item)),
            }
        }
        let mut waiting = vec![healthy];
        // A stack and not a recursion: the second half waits in memory while the first is tried.
        while let Some(mut batch) = waiting.pop() {
            match batch.len() {
                0 => continue,
                // `?`: a stop ends everything here with nothing settled.
                _ if self.decide_together(&batch).await? => settled.extend(batch.into_iter().map(done)),
                1 => suspects.append(&mut batch),
                _ => {
                    metrics::counter!("ripen_batches_split_total").increment(1);
                    // In halves: of 256 messages the one to blame stands alone after eight runs.
                    let second = batch.split_off(batch.len() / 2);
                    waiting.push(second);
                    waiting.push(batch);
                }
            }
        }
        // After the others: a suspect that takes the process down takes no undecided neighbour with it.
        for (message, item) in suspects {
            let outcome = self.decide_alone(&message, &item).await?;
            settled.push((message, outcome));
        }
        Some(settled)
    }

    fn read(&self, body: &Bytes) -> Result<Item, String> {
        match self.queue {
            Queue::Requalify => Item::requalify(body),
            _ => Item::arrival(body),
        }
    }

    /// Whether the batch went through.
    async fn decide_together(&self, batch: &[Read]) -> Option<bool> {
        let items: Vec<_> = batch.iter().map(|(_, item)| item).collect();
        let spooled = self.spooled(batch.iter().map(|(message, _)| message));
        match self.decide(&items, &spooled).await? {
            Ok(()) => Some(true),
            Err(why) => {
                tracing::warn!(error = why, messages = batch.len(), "a batch failed and is split");
                Some(false)
            }
        }
    }

    /// Tries one message alone, noting first that it is tried: should it take the process down, the note remains.
    async fn decide_alone(&self, message: &Received, item: &Item) -> Option<Settlement> {
        let why = message.reason.as_deref().unwrap_or("failed in a batch, or came back too often");
        let tries = self.note_try(message.id, why).await?;
        // Counted before the try: a message that ended the process five times is not tried a sixth.
        if tries > TRIES {
            return Some(dead(format!("gave up after {TRIES} tries: {why}")));
        }
        match self.decide(&[item], &self.spooled(std::iter::once(message))).await? {
            Ok(()) => {
                // A note that stays behind does no harm: it counts tries of a message that is done.
                let _ = self.ctx.store.suspect_clear(message.id).await;
                Some(Settlement::Done)
            }
            Err(why) if tries >= TRIES => Some(dead(format!("gave up after {TRIES} tries: {why}"))),
            Err(why) => Some(Settlement::Retry(why)),
        }
    }

    /// The rows that rest in the spool until these messages are decided; with RabbitMQ there are none.
    fn spooled<'m>(&self, messages: impl Iterator<Item = &'m Received>) -> Vec<SpoolKey> {
        // By transport and queue: only arrivals rest there, and only where no broker holds them.
        if !self.ctx.transport.is_local() || self.queue != Queue::Arrivals {
            return Vec::new();
        }
        messages.map(|message| SpoolKey::of(message.id, &message.body)).collect()
    }

    /// Counts one more try of a message; returns how many there were.
    async fn note_try(&self, id: Uuid, why: &str) -> Option<i32> {
        let note =
            || async { self.ctx.store.suspect_note(id, self.queue.name(), why, self.ctx.clock.now()).await.into() };
        // Without a limit: an uncounted try could be repeated for ever by a message that ends the process.
        retry(BACKOFF, RetryLimit::None, self.stop.soft(), note).await.ok()
    }

    /// Decides these messages, holding them while the database is away and running again after a conflict. None when
    /// asked to stop meanwhile.
    async fn decide(&self, items: &[&Item], spooled: &[SpoolKey]) -> Option<Result<(), String>> {
        let decided =
            // A transaction that met another, or no database, says nothing about the messages: they are held and not
            // counted.
            retry(BACKOFF, RetryLimit::None, self.stop.soft(), async || match decide(self.ctx, items, spooled).await {
                Err(error) if passes(&error) => {
                    tracing::debug!(%error, "a batch is held and tried again");
                    Tried::Again(())
                }
                result => Tried::Done(result),
            });
        match decided.await.ok()? {
            Ok(report) => {
                self.finish(report).await;
                Some(Ok(()))
            }
            Err(error) => Some(Err(error.to_string())),
        }
    }

    /// Counts what was done and has it sent.
    async fn finish(&self, report: BatchReport) {
        metrics::counter!("ripen_arrivals_stored_total").increment(report.arrivals as u64);
        for (grade, count) in ["A", "B", "C"].into_iter().zip(report.decisions) {
            metrics::counter!("ripen_decisions_total", "grade" => grade).increment(count as u64);
        }
        // After the commit, which `decide` has done: the dispatcher finds the rows.
        offer_deliveries(self.ctx, &report.deliveries).await;
    }
}

/// Wakes the dispatcher. Should that fail, its sweeper finds the deliveries.
pub async fn offer_deliveries(ctx: &QualifierContext, deliveries: &[DueDelivery]) {
    if deliveries.is_empty() {
        return;
    }
    let published = ctx.transport.publish_all(Queue::Deliveries, deliveries.iter().map(offer).collect()).await;
    let offers = deliveries.iter().zip(published);
    let refused: Vec<_> = offers.filter(|(_, result)| result.is_err()).map(|(due, _)| due.delivery).collect();
    if refused.is_empty() {
        return;
    }
    tracing::info!(deliveries = refused.len(), "offers did not get through; the sweeper makes them again");
    // Marked as not offered: the sweeper would otherwise leave them alone until the offer of the batch runs out.
    let now = ctx.clock.now();
    if let Err(error) = ctx.store.deliveries_release(&refused, now, now).await {
        tracing::info!(%error, "and only when their time is up");
    }
}

fn done((message, _): Read) -> (Received, Settlement) {
    (message, Settlement::Done)
}

fn dead(why: String) -> Settlement {
    metrics::counter!("ripen_dead_letters_total").increment(1);
    Settlement::Dead(why)
}

/// The offer of a delivery to the dispatcher.
fn offer(due: &DueDelivery) -> Message {
    let offer = DeliverMessage::V1 { delivery: due.delivery, endpoint: Some(due.endpoint) };
    let body = serde_json::to_vec(&offer).unwrap_or_default();
    Message { id: due.delivery.uuid(), body: body.into() }
}

/// Whether nothing is wrong with the messages: the database is away, or another transaction was in the way.
fn passes(error: &DecideError) -> bool {
    let store = match error {
        DecideError::Store(store) | DecideError::Criteria(BrokenCriteria::Store(store)) => store,
        _ => return false,
    };
    // `Moved`: somebody changed a row between this batch's look and its write; the next run reads it again.
    store.is_unreachable() || store.is_conflict() || matches!(store, ripen_store::StoreError::Moved(_))
}
