//! Making an arrival durable before its sender hears that it was received: confirmed by RabbitMQ, or a committed row of
//! `spool`. Being in both places is harmless: the qualifier counts an id once.
//!
//! What has begun goes on whatever the sender does: between the commit and the offer a request that ended would leave its lead
//! where nobody looks until the offer's time is up.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use ripen_domain::backoff::Backoff;
use ripen_queue::{Message, Queue, Transport};
use ripen_runtime::{
    batch::{BatchOptions, BatchWriter},
    config::Settings,
    lifecycle::Stop,
    retry::{GaveUp, RetryLimit, retry},
};
use ripen_store::{
    Store, StoreError,
    arrival::spool::{SpoolKey, SpoolRow},
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How long the release of what the queue did not take is tried.
const RELEASED_WITHIN: Duration = Duration::from_secs(5);
const RELEASE_BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(1) };

/// Nothing durable has confirmed the arrival in time: it may not have been received, and it may be kept yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither RabbitMQ nor the database takes arrivals in time")]
pub struct NotDurable;

/// Makes arrivals durable. Concurrent requests share commits and confirms.
pub struct DurableWriter {
    transport: Transport,
    store: Store,
    spool: BatchWriter<SpoolRow, (), StoreError>,
    offer: SignedDuration,
    /// How long a request waits for its arrivals to be kept, the wait for a place included.
    within: Duration,
    /// The requests whose arrivals are being kept, those included whose senders have left.
    under_way: TaskTracker,
    /// As many as there are connections: senders who leave make room for others, and what they left must not pile up.
    places: Arc<Semaphore>,
}

impl DurableWriter {
    /// Starts the writer of spool rows on the current runtime.
    pub fn start(transport: Transport, store: Store, settings: &Settings) -> Arc<Self> {
        let options = BatchOptions {
            max_batch: settings.intake.spool_batch,
            capacity: settings.limits.spool_queue,
            // The next batch is on its way while the first is committed; more at once would only share the same disk.
            in_flight: 2,
            ..BatchOptions::default()
        };
        let rows = store.clone();
        let spool = BatchWriter::start(options, move |batch: Vec<SpoolRow>| {
            let store = rows.clone();
            async move {
                // `on conflict do nothing`: a row that was there already is as durable as a new one, so each item has
                // its answer.
                let written = vec![(); batch.len()];
                store.spool_insert(batch).await.map(|()| written)
            }
        });
        let offer = SignedDuration::from_secs(i64::try_from(settings.qualifier.offer_s).unwrap_or(i64::MAX));
        let within = Duration::from_secs(settings.limits.durable_timeout_s);
        let places = Arc::new(Semaphore::new(settings.limits.connections));
        Arc::new(Self { transport, store, spool, offer, within, under_way: TaskTracker::new(), places })
    }

    /// Makes one arrival durable, also if the caller is dropped meanwhile.
    ///
    /// # Errors
    /// When neither place takes it in time; it may be durable later, and the sender's next try is the same arrival.
    pub async fn write(self: &Arc<Self>, id: Uuid, body: Bytes, received_at: Timestamp) -> Result<(), NotDurable> {
        let own = Arc::clone(self);
        self.to_its_end(async move { own.keep(id, body, received_at).await }).await
    }

    /// Makes all arrivals of one request durable, also if the caller is dropped meanwhile. When it fails, some may be durable
    /// nevertheless; the sender's next try makes them the same arrivals.
    ///
    /// # Errors
    /// When one of them is in neither place in time.
    pub async fn write_all(
        self: &Arc<Self>,
        arrivals: Vec<(Uuid, Bytes)>,
        received_at: Timestamp,
    ) -> Result<(), NotDurable> {
        let own = Arc::clone(self);
        self.to_its_end(async move { own.keep_all(arrivals, received_at).await }).await
    }

