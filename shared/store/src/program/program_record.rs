//! Programs: lines of business with their criteria.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{CriteriaId, ProgramId};

use crate::{Scope, Store, StoreError, Transaction};

/// The version of a program's criteria in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveVersion {
    /// Its number.
    pub version: i32,
    /// The criteria.
    pub criteria: CriteriaId,
}

/// A program.
#[derive(Debug, Clone)]
pub struct ProgramRecord {
    /// Its id.
    pub id: ProgramId,
    /// Name, as its criteria call it.
    pub name: String,
    /// Clients without a program of their own use it.
    pub is_default: bool,
    /// The active version.
    pub active: Option<ActiveVersion>,
    /// The slugs of the clients that use it.
    pub clients: Vec<String>,
    /// Open leads.
    pub open_leads: i64,
    /// Open leads that the active version has not decided yet.
    pub outdated: i64,
}

impl Store {
    /// All programs by name, with the clients and leads of the scope.
    pub async fn programs(&self, scope: Scope) -> Result<Vec<ProgramRecord>, StoreError> {
        // The lists' pool: it counts over all open leads.
        let rows = sqlx::query!(
            r#"-- program.list
            select g.id, g.name, g.is_default, g.criteria_id, k.version as "version?",
                   array(select c.slug from client c where coalesce(c.program_id, d.id) = g.id and ($1::uuid is null or c.id = $1) order by c.slug) as "clients!",
                   (select count(*) from lead l where l.program_id = g.id and l.stage in ('lead', 'contact', 'opportunity')
                      and ($1::uuid is null or l.client_id = $1)) as "open!",
                   (select count(*) from lead l where l.program_id = g.id and l.stage in ('lead', 'contact', 'opportunity')
                      and l.criteria_id is distinct from g.criteria_id and ($1::uuid is null or l.client_id = $1)) as "outdated!"
            from program g cross join (select id from program where is_default) d left join criteria k on k.id = g.criteria_id
            order by g.name"#,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ProgramRecord {
                id: ProgramId::from_uuid(row.id),
                name: row.name,
                is_default: row.is_default,
                active: row
                    .version
                    .zip(row.criteria_id.map(CriteriaId::from_uuid))
                    .map(|(version, criteria)| ActiveVersion { version, criteria }),
                clients: row.clients,
                open_leads: row.open,
                outdated: row.outdated,
            })
            .collect())
    }
}

/// A program by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramName {
    /// Its id.
    pub id: ProgramId,
    /// Name, as its criteria call it.
    pub name: String,
    /// The active criteria.
    pub active: Option<CriteriaId>,
}

impl Transaction {
    /// The names of all programs.
    pub async fn program_names(&mut self) -> Result<Vec<ProgramName>, StoreError> {
        let rows = sqlx::query!(
            "-- program.names
            select id, name, criteria_id from program order by name"
        )
        .fetch_all(self.connection())
        .await?;
        let name = |id, name, active: Option<uuid::Uuid>| ProgramName {
            id: ProgramId::from_uuid(id),
            name,
            active: active.map(CriteriaId::from_uuid),
        };
        Ok(rows.into_iter().map(|row| name(row.id, row.name, row.criteria_id)).collect())
    }

    /// Holds the program of this name, where there is one, until the transaction ends.
    pub async fn program_lock(&mut self, name: &str) -> Result<Option<ProgramId>, StoreError> {
        // Held until the end, so that versions are numbered one after another.
        let found = sqlx::query!(
            "-- program.by_name
            select id from program where name = $1 for update",
            name
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(found.map(|row| ProgramId::from_uuid(row.id)))
    }

    /// The program of this name, locked: an existing one, else the default one while it has no criteria, else a new one.
    pub(crate) async fn program_for(
        &mut self,
        name: &str,
        fresh: ProgramId,
        now: Timestamp,
    ) -> Result<ProgramId, StoreError> {
        if let Some(found) = self.program_lock(name).await? {
            return Ok(found);
        }
        // Only while nothing was ever activated under it: a program with criteria does not change its name under its
        // leads.
        let named = sqlx::query!(
            "-- program.name_default
            update program set name = $1 where is_default and criteria_id is null
              and not exists (select 1 from criteria k where k.program_id = program.id) returning id",
            name
        )
        .fetch_optional(self.connection())
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
        .execute(self.connection())
        .await?;
        Ok(fresh)
    }
}
