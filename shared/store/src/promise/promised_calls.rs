//! The calls that people of the desk promised: somebody's own, or everybody's.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::Whereabouts,
    id::{LeadId, UserId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError};

/// A call that was promised.
#[derive(Debug, Clone)]
pub struct PromisedCall {
    /// The lead.
    pub lead: LeadId,
    /// When.
    pub due_at: Timestamp,
    /// The client's name.
    pub client: String,
    /// Where the person is: an IANA name.
    pub zone: Option<String>,
    /// Who promised it, by name; none where nobody of the desk did, or has it any more.
    pub by: Option<String>,
}

struct PromisedCallColumns {
    lead_id: Uuid,
    due_at: jiff_sqlx::Timestamp,
    client: String,
    client_country: String,
    client_zone: String,
    time_zone: Option<String>,
    country: Option<String>,
    postal_code: Option<String>,
    phone: Option<String>,
    by: Option<String>,
}

impl From<PromisedCallColumns> for PromisedCall {
    fn from(row: PromisedCallColumns) -> Self {
        let whereabouts = Whereabouts {
            time_zone: row.time_zone.as_deref(),
            country: row.country.as_deref().or(Some(&row.client_country)),
            postal_code: row.postal_code.as_deref(),
            phone: row.phone.as_deref(),
            client_time_zone: &row.client_zone,
        };
        let zone = whereabouts.places().first().and_then(|place| place.zone_name()).map(str::to_owned);
        let lead = LeadId::from_uuid(row.lead_id);
        Self { lead, due_at: row.due_at.to_jiff(), client: row.client, zone, by: row.by }
    }
}

impl Store {
    /// The calls that a user promised for before `before`, the next one first, at most `limit`.
    pub async fn promises_of_user(
        &self,
        scope: Scope,
        user: UserId,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<PromisedCall>, StoreError> {
        let rows = sqlx::query_as!(
            PromisedCallColumns,
            r#"-- promise.of_user
            select p.lead_id, p.due_at as "due_at!", c.name as client, c.country as client_country, c.time_zone as client_zone,
                   r.time_zone, r.country, r.postal_code, r.phone, u.name as "by?"
            from promise p join client c on c.id = p.client_id join lead l on l.id = p.lead_id join person r on r.id = l.person_id
            join user_account u on u.id = p.user_id
            where p.user_id = $1 and p.state in ('scheduled', 'work') and p.due_at < $2
              and ($3::uuid is null or p.client_id = $3)
            order by p.due_at, p.lead_id limit $4"#,
            user.uuid(),
            before.to_sqlx(),
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The calls that anybody promised for before `before` and nobody made yet, the next one first, at most `limit`.
    pub async fn promises_of_everybody(
        &self,
        scope: Scope,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<PromisedCall>, StoreError> {
        // Its own statement: with the user left open, the plan that lookups keep could not use the index of what was agreed.
        let rows = sqlx::query_as!(
            PromisedCallColumns,
            r#"-- promise.of_everybody
            select p.lead_id, p.due_at as "due_at!", c.name as client, c.country as client_country, c.time_zone as client_zone,
                   r.time_zone, r.country, r.postal_code, r.phone, u.name as "by?"
            from promise p join client c on c.id = p.client_id join lead l on l.id = p.lead_id join person r on r.id = l.person_id
            left join user_account u on u.id = p.user_id
            where p.kind = 'requalify' and p.agreed and p.worked_at is null and p.state in ('scheduled', 'work') and p.due_at < $1
              and p.due_at > p.created_at
              and ($2::uuid is null or p.client_id = $2)
            order by p.due_at, p.lead_id limit $3"#,
            before.to_sqlx(),
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
