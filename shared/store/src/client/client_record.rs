//! Clients of the firm: added and listed.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::ClientId;
use sqlx::PgExecutor;

use crate::{Scope, Store, StoreError, Transaction, source::source_record::State};

/// A client.
#[derive(Debug, Clone)]
pub struct ClientRecord {
    /// Its id.
    pub id: ClientId,
    /// Short name.
    pub slug: String,
    /// Name as people write it.
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// IANA time zone.
    pub time_zone: String,
    /// At work or paused.
    pub state: State,
}

/// A client to be added.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its id.
    pub id: ClientId,
    /// Short name, unique.
    pub slug: String,
    /// Name as people write it.
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// IANA time zone.
    pub time_zone: String,
}

struct ClientColumns {
    id: uuid::Uuid,
    slug: String,
    name: String,
    country: String,
    time_zone: String,
    state: String,
}

impl ClientColumns {
    fn record(self) -> Result<ClientRecord, StoreError> {
        Ok(ClientRecord {
            id: ClientId::from_uuid(self.id),
            slug: self.slug,
            name: self.name,
            country: self.country,
            time_zone: self.time_zone,
            // An unknown state is an error: taken for active, it would send leads to a client that wants none.
            state: State::read(&self.state)?,
        })
    }
}

impl Store {
    /// The clients of a scope by slug.
    pub async fn clients(&self, scope: Scope) -> Result<Vec<ClientRecord>, StoreError> {
        list(&self.pool, scope).await
    }
}

impl Transaction {
    /// The clients of a scope by slug, as this transaction sees them.
    pub async fn clients(&mut self, scope: Scope) -> Result<Vec<ClientRecord>, StoreError> {
        list(self.connection(), scope).await
    }

    /// Adds a client; `Taken` when the slug is.
    pub async fn client_add(&mut self, new: &NewClient, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- client.add
            insert into client (id, slug, name, country, time_zone, created_at) values ($1, $2, $3, $4, $5, $6)",
            new.id.uuid(),
            new.slug,
            new.name,
            new.country,
            new.time_zone,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The client of a slug, held until the transaction ends, so that what an action read of it stays true while it changes it.
    pub async fn client_lock(&mut self, scope: Scope, slug: &str) -> Result<Option<ClientRecord>, StoreError> {
        // No key update: rows that refer to the client by a foreign key may still be written meanwhile.
        let row = sqlx::query_as!(
            ClientColumns,
            "-- client.lock
            select id, slug, name, country, time_zone, state from client
            where slug = $1 and ($2::uuid is null or id = $2) for no key update",
            slug,
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(ClientColumns::record).transpose()
    }
}

async fn list(executor: impl PgExecutor<'_>, scope: Scope) -> Result<Vec<ClientRecord>, StoreError> {
    let rows = sqlx::query_as!(
        ClientColumns,
        "-- client.list
        select id, slug, name, country, time_zone, state from client where $1::uuid is null or id = $1 order by slug",
        scope.client_uuid()
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(ClientColumns::record).collect()
}
