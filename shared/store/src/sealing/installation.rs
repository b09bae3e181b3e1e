//! The key by which the installation goes, set with its cause.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::sealed_secret::MasterKeyId;

use crate::{StoreError, Transaction};

impl Transaction {
    /// The installation goes by this key from now on: everything lies under it.
    pub async fn installation_key_set(&mut self, key: MasterKeyId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- sealing.go_by
            insert into installation_key (key_id, at) values ($1, $2)
            on conflict (is_one) do update set key_id = excluded.key_id, at = excluded.at
            where installation_key.key_id <> excluded.key_id",
            &key.bytes()[..],
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
