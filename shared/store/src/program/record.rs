//! Programs: lines of business with their criteria.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{CriteriaId, ProgramId};

use crate::{Store, StoreError};

/// A program.
#[derive(Debug, Clone)]
pub struct ProgramRecord {
    /// Its id.
    pub id: ProgramId,
    /// Name, as its criteria call it.
    pub name: String,
    /// Clients without a program of their own use it.
    pub is_default: bool,
    /// The active version: number and id.
    pub active: Option<(i32, CriteriaId)>,
    /// The slugs of the clients that use it.
    pub clients: Vec<String>,
    /// Open leads.
    pub open_leads: i64,
    /// Open leads that the active version has not decided yet.
    pub outdated: i64,
}

impl Store {
    /// All programs by name.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn programs(&self) -> Result<Vec<ProgramRecord>, StoreError> {
        let rows = sqlx::query!(
            r#"-- program.list
            select g.id, g.name, g.is_default, g.criteria_id, k.version as "version?",
                   array(select c.slug from client c where coalesce(c.program_id, d.id) = g.id order by c.slug) as "clients!",
                   (select count(*) from lead l where l.program_id = g.id and l.stage in ('lead', 'contact', 'opportunity')) as "open!",
                   (select count(*) from lead l where l.program_id = g.id and l.stage in ('lead', 'contact', 'opportunity')
                      and l.criteria_id is distinct from g.criteria_id) as "outdated!"
            from program g cross join (select id from program where is_default) d left join criteria k on k.id = g.criteria_id
            order by g.name"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ProgramRecord {
                id: ProgramId::from_uuid(row.id),
                name: row.name,
                is_default: row.is_default,
                active: row.version.zip(row.criteria_id.map(CriteriaId::from_uuid)),
                clients: row.clients,
                open_leads: row.open,
                outdated: row.outdated,
            })
            .collect())
    }
}

/// The program of this name, locked: an existing one, else the default one while it has no criteria, else a new one.
pub(crate) async fn program_for(
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
