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

impl Store {
    /// Entries of a scope, newest first. What belongs to the whole firm lies in no client's scope.
    pub async fn audit_list(&self, scope: Scope, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
        // Ids are UUIDv7: continuing by id instead of an offset neither repeats nor skips entries when others are
        // written meanwhile.
        let rows = sqlx::query!(
            "-- audit.list
            select id, at, actor, action, object, client_id, before, after from audit
            where ($1::uuid is null or client_id = $1) and ($2::text is null or object = $2)
              and ($3::text is null or actor = $3) and ($4::uuid is null or id < $4)
            order by id desc limit $5",
            scope.client_uuid(),
            filter.object,
            filter.actor,
            filter.before,
            filter.limit
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| AuditRecord {
                id: row.id,
                at: row.at.to_jiff(),
                actor: row.actor,
                action: row.action,
                object: row.object,
                client: row.client_id.map(ClientId::from_uuid),
                before: row.before,
                after: row.after,
            })
            .collect())
    }
}
