//! Clients: added and listed.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::ClientId;

use crate::{Store, StoreError, source::record::State};

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

impl Store {
    /// Adds a client.
    ///
    /// # Errors
    /// `Taken` when the slug is.
    pub async fn client_add(&self, new: &NewClient, now: Timestamp) -> Result<(), StoreError> {
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
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// All clients by slug.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn clients(&self) -> Result<Vec<ClientRecord>, StoreError> {
        let rows = sqlx::query!(
            "-- client.list
            select id, slug, name, country, time_zone, state from client order by slug"
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(ClientRecord {
                    id: ClientId::from_uuid(row.id),
                    slug: row.slug,
                    name: row.name,
                    country: row.country,
                    time_zone: row.time_zone,
                    state: State::read(&row.state)?,
                })
            })
            .collect()
    }

    /// The client of a slug.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn client_by_slug(&self, slug: &str) -> Result<Option<ClientRecord>, StoreError> {
        Ok(self.clients().await?.into_iter().find(|client| client.slug == slug))
    }
}
