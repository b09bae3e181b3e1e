//! `ripen criteria`: checking documents and switching them on.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use ripen_domain::{
    criteria::Criteria,
    id::{CriteriaId, ProgramId},
};
use ripen_runtime::{clock::Clock, random::uuid_v7};
use ripen_store::Store;
use serde_json::{Value, json};

use crate::{
    cli::{Common, CriteriaAction},
    database::Database,
    output,
};

/// The largest document read; larger ones are no criteria.
const LARGEST: u64 = 1024 * 1024;

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: CriteriaAction) -> anyhow::Result<ExitCode> {
    match action {
        CriteriaAction::Check { file } => check(common, &file),
        CriteriaAction::Activate { file } => {
            let document = read(&file)?;
            let Some(criteria) = loaded(common, &file, &document)? else { return Ok(ExitCode::FAILURE) };
            let database = Database::open(common).await?;
            let version = activate(&database.store, criteria.name(), &document).await;
            database.close().await;
            output::record(common.json, &json!({"program": criteria.name(), "version": version?}))?;
            Ok(ExitCode::SUCCESS)
        }
        CriteriaAction::List => {
            let database = Database::open(common).await?;
            let versions = database.store.criteria_list().await;
            database.close().await;
            let rows: Vec<Value> = versions?
                .iter()
                .map(|v| json!({"program": v.program, "version": v.version, "active": v.active, "activated_at": v.activated_at,
                                "retired_at": v.retired_at, "id": v.id}))
                .collect();
            output::table(common.json, &["program", "version", "active", "activated_at", "retired_at"], &rows)?;
            Ok(ExitCode::SUCCESS)
        }
        CriteriaAction::Show { version, program } => show(common, version, program.as_deref()).await,
    }
}

/// Makes a checked document the active version of its program.
///
/// # Errors
/// When the database is away.
pub async fn activate(store: &Store, name: &str, document: &str) -> anyhow::Result<i32> {
    let now = Clock::system().now();
    let ids = (CriteriaId::from_uuid(uuid_v7(now)), ProgramId::from_uuid(uuid_v7(now)));
    Ok(store.criteria_activate(name, document, ids, now).await?)
}

fn check(common: &Common, file: &Path) -> anyhow::Result<ExitCode> {
    let document = read(file)?;
    let Some(criteria) = loaded(common, file, &document)? else { return Ok(ExitCode::FAILURE) };
    let found = json!({"name": criteria.name(), "questions": criteria.questions().len(), "rules": criteria.rules().len(),
                       "gates": criteria.gates().len(), "disqualifiers": criteria.disqualifiers().len()});
    output::record(common.json, &found)?;
    Ok(ExitCode::SUCCESS)
}

/// The document loaded, or every mistake in it printed as `line:col: message`. Warnings go to standard error.
fn loaded(common: &Common, file: &Path, document: &str) -> anyhow::Result<Option<Criteria>> {
    match Criteria::load(document) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                output::say(&format!("{}:{warning} (warning)", file.display()));
            }
            Ok(Some(loaded.criteria))
        }
        Err(mistakes) if common.json => {
            let rows: Vec<_> =
                mistakes.iter().map(|m| json!({"line": m.line, "column": m.column, "message": m.message})).collect();
            output::table(true, &[], &rows)?;
            Ok(None)
        }
        Err(mistakes) => {
            for mistake in &mistakes {
                output::text(&format!("{mistake}\n"))?;
            }
            output::say(&format!("{} has {} mistake(s)", file.display(), mistakes.len()));
            Ok(None)
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?.len();
    anyhow::ensure!(
        size <= LARGEST,
        "{} is {size} bytes long: a criteria document has at most {LARGEST}",
        file.display()
    );
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", file.display()))
}

async fn show(common: &Common, version: i32, program: Option<&str>) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let versions = database.store.criteria_list().await;
    database.close().await;
    let versions = versions?;
    let wanted: Vec<_> =
        versions.iter().filter(|v| v.version == version && program.is_none_or(|name| v.program == name)).collect();
    match wanted.as_slice() {
        [] => anyhow::bail!("no version {version}: `ripen criteria list` shows them"),
        [one] if common.json => {
            output::record(true, &json!({"program": one.program, "version": one.version, "document": one.document}))?;
        }
        [one] => output::text(&one.document)?,
        several => {
            let names: Vec<_> = several.iter().map(|v| v.program.as_str()).collect();
            anyhow::bail!("several programs have a version {version}: add --program with one of {}", names.join(", "))
        }
    }
    Ok(ExitCode::SUCCESS)
}
