//! Writing the audit, in the transaction of what it tells of.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::{Actor, Scope},
    id::ClientId,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// One thing that an action changed.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// UUIDv7.
    pub id: Uuid,
    /// `noun.verb`.
    pub action: &'static str,
    /// Its id as people see it.
    pub object: String,
    /// Whose data it is; none for what belongs to the whole firm.
    pub client: Option<ClientId>,
    /// What the change replaced.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Option<Value>,
}

impl Transaction {
    /// What the newest entry of this action on this object says that it is since. Until the transaction ends, others who ask
    /// the same wait: of two processes that start together one writes.
    pub async fn audit_last(&mut self, scope: Scope, object: &str, action: &str) -> Result<Option<Value>, StoreError> {
        sqlx::query!(
            r#"-- audit.last_turn
            select pg_advisory_xact_lock(hashtextextended('audit ' || $1::text || ' ' || $2::text, 0))::text as "locked!""#,
            object,
            action
        )
        .fetch_one(self.connection())
        .await?;
        // A new statement: the one above cannot see what a transaction wrote that committed while it waited.
        let last = sqlx::query_scalar!(
            "-- audit.last
            select after from audit where object = $1 and action = $2 and ($3::uuid is null or client_id = $3)
            order by id desc limit 1",
            object,
            action,
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(last.flatten())
    }

    /// Writes what an actor changed.
    pub async fn audit_record(
        &mut self,
        actor: &Actor,
        entries: &[AuditEntry],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
        let actions: Vec<_> = entries.iter().map(|entry| entry.action.to_owned()).collect();
        let objects: Vec<_> = entries.iter().map(|entry| entry.object.clone()).collect();
        let clients: Vec<_> = entries.iter().map(|entry| entry.client.map(ClientId::uuid)).collect();
        let before: Vec<_> = entries.iter().map(|entry| entry.before.clone()).collect();
        let after: Vec<_> = entries.iter().map(|entry| entry.after.clone()).collect();
        sqlx::query!(
            "-- audit.record
            insert into audit (id, at, actor, action, object, client_id, before, after)
            select id, $1, $2, action, object, client_id, before, after
            from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::jsonb[], $8::jsonb[])
              as entry (id, action, object, client_id, before, after)",
            now.to_sqlx(),
            actor.to_string(),
            &ids,
            &actions,
            &objects,
            &clients as &[Option<Uuid>],
            &before as &[Option<Value>],
            &after as &[Option<Value>]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
