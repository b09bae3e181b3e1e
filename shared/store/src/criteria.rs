//! Criteria versions: stored byte for byte, one active per program.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    hash::ContentHash,
    id::{CriteriaId, ProgramId},
};

use crate::{Store, StoreError};

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

impl Store {
    /// Documents by id.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn criteria_documents(&self, ids: &[CriteriaId]) -> Result<Vec<ActiveCriteria>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            "-- criteria.documents
            select id, version, document from criteria where id = any($1)",
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ActiveCriteria {
                id: CriteriaId::from_uuid(row.id),
                version: row.version,
                document: row.document,
            })
            .collect())
    }

    /// All versions of all programs, newest last.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn criteria_list(&self) -> Result<Vec<CriteriaRecord>, StoreError> {
        let rows = sqlx::query!(
            r#"-- criteria.list
            select k.id, g.name as program, k.version, k.activated_at, k.retired_at, k.document,
                   (g.criteria_id is not distinct from k.id) as "active!"
            from criteria k join program g on g.id = k.program_id order by g.name, k.version"#
        )
        .fetch_all(&self.pool)
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
                document: row.document,
            })
            .collect())
    }

    /// Makes a document the active version of the program of its name and returns its version. The same document again is
    /// the same version. The first document of all names the default program.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn criteria_activate(
        &self,
        program_name: &str,
        document: &str,
        new: (CriteriaId, ProgramId),
        now: Timestamp,
    ) -> Result<i32, StoreError> {
        let mut tx = self.pool.begin().await?;
        let program = program_for(&mut tx, program_name, new.1, now).await?;
        let hash = ContentHash::of(document.as_bytes());
        let row = sqlx::query!(
            r#"-- criteria.store
            insert into criteria as k (id, program_id, version, hash, document, activated_at, created_at)
            select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $5 from criteria where program_id = $2
            on conflict (program_id, hash) do update set activated_at = $5, retired_at = null
            returning k.id, k.version"#,
            new.0.uuid(),
            program.uuid(),
            &hash.bytes()[..],
            document,
            now.to_sqlx()
        )
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query!(
            "-- criteria.retire
            update criteria set retired_at = $3
            where program_id = $1 and id <> $2 and id = (select criteria_id from program where id = $1)",
            program.uuid(),
            row.id,
            now.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "-- criteria.activate
            update program set criteria_id = $2 where id = $1",
            program.uuid(),
            row.id
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(row.version)
    }
}

/// The program of this name, locked: an existing one, else the default one while it has no criteria, else a new one.
async fn program_for(
    tx: &mut sqlx::PgConnection,
    name: &str,
    fresh: ProgramId,
    now: Timestamp,
) -> Result<ProgramId, StoreError> {
    let found = sqlx::query!(
        "-- program.by_name
        select id from program where name = $1 for update",
        name
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = found {
        return Ok(ProgramId::from_uuid(row.id));
    }
    let named = sqlx::query!(
        "-- program.name_default
        update program set name = $1 where is_default and criteria_id is null
          and not exists (select 1 from criteria k where k.program_id = program.id) returning id",
        name
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = named {
        return Ok(ProgramId::from_uuid(row.id));
    }
    sqlx::query!(
        "-- program.add
        insert into program (id, name, created_at) values ($1, $2, $3)",
        fresh.uuid(),
        name,
        now.to_sqlx()
    )
    .execute(tx)
    .await?;
    Ok(fresh)
}
