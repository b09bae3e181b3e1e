//! What of deliveries need not be kept for ever: attempts that are not in a month which is dropped whole, and to whom leads were offered.
//! Ids of deliveries are UUIDv7 and begin with the time, so old ones lie together.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;

use crate::{
    Store, StoreError,
    partitions::{Partitioned, first_id_at},
};

impl Store {
    /// Deletes attempts made before `before` of deliveries that ended, at most `limit`: those from before there were months, and
    /// those that were kept when their month was dropped. Returns how many.
    pub async fn attempts_delete(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let until = self.rows_until(Partitioned::Attempts, before).await?;
        let done = sqlx::query!(
            "-- attempt.delete
            delete from attempt a using (
              select o.delivery_id, o.number from attempt o join delivery d on d.id = o.delivery_id
              where o.delivery_id < $2 and o.at < $1 and d.state in ('delivered', 'filed', 'dead', 'withdrawn')
              order by o.delivery_id limit $3
            ) old
            where a.delivery_id = old.delivery_id and a.number = old.number",
            before.to_sqlx(),
            first_id_at(until),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }

    /// Deletes to whom leads were offered until before `before`, of leads of which nothing is under way, at most `limit`; how many.
    pub async fn claims_forget(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- claim.forget
            delete from claim where maturation_id in (
              select k.maturation_id from claim k
              where k.until < $1 and (k.taken_at is null or k.taken_at < $1)
                and not exists (select from delivery d where d.maturation_id = k.maturation_id and d.state in ('pending', 'held', 'leased'))
              order by k.until limit $2)",
            before.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
