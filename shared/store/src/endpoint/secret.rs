//! The secrets that sign webhooks: rotation with an overlap.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{id::EndpointId, time::later};

use crate::{Store, StoreError, error::one_row};

impl Store {
    /// Gives an endpoint a new signing secret; those it has sign beside it for the time of overlap.
    ///
    /// # Errors
    /// `Moved` when there is no such webhook.
    pub async fn endpoint_rotate_secret(
        &self,
        endpoint: EndpointId,
        secret: &str,
        overlap: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- endpoint.expire_secrets
            update endpoint_secret set expires_at = least(expires_at, $2) where endpoint_id = $1",
            endpoint.uuid(),
            later(now, overlap).to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        let done = sqlx::query!(
            "-- endpoint.new_secret
            insert into endpoint_secret (endpoint_id, secret, created_at)
            select id, $2, $3 from endpoint where id = $1 and kind = 'webhook'",
            endpoint.uuid(),
            secret,
            now.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        one_row(done.rows_affected(), "webhook")?;
        tx.commit().await?;
        Ok(())
    }

    /// The secrets that sign now, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoint_secrets(&self, endpoint: EndpointId, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query!(
            "-- endpoint.secrets
            select secret from endpoint_secret where endpoint_id = $1 and (expires_at is null or expires_at > $2)
            order by created_at desc, secret",
            endpoint.uuid(),
            now.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| row.secret).collect())
    }
}
