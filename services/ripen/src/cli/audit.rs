//! `ripen audit`: who changed what, before and after.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ripen_actions::audit::changed_fields;
use ripen_store::audit::list::{AuditFilter, AuditRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with the audit.
#[derive(Debug, Subcommand)]
pub enum AuditAction {
    /// List what was changed, newest first.
    List(AuditOptions),
}

/// Options of `ripen audit list`.
#[derive(Debug, Args)]
pub struct AuditOptions {
    /// Only what was done to this object, by its id.
    #[arg(long, value_name = "ID")]
    pub object: Option<String>,
    /// Only what this actor did, as the list names it, such as operator:dana.
    #[arg(long)]
    pub actor: Option<String>,
    /// Only what is older than this entry: the last one of the page before.
    #[arg(long, value_name = "ENTRY")]
    pub before: Option<Uuid>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    pub limit: i64,
}

/// Runs the command.
pub async fn run(common: &Common, action: AuditAction) -> anyhow::Result<ExitCode> {
    let AuditAction::List(AuditOptions { object, actor, before, limit }) = action;
    let database = Database::open(common).await?;
    let filter = AuditFilter { object, actor, before, limit, ..AuditFilter::default() };
    // A block, so that the database is closed after an error too: an embedded one would go on running.
    let listed = async {
        let (actions, actor) = (database.actions()?, database.actor());
        ripen_actions::audit::list(&actions, &actor, &filter).await.map_err(refused("audit list"))
    };
    let listed = listed.await;
    database.close().await;
    let rows: Vec<_> = listed?.iter().map(row).collect();
    let columns = ["at", "actor", "action", "object", "change"];
    output::table(common.json, &columns, &rows)?;
    Ok(ExitCode::SUCCESS)
}

fn row(entry: &AuditRecord) -> Value {
    json!({"entry": entry.id, "at": entry.at, "actor": entry.actor, "action": entry.action, "object": entry.object,
           "client": entry.client, "before": entry.before, "after": entry.after, "change": change(entry)})
}

/// Each field that is otherwise now, in a line: `state: active → paused`.
fn change(entry: &AuditRecord) -> String {
    changed_fields(entry).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
