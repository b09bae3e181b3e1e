//! `ripen secrets`: the keys under which secrets lie sealed in the database.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use ripen_actions::secrets::NoteSecretsRotated;
use ripen_runtime::master_keys::new_key;
use ripen_store::{
    Store,
    sealing::{SealedSecrets, SealingPass, SealingScope},
};
use serde_json::json;

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// Passes over everything until a process that still seals under another key is taken for the reason.
const MOST_PASSES: u32 = 5;

/// What can be done with the keys of secrets.
#[derive(Debug, Subcommand)]
pub enum SecretsAction {
    /// Print a new key for secrets.key. Nothing is stored: keep a copy apart from the database's backups.
    NewKey,
    /// Seal everything under secrets.key that lies in clear or under one of secrets.previous_keys; afterwards those can be taken
    /// away. May be broken off and run again, beside running services.
    Rotate,
}

/// Runs the command.
pub async fn run(common: &Common, action: SecretsAction) -> anyhow::Result<ExitCode> {
    match action {
        SecretsAction::NewKey => {
            let key = new_key();
            let record = json!({"key": key.reveal(), "id": key.id().to_string()});
            // The key alone, so that a shell can take it as it is.
            if common.json { output::record(true, &record) } else { output::text(&format!("{}\n", key.reveal())) }?;
            Ok(ExitCode::SUCCESS)
        }
        SecretsAction::Rotate => {
            let database = Database::open(common).await?;
            let result = rotate(common, &database).await;
            database.close().await;
            result
        }
    }
}

/// What a rotation came to.
struct SealedAnew {
    done: SealingPass,
    left: SealedSecrets,
    /// Everything lies under the current key.
    is_whole: bool,
}

async fn rotate(common: &Common, database: &Database) -> anyhow::Result<ExitCode> {
    let SealedAnew { done, left, is_whole } = seal_everything(&database.store).await?;
    let only_under = database.store.sealing_key().filter(|_| is_whole);
    let note = NoteSecretsRotated { done, only_under };
    database.actions()?.run(&database.actor(), &note).await.map_err(refused("secrets rotate"))?;
    let keys: serde_json::Map<_, _> = left.under.iter().map(|(key, count)| (key.to_string(), json!(count))).collect();
    let shown = json!({"sealed": done.sealed, "rewrapped": done.rewrapped, "unopened": done.unopened, "in_clear": left.in_clear,
                       "keys": keys});
    output::record(common.json, &shown)?;
    if done.unopened > 0 {
        output::say(&format!(
            "{} secret(s) could not be opened, and stay as they are: they were changed, or moved from another row. Make those anew (`ripen endpoint rotate-secret`, `ripen endpoint set --header`, `ripen link rotate`) before you take a previous key away",
            done.unopened
        ));
        return Ok(ExitCode::FAILURE);
    }
    if !is_whole {
        output::say(
            "Not everything lies under secrets.key: a process still seals under another key, or writes in clear. Give every process the new secrets.key, restart it, and run this again before you take a previous key away",
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Seals until nothing lies under another key: what is written behind a pass is found by the next.
async fn seal_everything(store: &Store) -> anyhow::Result<SealedAnew> {
    let current = store.sealing_key().context("secrets.key is not given")?;
    let mut done = SealingPass::default();
    let mut passes = 0;
    loop {
        passes += 1;
        let SealingPass { sealed, rewrapped, unopened } =
            store.seal_secrets(SealingScope::Everything).await.context("sealing secrets anew")?;
        done = SealingPass { sealed: done.sealed + sealed, rewrapped: done.rewrapped + rewrapped, unopened };
        let left = store.sealed_secrets().await?;
        let is_whole = left.are_only_under(current);
        if is_whole || unopened > 0 || passes >= MOST_PASSES {
            return Ok(SealedAnew { done, left, is_whole });
        }
    }
}
