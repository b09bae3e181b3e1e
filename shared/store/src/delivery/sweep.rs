//! The sweep of deliveries: due ones and expired leases, marked as offered.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, EndpointId};

use crate::{Store, StoreError, Transaction, slot::SlotPlace, sweep::Sweep};

/// A delivery that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweptDelivery {
    /// Which.
    pub delivery: DeliveryId,
    /// Where it goes; none while nobody has an endpoint for it.
    pub endpoint: Option<EndpointId>,
}

/// Due deliveries, by who can send them.
#[derive(Debug, Default)]
pub struct SharedOffers {
    /// Any process.
    pub anybody: Vec<SweptDelivery>,
    /// This one, because not every process has a slot of their endpoints.
    pub here: Vec<SweptDelivery>,
}

impl Store {
    /// Deliveries to be attempted: due ones, and leases that ran out.
    pub async fn sweep_deliveries(&self, sweep: Sweep) -> Result<Vec<SweptDelivery>, StoreError> {
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
        let offer = |id, endpoint: Option<_>| SweptDelivery {
            delivery: DeliveryId::from_uuid(id),
            endpoint: endpoint.map(EndpointId::from_uuid),
        };
        Ok(rows.into_iter().map(|row| offer(row.id, row.endpoint_id)).collect())
    }

    /// As [`Self::sweep_deliveries`], where several processes share the slots of endpoints. What one of them has no slot for
    /// at all is found by those that have one, and offered to nobody else; only where this one has `room` for it.
    pub async fn sweep_deliveries_shared(
        &self,
        sweep: Sweep,
        places: &[SlotPlace],
        room: bool,
    ) -> Result<SharedOffers, StoreError> {
        let slots = SlotPlace::columns(places);
        // Not everybody has a slot where there are fewer slots than processes.
        let most = slots.members.iter().copied().max().unwrap_or(0);
        // The filter comes before the limit: what only others can send must not take the places of what this process can.
        let rows = sqlx::query!(
            r#"-- delivery.sweep_shared
            with due as materialized (
              select d.id, a.few from delivery d join endpoint e on e.id = d.endpoint_id cross join lateral (
                select e.concurrency < $7 as few, min(slot_share(e.id, e.concurrency, p.members, p.place)) as share
                from unnest($4::integer[], $5::integer[]) as p (members, place)) a
              where d.state in ('pending', 'held') and d.endpoint_id is not null and d.due_at <= $1 and d.offered_until <= $1
                and (not a.few or a.share > 0 and $6)
              order by d.due_at limit $3 for update of d skip locked
            ), expired as materialized (
              select d.id, a.few from delivery d join endpoint e on e.id = d.endpoint_id cross join lateral (
                select e.concurrency < $7 as few, min(slot_share(e.id, e.concurrency, p.members, p.place)) as share
                from unnest($4::integer[], $5::integer[]) as p (members, place)) a
              where d.state = 'leased' and d.leased_until < clock_timestamp() and d.offered_until <= $1
                and (not a.few or a.share > 0 and $6)
              order by d.leased_until limit $3 for update of d skip locked
            )
            update delivery d set offered_until = $2
            from (select id, few from due union all select id, few from expired) n
            where d.id = n.id returning d.id, d.endpoint_id, n.few as "few!""#,
            sweep.now.to_sqlx(), sweep.until.to_sqlx(), sweep.limit, &slots.members, &slots.places, room, most
        )
        .fetch_all(&self.pool)
        .await?;
        let mut offers = SharedOffers::default();
        for row in rows {
            let offer = SweptDelivery {
                delivery: DeliveryId::from_uuid(row.id),
                endpoint: row.endpoint_id.map(EndpointId::from_uuid),
            };
            if row.few { offers.here.push(offer) } else { offers.anybody.push(offer) }
        }
        Ok(offers)
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
