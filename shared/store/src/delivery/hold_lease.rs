//! The lease of a delivery under way, made longer while a mail server takes its time.

use std::time::Duration;

use ripen_domain::id::DeliveryId;
use uuid::Uuid;

use crate::{Store, StoreError};

impl Store {
    /// Has a lease last so long from now on, by the database's clock; whether it is still held.
    pub async fn delivery_keep_lease(
        &self,
        (delivery, lease): (DeliveryId, Uuid),
        lasts: Duration,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- delivery.keep_lease
            update delivery set leased_until = clock_timestamp() + make_interval(secs => $3)
            where id = $1 and lease = $2 and state = 'leased'",
            delivery.uuid(),
            lease,
            lasts.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }
}

#[cfg(test)]
mod tests;
