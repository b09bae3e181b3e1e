//! The installation's own keys, each made when it is first needed. Whoever comes second gets the first one's.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::link::LinkKey;

use crate::{Store, StoreError};

impl Store {
    /// The key that links are signed with; `fresh` where there is none yet.
    pub async fn link_key(&self, fresh: [u8; 32], now: Timestamp) -> Result<LinkKey, StoreError> {
        // Two statements: under `do nothing` the insert returns no row to whoever comes second, and that one must use
        // the first one's key, or its links would not open elsewhere.
        sqlx::query!(
            "-- signing_key.make
            insert into signing_key (purpose, key, created_at) values ('link', $1, $2) on conflict do nothing",
            &fresh,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        let row = sqlx::query!(
            "-- signing_key.show
            select key from signing_key where purpose = 'link'"
        )
        .fetch_one(&self.pool)
        .await?;
        let key = row.key.try_into().map_err(|_| StoreError::Corrupt("the signing key of links".to_owned()))?;
        Ok(LinkKey::new(key))
    }
}
