//! The qualifier's one transaction per batch. Every writer of facts locks in the same order: identities, then leads.

use sqlx::{PgConnection, Postgres, Transaction};

use crate::{Store, StoreError};

/// An open transaction. Dropped without [`Batch::commit`], nothing happened.
#[derive(Debug)]
pub struct Batch {
    tx: Transaction<'static, Postgres>,
}

impl Store {
    /// Begins a batch (READ COMMITTED: each statement sees what others committed before it).
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin(&self) -> Result<Batch, StoreError> {
        Ok(Batch { tx: self.pool.begin().await? })
    }
}

impl Batch {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
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
