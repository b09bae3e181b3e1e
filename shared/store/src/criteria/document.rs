//! Criteria documents, as the qualifier loads them and people list them.

use jiff::Timestamp;
use ripen_domain::id::{ClientId, CriteriaId};
use sqlx::PgExecutor;

use crate::{Scope, Store, StoreError, Transaction};

/// One version of a program's criteria.
#[derive(Debug, Clone)]
pub struct CriteriaRecord {
    /// Its id.
    pub id: CriteriaId,
    /// The program's name.
    pub program: String,
    /// Counts from 1.
    pub version: i32,
    /// When it last became active.
    pub activated_at: Option<Timestamp>,
    /// When another took its place.
    pub retired_at: Option<Timestamp>,
    /// It is the active one.
    pub active: bool,
    /// Who last switched it on.
    pub activated_by: Option<String>,
    /// The back-test that its last activation rests on.
    pub backtest: Option<uuid::Uuid>,
    /// The document.
    pub document: String,
}

/// A document and its version, as the qualifier loads it.
#[derive(Debug, Clone)]
pub struct ActiveCriteria {
    /// Its id.
    pub id: CriteriaId,
    /// Counts from 1.
    pub version: i32,
    /// The document.
    pub document: String,
}

/// A version of a program's criteria, without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriteriaVersionRecord {
    /// Counts from 1.
    pub version: i32,
    /// SHA-256 of the document.
    pub hash: Vec<u8>,
    /// It is the active one.
    pub active: bool,
    /// It is, or was before.
    pub was_active: bool,
}

impl Transaction {
    /// The versions of the program of this name, newest last.
    pub async fn criteria_versions(&mut self, program: &str) -> Result<Vec<CriteriaVersionRecord>, StoreError> {
        Ok(sqlx::query_as!(
            CriteriaVersionRecord,
            r#"-- criteria.versions
            select k.version, k.hash, g.criteria_id is not distinct from k.id as "active!",
                   k.activated_at is not null as "was_active!"
            from criteria k join program g on g.id = k.program_id where g.name = $1 order by k.version"#,
            program
        )
        .fetch_all(self.connection())
        .await?)
    }

    /// The active criteria of a client's program; none before the first activation, or where the scope has no such client.
    pub async fn client_criteria(
        &mut self,
        scope: Scope,
        client: ClientId,
    ) -> Result<Option<ActiveCriteria>, StoreError> {
        // A client without a program of its own has the default one; a program without criteria gives no row.
        let row = sqlx::query!(
            "-- criteria.of_client
            select k.id, k.version, k.document
            from client c join program g on g.id = coalesce(c.program_id, (select id from program where is_default))
            join criteria k on k.id = g.criteria_id
            where c.id = $1 and ($2::uuid is null or c.id = $2)",
            client.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| ActiveCriteria {
            id: CriteriaId::from_uuid(row.id),
            version: row.version,
            document: row.document,
        }))
    }
}

impl Store {
    /// Documents by id.
    pub async fn criteria_documents(&self, ids: &[CriteriaId]) -> Result<Vec<ActiveCriteria>, StoreError> {
        documents(&self.pool, ids).await
    }

    /// All versions of all programs, newest last.
    pub async fn criteria_list(&self) -> Result<Vec<CriteriaRecord>, StoreError> {
        // Joined by the instant too: a version that was activated twice has two such events, of which the last counts.
        let rows = sqlx::query!(
            r#"-- criteria.list
            select k.id, g.name as program, k.version, k.activated_at, k.retired_at, k.document,
                   (g.criteria_id is not distinct from k.id) as "active!", v.by as "activated_by?", v.backtest_id
            from criteria k join program g on g.id = k.program_id
            left join criteria_event v on v.criteria_id = k.id and v.what = 'activated' and v.at = k.activated_at
            order by g.name, k.version"#
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| CriteriaRecord {
                id: CriteriaId::from_uuid(row.id),
                program: row.program,
                version: row.version,
                activated_at: row.activated_at.map(jiff_sqlx::Timestamp::to_jiff),
                retired_at: row.retired_at.map(jiff_sqlx::Timestamp::to_jiff),
                active: row.active,
                activated_by: row.activated_by,
                backtest: row.backtest_id,
                document: row.document,
            })
            .collect())
    }
}

impl Transaction {
    /// These documents, read over the transaction's own connection.
    pub async fn criteria_documents_within(&mut self, ids: &[CriteriaId]) -> Result<Vec<ActiveCriteria>, StoreError> {
        documents(self.connection(), ids).await
    }
}

async fn documents(executor: impl PgExecutor<'_>, ids: &[CriteriaId]) -> Result<Vec<ActiveCriteria>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "-- criteria.documents
        select id, version, document from criteria where id = any($1)",
        &ids
    )
    .fetch_all(executor)
    .await?;
    // Documents never change under their id, so that callers may keep them as long as they like.
    let read = rows.into_iter().map(|row| ActiveCriteria {
        id: CriteriaId::from_uuid(row.id),
        version: row.version,
        document: row.document,
    });
    Ok(read.collect())
}
