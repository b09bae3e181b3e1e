//! Dead letters: messages that could not be handled, until a person decides.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    arrival::spool::{SpoolKey, key_columns},
};

/// A dead letter to keep.
#[derive(Debug, Clone)]
pub struct NewDeadLetter {
    /// Its id.
    pub id: Uuid,
    /// The queue it belongs to.
    pub queue: String,
    /// The message's id.
    pub message: Uuid,
    /// The message, byte for byte.
    pub body: Vec<u8>,
    /// Why it could not be handled.
    pub reason: String,
}

/// A dead letter that waits for a person.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// What it is.
    pub letter: NewDeadLetter,
    /// When it was given up.
    pub at: Timestamp,
}

impl Store {
    /// Keeps dead letters and ends their arrivals: the spool row goes, the id counts as seen and dead. One transaction.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn dead_letters_keep(&self, letters: &[NewDeadLetter], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
        let queues: Vec<_> = letters.iter().map(|letter| letter.queue.clone()).collect();
        let messages: Vec<_> = letters.iter().map(|letter| letter.message).collect();
        let bodies: Vec<_> = letters.iter().map(|letter| letter.body.clone()).collect();
        let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.clone()).collect();
        sqlx::query!(
            "-- dead_letter.keep
            insert into dead_letter (id, queue, message_id, body, reason, at)
            select id, queue, message_id, body, reason, $6
            from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[], $5::text[]) as n (id, queue, message_id, body, reason)
            on conflict do nothing",
            &ids, &queues, &messages, &bodies, &reasons, now.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        let arrivals: Vec<_> =
            letters.iter().filter(|letter| letter.queue == "ripen.arrivals").map(|letter| letter.message).collect();
        sqlx::query!(
            "-- dead_letter.end_arrivals
            insert into arrival_seen (id, content, ended, seen_at)
            select id, '\\x00000000000000000000000000000000'::bytea, 'dead', $2 from unnest($1::uuid[]) as n (id)
            on conflict do nothing",
            &arrivals,
            now.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        let of_arrivals = letters.iter().filter(|letter| letter.queue == "ripen.arrivals");
        let keys: Vec<_> = of_arrivals.map(|letter| SpoolKey::of(letter.message, &letter.body)).collect();
        let (spooled, digests) = key_columns(&keys);
        sqlx::query!(
            "-- dead_letter.unspool
            delete from spool s using generate_subscripts($1::uuid[], 1) i
            where s.id = ($1::uuid[])[i] and s.digest = ($2::bytea[])[i]",
            &spooled,
            &digests
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "-- dead_letter.clear_suspects
            delete from suspect where id = any($1)",
            &messages
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Dead letters that wait for a person, oldest first. Whose they are was never found out, so that they lie in the scope of
    /// the whole firm alone.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn dead_letters(&self, scope: Scope, limit: i64) -> Result<Vec<DeadLetter>, StoreError> {
        let rows = sqlx::query!(
            "-- dead_letter.list
            select id, queue, message_id, body, reason, at from dead_letter
            where state = 'waiting' and $2::uuid is null order by at, id limit $1",
            limit,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| DeadLetter {
                letter: NewDeadLetter {
                    id: row.id,
                    queue: row.queue,
                    message: row.message_id,
                    body: row.body,
                    reason: row.reason,
                },
                at: row.at.to_jiff(),
            })
            .collect())
    }

    /// Gives an arrival another chance: its row waits in the spool again, and its id is no longer ended.
    ///
    /// # Errors
    /// `Moved` when it is not waiting any more.
    pub async fn dead_letter_replay(&self, letter: &NewDeadLetter, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        end(&mut tx, letter.id, "replayed", now).await?;
        sqlx::query!(
            "-- dead_letter.unsee
            delete from arrival_seen where id = $1 and ended = 'dead'",
            letter.message
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "-- dead_letter.respool
            insert into spool (id, body, received_at, offered_until) values ($1, $2, $3, $3) on conflict do nothing",
            letter.message,
            letter.body,
            now.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a dead letter for good; its bytes stay.
    ///
    /// # Errors
    /// `Moved` when it is not waiting any more.
    pub async fn dead_letter_drop(&self, letter: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        end(&mut connection, letter, "dropped", now).await
    }
}

async fn end(connection: &mut sqlx::PgConnection, letter: Uuid, state: &str, now: Timestamp) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "-- dead_letter.end
        update dead_letter set state = $2, ended_at = $3 where id = $1 and state = 'waiting'",
        letter,
        state,
        now.to_sqlx()
    )
    .execute(connection)
    .await?;
    crate::error::one_row(done.rows_affected(), "dead letter")
}
