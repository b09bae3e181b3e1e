//! What staff set of a client: its name and place, program, capacity, state and return rules.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    id::{ClientId, ProgramId},
    outcome::ReturnRules,
};

use crate::{Scope, Store, StoreError, Transaction, error::one_row, source::record::State};

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
        let mut tx = self.begin().await?;
        // Leads before their client, as every writer locks them: a batch that holds one of the leads would deadlock with us.
        let moved = tx.leads_set_program(client, program).await?;
        let done = sqlx::query!(
            "-- client.set_program
            update client set program_id = $2 where id = $1",
            client.uuid(),
            program.uuid()
        )
        .execute(tx.connection())
        .await?;
        one_row(done.rows_affected(), "client")?;
        tx.program_take_leads(program, moved, spread, now).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// When a client may return leads.
    ///
    /// # Errors
    /// When the database is away or there is no such client.
    pub async fn return_rules(&self, client: ClientId) -> Result<ReturnRules, StoreError> {
        let row = sqlx::query!(
            "-- client.returns
            select return_days, return_reasons from client where id = $1",
            client.uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(ReturnRules { days: row.return_days, reasons: row.return_reasons })
    }

    /// Sets when a client may return leads.
    ///
    /// # Errors
    /// `Moved` when there is no such client.
    pub async fn client_set_returns(&self, client: ClientId, rules: &ReturnRules) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set_returns
            update client set return_days = $2, return_reasons = $3 where id = $1",
            client.uuid(),
            rules.days,
            &rules.reasons
        )
        .execute(&self.pool)
        .await?;
        one_row(done.rows_affected(), "client")
    }
}

impl Transaction {
    /// Pauses or resumes a client; `Moved` when there is no such client in the scope.
    pub async fn client_set_state(&mut self, scope: Scope, client: ClientId, state: State) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.set_state
            update client set state = $2 where id = $1 and ($3::uuid is null or id = $3)",
            client.uuid(),
            state.word(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }
}

impl Transaction {
    /// Puts a version of the client's routing in force; none takes the routing out of force.
    pub(crate) async fn client_use_route(&mut self, client: ClientId, version: Option<i32>) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- client.use_route
            update client set route = $2 where id = $1",
            client.uuid(),
            version
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }
}
