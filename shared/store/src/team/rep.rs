//! Reps: added, listed, and what is set of each.

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, RepId},
    routing::Pause,
};
use sqlx::PgExecutor;

use crate::{Scope, Store, StoreError, Transaction, error::one_row};

/// A rep.
#[derive(Debug, Clone)]
pub struct RepRecord {
    /// Its id.
    pub id: RepId,
    /// The client.
    pub client: ClientId,
    /// Name as people write it.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// What is set of a rep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepSettings {
    /// Name as people write it.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// IANA name; none for the client's.
    pub time_zone: Option<String>,
    /// Lines of hours; none for day and night.
    pub hours: Option<String>,
    /// Days on which it takes none.
    pub holidays: Vec<Date>,
    /// For how long it takes none at all.
    pub pause: Option<Pause>,
    /// A leads a day; none for any number.
    pub capacity: Option<i32>,
    /// Links to the rep's page that were made before open nothing.
    pub links_since: Timestamp,
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
    /// The reps of a client by name.
    pub async fn reps(&self, scope: Scope, client: ClientId) -> Result<Vec<RepRecord>, StoreError> {
        list(&self.pool, scope, client).await
    }
}

impl Transaction {
    /// Whether a rep is paused without a date of return: what is theirs goes to others.
    pub(crate) async fn rep_has_left(&mut self, rep: RepId) -> Result<bool, StoreError> {
        let left = sqlx::query_scalar!(
            r#"-- rep.has_left
            select has_left as "left!" from rep where id = $1"#,
            rep.uuid()
        );
        Ok(left.fetch_optional(self.connection()).await?.unwrap_or(true))
    }

    /// Adds a rep; `Taken` when the client has a rep of that address, `Moved` when the client is not in the scope.
    pub async fn rep_add(&mut self, scope: Scope, rep: &RepRecord, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- rep.add
            insert into rep (id, client_id, name, email, created_at)
            select $1, $2, $3, $4, $5 where $6::uuid is null or $2 = $6",
            rep.id.uuid(),
            rep.client.uuid(),
            rep.name,
            rep.email,
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }

    /// The reps of a client by name, as this transaction sees them.
    pub async fn reps(&mut self, scope: Scope, client: ClientId) -> Result<Vec<RepRecord>, StoreError> {
        list(self.connection(), scope, client).await
    }

    /// What is set of a rep; none where the scope has no such rep.
    pub async fn rep_settings(&mut self, scope: Scope, rep: RepId) -> Result<Option<RepSettings>, StoreError> {
        let row = sqlx::query!(
            r#"-- rep.settings
            select name, email, time_zone, hours, holidays as "holidays!: Vec<jiff_sqlx::Date>", is_paused,
                   back_on as "back_on: jiff_sqlx::Date", capacity, links_since
            from rep where id = $1 and ($2::uuid is null or client_id = $2)"#,
            rep.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| {
            // A pause without a date lasts until somebody ends it.
            let pause = row.back_on.map_or(Pause::Open, |date| Pause::Until(date.to_jiff()));
            RepSettings {
                name: row.name,
                email: row.email,
                time_zone: row.time_zone,
                hours: row.hours,
                holidays: row.holidays.into_iter().map(jiff_sqlx::Date::to_jiff).collect(),
                pause: row.is_paused.then_some(pause),
                capacity: row.capacity,
                links_since: row.links_since.to_jiff(),
            }
        }))
    }

    /// Whose rep it is; none where the scope has no such rep.
    pub async fn rep_client(&mut self, scope: Scope, rep: RepId) -> Result<Option<ClientId>, StoreError> {
        let row = sqlx::query!(
            "-- rep.client
            select client_id from rep where id = $1 and ($2::uuid is null or client_id = $2)",
            rep.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| ClientId::from_uuid(row.client_id)))
    }

    /// Another address of a rep; `Taken` when the client has a rep of that address, `Moved` when there is no such rep in the
    /// scope.
    pub async fn rep_set_email(&mut self, scope: Scope, rep: RepId, email: &str) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- rep.set_email
            update rep set email = $2 where id = $1 and ($3::uuid is null or client_id = $3)",
            rep.uuid(),
            email,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "rep")
    }

    /// Changes when and how many leads a rep takes; what is held for its client may go to it then. `Moved` when there is no
    /// such rep in the scope.
    pub async fn rep_set(
        // A rep who is away gets nothing new from this transaction on; what was given already stays with them.
        &mut self,
        scope: Scope,
        rep: RepId,
        change: &RepChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let back_on = change.pause.flatten().and_then(|pause| match pause {
            Pause::Until(date) => Some(date.to_sqlx()),
            Pause::Open => None,
        });
        let holidays = change.holidays.as_ref().map(|days| days.iter().map(|day| day.to_sqlx()).collect::<Vec<_>>());
        // Each value comes with a flag: null means "none" for most of them and cannot also mean "as it was".
        let row = sqlx::query!(
            r#"-- rep.set
            update rep set name = coalesce($2, name), time_zone = case when $3 then $4 else time_zone end,
                           hours = case when $5 then $6 else hours end, holidays = coalesce($7::date[], holidays),
                           is_paused = case when $8 then $9 else is_paused end, back_on = case when $8 then $10::date else back_on end,
                           capacity = case when $11 then $12::integer else capacity end,
                           links_since = case when $13 then $14::timestamptz else links_since end
            where id = $1 and ($15::uuid is null or client_id = $15) returning client_id, has_left as "has_left!""#,
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
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let row = row.ok_or(StoreError::Moved("rep"))?;
        let client = ClientId::from_uuid(row.client_id);
        if row.has_left {
            // What others hold too runs its time; what this rep alone held would wait for nobody.
            self.offers_of_who_left((client, rep), now).await?;
        }
        // In the same transaction: leads held because nobody took any would otherwise wait for their old due date.
        self.reroute(client, now).await?;
        Ok(())
    }
}

async fn list(executor: impl PgExecutor<'_>, scope: Scope, client: ClientId) -> Result<Vec<RepRecord>, StoreError> {
    let rows = sqlx::query!(
        "-- rep.list
        select id, name, email from rep where client_id = $1 and ($2::uuid is null or client_id = $2) order by name, id",
        client.uuid(),
        scope.client_uuid()
    )
    .fetch_all(executor)
    .await?;
    let rep = |id, name, email| RepRecord { id: RepId::from_uuid(id), client, name, email };
    Ok(rows.into_iter().map(|row| rep(row.id, row.name, row.email)).collect())
}
