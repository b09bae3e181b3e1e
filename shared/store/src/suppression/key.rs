//! The key of suppression's hashes. It is made by a migration and never changes, because the hashes cannot be made again; it is
//! sealed under the keys of the configuration as other secrets are, and statements are given it.

use std::sync::Arc;

use sqlx::PgExecutor;

use crate::{
    Store, StoreError, Transaction,
    sealing::{HashPads, SealingPass, SealingScope, StoreKeys, Stored},
};

const PLACE: &str = "suppression_key";
const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;

fn xor(bytes: &[u8], with: u8) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ with).collect()
}

impl StoreKeys {
    /// The pads, read and opened once.
    async fn pads(&self, executor: impl PgExecutor<'_>) -> Result<Arc<HashPads>, StoreError> {
        if let Some(pads) = self.pads.get() {
            return Ok(Arc::clone(pads));
        }
        let row = sqlx::query!(
            "-- suppression.key
            select inner_pad, sealed from suppression_key"
        )
        .fetch_one(executor)
        .await?;
        let key = match row.sealed {
            Some(sealed) => self.open(PLACE, &sealed)?,
            None => xor(&row.inner_pad.ok_or_else(|| StoreError::Corrupt(PLACE.to_owned()))?, INNER),
        };
        let pads = HashPads { inner: xor(&key, INNER), outer: xor(&key, OUTER) };
        Ok(Arc::clone(self.pads.get_or_init(|| Arc::new(pads))))
    }
}

impl Store {
    pub(crate) async fn hash_pads(&self) -> Result<Arc<HashPads>, StoreError> {
        // Without a connection where they are known: a lease should not wait for a second one.
        if let Some(pads) = self.keys.pads.get() {
            return Ok(Arc::clone(pads));
        }
        self.keys.pads(&self.pool).await
    }

    pub(crate) async fn seal_suppression_key(
        &self,
        scope: SealingScope,
        pass: &mut SealingPass,
    ) -> Result<(), StoreError> {
        let row = sqlx::query!(
            "-- suppression.key_to_seal
            select inner_pad, sealed from suppression_key"
        )
        .fetch_one(&self.pool)
        .await?;
        if scope == SealingScope::InClear && row.sealed.is_some() {
            return Ok(());
        }
        let stored = Stored { clear: row.inner_pad.map(|pad| xor(&pad, INNER)), sealed: row.sealed };
        let Some(renewed) = self.keys.renewed(PLACE, &stored, pass) else { return Ok(()) };
        let done = sqlx::query!(
            "-- suppression.seal_key
            update suppression_key set sealed = $1, inner_pad = null, outer_pad = null where sealed is not distinct from $2",
            &renewed,
            stored.sealed.as_deref()
        )
        .execute(&self.pool)
        .await?;
        pass.count(stored.sealed.is_some(), done.rows_affected());
        Ok(())
    }
}

impl Transaction {
    pub(crate) async fn hash_pads(&mut self) -> Result<Arc<HashPads>, StoreError> {
        let keys = Arc::clone(self.keys());
        keys.pads(self.connection()).await
    }
}
