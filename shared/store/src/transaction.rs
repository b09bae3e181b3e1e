//! One transaction: the qualifier's per batch, an action's per request. Every writer of facts locks in the same order:
//! identities, then leads.

use std::sync::Arc;

use crate::{
    Store, StoreError,
    decision::{receipt::Dictionaries, write::NewDecision},
    pool::{BoundedConnection, BoundedTransaction},
    sealing::StoreKeys,
    source::changes::SourceChanges,
};

/// An open transaction. Dropped without [`Transaction::commit`], nothing happened.
#[derive(Debug)]
pub struct Transaction {
    tx: BoundedTransaction,
    dictionaries: Arc<Dictionaries>,
    keys: Arc<StoreKeys>,
    source_changes: SourceChanges,
    are_sources_changed: bool,
}

impl Store {
    /// Begins a transaction (READ COMMITTED: each statement sees what others committed before it).
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        // On the pool of the lookups and writes: a batch must not wait behind a report.
        let (dictionaries, keys) = (Arc::clone(&self.dictionaries), Arc::clone(&self.keys));
        let source_changes = self.source_changes();
        let tx = self.pool.begin().await?;
        Ok(Transaction { tx, dictionaries, keys, source_changes, are_sources_changed: false })
    }
}

impl Transaction {
    /// For one statement.
    pub(crate) fn connection(&mut self) -> BoundedConnection<'_> {
        self.tx.bounded()
    }

    pub(crate) const fn keys(&self) -> &Arc<StoreKeys> {
        &self.keys
    }

    /// What this process remembers of sources is out of date from the commit on.
    pub(crate) const fn note_source_changed(&mut self) {
        self.are_sources_changed = true;
    }

    /// From now on waits no longer than this for one lock.
    pub async fn lock_patience(&mut self, limit: std::time::Duration) -> Result<(), StoreError> {
        sqlx::query!(
            r#"-- transaction.lock_patience
            select set_config('lock_timeout', $1, true) as "limit!""#,
            limit.as_millis().to_string()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(())
    }

    /// The receipts of these decisions as they are kept.
    pub(crate) async fn pack(&mut self, decisions: &[NewDecision]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.dictionaries.pack(self.tx.bounded(), decisions).await
    }

    /// Makes everything the batch wrote durable at once.
    ///
    /// # Errors
    /// When the commit fails: whether it happened is then not known, and running the batch again is harmless.
    pub async fn commit(self) -> Result<(), StoreError> {
        // An error here leaves open whether it happened, so what the batch writes must be harmless when written
        // again.
        let result = self.tx.commit().await;
        // Before anybody is told that it is done, and where an answer was lost too.
        if self.are_sources_changed {
            self.source_changes.note();
        }
        Ok(result?)
    }

    /// Undoes everything, and lets its locks go before it returns. Dropped, the transaction may hold them for a moment longer, and
    /// whoever tries for them next finds them held.
    ///
    /// # Errors
    /// When the database does not answer; it undoes the transaction with the connection.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        self.tx.roll_back().await?;
        Ok(())
    }
}
