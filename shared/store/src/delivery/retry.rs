//! Deliveries that a person asks for again.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, EndpointId};

use crate::{Scope, StoreError, Transaction, delivery::stop_waiting::StopsWaiting};

/// Why a delivery is withdrawn whose lead went to another endpoint by hand, in words.
const GIVEN_BY_HAND: &str = "given to another endpoint by hand";

/// A dead delivery whose lead goes to another endpoint.
#[derive(Debug, Clone, Copy)]
pub struct ReroutedByHand {
    /// What was given up.
    pub delivery: DeliveryId,
    /// Where the lead goes now.
    pub to: EndpointId,
    /// The id of the delivery that hands it over there.
    pub becomes: DeliveryId,
}

impl Transaction {
    /// Holds a delivery and its lead until this is over, before it is read: a follow-up that has it just then gives its lead to somebody
    /// else, and so does whoever routes it or accepts an offer of it. Whoever asks for it again has to see that.
    pub async fn delivery_retry_lock(&mut self, scope: Scope, delivery: DeliveryId) -> Result<(), StoreError> {
        self.lead_of_delivery_lock(scope, delivery).await?;
        sqlx::query_scalar!(
            "-- delivery.retry_lock
            select id from delivery where id = $1 and ($2::uuid is null or client_id = $2) for update",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(())
    }

    async fn lead_of_delivery_lock(&mut self, scope: Scope, delivery: DeliveryId) -> Result<(), StoreError> {
        // Before the delivery, as every writer.
        let lead = self.delivery_lead(scope, delivery).await?;
        self.leads_lock(&Vec::from_iter(lead)).await?;
        Ok(())
    }

    /// Ends what waits to be given to somebody else because this could not be delivered, where that is tried again: both would call
    /// the same person. Given up once more, its lead waits there again. What others are to have beside it stays.
    pub async fn delivery_waits_no_more(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.delivery_lead(scope, delivery).await?.is_some() {
            self.stop_waiting(delivery, StopsWaiting::SentAgain, now).await?;
        }
        Ok(())
    }

    /// Makes a delivery due at once, with the whole schedule before it again: same id, same bytes. One that was delivered
    /// only where `delivered` says so. Where nobody else has the lead, the team's webhooks are told who has it by that.
    ///
    /// # Errors
    /// `Moved` when it is being attempted, was withdrawn, has no endpoint, or was delivered.
    pub async fn delivery_retry(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
        delivered: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // A delivery under lease is left alone: making it due beside its attempt would send it twice at once.
        let done = sqlx::query!(
            "-- delivery.retry
            update delivery set state = 'pending', reason = 'asked for again', reason_code = null, due_at = $3, offered_until = $3, ended_at = null,
                   excused = attempts, in_line = false
            where id = $1 and ($2::uuid is null or client_id = $2) and endpoint_id is not null
              and (state in ('pending', 'held', 'dead') or $4 and state in ('delivered', 'filed'))",
            delivery.uuid(),
            scope.client_uuid(),
            now.to_sqlx(),
            delivered
        )
        .execute(self.connection())
        .await?;
        crate::error::one_row(done.rows_affected(), "delivery")?;
        self.deliveries_now_with(&[delivery], now).await
    }

    /// Why a delivery is not to go out any more, in words: its lead is over, was taken or given back, or nobody took the offer in
    /// time. None where it may.
    pub async fn delivery_over(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let row = sqlx::query!(
            "-- delivery.over
            select coalesce(v.why, case when v.until <= $3 then 'nobody took it in time' end) as why
            from delivery_over v join delivery d on d.id = v.delivery_id
            where d.id = $1 and ($2::uuid is null or d.client_id = $2)",
            delivery.uuid(),
            scope.client_uuid(),
            now.to_sqlx()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.and_then(|row| row.why))
    }

    /// Hands the lead of a dead delivery over to another endpoint instead; whether that is done. Not where the lead may be given to
    /// nobody new, the endpoint has it, its rep has left, or the lead was given on by itself in this moment.
    pub async fn delivery_reroute(
        &mut self,
        scope: Scope,
        ReroutedByHand { delivery, to, becomes }: &ReroutedByHand,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        // Without a lock, to learn what whoever asks could know.
        let known = self.dead_to_reroute(scope, *delivery).await?;
        if known.is_none() {
            return Ok(false);
        }
        self.lead_of_delivery_lock(scope, *delivery).await?;
        // Under the delivery's lock: a follow-up that holds it gives the lead to somebody else, and both would have it.
        if self.dead_to_reroute_lock(*delivery).await? != known {
            return Ok(false);
        }
        // Another delivery and not the same one: its body names the rep it was for, and the bytes of an id never change. The dead
        // one is withdrawn with it, so that nobody is told of it any more and no replay sends the lead a second time.
        let done = sqlx::query!(
            "-- delivery.reroute
            with given as (
              insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, reason, due_at, offered_until, created_at,
                                    took_no_place)
              select $3, d.client_id, d.lead_id, d.maturation_id, e.id, coalesce(e.rep_id, d.rep_id), 'pending', 'given by hand', $4, $4, $4, true
              from delivery d join endpoint e on e.client_id = d.client_id and e.state = 'enabled'
              join lead_to_give g on g.maturation_id = d.maturation_id and g.why_not is null and not g.is_undecided
              where d.id = $1 and e.id = $2 and ($5::uuid is null or d.client_id = $5) and d.state = 'dead' and d.event = 'lead.matured'
                and not exists (select from rep r where r.id = e.rep_id and r.has_left)
              on conflict do nothing
              returning id
            )
            update delivery d set state = 'withdrawn', reason = $6, reason_code = 'given_by_hand', ended_at = $4
            where d.id = $1 and exists (select 1 from given)",
            delivery.uuid(),
            to.uuid(),
            becomes.uuid(),
            now.to_sqlx(),
            scope.client_uuid(),
            GIVEN_BY_HAND
        )
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        // Whoever was to have it is not followed up any more, and has its place again.
        self.given_back(&[*delivery]).await?;
        self.stop_waiting(*delivery, StopsWaiting::GivenByHand, now).await?;
        self.deliveries_now_with(&[*becomes], now).await?;
        Ok(true)
    }

    async fn dead_to_reroute(&mut self, scope: Scope, delivery: DeliveryId) -> Result<Option<DeadAsSeen>, StoreError> {
        let found = sqlx::query_as!(
            DeadAsSeen,
            "-- delivery.dead_to_reroute
            select ended_at, followed_up_at from delivery
            where id = $1 and ($2::uuid is null or client_id = $2) and state = 'dead'",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(found)
    }

    async fn dead_to_reroute_lock(&mut self, delivery: DeliveryId) -> Result<Option<DeadAsSeen>, StoreError> {
        let found = sqlx::query_as!(
            DeadAsSeen,
            "-- delivery.dead_to_reroute_lock
            select ended_at, followed_up_at from delivery where id = $1 and state = 'dead' for update",
            delivery.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(found)
    }
}

/// When a delivery was given up, and its lead given on or told of.
#[derive(Debug, PartialEq)]
struct DeadAsSeen {
    ended_at: Option<jiff_sqlx::Timestamp>,
    followed_up_at: Option<jiff_sqlx::Timestamp>,
}

#[cfg(test)]
mod tests;
