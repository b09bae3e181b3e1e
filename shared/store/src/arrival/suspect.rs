//! Suspects: messages that failed alone or kept coming back, counted before each further try.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{Store, StoreError};

impl Store {
    /// Notes that a message is tried alone once more and returns how many times that makes.
    ///
    /// # Errors
    /// When the database is away: then it must not be tried.
    pub async fn suspect_note(&self, message: Uuid, queue: &str, why: &str, now: Timestamp) -> Result<i32, StoreError> {
        // On the pool, not in the batch's transaction: the count must be committed before the try, or a message that
        // kills the process is tried for ever.
        let row = sqlx::query!(
            "-- suspect.note
            insert into suspect as s (id, queue, tries, why, last_at) values ($1, $2, 1, $3, $4)
            on conflict (id) do update set tries = s.tries + 1, why = excluded.why, last_at = excluded.last_at
            returning tries",
            message,
            queue,
            why,
            now.to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.tries)
    }

    /// Forgets a suspect that went through.
    pub async fn suspect_clear(&self, message: Uuid) -> Result<(), StoreError> {
        sqlx::query!(
            "-- suspect.clear
            delete from suspect where id = $1",
            message
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
