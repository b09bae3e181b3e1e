//! Gives a store the keys of its secrets, and refuses to go on where the right ones are missing.

use std::path::Path;

use ripen_runtime::{clock::Clock, config::Settings, master_keys};
use ripen_store::{
    Store,
    sealing::{SealedSecrets, SealingScope},
};

/// The store with the keys that its secrets are sealed under. Its schema is this version's.
///
/// # Errors
/// Says which key is missing and where it belongs.
pub async fn unlocked(store: Store, settings: &Settings, data_dir: &Path) -> anyhow::Result<Store> {
    let secrets = store.sealed_secrets().await?;
    // A file is made only where nothing depends on one that was there.
    let keyring = master_keys::keyring(settings, data_dir, secrets.under.is_empty())?;
    let store = store.with_keyring(keyring.clone());
    let mut missing = missing(&secrets, |key| keyring.knows(key));
    if missing.is_empty() {
        // Another process may have started first a moment ago, with nothing sealed yet: two keys at once would leave each
        // with secrets that the other cannot open.
        let first = store.installation_key(Clock::system().now()).await?;
        if keyring.knows(first) {
            return Ok(store);
        }
        missing.push(format!("the installation goes by the key {first}"));
    }
    store.close().await;
    let place = if master_keys::are_in_file(settings) {
        format!("{}, on a line of its own", master_keys::key_file(data_dir).display())
    } else {
        "secrets.key or secrets.previous_keys".to_owned()
    };
    anyhow::bail!(
        "the keys given do not open the database's secrets: {}. Nothing was changed. Put the missing key back into {place}; `ripen secrets rotate` must have run before it can be taken away",
        missing.join(", ")
    )
}

/// What is sealed under keys that are not known, in words.
pub fn missing(
    secrets: &SealedSecrets,
    is_known: impl Fn(ripen_domain::sealed_secret::MasterKeyId) -> bool,
) -> Vec<String> {
    let unknown = secrets.under.iter().filter(|(key, _)| !is_known(**key));
    unknown.map(|(key, count)| format!("{count} sealed under the key {key}")).collect()
}

/// Seals what an earlier version, or a migration, left in clear.
///
/// # Errors
/// When the database does not take it.
pub async fn seal_what_is_clear(store: &Store) -> anyhow::Result<()> {
    // The one key that a migration makes is no news to whoever starts for the first time.
    let is_first = store.sealed_secrets().await?.under.is_empty();
    let done = store.seal_secrets(SealingScope::InClear).await?;
    if done.sealed > 1 || done.sealed == 1 && !is_first {
        tracing::info!(sealed = done.sealed, "secrets that lay in clear are sealed");
    }
    Ok(())
}
