//! Attempts that need not be kept for ever. Ids of deliveries are UUIDv7 and begin with the time, so old ones lie together.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{Store, StoreError};

impl Store {
    /// Deletes attempts made before `before` of deliveries that ended, at most `limit`. Returns how many.
    pub async fn attempts_delete(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let millis = u128::try_from(before.as_millisecond()).unwrap_or(0);
        let done = sqlx::query!(
            "-- attempt.delete
            delete from attempt a using (
              select o.delivery_id, o.number from attempt o join delivery d on d.id = o.delivery_id
              where o.delivery_id < $2 and o.at < $1 and d.state in ('delivered', 'filed', 'dead', 'withdrawn')
              order by o.delivery_id limit $3
            ) old
            where a.delivery_id = old.delivery_id and a.number = old.number",
            before.to_sqlx(),
            Uuid::from_u128(millis << 80),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
