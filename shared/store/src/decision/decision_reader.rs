//! Every decision there is in the order of ids, a window at a time, to be made again.

use std::sync::Arc;

use ripen_domain::id::{CriteriaId, DecisionId};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, decision::receipt::PackedReceipt, pool::PooledConnection};

/// What a decision is made again from.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// Its id.
    pub id: DecisionId,
    /// The criteria applied.
    pub criteria: CriteriaId,
    /// The receipt.
    pub receipt: PackedReceipt,
}

/// Reads windows of decisions over a connection of its own. Several share the windows among them.
pub struct DecisionReader {
    store: Store,
    connection: PooledConnection,
    scope: Scope,
    /// The last decision that was given out.
    given: Arc<Mutex<Uuid>>,
}

impl Store {
    /// So many readers of all decisions, each over a connection; fewer where there are not as many.
    pub async fn decisions_all(&self, scope: Scope, readers: usize) -> Result<Vec<DecisionReader>, StoreError> {
        let given = Arc::new(Mutex::new(Uuid::nil()));
        let connections = self.reader_connections(readers).await?.into_iter();
        let reader = |connection| DecisionReader { store: self.clone(), connection, scope, given: Arc::clone(&given) };
        Ok(connections.map(reader).collect())
    }
}

impl DecisionReader {
    /// The next decisions, at most `limit`; `None` after the last.
    pub async fn next_decisions(&mut self, limit: i64) -> Result<Option<Vec<StoredDecision>>, StoreError> {
        let Some((from, to)) = self.window(limit).await? else { return Ok(None) };
        let rows = sqlx::query!(
            "-- decision.replay_read
            select id, criteria_id, receipt from decision where id > $1 and id <= $2 and ($3::uuid is null or client_id = $3)",
            from,
            to,
            self.scope.client_uuid()
        )
        .fetch_all(self.connection.bounded())
        .await?;
        // Over the reader's own connection, as in the history: a second one from the pool could wait for ever.
        let prepared =
            self.store.dictionaries_over(self.connection.bounded(), rows.iter().map(|row| row.criteria_id)).await?;
        let stored = rows.into_iter().map(|row| {
            let (id, criteria) = (DecisionId::from_uuid(row.id), CriteriaId::from_uuid(row.criteria_id));
            StoredDecision { id, criteria, receipt: PackedReceipt::new((id, criteria), row.receipt, &prepared) }
        });
        Ok(Some(stored.collect()))
    }

    /// After which id, and up to which. Nobody else is given these.
    async fn window(&mut self, limit: i64) -> Result<Option<(Uuid, Uuid)>, StoreError> {
        // Held over the statement, so that no two readers are given the same window.
        let mut given = self.given.lock().await;
        let row = sqlx::query!(
            "-- decision.replay_window
            select id from (select id from decision where id > $1 order by id limit $2) next order by id desc limit 1",
            *given,
            limit
        )
        .fetch_optional(self.connection.bounded())
        .await?;
        let Some(to) = row.map(|row| row.id) else { return Ok(None) };
        // The position moves on before the rows are read, so an error must end the whole replay: nobody reads this
        // window again.
        Ok(Some((std::mem::replace(&mut *given, to), to)))
    }
}
