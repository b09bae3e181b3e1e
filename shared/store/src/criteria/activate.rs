//! Switching a version of a program's criteria on.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    criteria::Criteria,
    hash::ContentHash,
    id::{CriteriaId, ProgramId},
};

use crate::{StoreError, Transaction};

/// A document to be switched on.
#[derive(Debug, Clone)]
pub struct Activation<'a> {
    /// The program's name in it.
    pub program: &'a str,
    /// The document.
    pub document: &'a str,
    /// The version's id, should it be new.
    pub version_id: CriteriaId,
    /// The program's id, should it be new.
    pub program_id: ProgramId,
    /// Who.
    pub by: &'a Actor,
    /// The back-test it rests on.
    pub backtest: Option<uuid::Uuid>,
    /// Over what time it reaches all open leads.
    pub spread: SignedDuration,
}

impl Transaction {
    /// Makes a document the active version of the program of its name and returns its version. The same document again is
    /// the same version. The first document of all names the default program. What its receipts are compressed by is kept
    /// with it, and stays.
    ///
    /// # Errors
    /// When the document has mistakes.
    pub async fn criteria_activate(&mut self, new: &Activation<'_>, now: Timestamp) -> Result<i32, StoreError> {
        // Locks the program: two activations at once would otherwise take the same version number, and both would
        // retire the same one.
        let program = self.program_for(new.program, new.program_id, now).await?;
        let hash = ContentHash::of(new.document.as_bytes());
        let loaded =
            Criteria::load(new.document).map_err(|_| StoreError::Failed("the criteria have mistakes".to_owned()))?;
        let dictionary = loaded.criteria.dictionary();
        // A document that was active before becomes active again under its old number, so that its decisions stay
        // under one version.
        let row = sqlx::query!(
            r#"-- criteria.store
            insert into criteria as k (id, program_id, version, hash, document, dictionary, activated_at, created_at)
            select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $6, $5, $5 from criteria where program_id = $2
            on conflict (program_id, hash) do update set activated_at = $5, retired_at = null
            returning k.id, k.version"#,
            new.version_id.uuid(),
            program.uuid(),
            &hash.bytes()[..],
            new.document,
            now.to_sqlx(),
            dictionary
        )
        .fetch_one(self.connection())
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
            new.by.name(),
            new.backtest
        )
        .execute(self.connection())
        .await?;
        self.program_use_criteria(program, CriteriaId::from_uuid(row.id), new.spread, now).await?;
        Ok(row.version)
    }
}
