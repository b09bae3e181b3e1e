//! Routing documents, and how a lead was routed last.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    hash::ContentHash,
    id::{ClientId, LeadId},
};

use crate::{Scope, Store, StoreError, Transaction, client::settings::WhenDead};

/// A routing document.
#[derive(Debug, Clone)]
pub struct RouteRecord {
    /// Counts the client's documents from 1.
    pub version: i32,
    /// In force.
    pub active: bool,
    /// As it was written.
    pub document: String,
    /// What becomes of leads that could not be delivered; none where the client's own setting says.
    pub when_dead: Option<WhenDead>,
    /// Who put it in force.
    pub set_by: String,
    /// When.
    pub set_at: Timestamp,
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

/// A checked document to be put in force.
#[derive(Debug, Clone, Copy)]
pub struct NewRoute<'a> {
    /// Whose.
    pub client: ClientId,
    /// As it was written.
    pub document: &'a str,
    /// What becomes of leads that could not be delivered; none where the client's own setting says.
    pub when_dead: Option<WhenDead>,
    /// Who puts it in force.
    pub by: &'a Actor,
}

impl Store {
    /// A client's documents, oldest first.
    pub async fn routes(&self, scope: Scope, client: ClientId) -> Result<Vec<RouteRecord>, StoreError> {
        // Version 0 does not exist, so `is not distinct` is true only for the one in force.
        let rows = sqlx::query!(
            r#"-- route.list
            select r.version, r.version is not distinct from c.route as "active!", r.document, r.when_dead, r.set_by, r.set_at
            from route r join client c on c.id = r.client_id
            where r.client_id = $1 and ($2::uuid is null or r.client_id = $2) order by r.version"#,
            client.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(RouteRecord {
                    version: row.version,
                    active: row.active,
                    document: row.document,
                    when_dead: row.when_dead.as_deref().map(WhenDead::read).transpose()?,
                    set_by: row.set_by,
                    set_at: row.set_at.to_jiff(),
                })
            })
            .collect()
    }

    /// How a lead was routed last; none where it never matured.
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

impl Transaction {
    /// The version of the client's routing that is in force, where there is one. The client's row is held until the
    /// transaction ends. None inside where there is no routing, none outside where the scope has no such client.
    pub async fn route_lock(&mut self, scope: Scope, client: ClientId) -> Result<Option<Option<i32>>, StoreError> {
        // No key update: the client's deliveries go on while its routing is changed, routing itself waits.
        let row = sqlx::query!(
            "-- route.lock
            select route from client where id = $1 and ($2::uuid is null or id = $2) for no key update",
            client.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.route))
    }

    /// Puts a checked document in force and returns its version. The one in force again is the same version. `Moved` when there
    /// is no such client in the scope.
    pub async fn route_set(&mut self, scope: Scope, new: &NewRoute<'_>, now: Timestamp) -> Result<i32, StoreError> {
        // Versions are counted under the client's row: two documents at once would both be the next.
        self.route_lock(scope, new.client).await?.ok_or(StoreError::Moved("client"))?;
        let hash = ContentHash::of(new.document.as_bytes());
        // A new statement under the client's lock: the same document as the one in force is found, and the next
        // number is free.
        let row = sqlx::query!(
            r#"-- route.set
            with same as (
              select r.version from client c join route r on r.client_id = c.id and r.version = c.route and r.hash = $2
                and r.when_dead is not distinct from $6
              where c.id = $1
            ), new as (
              insert into route (client_id, version, hash, document, set_by, set_at, when_dead)
              select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6 from route
              where client_id = $1 having not exists (select 1 from same)
              returning version
            )
            select coalesce((select version from same), (select version from new)) as "version!""#,
            new.client.uuid(),
            &hash.bytes()[..],
            new.document,
            new.by.name(),
            now.to_sqlx(),
            new.when_dead.map(WhenDead::word)
        )
        .fetch_one(self.connection())
        .await?;
        self.route_use(scope, new.client, Some(row.version), now).await?;
        Ok(row.version)
    }

    /// Puts a version of the client's routing in force; with none every enabled endpoint gets every lead. What is held is routed
    /// by it at once. `Moved` when there is no such client in the scope.
    pub async fn route_use(
        &mut self,
        scope: Scope,
        client: ClientId,
        version: Option<i32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.client_use_route(scope, client, version).await?;
        // In the same transaction: what is held under the old document must not go out by it after the new one is in
        // force.
        self.reroute(client, now).await?;
        Ok(())
    }
}
