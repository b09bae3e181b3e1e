//! Suspects: messages that failed alone or kept coming back, counted before each further try.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{Store, StoreError, Transaction};

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

    /// Takes a try back that proved nothing: it was the database that failed.
    pub async fn suspect_uncount(&self, message: Uuid) -> Result<(), StoreError> {
        let uncount = sqlx::query!(
            "-- suspect.uncount
            update suspect set tries = tries - 1 where id = $1 and tries > 1",
            message
        );
        if uncount.execute(&self.pool).await?.rows_affected() == 0 {
            self.suspects_clear(&[message]).await?;
        }
        Ok(())
    }

    /// The suspects noted so far, at most `limit`, the latest first.
    pub async fn suspects(&self, limit: i64) -> Result<Vec<Uuid>, StoreError> {
        let rows = sqlx::query!(
            "-- suspect.noted
            select id from suspect order by last_at desc limit $1",
            limit
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Forgets suspects that were last tried before an instant.
    pub async fn suspects_forget(&self, before: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- suspect.forget
            delete from suspect where last_at < $1",
            before.to_sqlx()
        )
        .execute(&self.lists)
        .await?;
        Ok(())
    }

    /// Forgets suspects that went through.
    pub async fn suspects_clear(&self, messages: &[Uuid]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.suspects_clear(messages).await?;
        tx.commit().await
    }
}

impl Transaction {
    /// Forgets suspects that ended.
    pub(crate) async fn suspects_clear(&mut self, messages: &[Uuid]) -> Result<(), StoreError> {
        sqlx::query!(
            "-- suspect.clear
            delete from suspect where id = any($1)",
            messages
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
