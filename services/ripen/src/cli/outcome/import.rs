//! `ripen outcome import`: records what a client's books know, row by row, and lists the rows that are left to a person.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use ripen_actions::outcome_import::{OutcomeImport, OutcomeReport, OutcomeRowChange};
use serde_json::{Map, Value, json};

use super::file::OutcomeFile;
use crate::{
    cli::{Common, list::ListOptions, refused},
    database::Database,
    output,
};

/// Options of `ripen outcome import`.
#[derive(Debug, Args)]
pub struct OutcomeImportOptions {
    /// The list (CSV or .xlsx): a header row with outcome, then delivery, email or phone, then reason, amount, currency,
    /// date (for won and lost when it happened).
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How the file is written.
    #[command(flatten)]
    pub list: ListOptions,
    /// The client whose books these are: its slug.
    #[arg(long)]
    pub client: String,
    /// Record also what takes a sale back or has an unusual amount: somebody looked at these rows.
    #[arg(long, visible_alias = "correct")]
    pub confirm: bool,
    /// Say what would become of each row, and record nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Imports a file. Exit code 1 where rows are left.
pub async fn run(common: &Common, database: &Database, options: OutcomeImportOptions) -> anyhow::Result<ExitCode> {
    let (actions, actor) = (database.actions()?, database.actor());
    let begun = OutcomeImport::begin(&actions, &actor, &options.client, options.dry_run).await;
    let mut import = begun.map_err(refused("outcome import"))?.confirmed(options.confirm);
    let mut rows = OutcomeFile::open(&options.file, &options.list)?;
    while let Some(row) = rows.read().await? {
        match row {
            Ok(row) => import.row(row).await?,
            Err(bad) => import.unreadable(bad.line, bad.fault.to_string()),
        }
    }
    let report = import.finish();
    let shown = options.file.display();
    anyhow::ensure!(report.rows > 0, "{shown} has a header row and no row under it: there is nothing to record");
    print(common, &report, (options.dry_run, rows.shown()))?;
    if report.left.iter().any(|row| row.left == "asked") {
        output::say("rows that are asked back are recorded with --confirm, if they are meant");
    }
    Ok(if report.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(common: &Common, report: &OutcomeReport, (dry_run, file): (bool, Map<String, Value>)) -> anyhow::Result<()> {
    let count = |what: &str| report.left.iter().filter(|row| row.left == what).count();
    let left: Vec<Value> =
        report.left.iter().map(|row| json!({"line": row.line, "left": row.left, "why": row.why})).collect();
    let mut all = json!({"rows": report.rows, "recorded": report.recorded, "repeated": report.repeated,
        "unmatched": count("unmatched"), "ambiguous": count("ambiguous"), "refused": count("refused"), "asked": count("asked"),
        "unreadable": count("unreadable"), "dry_run": dry_run});
    let noted: Vec<Value> =
        report.noted.iter().map(|row| json!({"line": row.line, "noted": row.noted, "why": row.why})).collect();
    let change = |row: &OutcomeRowChange| json!({"line": row.line, "delivery": row.delivery, "before": row.before, "after": row.after});
    let changes: Vec<Value> = report.changes.iter().map(change).collect();
    if common.json {
        if let Value::Object(all) = &mut all {
            all.insert("file".to_owned(), Value::Object(file));
            all.insert("changes".to_owned(), changes.into());
            all.insert("noted".to_owned(), noted.into());
            all.insert("left".to_owned(), left.into());
        }
        output::record(true, &all)?;
        return Ok(());
    }
    output::record(false, &all)?;
    if !changes.is_empty() {
        output::text("\n")?;
        output::table(false, &["line", "delivery", "before", "after"], &changes)?;
    }
    if !left.is_empty() {
        output::text("\n")?;
        output::table(false, &["line", "left", "why"], &left)?;
    }
    if !noted.is_empty() {
        output::text("\n")?;
        output::table(false, &["line", "noted", "why"], &noted)?;
    }
    Ok(())
}
