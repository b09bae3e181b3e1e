//! Leads that were taken back, or ended, before anybody was given them: the places that they took in a day are free again, as those of
//! what is given up.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, DeliveryId};

use crate::{Store, StoreError};

impl Store {
    /// Gives back the places of what was withdrawn and reached nobody, at most of `limit` deliveries; whether there may be more.
    ///
    /// # Errors
    /// When the database is away: they are found again.
    pub async fn places_of_unreached_free(&self, limit: i64, now: Timestamp) -> Result<bool, StoreError> {
        let mut batch = self.begin().await?;
        // Whatever withdrew them: a recall, a slip that was taken back, a lease that found a person barred. Of days that are past nobody
        // needs a place. What was given to another by hand gave its place back then.
        let rows = sqlx::query!(
            "-- unreached.lock
            select id, client_id from delivery
            where event = 'lead.matured' and state = 'withdrawn' and first_delivered_at is null and followed_up_at is null
              and ended_at > $1::timestamptz - interval '2 days' and delivery_reason_code(reason_code, reason) is distinct from 'given_by_hand'
            order by ended_at limit $2 for update skip locked",
            now.to_sqlx(),
            limit
        )
        .fetch_all(batch.connection())
        .await?;
        let ids: Vec<_> = rows.iter().map(|row| DeliveryId::from_uuid(row.id)).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        // Before they are marked: what was given back is known by its mark.
        let freed = batch.given_back(&ids).await? + batch.given_back_of_offers(&ids).await?;
        let marked: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        sqlx::query!(
            "-- unreached.mark
            update delivery set followed_up_at = $2 where id = any($1)",
            &marked,
            now.to_sqlx()
        )
        .execute(batch.connection())
        .await?;
        if freed > 0 {
            // What waits for a place in the day may have one now.
            for client in rows.iter().map(|row| ClientId::from_uuid(row.client_id)).collect::<BTreeSet<_>>() {
                batch.reroute(client, now).await?;
            }
        }
        batch.commit().await?;
        Ok(i64::try_from(ids.len()) == Ok(limit))
    }
}

#[cfg(test)]
mod tests;
