//! Who is sending: sources by their key or token, remembered so that intake serves on while the database is away.
//!
//! A source that was seen is asked about again after its time is up, by one request for all, and at once after a change of any
//! source; where the database does not answer, what was known goes on being true. Unknown keys are remembered shortly and in bounded number, so that
//! nobody can fill the memory or flood the database with made-up ones.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use ripen_runtime::lifecycle::Stop;
use ripen_store::{
    Store, StoreError,
    source::{changes::SourceChanges, source_record::SourceRecord},
};
use tokio::{sync::Semaphore, time::Instant};

/// How long an unknown key is answered without asking again.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);
/// How many unknown keys are remembered.
const UNKNOWN_MOST: usize = 4096;
/// How many questions about unknown keys the database gets at once.
const QUESTIONS: usize = 8;
/// How long the database has to answer one, the wait for its turn included: whoever asks hears within two seconds that it
/// does not.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(1500);
/// How long the request that renews a known source waits for it; then it is served from what is known.
const RENEWED_WITHIN: Duration = Duration::from_millis(250);
/// How many questions about known sources it gets at once after a change.
const RENEWALS: usize = 8;
/// The pause before the database is asked for another connection over which changes are heard.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long a known source is served without asking after the database did not answer.
const AWAY_FOR: Duration = Duration::from_secs(2);

/// What a sender shows, hashed. A key is no token: each opens its own way in only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handle {
    /// SHA-256 of a source key.
    Key([u8; 32]),
    /// SHA-256 of a source token.
    Token([u8; 32]),
}

/// Asks the database.
type Ask = Box<dyn Fn(Handle) -> BoxFuture<'static, Result<Option<SourceRecord>, StoreError>> + Send + Sync>;

struct CachedSource {
    record: Arc<SourceRecord>,
    until: Instant,
    /// How many changes of sources this process knew of when it was asked about.
    changes: u64,
    renewing: AtomicBool,
}

/// What the database answered, and how many changes of sources this process knew of when it asked.
struct SourceAnswer {
    answer: Result<Option<SourceRecord>, StoreError>,
    changes: u64,
}

/// A known source that is asked about. However that ends, and be it in a panic, the next request may ask again.
struct Renewing(Arc<CachedSource>);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.renewing.store(false, Ordering::Relaxed);
    }
}

/// The sources that were seen.
#[derive(Clone)]
pub struct Sources(Arc<SourceCache>);

struct SourceCache {
    ask: Ask,
    known_for: Duration,
    known: RwLock<HashMap<Handle, Arc<CachedSource>>>,
    unknown: Mutex<HashMap<Handle, Instant>>,
    questions: Semaphore,
    changes: SourceChanges,
    renewals: Semaphore,
}

