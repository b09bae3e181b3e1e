//! Lists of leads that a user saved under a name.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::UserId;

use crate::{Store, StoreError, Transaction};

/// A list that somebody saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadViewRecord {
    /// As they call it.
    pub name: String,
    /// The query of its address.
    pub query: String,
}

/// So many lists one user may have.
pub const LEAD_VIEWS: i64 = 30;

impl Transaction {
    /// Saves a list under a name, in the place of one that is called the same; whether it was saved: `false` where the user has
    /// [`LEAD_VIEWS`] others.
    pub async fn lead_view_save(
        &mut self,
        user: UserId,
        view: &LeadViewRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- lead_view.save
            insert into lead_view (user_id, name, query, saved_at)
            select $1, $2, $3, $4 where (select count(*) from lead_view where user_id = $1 and name <> $2) < $5
            on conflict (user_id, name) do update set query = excluded.query, saved_at = excluded.saved_at",
            user.uuid(),
            view.name,
            view.query,
            now.to_sqlx(),
            LEAD_VIEWS
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The query of a list, before it is saved anew; none where there is none of that name.
    pub async fn lead_view_query(&mut self, user: UserId, name: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query!(
            "-- lead_view.query\nselect query from lead_view where user_id = $1 and name = $2 for update",
            user.uuid(),
            name
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.query))
    }

    /// Forgets a list; gives its query where there was one.
    pub async fn lead_view_drop(&mut self, user: UserId, name: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query!(
            "-- lead_view.drop\ndelete from lead_view where user_id = $1 and name = $2 returning query",
            user.uuid(),
            name
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.query))
    }
}

impl Store {
    /// The lists that a user saved, by name.
    pub async fn lead_views(&self, user: UserId) -> Result<Vec<LeadViewRecord>, StoreError> {
        let rows = sqlx::query_as!(
            LeadViewRecord,
            "-- lead_view.list\nselect name, query from lead_view where user_id = $1 order by name",
            user.uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}
