//! One transaction: the qualifier's per batch, an action's per request. Every writer of facts locks in the same order:
//! identities, then leads.

use std::sync::Arc;

use sqlx::{PgConnection, Postgres};

use crate::{
    Store, StoreError,
    decision::{receipt::Dictionaries, write::NewDecision},
};

/// Tries of a transaction that met another.
const TRIES: usize = 3;

/// Why a transaction did not go through.
pub(crate) trait Conflicting {
    /// Whether it may simply run again.
    fn conflicts(&self) -> bool;
}

impl Conflicting for StoreError {
    fn conflicts(&self) -> bool {
        self.is_conflict()
    }
}

/// Runs a whole transaction, and again where another one was in the way: nothing of it happened then.
pub(crate) async fn retry_on_conflict<T, E, F>(transaction: impl Fn() -> F) -> Result<T, E>
where
    E: Conflicting,
    F: Future<Output = Result<T, E>>,
{
    let mut tries = 1;
    loop {
        match transaction().await {
            Err(error) if error.conflicts() && tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

/// An open transaction. Dropped without [`Transaction::commit`], nothing happened.
#[derive(Debug)]
pub struct Transaction {
    tx: sqlx::Transaction<'static, Postgres>,
    dictionaries: Arc<Dictionaries>,
}

impl Store {
    /// Begins a transaction (READ COMMITTED: each statement sees what others committed before it).
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction { tx: self.pool.begin().await?, dictionaries: Arc::clone(&self.dictionaries) })
    }
}

impl Transaction {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_transaction_that_conflicts_runs_again_a_few_times() {
        let runs = Cell::new(0);
        let until = |passes: usize, error: StoreError| {
            let runs = &runs;
            move || {
                runs.set(runs.get() + 1);
                let error = error.clone();
                async move { if runs.get() >= passes { Ok(runs.get()) } else { Err(error) } }
            }
        };
        let conflict = || StoreError::Conflict("40P01".to_owned());
        assert_eq!(retry_on_conflict(until(3, conflict())).await.unwrap(), 3);
        runs.set(0);
        assert!(retry_on_conflict(until(9, conflict())).await.unwrap_err().is_conflict());
        assert_eq!(runs.replace(0), TRIES);
        retry_on_conflict(until(9, StoreError::Unreachable("away".to_owned()))).await.unwrap_err();
        assert_eq!(runs.get(), 1, "anything else is the caller's");
    }
}
