//! Shared work: concurrent callers hand in single items, one writer takes all that wait as one batch.
//!
//! It never lingers: a batch is what came in while the one before was written, so one caller alone waits for nobody.
//! Used where each item would otherwise cost a commit of its own. It does not retry: a failed batch fails each of its
//! callers, who know what to do.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The bounds of a [`BatchWriter`].
#[derive(Debug, Clone, Copy)]
pub struct BatchOptions {
    /// The most items of one batch.
    pub max_batch: usize,
    /// How many items may wait; further callers wait for a place.
    pub capacity: usize,
    /// How many batches may be under way at once.
    pub in_flight: usize,
    /// How long a caller waits for a place.
    pub wait: Duration,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { max_batch: 256, capacity: 1024, in_flight: 1, wait: Duration::from_secs(5) }
    }
}

/// Why an item was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError<E> {
    /// The batch failed, for all its items.
    #[error("the batch failed")]
    Failed(#[source] E),
    /// Nothing was written: there was no place for the item in time.
    #[error("too many items wait")]
    Full,
    /// Nothing was written: the writer has ended.
    #[error("the writer has ended")]
    Closed,
    /// The writer panicked or broke its contract; whether the item was written is not known.
    #[error("the writer broke off; whether the item was written is not known")]
    Lost,
}

struct PendingItem<T, R, E> {
    item: T,
    answer: oneshot::Sender<Result<R, BatchError<E>>>,
}

/// Writes items of type `T` in batches; each gets its `R`. Clones feed the same writer.
#[derive(Debug)]
pub struct BatchWriter<T, R, E> {
    entries: mpsc::Sender<PendingItem<T, R, E>>,
    done: CancellationToken,
    wait: Duration,
}

impl<T, R, E> Clone for BatchWriter<T, R, E> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), done: self.done.clone(), wait: self.wait }
    }
}

impl<T, R, E> BatchWriter<T, R, E>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Clone + Send + 'static,
{
    /// Starts the writer on the current runtime. `write` gets a batch in the order the items came and returns one
    /// result for each, in the same order.
    ///
    /// The writer ends, after all that waits is written, when the last clone is dropped.
    #[must_use]
    pub fn start<F, W>(options: BatchOptions, write: F) -> Self
    where
        F: Fn(Vec<T>) -> W + Send + Sync + 'static,
        W: Future<Output = Result<Vec<R>, E>> + Send + 'static,
    {
        // At least one place: a channel without any cannot be made.
        let (entries, waiting) = mpsc::channel(options.capacity.max(1));
        let done = CancellationToken::new();
        tokio::spawn(take_batches(options, waiting, Arc::new(write), done.clone().drop_guard()));
        Self { entries, done, wait: options.wait }
    }

    /// Hands one item in and waits for its result.
    ///
    /// # Errors
    /// See [`BatchError`]; only [`BatchError::Lost`] leaves open whether the item was written.
    pub async fn write(&self, item: T) -> Result<R, BatchError<E>> {
        let (answer, result) = oneshot::channel();
        // The wait is bounded: with the writer behind, a caller is told so while it can still do something else.
        match self.entries.send_timeout(PendingItem { item, answer }, self.wait).await {
            // The writer dropped the answer without one: it panicked, perhaps after the write.
            Ok(()) => result.await.unwrap_or(Err(BatchError::Lost)),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(BatchError::Full),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(BatchError::Closed),
        }
    }

    /// Gives this handle up and waits until everything handed in is written; other clones hold that up.
    pub async fn close(self) {
        let Self { entries, done, .. } = self;
        // Dropped first: the writer ends when no sender is left.
        drop(entries);
        done.cancelled().await;
    }
}

async fn take_batches<T, R, E, F, W>(
    options: BatchOptions,
    mut waiting: mpsc::Receiver<PendingItem<T, R, E>>,
    write: Arc<F>,
    done: DropGuard,
) where
    T: Send + 'static,
    R: Send + 'static,
    E: Clone + Send + 'static,
    F: Fn(Vec<T>) -> W + Send + Sync + 'static,
    W: Future<Output = Result<Vec<R>, E>> + Send + 'static,
{
    // One at least, or nothing would ever be written.
    let places = u32::try_from(options.in_flight.max(1)).unwrap_or(u32::MAX);
    let permits = Arc::new(Semaphore::new(places as usize));
    // The permit comes before the items: while all writers are busy, what comes in gathers into the next batch.
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        let mut batch = Vec::new();
        // Never more than a batch: a statement's size is bounded, and so is what one failure takes along.
        if waiting.recv_many(&mut batch, options.max_batch.max(1)).await == 0 {
            break;
        }
        let write = Arc::clone(&write);
        // A task of its own, so that a panic costs this batch and not the writer.
        tokio::spawn(async move {
            write_batch(batch, &*write).await;
            drop(permit);
        });
    }
    // All permits together are free once every batch under way has ended.
    let _all = permits.acquire_many(places).await;
    drop(done);
}