impl Sources {
    /// None seen yet. A known source is served for `known_for` without asking again, where none changes.
    pub fn new<F>(
        known_for: Duration,
        changes: SourceChanges,
        ask: impl Fn(Handle) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Option<SourceRecord>, StoreError>> + Send + 'static,
    {
        Self(Arc::new(SourceCache {
            ask: Box::new(move |handle| Box::pin(ask(handle))),
            known_for,
            // A lock that many may read at once: every request looks here.
            known: RwLock::default(),
            unknown: Mutex::default(),
            questions: Semaphore::new(QUESTIONS),
            changes,
            renewals: Semaphore::new(RENEWALS),
        }))
    }

    /// The source that a handle opens, if any.
    ///
    /// # Errors
    /// When it was not seen before and the database does not answer.
    pub async fn find(&self, handle: Handle) -> Result<Option<Arc<SourceRecord>>, StoreError> {
        match self.0.known(handle) {
            // What is known may have been paused since, or resumed: nobody is served from it.
            Some(known) if self.0.is_outdated(&known) => Ok(self.renew(handle, known).await),
            // One request renews for all: the others are served from what is known.
            Some(known) if Instant::now() < known.until || known.renewing.swap(true, Ordering::Relaxed) => {
                Ok(Some(Arc::clone(&known.record)))
            }
            Some(known) => Ok(self.renew(handle, known).await),
            // The wait for a turn too: with the database away, each of those before takes its whole time.
            None => tokio::time::timeout(ANSWER_WITHIN, self.0.ask_about_unknown(handle))
                .await
                .unwrap_or_else(|_| Err(no_answer())),
        }
    }

    /// Whether this handle opened a source when it was last asked about.
    pub fn is_known(&self, handle: Handle) -> bool {
        self.0.known(handle).is_some()
    }

    /// Asks again about a known source; where the answer takes too long, it comes in for later requests.
    async fn renew(&self, handle: Handle, known: Arc<CachedSource>) -> Option<Arc<SourceRecord>> {
        let inner = Arc::clone(&self.0);
        let before = Arc::clone(&known.record);
        // A task of its own: a client that goes away must not leave the source marked as being renewed for ever.
        let (renewing, of) = (Renewing(Arc::clone(&known)), Arc::clone(&known));
        let renewal = tokio::spawn(async move {
            let _renewing = renewing;
            // After a change all that come ask: few at once, and the others hear what those were told. Never closed, so the
            // permit always comes.
            let _permit = inner.renewals.acquire().await.ok();
            if let Some(current) = inner.known(handle).filter(|now| inner.is_newer(now, &of)) {
                return Some(Arc::clone(&current.record));
            }
            // Counted before the question: what is changed while it is under way may not be in the answer.
            let changes = inner.changes.count();
            let answer = inner.ask(handle).await;
            if let Err(error) = &answer {
                tracing::debug!(error = %error, source.id = %before.id, "a known source is served on without the database");
            }
            inner.note(handle, SourceAnswer { answer, changes }, Some(before))
        });
        match tokio::time::timeout(RENEWED_WITHIN, renewal).await {
            Ok(Ok(found)) => found,
            // The answer still comes in, for later requests; this one does not wait for a slow database.
            Ok(Err(_)) | Err(_) => Some(Arc::clone(&known.record)),
        }
    }
}

impl SourceCache {
    fn known(&self, handle: Handle) -> Option<Arc<CachedSource>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&handle).map(Arc::clone)
    }

    async fn ask(&self, handle: Handle) -> Result<Option<SourceRecord>, StoreError> {
        // Bounded here as well: the pool may have connections and the database no answer.
        tokio::time::timeout(ANSWER_WITHIN, (self.ask)(handle)).await.unwrap_or_else(|_| Err(no_answer()))
    }

    async fn ask_about_unknown(&self, handle: Handle) -> Result<Option<Arc<SourceRecord>>, StoreError> {
        if self.is_unknown(handle) {
            return Ok(None);
        }
        // A flood of made-up keys waits here and not in the database. Never closed, so the permit always comes.
        let _permit = self.questions.acquire().await.ok();
        // Others may have asked the same while this one waited.
        if let Some(known) = self.known(handle) {
            return Ok(Some(Arc::clone(&known.record)));
        }
        if self.is_unknown(handle) {
            return Ok(None);
        }
        let changes = self.changes.count();
        let found = self.ask(handle).await?;
        Ok(self.note(handle, SourceAnswer { answer: Ok(found), changes }, None))
    }

    /// Whether a source may have changed since this was asked.
    fn is_outdated(&self, known: &CachedSource) -> bool {
        known.changes != self.changes.count()
    }

    /// Whether this was asked after another, and no source changed since.
    fn is_newer(&self, known: &Arc<CachedSource>, than: &Arc<CachedSource>) -> bool {
        !Arc::ptr_eq(known, than) && !self.is_outdated(known)
    }

    fn is_unknown(&self, handle: Handle) -> bool {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.get(&handle).is_some_and(|until| Instant::now() < *until)
    }

    /// Notes the database's answer; where it gave none, what was known `before` stays true for a while.
    fn note(
        &self,
        handle: Handle,
        SourceAnswer { answer, changes }: SourceAnswer,
        before: Option<Arc<SourceRecord>>,
    ) -> Option<Arc<SourceRecord>> {
        let now = Instant::now();
        let (record, until) = match answer {
            Ok(found) => (found.map(Arc::new), now + self.known_for),
            // For a while only: the next question is asked soon, but not by every request of the outage.
            Err(_) => (before, now + AWAY_FOR),
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match &record {
            Some(record) => {
                let entry =
                    CachedSource { record: Arc::clone(record), until, changes, renewing: AtomicBool::new(false) };
                // A fresh entry: it is not marked as being renewed.
                known.insert(handle, Arc::new(entry));
            }
            None => {
                known.remove(&handle);
                // One lock at a time: the two are never held together, in whatever order.
                drop(known);
                self.note_unknown(handle, now);
            }
        }
        record
    }

    fn note_unknown(&self, handle: Handle, now: Instant) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() >= UNKNOWN_MOST {
            // Those whose time is up go first; most of the time that is enough.
            unknown.retain(|_, until| now < *until);
        }
        if unknown.len() >= UNKNOWN_MOST {
            // What is forgotten costs a question again; what grows without a bound costs the process.
            unknown.clear();
        }
        unknown.insert(handle, now + UNKNOWN_FOR);
    }
}

/// Hears of changes that other processes make, until the soft stop. While the database is away, what is known goes on being true.
pub async fn hear_changes(store: &Store, stop: &Stop) {
    let hear = async {
        loop {
            let error = match store.source_listener().await {
                Ok(listener) => listener.note_changes().await,
                Err(error) => error,
            };
            tracing::debug!(%error, "changes of sources are not heard for a moment");
            tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
        }
    };
    tokio::select! {
        () = stop.soft().cancelled() => {}
        () = hear => {}
    }
}

fn no_answer() -> StoreError {
    StoreError::Unreachable("no answer in time".to_owned())
}

#[cfg(test)]
mod tests;
