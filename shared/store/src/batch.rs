//! The qualifier's one transaction per batch. Every writer of facts locks in the same order: identities, then leads.

use std::sync::Arc;

use sqlx::{PgConnection, Postgres, Transaction};

use crate::{NewDecision, Store, StoreError, receipt::Dictionaries};

/// An open transaction. Dropped without [`Batch::commit`], nothing happened.
#[derive(Debug)]
pub struct Batch {
    tx: Transaction<'static, Postgres>,
    dictionaries: Arc<Dictionaries>,
}

impl Store {
    /// Begins a batch (READ COMMITTED: each statement sees what others committed before it).
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin(&self) -> Result<Batch, StoreError> {
        Ok(Batch { tx: self.pool.begin().await?, dictionaries: Arc::clone(&self.dictionaries) })
    }
}

impl Batch {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
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
        self.tx.commit().await?;
        Ok(())
    }
}
