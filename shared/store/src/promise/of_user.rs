//! The calls that somebody of the desk promised.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::Whereabouts,
    id::{LeadId, UserId},
};

use crate::{Scope, Store, StoreError};

/// A call that a user promised.
#[derive(Debug, Clone)]
pub struct OwnPromise {
    /// The lead.
    pub lead: LeadId,
    /// When.
    pub due_at: Timestamp,
    /// The client's name.
    pub client: String,
    /// Where the person is: an IANA name.
    pub zone: Option<String>,
}

impl Store {
    /// The calls that a user promised for before `before`, the next one first, at most `limit`.
    pub async fn promises_of_user(
        &self,
        scope: Scope,
        user: UserId,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<OwnPromise>, StoreError> {
        let rows = sqlx::query!(
            r#"-- promise.of_user
            select p.lead_id, p.due_at as "due_at!", c.name as client, c.country as client_country, c.time_zone as client_zone,
                   r.time_zone, r.country, r.postal_code, r.phone
            from promise p join client c on c.id = p.client_id join lead l on l.id = p.lead_id join person r on r.id = l.person_id
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
        let promises = rows.into_iter().map(|row| {
            let whereabouts = Whereabouts {
                time_zone: row.time_zone.as_deref(),
                country: row.country.as_deref().or(Some(&row.client_country)),
                postal_code: row.postal_code.as_deref(),
                phone: row.phone.as_deref(),
                client_time_zone: &row.client_zone,
            };
            let zone = whereabouts.places().first().and_then(|place| place.zone_name()).map(str::to_owned);
            OwnPromise { lead: LeadId::from_uuid(row.lead_id), due_at: row.due_at.to_jiff(), client: row.client, zone }
        });
        Ok(promises.collect())
    }
}
