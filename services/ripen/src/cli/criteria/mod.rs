//! `ripen criteria`: checking documents, trying them on the past, and switching them on.

mod backtest;
mod example;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Subcommand;
use ripen_actions::criteria::{ActivateCriteria, find, list, preview};
use ripen_domain::criteria::{BacktestReport, Criteria};
use ripen_store::criteria::document::CriteriaRecord;
use serde_json::{Value, json};
use uuid::Uuid;

use self::backtest::flow;
pub use self::backtest::reading;
use self::example::ExampleDocument;
use crate::{
    cli::{Common, document, refused},
    database::Database,
    output,
};

/// What can be done with criteria.
#[derive(Debug, Subcommand)]
pub enum CriteriaAction {
    /// Check a document: every mistake with line and column.
    Check {
        /// The TOML file.
        file: PathBuf,
    },
    /// Decide the past again under a draft, with only what was known then, and report what would have been.
    Backtest(backtest::BacktestOptions),
    /// Make a document the active version of the program it names. Says first how many leads will change grade.
    Activate {
        /// The TOML file.
        file: PathBuf,
        /// The back-test it rests on (`ripen criteria backtest`); a program's first version needs none.
        #[arg(long, value_name = "ID")]
        backtest: Option<Uuid>,
        /// Say how many leads would change grade and which version it would be, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print a document that comes with Ripen, to save under a name of your own and to change.
    Example {
        /// Which.
        #[arg(default_value = "web-enquiry")]
        name: ExampleDocument,
    },
    /// List all versions.
    List,
    /// Print a version's document, byte for byte.
    // The version asked for is the document's, not the program's.
    #[command(disable_version_flag = true)]
    Show {
        /// The version; of the program named, or of the only one.
        version: i32,
        /// The program's name.
        #[arg(long)]
        program: Option<String>,
    },
}

/// Runs the command.
pub async fn run(common: &Common, action: CriteriaAction) -> anyhow::Result<ExitCode> {
    match action {
        CriteriaAction::Check { file } => check(common, &file),
        CriteriaAction::Backtest(options) => {
            // Before the database is opened: mistakes are shown without starting an embedded server.
            let document = document::read(&options.file)?;
            if loaded(common, &options.file, &document)?.is_none() {
                return Ok(ExitCode::FAILURE);
            }
            let database = Database::open(common).await?;
            let done = backtest::run(common, &database, document, options).await;
            database.close().await;
            done.map(|()| ExitCode::SUCCESS)
        }
        CriteriaAction::Activate { file, backtest, dry_run } => {
            let document = document::read(&file)?;
            let Some(draft) = loaded(common, &file, &document)? else { return Ok(ExitCode::FAILURE) };
            let database = Database::open(common).await?;
            let request = ActivateCriteria { document, backtest };
            let done = activate(common, &database, draft, request, dry_run).await;
            database.close().await;
            done.map(|()| ExitCode::SUCCESS)
        }
        CriteriaAction::Example { name } => {
            output::text(name.text())?;
            Ok(ExitCode::SUCCESS)
        }
        CriteriaAction::List => {
            let database = Database::open(common).await?;
            let done = listed(common, &database).await;
            database.close().await;
            done.map(|()| ExitCode::SUCCESS)
        }
        CriteriaAction::Show { version, program } => {
            let database = Database::open(common).await?;
            let done = show(common, &database, version, program.as_deref()).await;
            database.close().await;
            done.map(|()| ExitCode::SUCCESS)
        }
    }
}

/// Says what will change, and switches the draft on.
async fn activate(
    common: &Common,
    database: &Database,
    draft: Criteria,
    request: ActivateCriteria,
    dry_run: bool,
) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    // What is refused is refused before the past is read, which takes minutes where there is much of it.
    let rehearsed = actions.rehearse(&actor, &request).await.map_err(refused("criteria activate"))?;
    // Read before the switch: afterwards the open leads are regraded and there is nothing to compare with.
    let change = preview(&actions, &actor, Arc::new(draft), &reading()).await?;
    // Where there is no lead, no grade changes, and that needs no words.
    let changed = if change.leads == 0 { 0 } else { say_change(&change) };
    if dry_run {
        let result = json!({"program": rehearsed.program, "open_leads": change.leads, "change": changed,
                            "version": rehearsed.version, "dry_run": true});
        return Ok(output::record(common.json, &result)?);
    }
    let done = actions.run(&actor, &request).await.map_err(refused("criteria activate"))?;
    output::say(&format!("active: {} version {}", done.program, done.version));
    let result =
        json!({"program": done.program, "open_leads": change.leads, "change": changed, "version": done.version});
    Ok(output::record(common.json, &result)?)
}

/// Says how many open leads will change grade, and from which to which; returns how many.
pub fn say_change(change: &BacktestReport) -> u64 {
    let changed = change.decisions - change.same;
    let flows: Vec<_> = change.flows.iter().filter(|one| one.from != one.to).map(flow).collect();
    let flows = if flows.is_empty() { "none".to_owned() } else { flows.join(", ") };
    // On standard error: standard output is one record, with `--json` too.
    output::say(&format!("{changed} of {} open leads change grade: {flows}", change.leads));
    changed
}

fn check(common: &Common, file: &Path) -> anyhow::Result<ExitCode> {
    let text = document::read(file)?;
    let Some(criteria) = loaded(common, file, &text)? else { return Ok(ExitCode::FAILURE) };
    let found = json!({"name": criteria.name(), "questions": criteria.questions().len(), "rules": criteria.rules().len(),
                       "gates": criteria.gates().len(), "disqualifiers": criteria.disqualifiers().len()});
    output::record(common.json, &found)?;
    Ok(ExitCode::SUCCESS)
}

/// The document loaded, or every mistake in it printed as `line:col: message`. Warnings go to standard error.
fn loaded(common: &Common, file: &Path, text: &str) -> anyhow::Result<Option<Criteria>> {
    match Criteria::load(text) {
        Ok(loaded) => {
            document::warn(file, &loaded.warnings);
            Ok(Some(loaded.criteria))
        }
        Err(mistakes) => {
            document::refuse(common, file, &mistakes)?;
            Ok(None)
        }
    }
}

async fn listed(common: &Common, database: &Database) -> anyhow::Result<()> {
    let versions = list(&database.actions()?, &database.actor()).await?;
    let rows: Vec<_> = versions.iter().map(row).collect();
    let columns = ["program", "version", "active", "activated_at", "activated_by", "retired_at", "backtest"];
    Ok(output::table(common.json, &columns, &rows)?)
}

fn row(one: &CriteriaRecord) -> Value {
    json!({"program": one.program, "version": one.version, "active": one.active, "activated_at": one.activated_at,
           "retired_at": one.retired_at, "activated_by": one.activated_by, "backtest": one.backtest, "id": one.id})
}

async fn show(common: &Common, database: &Database, version: i32, program: Option<&str>) -> anyhow::Result<()> {
    let found = find(&database.actions()?, &database.actor(), version, program).await;
    let one = found.map_err(refused("criteria show"))?;
    if common.json {
        let record = json!({"program": one.program, "version": one.version, "document": one.document});
        return Ok(output::record(true, &record)?);
    }
    // Byte for byte, so that it can be edited and activated again.
    Ok(output::text(&one.document)?)
}
