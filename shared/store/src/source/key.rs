//! Keys that a source's senders authenticate with.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::SourceId;

use crate::{Scope, StoreError, Transaction, error::one_row};

/// A key to be kept, hashed.
#[derive(Debug, Clone)]
pub struct NewSourceKey {
    /// Whose it is.
    pub source: SourceId,
    /// SHA-256.
    pub hash: [u8; 32],
    /// From when it opens nothing.
    pub expires_at: Timestamp,
}

impl Transaction {
    /// Gives a source another key, and forgets keys that ended; `Moved` when there is no such source in the scope.
    pub async fn source_add_key(&mut self, scope: Scope, new: &NewSourceKey, now: Timestamp) -> Result<(), StoreError> {
        // Expired keys go with the next new one, so that the table is bounded by what is in use without a sweep of
        // its own.
        let done = sqlx::query!(
            "-- source.add_key
            with ended as (delete from source_key where expires_at < $3)
            insert into source_key (hash, source_id, created_at, expires_at)
            select $1, id, $3, $4 from source where id = $2 and ($5::uuid is null or client_id = $5)",
            &new.hash[..],
            new.source.uuid(),
            now.to_sqlx(),
            new.expires_at.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "source")
    }
}
