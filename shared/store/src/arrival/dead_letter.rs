//! Dead letters: messages that could not be handled, until a person decides.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    arrival::{FORM_CORRECTS_WITHIN, return_id, variant_id},
    hash::ContentHash,
    id::{ArrivalId, SourceId},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    arrival::spool::{SpoolKey, key_columns},
    error::one_row,
    live::{LiveKind, LiveNews},
};

/// The queue whose letters are arrivals.
const ARRIVALS: &str = "ripen.arrivals";
/// What is kept of an arrival that cannot be read: no content is the same as another's.
pub(crate) const fn unreadable() -> ContentHash {
    ContentHash::from_bytes([0; 16])
}

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
    /// What its arrival says, where it is one that can be read.
    pub content: Option<ContentHash>,
    /// When intake had that arrival.
    pub received_at: Option<Timestamp>,
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
    /// Keeps dead letters and ends their arrivals: the spool row goes, and the id counts as seen and dead, or where another body
    /// came under it before the id of this body's correction does. So a retry of the same body waits with it. One transaction.
    pub async fn dead_letters_keep(&self, letters: &[NewDeadLetter], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let messages: Vec<_> = letters.iter().map(|letter| letter.message).collect();
        let released = tx.quarantine_again(&messages).await?;
        for letter in letters {
            let seen = tx.dead_letter_end(letter, now).await?;
            tx.dead_letter_insert(letter, seen, released.contains(&letter.message), now).await?;
        }
        let of_arrivals = letters.iter().filter(|letter| letter.queue == ARRIVALS);
        let keys: Vec<_> = of_arrivals.map(|letter| SpoolKey::of(letter.message, &letter.body)).collect();
        let (spooled, digests) = key_columns(&keys);
        // By digest as well: another body under the same id may wait in the spool and is not dead.
        sqlx::query!(
            "-- dead_letter.unspool
            delete from spool s using generate_subscripts($1::uuid[], 1) i
            where s.id = ($1::uuid[])[i] and s.digest = ($2::bytea[])[i]",
            &spooled,
            &digests
        )
        .execute(tx.connection())
        .await?;
        tx.suspects_clear(&messages).await?;
        let mut news = LiveNews::default();
        news.add(LiveKind::Queues, None);
        tx.live_tell(&news).await?;
        tx.commit().await
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
        DeadLetter {
            letter: NewDeadLetter { id, queue, message, source: None, body, content: None, received_at: None, reason },
            at: at.to_jiff(),
        }
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
    /// Ends the arrival of a letter; returns under which id, or none where it is no arrival or another copy of it was handled.
    async fn dead_letter_end(&mut self, letter: &NewDeadLetter, now: Timestamp) -> Result<Option<Uuid>, StoreError> {
        if letter.queue != ARRIVALS {
            return Ok(None);
        }
        let id = ArrivalId::from_uuid(letter.message);
        let content = letter.content.unwrap_or_else(unreadable);
        match self.arrivals_seen(&[id]).await?.pop() {
            None => self.note_dead(letter, letter.message, content, now).await,
            Some(seen) if seen.content == content => match letter.received_at.zip(seen.arrival) {
                // It came back after another body that counted since: from its receipt on it would have counted again, and its
                // sender asks for that under an id of its own.
                Some((at, first)) if self.is_corrected_before(first, content, at).await? => {
                    self.note_dead(letter, return_id(id, content, at).uuid(), content, now).await
                }
                _ => Ok(None),
            },
            Some(_) => self.note_dead(letter, variant_id(id, content).uuid(), content, now).await,
        }
    }

    /// What was let go out of the quarantine and cannot be handled is quarantined again: released for ever it would be offered
    /// for ever, and nobody could see or end it. Returns which these were.
    async fn quarantine_again(&mut self, messages: &[Uuid]) -> Result<BTreeSet<Uuid>, StoreError> {
        let rows = sqlx::query!(
            "-- dead_letter.quarantine_again
            update arrival set released_at = null
            where id = any($1) and state = 'quarantined' and released_at is not null and dropped_at is null returning id",
            messages
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Whether something else than this content counts under the external id of an arrival, and was received before. Of a form:
    /// whether what the page brought last within the hour before says something else, or nothing came within it: then it is a
    /// correction, or a new enquiry.
    async fn is_corrected_before(
        &mut self,
        arrival: ArrivalId,
        content: ContentHash,
        received_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query!(
            r#"-- dead_letter.corrected_before
            select exists (
              select from arrival a
              cross join lateral (
                select b.content, b.last_at from (
                  select n.content, n.submitted_at, greatest(n.received_at, n.said_again_at) as last_at from arrival n
                  where n.source_id = a.source_id and n.external_id = a.external_id and n.state = 'graded'
                  order by coalesce(n.submitted_at, n.received_at) desc, n.received_at desc limit 100) b
                order by coalesce(b.submitted_at, b.last_at) desc, b.last_at desc limit 1) v
              where a.id = $1 and v.content <> $2 and v.last_at < $3
            ) or exists (
              select from arrival a
              where a.id = $1 and a.form_id is not null and a.external_id is null and a.state = 'graded' and a.received_at < $3
                and not exists (
                  select from arrival n
                  where n.form_id = a.form_id and n.state = 'graded' and n.content = $2 and n.received_at = $3)
                and coalesce((
                  select n.content from arrival n
                  where n.form_id = a.form_id and n.state = 'graded' and n.received_at < $3 and n.received_at >= $4
                  order by greatest(n.received_at, case when n.said_again_at < $3 then n.said_again_at end) desc limit 1) <> $2, true)
            ) as "corrected!""#,
            arrival.uuid(),
            &content.bytes()[..],
            received_at.to_sqlx(),
            received_at.saturating_sub(FORM_CORRECTS_WITHIN).unwrap_or(Timestamp::MIN).to_sqlx()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(row.corrected)
    }

    async fn note_dead(
        &mut self,
        letter: &NewDeadLetter,
        id: Uuid,
        content: ContentHash,
        now: Timestamp,
    ) -> Result<Option<Uuid>, StoreError> {
        let row = sqlx::query!(
            "-- dead_letter.end_arrival
            insert into arrival_seen (id, content, ended, seen_at, source_id, came_as)
            values ($1, $2, 'dead', $3, $4, nullif($5::uuid, $1))
            on conflict do nothing returning id",
            id,
            &content.bytes()[..],
            now.to_sqlx(),
            letter.source.map(SourceId::uuid),
            letter.message
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.id))
    }

    async fn dead_letter_insert(
        &mut self,
        letter: &NewDeadLetter,
        seen: Option<Uuid>,
        was_released: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- dead_letter.keep
            insert into dead_letter (id, queue, message_id, body, reason, at, seen_id, was_released)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict do nothing",
            letter.id,
            letter.queue,
            letter.message,
            letter.body,
            letter.reason,
            now.to_sqlx(),
            seen,
            was_released
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

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
            where d.id = any($1) and s.id = coalesce(d.seen_id, d.message_id) and s.ended = 'dead'",
            &replayed
        )
        .execute(self.connection())
        .await?;
        // What lies in the quarantine again since it died is let go with its message: unreleased it would not be worked. What
        // somebody gave up meanwhile stays so.
        sqlx::query!(
            "-- dead_letter.release_again
            update arrival a set released_at = $2 from dead_letter d
            where d.id = any($1) and d.was_released and a.id = d.message_id and a.state = 'quarantined'
              and a.released_at is null and a.dropped_at is null",
            &replayed,
            now.to_sqlx()
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
        let all: Vec<_> = ended.iter().map(|letter| letter.id).collect();
        self.dead_letters_empty(&all).await?;
        Ok(ended)
    }

    /// Of an ended letter stays that there was one, and why: its bytes are contact data, and nobody needs them here.
    async fn dead_letters_empty(&mut self, letters: &[Uuid]) -> Result<(), StoreError> {
        sqlx::query!(
            "-- dead_letter.empty
            update dead_letter set body = '' where id = any($1) and state <> 'waiting'",
            letters
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends a dead letter for good; its bytes go.
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
        one_row(done.rows_affected(), "dead letter")?;
        self.dead_letters_empty(&[letter]).await
    }
}

#[cfg(test)]
mod tests;
