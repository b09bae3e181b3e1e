//! Programs: lines of business with their criteria, and which of them a client uses.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, CriteriaId, ProgramId};

use crate::{Store, StoreError, error::one_row};

/// Leads of a program regraded in a second at the least, however far they could be spread.
pub(crate) const LEAST_PACE: f64 = 50.0;
/// As many as there is work for: leads that no criteria have graded yet are not to wait.
pub(crate) const AT_ONCE: f64 = 1e6;

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

/// What a client uses besides its name and place.
#[derive(Debug, Clone)]
pub struct ClientTerms {
    /// The program's name.
    pub program: String,
    /// A leads that its sales team can take in a day.
    pub capacity: Option<i32>,
}

/// What is to change of a client; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    /// Name as people write it.
    pub name: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// A leads a day; a none inside takes the limit away.
    pub capacity: Option<Option<i32>>,
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

    /// What the client uses.
    ///
    /// # Errors
    /// When the database is away or there is no such client.
    pub async fn client_terms(&self, client: ClientId) -> Result<ClientTerms, StoreError> {
        let row = sqlx::query!(
            "-- client.terms
            select g.name, c.capacity from client c
            join program g on g.id = coalesce(c.program_id, (select id from program where is_default))
            where c.id = $1",
            client.uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(ClientTerms { program: row.name, capacity: row.capacity })
    }

    /// What clients' sales teams can take in a day, by slug, where that is set.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn client_capacities(&self) -> Result<BTreeMap<String, u32>, StoreError> {
        let rows = sqlx::query!(
            r#"-- client.capacities
            select slug, capacity as "capacity!" from client where capacity is not null"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.slug, u32::try_from(row.capacity).unwrap_or(0))).collect())
    }

    /// Changes a client.
    ///
    /// # Errors
    /// `Moved` when there is no such client.
    pub async fn client_set(&self, client: ClientId, change: &ClientChange, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set
            update client set name = coalesce($2, name), country = coalesce($3, country), time_zone = coalesce($4, time_zone),
                              capacity = case when $5 then $6 else capacity end
            where id = $1",
            client.uuid(),
            change.name,
            change.country,
            change.time_zone,
            change.capacity.is_some(),
            change.capacity.flatten()
        )
        .execute(&self.pool)
        .await?;
        one_row(done.rows_affected(), "client")?;
        self.route_again(client, now).await?;
        Ok(())
    }

    /// Gives a client another program and takes its open leads there, to be regraded over `spread`. Returns how many.
    ///
    /// # Errors
    /// When the database is away or there is no such client.
    pub async fn client_set_program(
        &self,
        client: ClientId,
        program: ProgramId,
        spread: SignedDuration,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await?;
        // Leads before their client, as every writer locks them.
        let moved = sqlx::query!(
            "-- lead.set_program
            with theirs as materialized (
              select l.id from program g join lead l on l.program_id = g.id
              where g.id <> $2 and l.client_id = $1 and l.stage in ('lead', 'contact', 'opportunity') order by l.id for update of l
            )
            update lead l set program_id = $2 from theirs where l.id = theirs.id",
            client.uuid(),
            program.uuid()
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let done = sqlx::query!(
            "-- client.set_program
            update client set program_id = $2 where id = $1",
            client.uuid(),
            program.uuid()
        )
        .execute(&mut *tx)
        .await?;
        one_row(done.rows_affected(), "client")?;
        #[allow(clippy::cast_precision_loss, reason = "a pace need not be exact")]
        let pace = (moved as f64 / spread.as_secs_f64().max(1.0)).max(LEAST_PACE);
        sqlx::query!(
            "-- program.set_pace
            update program set pace = greatest($2, case when paced_at > $3 then pace end), paced_at = $4 where id = $1",
            program.uuid(),
            pace,
            now.checked_sub(spread).unwrap_or(now).to_sqlx(),
            now.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(moved)
    }
}
