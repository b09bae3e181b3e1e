//! What lies sealed: the keys that a store was given, and the pass over everything that lies in clear or under a former key.
//!
//! Each aggregate seals its own rows and names their place, which a value opens in and nowhere else. Rows are looked at in the
//! order of their ids and written only where they are still as they were read: the pass can be broken off, run again, and run
//! by several processes at once.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    sealed_secret::{Keyring, MasterKeyId, SealError, key_of},
    secret::Secret,
};

use crate::{Store, StoreError};

mod installation;

/// So many rows are looked at in one statement.
pub(crate) const BATCH: i64 = 500;
/// Tries of a pass that met another process's.
const TRIES: usize = 5;

/// The key of suppression's hashes as `identity_hash` takes it: xor ipad and xor opad (RFC 2104).
pub(crate) struct HashPads {
    pub(crate) inner: Vec<u8>,
    pub(crate) outer: Vec<u8>,
}

impl fmt::Debug for HashPads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashPads(…)")
    }
}

/// The keys of a store. Without any, what lies in clear can be read, and nothing can be sealed or opened.
#[derive(Default)]
pub(crate) struct StoreKeys {
    keyring: Option<Keyring>,
    /// Read once: they never change.
    pub(crate) pads: OnceLock<Arc<HashPads>>,
}

impl fmt::Debug for StoreKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKeys")
    }
}

impl StoreKeys {
    pub(crate) fn new(keyring: Keyring) -> Self {
        Self { keyring: Some(keyring), pads: OnceLock::new() }
    }

    pub(crate) fn keyring(&self) -> Result<&Keyring, StoreError> {
        let none = || StoreError::Sealed("secrets.key is not given".to_owned());
        self.keyring.as_ref().ok_or_else(none)
    }

    pub(crate) fn seal(&self, place: &str, clear: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.keyring()?.seal(place, clear).map_err(|why| unusable(place, why))
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.keyring()?.open(place, sealed).map_err(|why| unusable(place, why))
    }

    /// A text as it lies: sealed, or in clear from before.
    pub(crate) fn text(&self, place: &str, stored: Stored<String>) -> Result<Secret, StoreError> {
        let Some(sealed) = stored.sealed else {
            return stored.clear.map(Secret::from).ok_or_else(|| StoreError::Corrupt(place.to_owned()));
        };
        let clear = String::from_utf8(self.open(place, &sealed)?);
        clear.map(Secret::from).map_err(|_| StoreError::Corrupt(place.to_owned()))
    }

    /// What should be written over a value that lies so; none where it is as it should be, or cannot be opened.
    pub(crate) fn renewed(&self, place: &str, stored: &Stored<Vec<u8>>, pass: &mut SealingPass) -> Option<Vec<u8>> {
        let keyring = self.keyring.as_ref()?;
        let renewed = match (&stored.sealed, &stored.clear) {
            (Some(sealed), _) => keyring.rewrap(place, sealed),
            (None, Some(clear)) => keyring.seal(place, clear).map(Some),
            (None, None) => return None,
        };
        match renewed {
            Ok(renewed) => renewed,
            Err(why) => {
                tracing::error!(place, %why, "a secret cannot be sealed anew and stays as it is");
                pass.unopened += 1;
                None
            }
        }
    }
}

fn unusable(place: &str, why: SealError) -> StoreError {
    StoreError::Sealed(format!("{place}: {why}"))
}

/// A value as a row has it: one of the two.
pub(crate) struct Stored<Clear> {
    pub(crate) clear: Option<Clear>,
    pub(crate) sealed: Option<Vec<u8>>,
}

/// What a pass looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealingScope {
    /// What lies in clear, as an earlier version wrote it.
    InClear,
    /// And what is sealed under another key than the current one.
    Everything,
}

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SealingPass {
    /// Values that lay in clear.
    pub sealed: u64,
    /// Values that were sealed under another key.
    pub rewrapped: u64,
    /// Values that could not be opened, and stay as they are.
    pub unopened: u64,
}

