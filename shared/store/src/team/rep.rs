//! Reps: added, listed, and what is set of each.

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, RepId},
    routing::Pause,
};

use crate::{Store, StoreError, error::one_row};

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

impl Store {
    /// Adds a rep.
    ///
    /// # Errors
    /// `Taken` when the client has a rep of that address.
    pub async fn rep_add(&self, rep: &RepRecord, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- rep.add
            insert into rep (id, client_id, name, email, created_at) values ($1, $2, $3, $4, $5)",
            rep.id.uuid(),
            rep.client.uuid(),
            rep.name,
            rep.email,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The reps of a client by name.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn reps(&self, client: ClientId) -> Result<Vec<RepRecord>, StoreError> {
        let rows = sqlx::query!(
            "-- rep.list
            select id, name, email from rep where client_id = $1 order by name, id",
            client.uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let rep = |id, name, email| RepRecord { id: RepId::from_uuid(id), client, name, email };
        Ok(rows.into_iter().map(|row| rep(row.id, row.name, row.email)).collect())
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
