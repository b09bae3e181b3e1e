//! Dead letters: after how many tries a message is one (which failures count says [`crate::batch_fault`]), and how they come
//! where people find them, from the queue `ripen.dead` into the table `dead_letter`.

use std::time::Duration;

use ripen_domain::{backoff::Backoff, id::SourceId};
use ripen_queue::{Queue, Received, Settlement};
use ripen_runtime::{
    lifecycle::Stop,
    random::uuid_v7,
    retry::{RetryLimit, Tried, retry},
};
use ripen_store::arrival::dead_letter::NewDeadLetter;

use crate::{context::QualifierContext, message::Item};

/// Tries alone before a message is a dead letter.
pub const TRIES_BEFORE_DEAD_LETTER: i32 = 5;

/// At most so many are kept by one commit.
const BATCH: usize = 64;
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(5) };

/// Keeps dead letters until asked to stop; those not kept yet go back to the queue.
pub async fn run(ctx: QualifierContext, stop: Stop) {
    // A bound on what is held while the database is away: dead letters can wait in their queue.
    let consumer = ctx.transport.consume(Queue::Dead, 64);
    loop {
        let received = tokio::select! {
            // A stop is looked at first: with a full queue the other branch would always be ready.
            biased;
            () = stop.soft().cancelled() => return,
            received = consumer.next_batch(BATCH) => received,
        };
        if received.is_empty() {
            return;
        }
        // With their ids, before the first try: a try whose answer was lost kept them already, and the next one must
        // not keep them twice.
        let letters: Vec<_> = received.iter().map(|message| letter(&ctx, message)).collect();
        let kept = retry(BACKOFF, RetryLimit::None, stop.soft(), || async {
            let kept = ctx.store.dead_letters_keep(&letters, ctx.clock.now()).await;
            Tried::from(kept.inspect_err(|error| tracing::warn!(%error, "dead letters cannot be kept and are held")))
        });
        // Nothing is settled: the broker gives them to whoever comes next.
        if kept.await.is_err() {
            return;
        }
        for letter in &letters {
            tracing::error!(queue = letter.queue, message.id = %letter.message, reason = letter.reason, "a message is a dead letter: see `ripen dead list`");
        }
        // After the commit: the other way round a crash would lose the only copy.
        consumer.settle(received.into_iter().map(|message| (message, Settlement::Done)).collect()).await;
    }
}

fn letter(ctx: &QualifierContext, message: &Received) -> NewDeadLetter {
    let arrival = match Item::arrival(&message.body) {
        Ok(Item::Arrival(arrival)) => Some(arrival),
        _ => None,
    };
    NewDeadLetter {
        id: uuid_v7(ctx.clock.now()),
        // Without the header that says where it came from it can only have been an arrival: those are the ones that
        // must not be lost.
        queue: message.origin.clone().unwrap_or_else(|| Queue::Arrivals.name().to_owned()),
        message: message.id,
        source: serde_json::from_slice(&message.body).ok().map(|SentBy { source }| source),
        body: message.body.to_vec(),
        content: arrival.as_ref().map(|arrival| arrival.content),
        received_at: arrival.as_ref().map(|arrival| arrival.received_at),
        reason: message.reason.clone().unwrap_or_else(|| "RabbitMQ gave it up".to_owned()),
    }
}

/// Of an arrival that could not be handled, as much as its sender's questions about it need.
#[derive(serde::Deserialize)]
struct SentBy {
    source: SourceId,
}
