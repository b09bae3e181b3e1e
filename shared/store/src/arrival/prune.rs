//! What of arrivals need not be kept for ever: the bytes as they came, and the ids by which a retry is known.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;

use crate::{Store, StoreError};

impl Store {
    /// Empties raw bodies of arrivals received before `before`, at most `limit`; what was parsed of them stays. Returns how many.
    pub async fn arrivals_empty(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- arrival.empty
            update arrival set raw = ''
            where id in (select id from arrival where received_at < $1 and raw <> '' order by received_at limit $2)",
            before.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }

    /// Forgets ids seen before `before`, at most `limit`: the same post would be a new arrival. Dead and quarantined ones stay, for they wait.
    /// Returns how many.
    pub async fn arrivals_forget(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- arrival.forget
            delete from arrival_seen
            where id in (select id from arrival_seen where seen_at < $1 and ended not in ('dead', 'quarantined') limit $2)",
            before.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
