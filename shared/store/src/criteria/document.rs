//! Criteria versions: stored byte for byte, one active per program.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    criteria::Criteria,
    hash::ContentHash,
    id::{CriteriaId, ProgramId},
};

use crate::{
    Store, StoreError,
    decision::history::Period,
    program::record::{AT_ONCE, LEAST_PACE},
};

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

/// A back-test to be kept.
#[derive(Debug)]
pub struct NewBacktest<'a> {
    /// Its id.
    pub id: uuid::Uuid,
    /// What past was looked at.
    pub period: &'a Period,
    /// The draft.
    pub hash: ContentHash,
    /// How many decisions were made again.
    pub decisions: i64,
    /// What it found.
    pub report: serde_json::Value,
    /// Who ran it.
    pub by: &'a str,
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
                   (g.criteria_id is not distinct from k.id) as "active!", v.by as "activated_by?", v.backtest_id
            from criteria k join program g on g.id = k.program_id
            left join criteria_event v on v.criteria_id = k.id and v.what = 'activated' and v.at = k.activated_at
            order by g.name, k.version"#
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
                activated_by: row.activated_by,
                backtest: row.backtest_id,
                document: row.document,
            })
            .collect())
    }

    /// Makes a document the active version of the program of its name and returns its version. The same document again is
    /// the same version. The first document of all names the default program. What its receipts are compressed by is kept
    /// with it, and stays.
    ///
    /// # Errors
    /// When the database is away, or the document has mistakes.
    pub async fn criteria_activate(&self, new: &Activation<'_>, now: Timestamp) -> Result<i32, StoreError> {
        let mut tx = self.pool.begin().await?;
        let program = program_for(&mut tx, new.program, new.ids.1, now).await?;
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
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query!(
            "-- criteria.switch
            with retired as (
              update criteria set retired_at = $3
              where program_id = $1 and id <> $2 and id = (select criteria_id from program where id = $1) returning id
            ), switched as (
              update program set criteria_id = $2, paced_at = $3::timestamptz - interval '1 second',
                                 pace = case when criteria_id is null or $6::double precision <= 0 then $7::double precision else greatest($8::double precision, (
                                   select count(*) from lead where program_id = $1 and stage in ('lead', 'contact', 'opportunity')
                                 )::double precision / $6) end
              where id = $1
            )
            insert into criteria_event (criteria_id, at, what, by, backtest_id)
            select id, $3::timestamptz, 'retired', $4::text, null::uuid from retired
            union all select $2, $3, 'activated', $4, $5",
            program.uuid(),
            row.id,
            now.to_sqlx(),
            new.by,
            new.backtest,
            new.spread.as_secs_f64(),
            AT_ONCE,
            LEAST_PACE
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(row.version)
    }

    /// Keeps a back-test.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn backtest_add(&self, new: &NewBacktest<'_>, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- backtest.add
            insert into backtest (id, program, hash, client_id, since, until, decisions, report, by, at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            new.id,
            new.period.program,
            &new.hash.bytes()[..],
            new.period.client.map(ripen_domain::id::ClientId::uuid),
            new.period.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            new.period.until.to_sqlx(),
            new.decisions,
            new.report,
            new.by,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The hash of the document that a back-test was about; none where there is no such back-test.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn backtest_hash(&self, id: uuid::Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query!(
            "-- backtest.hash
            select hash from backtest where id = $1",
            id
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| row.hash))
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
