//! Reading the past for a back-test. It streams: memory stays the same however long the past is.

use std::{fmt, sync::Arc};

use ripen_domain::criteria::{Backtest, BacktestReport};
use ripen_store::{
    Scope, Store, StoreError,
    decision::{
        history::{PastReader, Period},
        past::{LeadPast, PackedPast},
    },
};
use tokio::task::JoinSet;

use crate::Refusal;

/// Leads read at once.
const BATCH: i64 = 4_000;

/// Is told how far a back-test is.
pub trait BacktestProgress: Send + Sync {
    /// So many decisions will be made again.
    fn begin(&self, decisions: u64);

    /// So many more were.
    fn add(&self, decisions: u64);

    /// All were.
    fn end(&self);
}

/// How the past is read.
#[derive(Clone)]
pub struct HistoryOptions {
    /// Readers at once, each over a connection and with a thread.
    pub readers: usize,
    /// Who is told how far it is.
    pub progress: Arc<dyn BacktestProgress>,
}

impl fmt::Debug for HistoryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("readers", &self.readers).finish_non_exhaustive()
    }
}

/// Takes the past through `step`, by several readers at once.
pub(super) async fn through<F>(
    store: &Store,
    scope: Scope,
    period: &Period,
    reading: &HistoryOptions,
    step: F,
) -> Result<BacktestReport, Refusal>
where
    F: Fn(&mut Backtest, &LeadPast) + Clone + Send + 'static,
{
    // Counted first, so that progress has an end; the number may be a little off by the time it is read.
    reading.progress.begin(u64::try_from(store.history_count(scope, period).await?).unwrap_or(0));
    let mut parts = JoinSet::new();
    // Each reader has a connection and a window of its own; what they find is put together.
    for reader in store.history(scope, period, reading.readers).await? {
        parts.spawn(part(reader, Arc::clone(&reading.progress), step.clone()));
    }
    let mut found = Backtest::default();
    while let Some(part) = parts.join_next().await {
        found.add(part.map_err(|_| broken_off())??);
    }
    reading.progress.end();
    Ok(found.report(&store.client_capacities(scope).await?))
}

/// What one reader is given: while one window is decided, the next is read.
async fn part<F>(mut reader: PastReader, progress: Arc<dyn BacktestProgress>, step: F) -> Result<Backtest, StoreError>
where
    F: Fn(&mut Backtest, &LeadPast) + Clone + Send + 'static,
{
    let mut found = Backtest::default();
    let mut next = reader.next_past(BATCH).await?;
    // One window is decided while the next is read: neither the database nor the processor waits for the other.
    while let Some(pasts) = next {
        let count: usize = pasts.iter().map(PackedPast::decisions).sum();
        let step = step.clone();
        // On a thread that may block: decompressing receipts and deciding is computing.
        let deciding = tokio::task::spawn_blocking(move || {
            for past in pasts {
                step(&mut found, &past.open()?);
            }
            Ok::<_, StoreError>(found)
        });
        let (read, decided) = tokio::join!(reader.next_past(BATCH), deciding);
        // Put together in the task that reads, so that no lock is held while deciding.
        found = decided.map_err(|_| broken_off())??;
        progress.add(count as u64);
        next = read?;
    }
    Ok(found)
}

fn broken_off() -> StoreError {
    // A panic or a stop: what was found so far says nothing about the whole.
    StoreError::Failed("a back-test broke off".to_owned())
}
