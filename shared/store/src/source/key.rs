//! Keys that a source's senders authenticate with.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::SourceId;

use crate::{Store, StoreError};

impl Store {
    /// Gives a source another key that ends at `expires_at`, and forgets keys that ended.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn source_add_key(
        &self,
        source: SourceId,
        hash: &[u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- source.add_key
            with ended as (delete from source_key where expires_at < $3)
            insert into source_key (hash, source_id, created_at, expires_at) values ($1, $2, $3, $4)",
            &hash[..],
            source.uuid(),
            now.to_sqlx(),
            expires_at.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
