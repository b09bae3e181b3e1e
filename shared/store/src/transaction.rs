//! One transaction: the qualifier's per batch, an action's per request. Every writer of facts locks in the same order:
//! identities, then leads.

use std::sync::Arc;

use sqlx::{PgConnection, Postgres};

use crate::{
    Store, StoreError,
    decision::{receipt::Dictionaries, write::NewDecision},
};

/// An open transaction. Dropped without [`Transaction::commit`], nothing happened.
#[derive(Debug)]
pub struct Transaction {
    tx: sqlx::Transaction<'static, Postgres>,
    dictionaries: Arc<Dictionaries>,
}

impl Store {
    /// Begins a transaction (READ COMMITTED: each statement sees what others committed before it).
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        // On the pool of the lookups and writes: a batch must not wait behind a report.
        Ok(Transaction { tx: self.pool.begin().await?, dictionaries: Arc::clone(&self.dictionaries) })
    }
}

impl Transaction {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
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
        self.dictionaries.pack(&mut self.tx, decisions).await
    }

    /// Makes everything the batch wrote durable at once.
    ///
    /// # Errors
    /// When the commit fails: whether it happened is then not known, and running the batch again is harmless.
    pub async fn commit(self) -> Result<(), StoreError> {
        // An error here leaves open whether it happened, so what the batch writes must be harmless when written
        // again.
        self.tx.commit().await?;
        Ok(())
    }
}
