//! Reading the audit, newest first.

use jiff::Timestamp;
use ripen_domain::{actor::Scope, id::ClientId};
use serde_json::Value;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Which entries are meant.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// About this object.
    pub object: Option<String>,
    /// And about this one: a lead's person.
    pub also: Option<String>,
    /// By this actor, as the audit writes it.
    pub actor: Option<String>,
    /// Older than this entry: where the page before ended.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// An entry as people read it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Its id: what the next page begins after.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// `noun.verb`.
    pub action: String,
    /// To what.
    pub object: String,
    /// Whose data it is.
    pub client: Option<ClientId>,
    /// What the change replaced.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Option<Value>,
}

struct AuditRow {
    id: Uuid,
    at: jiff_sqlx::Timestamp,
    actor: String,
    action: String,
    object: String,
    client_id: Option<Uuid>,
    before: Option<Value>,
    after: Option<Value>,
}

impl AuditRow {
    fn record(self) -> AuditRecord {
        AuditRecord {
            id: self.id,
            at: self.at.to_jiff(),
            actor: self.actor,
            action: self.action,
            object: self.object,
            client: self.client_id.map(ClientId::from_uuid),
            before: self.before,
            after: self.after,
        }
    }
}

/// Of one lead at most so many changes are shown on its page.
const SHOWN: i64 = 500;

impl Store {
    /// Entries of a scope, newest first. What belongs to the whole firm lies in no client's scope.
    pub async fn audit_list(&self, scope: Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
        let objects: Vec<_> = filter.object.iter().chain(&filter.also).cloned().collect();
        let objects = Some(objects).filter(|objects| !objects.is_empty());
        // Ids are UUIDv7: continuing by id instead of an offset neither repeats nor skips entries when others are
        // written meanwhile.
        let rows = sqlx::query_as!(
            AuditRow,
            "-- audit.list
            select id, at, actor, action, object, client_id, before, after from audit
            where ($1::uuid is null or client_id = $1) and ($2::text[] is null or object = any($2))
              and ($3::text is null or actor = $3) and ($4::uuid is null or id < $4)
            order by id desc limit $5",
            scope.client_uuid(),
            objects.as_deref(),
            filter.actor,
            filter.before,
            filter.limit
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(AuditRow::record).collect())
    }

    /// What was done to these objects by these actions, newest first.
    pub async fn audit_of(
        &self,
        scope: Scope,
        objects: &[String],
        actions: &[&str],
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let actions: Vec<_> = actions.iter().map(|action| (*action).to_owned()).collect();
        let rows = sqlx::query_as!(
            AuditRow,
            "-- audit.of
            select id, at, actor, action, object, client_id, before, after from audit
            where ($1::uuid is null or client_id = $1) and object = any($2) and action = any($3)
            order by id desc limit $4",
            scope.client_uuid(),
            objects,
            &actions,
            SHOWN
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(AuditRow::record).collect())
    }
}
