//! Switching endpoints on and off.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, EndpointId};

use crate::{Store, StoreError, delivery::event::Alarm, error::one_row};

impl Store {
    /// Disables an endpoint that wants no more. Where a delivery showed that, the client's other endpoints that ask are told.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoint_disable(
        &self,
        endpoint: EndpointId,
        why: &str,
        shown_by: Option<DeliveryId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = self.begin().await?;
        let done = sqlx::query!(
            "-- endpoint.disable
            update endpoint set state = 'disabled', state_reason = $2 where id = $1 and state = 'enabled'",
            endpoint.uuid(),
            why
        )
        .execute(batch.connection())
        .await?;
        let told = shown_by.filter(|_| done.rows_affected() > 0);
        let alarms: Vec<_> = told.map(|about| Alarm::disabled(endpoint, about, why, now)).into_iter().collect();
        batch.raise(&alarms, now).await?;
        batch.commit().await
    }

    /// Enables an endpoint again: what waits for it goes out within seconds.
    ///
    /// # Errors
    /// `Moved` when there is no such endpoint.
    pub async fn endpoint_enable(&self, endpoint: EndpointId, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query!(
            "-- endpoint.enable
            update endpoint set state = 'enabled', state_reason = null, failures = 0, failing_since = null, probes = 0,
                   probe_at = null, release_at = $2 where id = $1",
            endpoint.uuid(),
            now.to_sqlx()
        )
        .execute(tx.connection())
        .await?;
        one_row(done.rows_affected(), "endpoint")?;
        tx.notices_tell_anew(endpoint).await?;
        tx.commit().await?;
        self.route_again_for(endpoint, now).await
    }
}
