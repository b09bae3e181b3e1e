//! Messages that were tried alone: their notes are counted in the database, and cleared when they pass.
//!
//! A message that passes costs no statement for a note that it never had: what is noted is remembered here, with what
//! processes before this one noted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ripen_queue::Received;
use ripen_store::{Store, StoreError};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The most notes of earlier processes that are remembered. Those beyond are of no harm: each counts tries of one message.
const MOST: i64 = 10_000;

/// What was noted. One for all workers of a process.
#[derive(Debug)]
pub struct Suspects {
    store: Store,
    noted: Mutex<BTreeSet<Uuid>>,
    /// Tries to be taken back that the database did not hear of, and how many of each message.
    owed: Mutex<BTreeMap<Uuid, u32>>,
    earlier: OnceCell<()>,
}

impl Suspects {
    /// None known yet.
    pub fn new(store: Store) -> Self {
        Self { store, noted: Mutex::default(), owed: Mutex::default(), earlier: OnceCell::new() }
    }

    /// This message is tried alone.
    pub fn note(&self, message: Uuid) {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(message);
    }

    /// Takes a try back that proved nothing. Where the database does not hear of it, it is told before the next try is noted: by
    /// tries that a database that comes and goes failed, no message is to be given up.
    pub async fn uncount(&self, message: Uuid) {
        *self.owed().entry(message).or_default() += 1;
        self.settle().await;
    }

    /// Takes back what is owed to these messages' counts, as far as the database hears of it.
    pub async fn settle(&self) {
        // Not under the lock: another worker may settle meanwhile, each its share.
        while let Some((message, tries)) = self.take_owed() {
            for left in (0..tries).rev() {
                if let Err(error) = self.store.suspect_uncount(message).await {
                    tracing::debug!(%error, message.id = %message, "a try that proved nothing is taken back later");
                    *self.owed().entry(message).or_default() += left + 1;
                    return;
                }
            }
        }
    }

    /// So many of the noted tries of a message count: those that are still to be taken back do not.
    pub fn counting(&self, message: Uuid, noted: i32) -> i32 {
        let owed = self.owed().get(&message).copied().unwrap_or_default();
        noted.saturating_sub(i32::try_from(owed).unwrap_or(i32::MAX))
    }

    fn take_owed(&self) -> Option<(Uuid, u32)> {
        self.owed().pop_first()
    }

    fn owed(&self) -> MutexGuard<'_, BTreeMap<Uuid, u32>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears the notes of messages that passed. One that stays behind counts tries of a message that is done.
    pub async fn passed(&self, messages: &[&Received]) {
        let loaded = self.earlier.get_or_try_init(|| self.load()).await;
        if let Err(error) = loaded {
            tracing::debug!(%error, "what was noted before cannot be read");
        }
        // Of a message that came back another process may have made a note.
        let is_suspect = |message: &&&Received| message.delivery_count > 0 || self.is_noted(message.id);
        let cleared: Vec<_> = messages.iter().filter(is_suspect).map(|message| message.id).collect();
        // With its note goes what is owed to its count.
        self.owed().retain(|message, _| !cleared.contains(message));
        if !cleared.is_empty() && self.store.suspects_clear(&cleared).await.is_ok() {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.retain(|message| !cleared.contains(message));
        }
    }

    async fn load(&self) -> Result<(), StoreError> {
        let earlier = self.store.suspects(MOST).await?;
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).extend(earlier);
        Ok(())
    }

    fn is_noted(&self, message: Uuid) -> bool {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).contains(&message)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ripen_store::StoreOptions;

    use super::*;

    #[tokio::test]
    async fn a_try_that_the_database_does_not_take_back_does_not_count() {
        // Nobody listens there.
        let options = StoreOptions::new("postgres://nobody@127.0.0.1:1/none", 1);
        let suspects = Suspects::new(
            Store::open(&StoreOptions { acquire_timeout: Duration::from_millis(20), ..options }).unwrap(),
        );
        let (message, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        suspects.uncount(message).await;
        suspects.uncount(message).await;
        assert_eq!((suspects.counting(message, 6), suspects.counting(other, 6)), (4, 6));
        assert_eq!(suspects.take_owed(), Some((message, 2)), "both are taken back when it is there again");
    }
}
