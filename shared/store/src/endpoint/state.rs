//! Switching endpoints on and off.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, DeliveryId, EndpointId};

use crate::{Scope, Store, StoreError, Transaction, delivery::event::Alarm, error::one_row};

impl Store {
    /// Disables an endpoint that wants no more. Where a delivery showed that, the client's other endpoints that ask are told.
    pub async fn endpoint_disable(
        &self,
        endpoint: EndpointId,
        why: &str,
        shown_by: Option<DeliveryId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = self.begin().await?;
        // Only an enabled one: of several deliveries that are answered 410 at once, the first disables and is told
        // of.
        let done = sqlx::query!(
            "-- endpoint.disable
            update endpoint set state = 'disabled', disabled_by = 'answers', state_reason = $2
            where id = $1 and state = 'enabled'",
            endpoint.uuid(),
            why
        )
        .execute(batch.connection())
        .await?;
        // Where another worker disabled it first, that one raised the alarm.
        let told = shown_by.filter(|_| done.rows_affected() > 0);
        let alarms: Vec<_> = told.map(|about| Alarm::disabled(endpoint, about, why, now)).into_iter().collect();
        batch.enqueue_alarms(&alarms, now).await?;
        batch.commit().await
    }
}

impl Transaction {
    /// Has what waits for a client's endpoints go out in steps, now that the client is at work again.
    pub(crate) async fn endpoints_release(&mut self, client: ClientId, now: Timestamp) -> Result<(), StoreError> {
        // Not of one that is off, nor of one whose circuit is open: what waits there is released when it works.
        sqlx::query!(
            "-- endpoint.release
            update endpoint set release_at = $2 where client_id = $1 and state = 'enabled' and probe_at is null",
            client.uuid(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Disables an endpoint: what it is owed waits. `Moved` when there is no such endpoint in the scope.
    pub async fn endpoint_pause(&mut self, scope: Scope, endpoint: EndpointId) -> Result<(), StoreError> {
        // What the receiver's own answers disabled keeps its reason: the firm's click must not hide why.
        let done = sqlx::query!(
            "-- endpoint.pause
            update endpoint set state_reason = case state when 'enabled' then 'disabled by the firm' else state_reason end,
                   disabled_by = case state when 'enabled' then 'firm' else disabled_by end, state = 'disabled'
            where id = $1 and ($2::uuid is null or client_id = $2)",
            endpoint.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "endpoint")
    }

    /// Enables an endpoint again: what waits for it goes out within seconds. `Moved` when there is no such endpoint in the
    /// scope.
    pub async fn endpoint_enable(
        &mut self,
        scope: Scope,
        endpoint: EndpointId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // The circuit starts closed: failures from before count no more, and what waits is released from now on.
        let row = sqlx::query!(
            "-- endpoint.enable
            update endpoint set state = 'enabled', disabled_by = null, state_reason = null, failures = 0, failing_since = null, probes = 0,
                   probe_at = null, refused_leads = '{}', refused_since = null, release_at = $2, bounces_from = $2
            where id = $1 and ($3::uuid is null or client_id = $3) returning client_id",
            endpoint.uuid(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let client = ClientId::from_uuid(row.ok_or(StoreError::Moved("endpoint"))?.client_id);
        // A second failure after this is news again, and must not be kept quiet because the first was told.
        self.notices_tell_anew(endpoint).await?;
        self.reroute(client, now).await?;
        Ok(())
    }
}
