//! The sweep of deliveries: due ones and expired leases, marked as offered.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, EndpointId};

use crate::{Store, StoreError, Transaction, sweep::Sweep};

impl Store {
    /// Deliveries to be attempted: due ones, and leases that ran out.
    pub async fn sweep_deliveries(&self, sweep: Sweep) -> Result<Vec<(DeliveryId, Option<EndpointId>)>, StoreError> {
        // `skip locked`: replicas share the rows instead of waiting for each other. Expired leases are a list of
        // their own, so that a long queue of due rows does not keep them from being found.
        let rows = sqlx::query!(
            "-- delivery.sweep
            with due as materialized (
              select id from delivery
              where state in ('pending', 'held') and endpoint_id is not null and due_at <= $1 and offered_until <= $1
              order by due_at limit $3 for update skip locked
            ), expired as materialized (
              select id from delivery where state = 'leased' and leased_until < clock_timestamp() and offered_until <= $1
              order by leased_until limit $3 for update skip locked
            )
            update delivery d set offered_until = $2
            where d.id in (select id from due union all select id from expired) returning d.id, d.endpoint_id",
            sweep.now.to_sqlx(), sweep.until.to_sqlx(), sweep.limit
        )
        .fetch_all(&self.pool)
        .await?;
        let offer = |id, endpoint: Option<_>| (DeliveryId::from_uuid(id), endpoint.map(EndpointId::from_uuid));
        Ok(rows.into_iter().map(|row| offer(row.id, row.endpoint_id)).collect())
    }

    /// Ends every lease: called once when a process starts that is the only one.
    pub async fn sweep_forget_leases(&self, now: Timestamp) -> Result<(), StoreError> {
        // Whoever held one is gone with the process before: waiting for each lease to run out would delay every start.
        sqlx::query!(
            "-- delivery.forget_leases
            update delivery set leased_until = clock_timestamp(), offered_until = $1 where state = 'leased'",
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl Transaction {
    /// Forgets offers that last longer than to `beyond`.
    pub(crate) async fn deliveries_forget_offers(
        &mut self,
        now: Timestamp,
        beyond: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- delivery.forget_offers
            update delivery set offered_until = $1
            where state in ('pending', 'held') and endpoint_id is not null and due_at <= $1 and offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
