//! Routing documents, and how a lead was routed last.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    hash::ContentHash,
    id::{ClientId, LeadId},
};

use crate::{Scope, Store, StoreError};

/// A routing document.
#[derive(Debug, Clone)]
pub struct RouteRecord {
    /// Counts the client's documents from 1.
    pub version: i32,
    /// In force.
    pub active: bool,
    /// As it was written.
    pub document: String,
    /// Who put it in force, and when.
    pub set: (String, Timestamp),
}

/// What was said when a lead's last maturation was routed last.
#[derive(Debug, Clone)]
pub struct RoutedRecord {
    /// Whose lead.
    pub client: ClientId,
    /// The version of the routing; none where the client has none.
    pub version: Option<i32>,
    /// When; none where every endpoint gets every lead.
    pub at: Option<Timestamp>,
    /// In words.
    pub text: Option<String>,
}

impl Store {
    /// Puts a checked document in force and returns its version. The one in force again is the same version.
    ///
    /// # Errors
    /// When the database is away or there is no such client.
    pub async fn route_set(
        &self,
        client: ClientId,
        document: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<i32, StoreError> {
        let hash = ContentHash::of(document.as_bytes());
        let mut tx = self.begin().await?;
        sqlx::query!(
            "-- route.lock
            select id from client where id = $1 for update",
            client.uuid()
        )
        .fetch_one(tx.connection())
        .await?;
        let row = sqlx::query!(
            r#"-- route.set
            with same as (
              select r.version from client c join route r on r.client_id = c.id and r.version = c.route and r.hash = $2
              where c.id = $1
            ), new as (
              insert into route (client_id, version, hash, document, set_by, set_at)
              select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5 from route
              where client_id = $1 having not exists (select 1 from same)
              returning version
            )
            select coalesce((select version from same), (select version from new)) as "version!""#,
            client.uuid(),
            &hash.bytes()[..],
            document,
            by,
            now.to_sqlx()
        )
        .fetch_one(tx.connection())
        .await?;
        tx.client_use_route(client, Some(row.version)).await?;
        tx.commit().await?;
        self.route_again(client, now).await?;
        Ok(row.version)
    }

    /// Takes the client's routing out of force: every enabled endpoint gets every lead again.
    ///
    /// # Errors
    /// `Moved` when there is no such client.
    pub async fn route_remove(&self, client: ClientId, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.client_use_route(client, None).await?;
        tx.commit().await?;
        self.route_again(client, now).await?;
        Ok(())
    }

    /// A client's documents, oldest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn routes(&self, client: ClientId) -> Result<Vec<RouteRecord>, StoreError> {
        let rows = sqlx::query!(
            r#"-- route.list
            select r.version, r.version is not distinct from c.route as "active!", r.document, r.set_by, r.set_at
            from route r join client c on c.id = r.client_id where r.client_id = $1 order by r.version"#,
            client.uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let record = |(version, active, document, by, at): (_, _, _, _, jiff_sqlx::Timestamp)| RouteRecord {
            version,
            active,
            document,
            set: (by, at.to_jiff()),
        };
        let rows = rows.into_iter().map(|row| (row.version, row.active, row.document, row.set_by, row.set_at));
        Ok(rows.map(record).collect())
    }

    /// How a lead was routed last; none where it never matured.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn routed(&self, scope: Scope, lead: LeadId) -> Result<Option<RoutedRecord>, StoreError> {
        let row = sqlx::query!(
            "-- route.routed
            select client_id, route, routed_at, routing from maturation
            where lead_id = $1 and ($2::uuid is null or client_id = $2) order by at desc, id desc limit 1",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| RoutedRecord {
            client: ClientId::from_uuid(row.client_id),
            version: row.route,
            at: row.routed_at.map(jiff_sqlx::Timestamp::to_jiff),
            text: row.routing,
        }))
    }
}
