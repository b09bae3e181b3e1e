//! Routing documents in force, and what reps say about when they take leads.

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    hash::ContentHash,
    id::{ClientId, LeadId, RepId},
    routing::Pause,
};

use crate::{Scope, Store, StoreError, error::one_row};

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

/// What is to be changed of a rep; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct RepChange {
    /// Name as people write it.
    pub name: Option<String>,
    /// IANA name; `Some(None)` for the client's.
    pub time_zone: Option<Option<String>>,
    /// Lines of hours; `Some(None)` for day and night.
    pub hours: Option<Option<String>>,
    /// Days on which it takes none.
    pub holidays: Option<Vec<Date>>,
    /// `Some(None)` ends a pause.
    pub pause: Option<Option<Pause>>,
    /// A leads a day; `Some(None)` for any number.
    pub capacity: Option<Option<i32>>,
    /// Links to the rep's page that were made until now no longer open it.
    pub revoke_links: bool,
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
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- route.lock
            select id from client where id = $1 for update",
            client.uuid()
        )
        .fetch_one(&mut *tx)
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
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query!(
            "-- route.use
            update client set route = $2 where id = $1",
            client.uuid(),
            row.version
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.route_again(client, now).await?;
        Ok(row.version)
    }

    /// Takes the client's routing out of force: every enabled endpoint gets every lead again.
    ///
    /// # Errors
    /// `Moved` when there is no such client.
    pub async fn route_remove(&self, client: ClientId, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- route.remove
            update client set route = null where id = $1",
            client.uuid()
        )
        .execute(&self.pool)
        .await?;
        one_row(done.rows_affected(), "client")?;
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

    /// Changes when and how many leads a rep takes.
    ///
    /// # Errors
    /// `Moved` when there is no such rep.
    pub async fn rep_set(
        &self,
        (client, rep): (ClientId, RepId),
        change: &RepChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let back_on = change.pause.flatten().and_then(|pause| match pause {
            Pause::Until(date) => Some(date.to_sqlx()),
            Pause::Open => None,
        });
        let holidays = change.holidays.as_ref().map(|days| days.iter().map(|day| day.to_sqlx()).collect::<Vec<_>>());
        let done = sqlx::query!(
            "-- rep.set
            update rep set name = coalesce($3, name), time_zone = case when $4 then $5 else time_zone end,
                           hours = case when $6 then $7 else hours end, holidays = coalesce($8::date[], holidays),
                           is_paused = case when $9 then $10 else is_paused end, back_on = case when $9 then $11::date else back_on end,
                           capacity = case when $12 then $13::integer else capacity end,
                           links_since = case when $14 then $15::timestamptz else links_since end
            where id = $2 and client_id = $1",
            client.uuid(),
            rep.uuid(),
            change.name,
            change.time_zone.is_some(),
            change.time_zone.clone().flatten(),
            change.hours.is_some(),
            change.hours.clone().flatten(),
            holidays.as_deref() as Option<&[jiff_sqlx::Date]>,
            change.pause.is_some(),
            change.pause.flatten().is_some(),
            back_on as Option<jiff_sqlx::Date>,
            change.capacity.is_some(),
            change.capacity.flatten(),
            change.revoke_links,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        one_row(done.rows_affected(), "rep")?;
        self.route_again(client, now).await?;
        Ok(())
    }
}
