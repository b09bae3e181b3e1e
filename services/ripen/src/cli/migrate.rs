//! `ripen migrate`: applies the migrations that are missing.

use std::process::ExitCode;

use anyhow::anyhow;
use ripen_runtime::{clock::Clock, config::Settings};
use ripen_store::schema::SchemaState;
use serde_json::json;

use crate::{cli::Common, database::Database, output};

/// Migrates the configured database.
///
/// # Errors
/// When a migration fails: it is rolled back whole.
pub async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(common.config.as_deref(), Vec::new())?;
    // `connect`, because `open` refuses exactly the schema that this command is for.
    let database = Database::connect(common, settings).await?;
    let result = match database.store.schema().await {
        Ok(SchemaState::Newer) => {
            Err(anyhow!("the database belongs to a newer version of Ripen than this one: use that version"))
        }
        _ => database.store.migrate(Clock::system().now()).await.map_err(Into::into),
    };
    // Closed before the error is returned: an embedded server would go on running.
    database.close().await;
    output::record(common.json, &json!({"applied": result?}))?;
    Ok(ExitCode::SUCCESS)
}
