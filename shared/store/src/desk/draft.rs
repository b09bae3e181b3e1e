//! Drafts: what an agent typed about a lead and has not committed.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{LeadId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction};

/// A draft that nobody typed on for so long is forgotten.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 90);

/// What is typed so far. `Debug` shows none of it: it is about people.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskDraft {
    /// About which lead.
    pub lead: LeadId,
    /// The note.
    pub note: String,
    /// Answers by question, as typed.
    pub answers: Map<String, Value>,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// Counts savings; the first is 1.
    pub version: i64,
    /// The touch that whoever saved it will commit it as, where they said so.
    #[serde(default)]
    pub touch: Option<Uuid>,
}

impl fmt::Debug for DeskDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskDraft").field("lead", &self.lead).field("version", &self.version).finish_non_exhaustive()
    }
}

/// What is saved of a draft. `Debug` shows none of it: it is about people.
#[derive(Clone, Copy)]
pub struct DraftChange<'a> {
    /// Whose, about which lead.
    pub of: DraftRef,
    /// The note; the one that is stored stays where there is none.
    pub note: Option<&'a str>,
    /// Answers by question; those that are stored stay where there are none.
    pub answers: Option<&'a Map<String, Value>>,
    /// When it is saved.
    pub saved_at: Timestamp,
    /// Counts savings; the first is 1.
    pub version: i64,
    /// The touch that it will be committed as, where that is said.
    pub touch: Option<Uuid>,
}

impl fmt::Debug for DraftChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DraftChange").field("of", &self.of).field("version", &self.version).finish_non_exhaustive()
    }
}

/// Whose draft, about which lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftRef {
    /// Who types.
    pub user: UserId,
    /// About which lead.
    pub lead: LeadId,
}

struct DraftRow {
    note: String,
    answers: Value,
    saved_at: jiff_sqlx::Timestamp,
    version: i64,
    touch: Option<Uuid>,
}

impl DraftRow {
    fn record(self, lead: LeadId) -> DeskDraft {
        let answers = match self.answers {
            Value::Object(answers) => answers,
            _ => Map::new(),
        };
        let (saved_at, touch) = (self.saved_at.to_jiff(), self.touch);
        DeskDraft { lead, note: self.note, answers, saved_at, version: self.version, touch }
    }
}

impl Transaction {
    /// Keeps a draft whose version is greater than the one that is there: as it is by then. None where a newer one is there, or the
    /// scope has no such lead.
    pub async fn desk_draft_save(
        &mut self,
        scope: Scope,
        change: &DraftChange<'_>,
    ) -> Result<Option<DeskDraft>, StoreError> {
        // What is not named is taken from the row under its lock: read before, it would be written back over what another saving of
        // the same form named meanwhile.
        let row = sqlx::query_as!(
            DraftRow,
            "-- desk_draft.save
            insert into desk_draft as d (user_id, lead_id, client_id, note, answers, saved_at, version, touch)
            select $1, l.id, l.client_id, coalesce($4::text, ''), coalesce($5::text, '{}')::json, $6, $7, $8 from lead l
            where l.id = $2 and ($3::uuid is null or l.client_id = $3)
            on conflict (user_id, lead_id) do update set note = coalesce($4::text, d.note), answers = coalesce($5::text::json, d.answers),
              saved_at = excluded.saved_at, version = excluded.version, touch = excluded.touch
            where excluded.version > d.version
            returning note, answers, saved_at, version, touch",
            change.of.user.uuid(),
            change.of.lead.uuid(),
            scope.client_uuid(),
            change.note,
            change.answers.map(|answers| Value::Object(answers.clone()).to_string()),
            change.saved_at.to_sqlx(),
            change.version,
            change.touch
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.record(change.of.lead)))
    }

    /// A draft, as this transaction sees it.
    pub async fn desk_draft(&mut self, scope: Scope, of: DraftRef) -> Result<Option<DeskDraft>, StoreError> {
        let row = sqlx::query_as!(
            DraftRow,
            "-- desk_draft.load
            select note, answers, saved_at, version, touch from desk_draft
            where user_id = $1 and lead_id = $2 and ($3::uuid is null or client_id = $3)",
            of.user.uuid(),
            of.lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.record(of.lead)))
    }

    /// A draft, and nobody saves over it before the transaction ends: what is decided of these words is decided of what is there then.
    pub async fn desk_draft_lock(&mut self, scope: Scope, of: DraftRef) -> Result<Option<DeskDraft>, StoreError> {
        let row = sqlx::query_as!(
            DraftRow,
            "-- desk_draft.lock
            select note, answers, saved_at, version, touch from desk_draft
            where user_id = $1 and lead_id = $2 and ($3::uuid is null or client_id = $3) for update",
            of.user.uuid(),
            of.lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.record(of.lead)))
    }

    /// Forgets a draft; whether there was one.
    pub async fn desk_draft_drop(&mut self, scope: Scope, of: DraftRef) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- desk_draft.drop
            delete from desk_draft where user_id = $1 and lead_id = $2 and ($3::uuid is null or client_id = $3)",
            of.user.uuid(),
            of.lead.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() > 0)
    }
}

impl Store {
    /// A draft.
    pub async fn desk_draft(&self, scope: Scope, of: DraftRef) -> Result<Option<DeskDraft>, StoreError> {
        self.begin().await?.desk_draft(scope, of).await
    }

    /// Forgets drafts that nobody typed on for ninety days, a thousand at once; gives how many.
    pub async fn desk_drafts_forget(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::UNIX_EPOCH);
        let done = sqlx::query!(
            "-- desk_draft.forget
            delete from desk_draft d using (
              select user_id, lead_id from desk_draft where saved_at < $1 order by saved_at limit 1000 for update skip locked) o
            where d.user_id = o.user_id and d.lead_id = o.lead_id",
            before.to_sqlx()
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
