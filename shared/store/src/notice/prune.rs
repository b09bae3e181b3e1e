//! Mails to people that need not be kept for ever: their titles and sentences name persons.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;

use crate::{Store, StoreError};

impl Store {
    /// Deletes mails that ended before `before`, however they ended, at most `limit`; how many. What is told once is known by its
    /// notice: after that it would be told again.
    pub async fn notices_forget(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- notice.forget
            delete from notice
            where id in (select id from notice where state <> 'pending' and ended_at < $1 order by ended_at limit $2)",
            before.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
