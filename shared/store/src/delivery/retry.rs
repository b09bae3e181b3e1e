//! Deliveries that a person asks for again.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::DeliveryId;

use crate::{Scope, StoreError, Transaction};

impl Transaction {
    /// Makes a delivery due at once, with the whole schedule before it again: same id, same bytes. One that was delivered
    /// only where `delivered` says so.
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
            "-- delivery.again
            update delivery set state = 'pending', reason = 'asked for again', due_at = $3, offered_until = $3, ended_at = null,
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
        crate::error::one_row(done.rows_affected(), "delivery")
    }
}
