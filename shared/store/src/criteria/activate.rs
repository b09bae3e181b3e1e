//! Switching a version of a program's criteria on.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    criteria::Criteria,
    hash::ContentHash,
    id::{CriteriaId, ProgramId},
};

use crate::{Store, StoreError, program::record::program_for};

/// A document to be switched on.
#[derive(Debug, Clone)]
pub struct Activation<'a> {
    /// The program's name in it.
    pub program: &'a str,
    /// The document.
    pub document: &'a str,
    /// Ids for the version and the program, should they be new.
    pub ids: (CriteriaId, ProgramId),
    /// Who.
    pub by: &'a str,
    /// The back-test it rests on.
    pub backtest: Option<uuid::Uuid>,
    /// Over what time it reaches all open leads.
    pub spread: SignedDuration,
}

impl Store {
    /// Makes a document the active version of the program of its name and returns its version. The same document again is
    /// the same version. The first document of all names the default program. What its receipts are compressed by is kept
    /// with it, and stays.
    ///
    /// # Errors
    /// When the database is away, or the document has mistakes.
    pub async fn criteria_activate(&self, new: &Activation<'_>, now: Timestamp) -> Result<i32, StoreError> {
        let mut tx = self.begin().await?;
        let program = program_for(tx.connection(), new.program, new.ids.1, now).await?;
        let hash = ContentHash::of(new.document.as_bytes());
        let loaded =
            Criteria::load(new.document).map_err(|_| StoreError::Failed("the criteria have mistakes".to_owned()))?;
        let dictionary = loaded.criteria.dictionary();
        let row = sqlx::query!(
            r#"-- criteria.store
            insert into criteria as k (id, program_id, version, hash, document, dictionary, activated_at, created_at)
            select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $6, $5, $5 from criteria where program_id = $2
            on conflict (program_id, hash) do update set activated_at = $5, retired_at = null
            returning k.id, k.version"#,
            new.ids.0.uuid(),
            program.uuid(),
            &hash.bytes()[..],
            new.document,
            now.to_sqlx(),
            dictionary
        )
        .fetch_one(tx.connection())
        .await?;
        // Before the program names the new version: the one it names now is the one that retires.
        sqlx::query!(
            "-- criteria.switch
            with retired as (
              update criteria set retired_at = $3
              where program_id = $1 and id <> $2 and id = (select criteria_id from program where id = $1) returning id
            )
            insert into criteria_event (criteria_id, at, what, by, backtest_id)
            select id, $3::timestamptz, 'retired', $4::text, null::uuid from retired
            union all select $2, $3, 'activated', $4, $5",
            program.uuid(),
            row.id,
            now.to_sqlx(),
            new.by,
            new.backtest
        )
        .execute(tx.connection())
        .await?;
        tx.program_use_criteria(program, CriteriaId::from_uuid(row.id), new.spread, now).await?;
        tx.commit().await?;
        Ok(row.version)
    }
}