async fn write_batch<T, R, E, W>(batch: Vec<PendingItem<T, R, E>>, write: &(impl Fn(Vec<T>) -> W + Sync))
where
    E: Clone,
    W: Future<Output = Result<Vec<R>, E>>,
{
    let (items, answers): (Vec<T>, Vec<_>) = batch.into_iter().map(|entry| (entry.item, entry.answer)).unzip();
    // A caller who has gone away does not mind that nobody hears the answer.
    match write(items).await {
        Ok(results) if results.len() == answers.len() => {
            for (answer, result) in answers.into_iter().zip(results) {
                let _gone = answer.send(Ok(result));
            }
        }
        Ok(results) => {
            // Nobody's answer can be told apart, so all of them hear that it is not known.
            let (given, items) = (results.len(), answers.len());
            tracing::error!(given, items, "a batch came back with another number of results than items");
        }
        Err(error) => {
            for answer in answers {
                let _gone = answer.send(Err(BatchError::Failed(error.clone())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    type Doubling = BatchWriter<u32, u32, String>;

    /// A writer that doubles its items, notes the size of each batch, and takes one only when let.
    fn doubling(options: BatchOptions) -> (Doubling, Arc<Semaphore>, Arc<Mutex<Vec<usize>>>) {
        let (gate, sizes) = (Arc::new(Semaphore::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (held, noted) = (Arc::clone(&gate), Arc::clone(&sizes));
        let writer = BatchWriter::start(options, move |items: Vec<u32>| {
            let (held, noted) = (Arc::clone(&held), Arc::clone(&noted));
            async move {
                noted.lock().unwrap().push(items.len());
                held.acquire().await.unwrap().forget();
                match items.contains(&0) {
                    true => Err("a zero".to_owned()),
                    false => Ok(items.into_iter().map(|item| item * 2).collect()),
                }
            }
        });
        (writer, gate, sizes)
    }

    async fn wait_until(mut holds: impl FnMut() -> bool) {
        let limit = tokio::time::timeout(Duration::from_secs(120), async {
            while !holds() {
                tokio::task::yield_now().await;
            }
        });
        limit.await.expect("the condition never held");
    }

    #[tokio::test]
    async fn callers_who_come_during_a_write_share_the_next_one() {
        let (writer, gate, sizes) = doubling(BatchOptions { max_batch: 8, ..BatchOptions::default() });
        let write = |item| {
            tokio::spawn({
                let writer = writer.clone();
                async move { writer.write(item).await }
            })
        };
        let first = write(1);
        wait_until(|| sizes.lock().unwrap().len() == 1).await;
        let others: Vec<_> = (2..=11).map(write).collect();
        wait_until(|| writer.entries.capacity() == 1024 - 10).await;
        gate.add_permits(3);
        assert_eq!(first.await.unwrap(), Ok(2));
        for (item, other) in (2..=11).zip(others) {
            assert_eq!(other.await.unwrap(), Ok(item * 2));
        }
        assert_eq!(*sizes.lock().unwrap(), [1, 8, 2]);
    }

    #[tokio::test]
    async fn a_failed_batch_fails_each_of_its_callers_and_no_other() {
        let (writer, gate, sizes) = doubling(BatchOptions::default());
        gate.add_permits(100);
        let all = tokio::join!(writer.write(0), writer.write(5));
        assert_eq!(sizes.lock().unwrap().as_slice(), [2]);
        let failed = Err(BatchError::Failed("a zero".to_owned()));
        assert_eq!(all, (failed.clone(), failed));
        assert_eq!(writer.write(6).await, Ok(12));
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_waits_for_a_place_no_longer_than_said() {
        let options = BatchOptions { capacity: 1, wait: Duration::from_secs(1), ..BatchOptions::default() };
        let (writer, gate, sizes) = doubling(options);
        let write = |item| {
            tokio::spawn({
                let writer = writer.clone();
                async move { writer.write(item).await }
            })
        };
        let under_way = write(1);
        wait_until(|| sizes.lock().unwrap().len() == 1).await;
        let waiting = write(2);
        wait_until(|| writer.entries.capacity() == 0).await;
        assert_eq!(writer.write(3).await, Err(BatchError::Full));
        gate.add_permits(2);
        assert_eq!((under_way.await.unwrap(), waiting.await.unwrap()), (Ok(2), Ok(4)));
    }

    #[tokio::test]
    async fn closing_finishes_what_is_queued() {
        let (writer, gate, _) = doubling(BatchOptions { max_batch: 1, in_flight: 2, ..BatchOptions::default() });
        let queued: Vec<_> = (1..=5)
            .map(|item| {
                tokio::spawn({
                    let writer = writer.clone();
                    async move { writer.write(item).await }
                })
            })
            .collect();
        wait_until(|| gate.available_permits() == 0 && writer.entries.capacity() < 1024).await;
        gate.add_permits(5);
        writer.close().await;
        for (item, answer) in (1..=5).zip(queued) {
            assert_eq!(answer.await.unwrap(), Ok(item * 2));
        }
    }

    #[tokio::test]
    async fn a_panic_or_a_missing_result_costs_its_batch_only() {
        let calls = Arc::new(AtomicUsize::new(0));
        let writer: BatchWriter<u32, u32, String> = BatchWriter::start(BatchOptions::default(), move |items| {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(call != 0, "the first batch");
                Ok(if call == 1 { Vec::new() } else { items })
            }
        });
        assert_eq!(writer.write(1).await, Err(BatchError::Lost));
        assert_eq!(writer.write(2).await, Err(BatchError::Lost));
        assert_eq!(writer.write(3).await, Ok(3));
    }

    #[tokio::test]
    async fn several_batches_are_under_way_where_that_is_wanted() {
        let (writer, gate, sizes) = doubling(BatchOptions { max_batch: 1, in_flight: 3, ..BatchOptions::default() });
        let write = |item| {
            tokio::spawn({
                let writer = writer.clone();
                async move { writer.write(item).await }
            })
        };
        let all: Vec<_> = (1..=5).map(write).collect();
        wait_until(|| writer.entries.capacity() == 1024 - 2).await;
        assert_eq!(sizes.lock().unwrap().len(), 3);
        gate.add_permits(5);
        for answer in all {
            assert!(answer.await.unwrap().is_ok());
        }
    }
}
