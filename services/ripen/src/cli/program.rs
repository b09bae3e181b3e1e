//! `ripen program`: lines of business. One comes into being with the first document that is activated under its name.

use std::process::ExitCode;

use clap::Subcommand;
use ripen_store::program::program_record::ProgramRecord;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with programs.
#[derive(Debug, Subcommand)]
pub enum ProgramAction {
    /// List all programs: active version, clients, open leads and how many of them wait for a regrade.
    List,
}

/// Runs the command.
pub async fn run(common: &Common, action: ProgramAction) -> anyhow::Result<ExitCode> {
    let ProgramAction::List = action;
    let database = Database::open(common).await?;
    // A block, so that the database is closed after an error too: an embedded one would go on running.
    let programs = async {
        let (actions, actor) = (database.actions()?, database.actor());
        ripen_actions::program::list(&actions, &actor).await.map_err(refused("program list"))
    };
    let programs = programs.await;
    database.close().await;
    let rows: Vec<_> = programs?.iter().map(shown).collect();
    output::table(common.json, &["program", "version", "default", "clients", "open_leads", "to_regrade"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn shown(program: &ProgramRecord) -> Value {
    json!({"program": program.name, "version": program.active.map(|active| active.version), "default": program.is_default,
           "clients": program.clients.join(", "), "open_leads": program.open_leads, "to_regrade": program.outdated,
           "id": program.id})
}