impl SealingPass {
    pub(crate) fn count(&mut self, was_sealed: bool, rows: u64) {
        *(if was_sealed { &mut self.rewrapped } else { &mut self.sealed }) += rows;
    }
}

/// How the installation's secrets lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedSecrets {
    /// How many are sealed under each key.
    pub under: BTreeMap<MasterKeyId, i64>,
    /// How many lie in clear.
    pub in_clear: i64,
    /// A server of this version has started: what lies in clear since then an earlier one wrote.
    pub has_begun: bool,
}

impl SealedSecrets {
    /// Whether all that there is lies under this key.
    #[must_use]
    pub fn are_only_under(&self, key: MasterKeyId) -> bool {
        self.in_clear == 0 && self.under.keys().all(|other| *other == key)
    }
}

impl Store {
    /// The key that seals; none where the store was given none.
    #[must_use]
    pub fn sealing_key(&self) -> Option<MasterKeyId> {
        self.keys.keyring.as_ref().map(Keyring::current)
    }

    /// The key that the installation goes by, as its first start wrote it; that of this store where this is the first.
    pub async fn installation_key(&self, now: Timestamp) -> Result<MasterKeyId, StoreError> {
        // Two statements: of two first starts with different keys the second must read the first one's.
        let current = *self.keys.keyring()?.current().bytes();
        sqlx::query!(
            "-- sealing.begin
            insert into installation_key (key_id, at) values ($1, $2) on conflict do nothing",
            &current[..],
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        let row = sqlx::query!(
            "-- sealing.installation_key
            select key_id from installation_key"
        )
        .fetch_one(&self.pool)
        .await?;
        MasterKeyId::from_bytes(&row.key_id).ok_or_else(|| StoreError::Corrupt("the installation's key".to_owned()))
    }

    /// The same store with these keys.
    #[must_use]
    pub fn with_keyring(self, keyring: Keyring) -> Self {
        Self { keys: Arc::new(StoreKeys::new(keyring)), ..self }
    }

    /// How the installation's secrets lie.
    pub async fn sealed_secrets(&self) -> Result<SealedSecrets, StoreError> {
        let rows = sqlx::query!(
            r#"-- sealing.count
            select substring(v.sealed for 5) as "head?", count(*) as "count!",
                   exists (select from signing_key where sealed is not null) as "has_begun!" from (
                select sealed from endpoint_secret
                union all select sealed_headers from endpoint where sealed_headers is not null or headers <> '{}'
                union all select sealed_url from endpoint where kind = 'webhook'
                union all select sealed from signing_key
                union all select sealed from suppression_key) v
            group by substring(v.sealed for 5)"#
        )
        .fetch_all(&self.lists)
        .await?;
        let mut found = SealedSecrets::default();
        for row in rows {
            found.has_begun = row.has_begun;
            match row.head {
                None => found.in_clear += row.count,
                Some(head) => {
                    let key = key_of(&head).ok_or_else(|| StoreError::Corrupt("something sealed".to_owned()))?;
                    *found.under.entry(key).or_default() += row.count;
                }
            }
        }
        Ok(found)
    }

    /// Seals what lies in clear, and re-wraps what is sealed under another key where that is asked for. What it cannot open
    /// it counts and leaves.
    pub async fn seal_secrets(&self, scope: SealingScope) -> Result<SealingPass, StoreError> {
        self.keys.keyring()?;
        let (mut pass, mut tries) = (SealingPass::default(), 1);
        loop {
            match self.seal_once(scope, &mut pass).await {
                // Another process does the same: what it wrote is done.
                Err(error) if error.is_conflict() && tries < TRIES => {
                    tries += 1;
                    pass.unopened = 0;
                }
                done => return done.map(|()| pass),
            }
        }
    }

    async fn seal_once(&self, scope: SealingScope, pass: &mut SealingPass) -> Result<(), StoreError> {
        self.seal_endpoint_secrets(scope, pass).await?;
        self.seal_endpoint_headers(scope, pass).await?;
        self.seal_endpoint_urls(scope, pass).await?;
        self.seal_signing_keys(scope, pass).await?;
        self.seal_suppression_key(scope, pass).await
    }
}