    /// Waits until everything that has begun is durable and offered, or refused.
    pub async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }

    /// Runs as a task of its own: the request is dropped with its connection, and this is not. Nor is it when the request's time is
    /// up: a database that hangs would leave its sender without an answer, and what it has begun it may still commit.
    async fn to_its_end(
        &self,
        keeping: impl Future<Output = Result<(), NotDurable>> + Send + 'static,
    ) -> Result<(), NotDurable> {
        let deadline = Instant::now() + self.within;
        let place = timeout_at(deadline, Arc::clone(&self.places).acquire_owned()).await;
        // Never closed, so that only time can run out.
        let Ok(Ok(place)) = place else {
            tracing::warn!("an arrival could not be kept: too many are being kept already");
            return Err(NotDurable);
        };
        let task = self.under_way.spawn(async move {
            let kept = keeping.await;
            drop(place);
            kept
        });
        match timeout_at(deadline, task).await {
            // A panic was logged where it happened; whether the arrival is kept is not known.
            Ok(kept) => kept.unwrap_or(Err(NotDurable)),
            Err(_) => {
                tracing::warn!(seconds = self.within.as_secs(), "an arrival was not kept in time; it may be kept yet");
                Err(NotDurable)
            }
        }
    }

    async fn keep(&self, id: Uuid, body: Bytes, received_at: Timestamp) -> Result<(), NotDurable> {
        if !self.transport.keeps(Queue::Arrivals) {
            // Spooled, then offered: an offer alone would end with the process.
            let offered = self.offered_until(body.len(), received_at);
            self.spool(row(id, &body, received_at, offered)).await?;
            if offered > received_at {
                self.offer(Message { id, body }, received_at).await;
            }
            return Ok(());
        }
        // A reference to the same bytes: they may still be needed for the spool.
        match self.transport.publish(Queue::Arrivals, Message { id, body: body.clone() }).await {
            Ok(()) => {
                counter!("ripen_intake_kept_total", "place" => "queue").increment(1);
                Ok(())
            }
            // RabbitMQ may have it nevertheless: an arrival in both places counts once.
            Err(error) => {
                tracing::debug!(arrival.id = %id, error = %error, "RabbitMQ did not take an arrival; the database keeps it");
                // Due at once: where RabbitMQ has it too, the qualifier finds the id already seen.
                self.spool(row(id, &body, received_at, received_at)).await
            }
        }
    }

    async fn keep_all(&self, arrivals: Vec<(Uuid, Bytes)>, received_at: Timestamp) -> Result<(), NotDurable> {
        if !self.transport.keeps(Queue::Arrivals) {
            let bytes = arrivals.iter().map(|(_, body)| body.len()).sum();
            let offered = self.offered_until(bytes, received_at);
            self.spool_together(arrivals.iter().map(|(id, body)| row(*id, body, received_at, offered)).collect())
                .await?;
            if offered > received_at {
                for (id, body) in arrivals {
                    self.offer(Message { id, body }, received_at).await;
                }
            }
            return Ok(());
        }
        let messages = arrivals.iter().map(|(id, body)| Message { id: *id, body: body.clone() }).collect();
        let results = self.transport.publish_all(Queue::Arrivals, messages).await;
        let count = arrivals.len();
        // Only those that were refused: the others are confirmed.
        let pairs = arrivals.into_iter().zip(results).filter(|(_, result)| result.is_err());
        let refused: Vec<_> = pairs.map(|((id, body), _)| row(id, &body, received_at, received_at)).collect();
        counter!("ripen_intake_kept_total", "place" => "queue").increment((count - refused.len()) as u64);
        if refused.is_empty() { Ok(()) } else { self.spool_together(refused).await }
    }

    /// Hands a row to the writer that many requests share.
    async fn spool(&self, row: SpoolRow) -> Result<(), NotDurable> {
        self.spool.write(row).await.map_err(|error| not_durable(&error))?;
        counter!("ripen_intake_kept_total", "place" => "spool").increment(1);
        Ok(())
    }

    async fn spool_together(&self, rows: Vec<SpoolRow>) -> Result<(), NotDurable> {
        let count = rows.len() as u64;
        // Not through the shared writer: a request's rows are a batch already, and half of them must not wait for
        // others.
        self.store.spool_insert(rows).await.map_err(|error| not_durable(&error))?;
        counter!("ripen_intake_kept_total", "place" => "spool").increment(count);
        Ok(())
    }

    /// Until when nobody else offers what is offered here at once. What the queue has no room for is the sweeper's from the
    /// beginning: it offers it as soon as there is some.
    fn offered_until(&self, bytes: usize, received_at: Timestamp) -> Timestamp {
        let has_room = self.transport.room(Queue::Arrivals) > 0 && self.transport.room_bytes(Queue::Arrivals) >= bytes;
        if has_room { received_at + self.offer } else { received_at }
    }

    /// Saves the sweeper's tick. Where the queue filled up meanwhile, the sweeper offers the row when there is room.
    async fn offer(&self, message: Message, received_at: Timestamp) {
        let key = SpoolKey::of(message.id, &message.body);
        let Err(error) = self.transport.publish(Queue::Arrivals, message).await else { return };
        counter!("ripen_intake_offers_left_total").increment(1);
        tracing::debug!(error = %error, "an arrival waits for the sweeper");
        let store = self.store.clone();
        // Beside the answer, which is true already. Tried more than once: a row that stays claimed is offered to nobody until its
        // offer has run out.
        self.under_way.spawn(async move {
            let (never, limit) = (Stop::default(), RetryLimit::Until(Instant::now() + RELEASED_WITHIN));
            let released = retry(RELEASE_BACKOFF, limit, never.soft(), || async {
                store.spool_release(&[key], received_at).await.into()
            });
            if let Err(GaveUp::Limit(error)) = released.await {
                tracing::debug!(%error, "and for its offer to run out");
            }
        });
    }
}

fn row(id: Uuid, body: &Bytes, received_at: Timestamp, offered_until: Timestamp) -> SpoolRow {
    SpoolRow { id, body: body.to_vec(), received_at, offered_until }
}

fn not_durable(error: &dyn std::error::Error) -> NotDurable {
    // The cause and never the row: it is a lead.
    let cause = error.source().map(tracing::field::display);
    tracing::warn!(error = %error, cause, "an arrival could not be kept");
    NotDurable
}
