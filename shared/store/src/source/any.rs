//! What a trial lead needs: sources that it could come from, and the right to write what a lead is written to.

use ripen_domain::id::{ClientId, SourceId};

use crate::{StoreError, Transaction};

/// So many clients are tried at most: a trial has seconds.
const MOST: i64 = 50;

/// Some source, of some client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnySource {
    /// The source.
    pub id: SourceId,
    /// Its client.
    pub client: ClientId,
}

impl Transaction {
    /// Sources at work, one of each client, the oldest first; none where nothing can arrive yet.
    pub async fn any_sources(&mut self) -> Result<Vec<AnySource>, StoreError> {
        let rows = sqlx::query!(
            r#"-- source.any
            select a.id as "id!", a.client_id as "client_id!"
            from (select distinct on (client_id) id, client_id from source where state = 'active' order by client_id, id) a
            order by a.id limit $1"#,
            MOST
        )
        .fetch_all(self.connection())
        .await?;
        let one = |id, client| AnySource { id: SourceId::from_uuid(id), client: ClientId::from_uuid(client) };
        Ok(rows.into_iter().map(|row| one(row.id, row.client_id)).collect())
    }

    /// Whether this user may write whatever a decision is written to: a lead that is no A does not touch all of it.
    ///
    /// # Errors
    /// `Failed` with the tables that it may not write.
    pub async fn grants_check(&mut self) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            r#"-- source.grants
            select name as "name!" from unnest(array['answer', 'arrival', 'arrival_seen', 'claim', 'decision', 'delivery', 'given',
                'identity', 'lead', 'maturation', 'note', 'person', 'person_identity', 'promise', 'regrade', 'rotation', 'spool'])
              as w (name)
            where to_regclass(name) is not null
              and not (has_table_privilege(name, 'select') and has_table_privilege(name, 'insert')
                       and has_table_privilege(name, 'update'))"#
        )
        .fetch_all(self.connection())
        .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = rows.into_iter().map(|row| row.name).collect();
        Err(StoreError::Failed(format!("this user may not write {}: grant it", names.join(", "))))
    }
}
