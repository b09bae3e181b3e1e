//! What dispositions replaced, kept for as long as they can be taken back.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, LeadId, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, error::one_row};

/// What was kept is forgotten so long after it could be taken back; until then the same id is no new disposition.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A disposition that can be taken back. `Debug` shows nothing of what it replaced.
#[derive(Clone, PartialEq)]
pub struct UndoRecord {
    /// The touch.
    pub touch: Uuid,
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// Who may take it back.
    pub user: UserId,
    /// What there was before, as whoever keeps it reads it.
    pub before: Value,
    /// Until when.
    pub until: Timestamp,
    /// It was taken back.
    pub is_done: bool,
}

impl fmt::Debug for UndoRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UndoRecord").field("touch", &self.touch).field("lead", &self.lead).finish_non_exhaustive()
    }
}

impl Transaction {
    /// Keeps what a disposition replaced. What is over is forgotten alongside: it holds words about people.
    pub async fn desk_undo_keep(&mut self, scope: Scope, new: &UndoRecord, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- desk_undo.keep
            with over as (
              delete from desk_undo where touch_id in (
                select touch_id from desk_undo where user_id = $4 and until < $7::timestamptz - interval '1 hour' and done_at is null
                order by until limit 100 for update skip locked)
            )
            insert into desk_undo (touch_id, lead_id, client_id, user_id, commands, until)
            select $1, $2, $3, $4, $5::text::json, $6 where $8::uuid is null or $8 = $3",
            new.touch,
            new.lead.uuid(),
            new.client.uuid(),
            new.user.uuid(),
            new.before.to_string(),
            new.until.to_sqlx(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "desk_undo")
    }

    /// What a disposition replaced, with its lead locked until the transaction ends.
    pub async fn desk_undo_lock(&mut self, scope: Scope, touch: Uuid) -> Result<Option<UndoRecord>, StoreError> {
        // The lead first, as whoever works on it does: else the two could wait for each other.
        let of = sqlx::query!(
            "-- desk_undo.lead
            select lead_id from desk_undo where touch_id = $1 and ($2::uuid is null or client_id = $2)",
            touch,
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(of) = of else { return Ok(None) };
        self.lock_lead(scope, LeadId::from_uuid(of.lead_id)).await?;
        let row = sqlx::query!(
            "-- desk_undo.lock
            select touch_id, lead_id, client_id, user_id, commands, until, done_at from desk_undo
            where touch_id = $1 and ($2::uuid is null or client_id = $2) for update",
            touch,
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| UndoRecord {
            touch: row.touch_id,
            lead: LeadId::from_uuid(row.lead_id),
            client: ClientId::from_uuid(row.client_id),
            user: UserId::from_uuid(row.user_id),
            before: row.commands,
            until: row.until.to_jiff(),
            is_done: row.done_at.is_some(),
        }))
    }

    /// Whether a disposition was taken back.
    pub(crate) async fn desk_undo_is_done(&mut self, touch: Uuid) -> Result<bool, StoreError> {
        let row = sqlx::query!(
            r#"-- desk_undo.is_done
            select exists (select from desk_undo where touch_id = $1 and done_at is not null) as "is_done!""#,
            touch
        )
        .fetch_one(self.connection())
        .await?;
        Ok(row.is_done)
    }

    /// Notes that a disposition was taken back.
    pub async fn desk_undo_done(&mut self, scope: Scope, touch: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- desk_undo.done
            update desk_undo set done_at = $2, commands = '{}'
            where touch_id = $1 and done_at is null and ($3::uuid is null or client_id = $3)",
            touch,
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "desk_undo")
    }
}

/// A disposition that can be taken back still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingUndo {
    /// The touch.
    pub touch: Uuid,
    /// Its lead.
    pub lead: LeadId,
    /// Until when.
    pub until: Timestamp,
}

impl Store {
    /// What a user saved last, while it can be taken back.
    pub async fn desk_undo_pending(
        &self,
        scope: Scope,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<PendingUndo>, StoreError> {
        let row = sqlx::query!(
            "-- desk_undo.pending
            select touch_id, lead_id, until from desk_undo
            where user_id = $1 and until > $2 and done_at is null and ($3::uuid is null or client_id = $3)
            order by until desc, touch_id desc limit 1",
            user.uuid(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| PendingUndo {
            touch: row.touch_id,
            lead: LeadId::from_uuid(row.lead_id),
            until: row.until.to_jiff(),
        }))
    }

    /// Forgets what could be taken back until a day ago, a thousand at once; gives how many.
    pub async fn desk_undo_forget(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::UNIX_EPOCH);
        let done = sqlx::query!(
            "-- desk_undo.forget
            delete from desk_undo where touch_id in (
              select touch_id from desk_undo where until < $1 order by until limit 1000 for update skip locked)",
            before.to_sqlx()
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
