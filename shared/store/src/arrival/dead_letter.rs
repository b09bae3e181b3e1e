//! Dead letters: messages that could not be handled, until a person decides.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::SourceId;
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    arrival::spool::{SpoolKey, key_columns},
    error::one_row,
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
    /// Who sent it, where it can be read that far.
    pub source: Option<SourceId>,
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
    pub async fn dead_letters_keep(&self, letters: &[NewDeadLetter], now: Timestamp) -> Result<(), StoreError> {
        // One transaction: a letter kept without its spool row going would be offered again and handled after it was
        // reported dead.
        let mut tx = self.pool.begin().await?;
        let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
        let queues: Vec<_> = letters.iter().map(|letter| letter.queue.clone()).collect();
        let messages: Vec<_> = letters.iter().map(|letter| letter.message).collect();
        let bodies: Vec<_> = letters.iter().map(|letter| letter.body.clone()).collect();
        let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.clone()).collect();
        // RabbitMQ may deliver the message again when its settlement was lost; that must not fail the whole batch of
        // letters.
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
        // Messages of the other queues are offers of rows, which stay due by themselves: only an arrival ends with
        // its message.
        let of_arrivals = || letters.iter().filter(|letter| letter.queue == "ripen.arrivals");
        let arrivals: Vec<_> = of_arrivals().map(|letter| letter.message).collect();
        let sources: Vec<_> = of_arrivals().map(|letter| letter.source.map(SourceId::uuid)).collect();
        // The body may be unreadable, so its content has no hash: zeros equal none. An id that a batch stored
        // meanwhile keeps its end.
        sqlx::query!(
            "-- dead_letter.end_arrivals
            insert into arrival_seen (id, content, ended, seen_at, source_id)
            select id, '\\x00000000000000000000000000000000'::bytea, 'dead', $2, source_id
            from unnest($1::uuid[], $3::uuid[]) as n (id, source_id)
            on conflict do nothing",
            &arrivals,
            now.to_sqlx(),
            &sources as &[Option<Uuid>]
        )
        .execute(&mut *tx)
        .await?;
        let keys: Vec<_> = of_arrivals().map(|letter| SpoolKey::of(letter.message, &letter.body)).collect();
        let (spooled, digests) = key_columns(&keys);
        // By digest as well: another body under the same id may wait in the spool and is not dead.
        sqlx::query!(
            "-- dead_letter.unspool
            delete from spool s using generate_subscripts($1::uuid[], 1) i
            where s.id = ($1::uuid[])[i] and s.digest = ($2::bytea[])[i]",
            &spooled,
            &digests
        )
        .execute(&mut *tx)
        .await?;
        // The counter of tries goes, so that a letter replayed later has all its tries again.
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

    /// Dead letters that wait for a person, oldest first. Whose lead one would be is not known: only who sees the whole firm
    /// sees any. Ids begin with the time: their order is that of giving up.
    pub async fn dead_letters(
        &self,
        scope: Scope,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let rows = sqlx::query_as!(
            DeadLetterColumns,
            "-- dead_letter.list
            select id, queue, message_id, body, reason, at from dead_letter
            where state = 'waiting' and id > $3 and $2::uuid is null order by id limit $1",
            limit,
            scope.client_uuid(),
            after.unwrap_or_default()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(DeadLetterColumns::record).collect())
    }

    /// One dead letter that waits.
    pub async fn dead_letter(&self, scope: Scope, id: Uuid) -> Result<Option<DeadLetter>, StoreError> {
        let row = sqlx::query_as!(
            DeadLetterColumns,
            "-- dead_letter.show
            select id, queue, message_id, body, reason, at from dead_letter
            where id = $1 and state = 'waiting' and $2::uuid is null",
            id,
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(DeadLetterColumns::record))
    }
}

struct DeadLetterColumns {
    id: Uuid,
    queue: String,
    message_id: Uuid,
    body: Vec<u8>,
    reason: String,
    at: jiff_sqlx::Timestamp,
}

impl DeadLetterColumns {
    fn record(self) -> DeadLetter {
        let Self { id, queue, message_id: message, body, reason, at } = self;
        DeadLetter { letter: NewDeadLetter { id, queue, message, source: None, body, reason }, at: at.to_jiff() }
    }
}

/// A dead letter that a person ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLetter {
    /// Its id.
    pub id: Uuid,
    /// The queue it belongs to.
    pub queue: String,
    /// It waits in the spool again. An offer of a row needs no replay: its row is still due.
    pub is_replayed: bool,
}

impl Transaction {
    /// Ends those of these dead letters that wait, at most `limit` of all where none are named. Arrivals get another chance:
    /// their rows wait in the spool again, and their ids are no longer ended.
    pub async fn dead_letters_replay(
        &mut self,
        scope: Scope,
        letters: Option<&[Uuid]>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<EndedLetter>, StoreError> {
        // The locking subquery makes a second replay wait, and then see that the letter no longer waits, instead of
        // replaying it too.
        let rows = sqlx::query!(
            r#"-- dead_letter.replay
            update dead_letter d
            set state = case when d.queue = 'ripen.arrivals' then 'replayed' else 'dropped' end, ended_at = $3
            where d.id = any(array(
                    select id from dead_letter
                    where state = 'waiting' and ($1::uuid[] is null or id = any($1)) and $4::uuid is null
                    order by at, id limit $2 for update))
            returning d.id, d.queue, d.state"#,
            letters,
            limit,
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        let ended: Vec<_> = rows
            .into_iter()
            .map(|row| EndedLetter { id: row.id, queue: row.queue, is_replayed: row.state == "replayed" })
            .collect();
        let replayed: Vec<_> = ended.iter().filter(|letter| letter.is_replayed).map(|letter| letter.id).collect();
        // Only ids that ended as dead: the letter of an amendment shares its id with a stored arrival, which stays
        // seen.
        sqlx::query!(
            "-- dead_letter.unsee
            delete from arrival_seen s using dead_letter d
            where d.id = any($1) and s.id = d.message_id and s.ended = 'dead'",
            &replayed
        )
        .execute(self.connection())
        .await?;
        // In the transaction that ends the letter: a crash in between would leave the arrival in neither place. Due
        // at once.
        sqlx::query!(
            "-- dead_letter.respool
            insert into spool (id, body, received_at, offered_until)
            select message_id, body, $2, $2 from dead_letter where id = any($1) on conflict do nothing",
            &replayed,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(ended)
    }

    /// Ends a dead letter for good; its bytes stay.
    ///
    /// # Errors
    /// `Moved` when it is not waiting any more, or not in the scope.
    pub async fn dead_letter_drop(&mut self, scope: Scope, letter: Uuid, now: Timestamp) -> Result<(), StoreError> {
        // The state is named because a replay may have ended the letter between the person's look and this statement.
        let done = sqlx::query!(
            "-- dead_letter.drop
            update dead_letter set state = 'dropped', ended_at = $2 where id = $1 and state = 'waiting' and $3::uuid is null",
            letter,
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "dead letter")
    }
}
