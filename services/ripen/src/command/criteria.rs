//! `ripen criteria`: checking documents and switching them on.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use jiff::SignedDuration;
use ripen_domain::{
    criteria::{BacktestReport, Criteria},
    id::{CriteriaId, ProgramId},
};
use ripen_runtime::{clock::Clock, random::uuid_v7, secrets};
use ripen_store::{Store, criteria::activate::Activation, decision::history::Period};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    cli::{Common, CriteriaAction},
    command::{backtest, document},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: CriteriaAction) -> anyhow::Result<ExitCode> {
    match action {
        CriteriaAction::Check { file } => check(common, &file),
        CriteriaAction::Backtest { file, client, from, to } => {
            let text = document::read(&file)?;
            let Some(draft) = loaded(common, &file, &text)? else { return Ok(ExitCode::FAILURE) };
            let database = Database::open(common).await?;
            let wanted = backtest::Wanted { client, from, to };
            let done = backtest::run(common, &database.store, Arc::new(draft), wanted).await;
            database.close().await;
            done
        }
        CriteriaAction::Activate { file, backtest, dry_run } => {
            let text = document::read(&file)?;
            let Some(draft) = loaded(common, &file, &text)? else { return Ok(ExitCode::FAILURE) };
            let database = Database::open(common).await?;
            let done = switch(common, &database, (draft, &text), backtest, dry_run).await;
            database.close().await;
            done
        }
        CriteriaAction::List => {
            let database = Database::open(common).await?;
            let versions = database.store.criteria_list().await;
            database.close().await;
            let rows: Vec<Value> = versions?
                .iter()
                .map(|v| json!({"program": v.program, "version": v.version, "active": v.active, "activated_at": v.activated_at,
                                "retired_at": v.retired_at, "activated_by": v.activated_by, "backtest": v.backtest, "id": v.id}))
                .collect();
            output::table(
                common.json,
                &["program", "version", "active", "activated_at", "activated_by", "retired_at", "backtest"],
                &rows,
            )?;
            Ok(ExitCode::SUCCESS)
        }
        CriteriaAction::Show { version, program } => show(common, version, program.as_deref()).await,
    }
}

/// Makes a checked document the active version of its program.
///
/// # Errors
/// When the database is away.
pub async fn activate(
    store: &Store,
    (name, document): (&str, &str),
    backtest: Option<Uuid>,
    spread: SignedDuration,
) -> anyhow::Result<i32> {
    let now = Clock::system().now();
    let ids = (CriteriaId::from_uuid(uuid_v7(now)), ProgramId::from_uuid(uuid_v7(now)));
    let by = secrets::operator();
    let new = Activation { program: name, document, ids, by: &by, backtest, spread };
    Ok(store.criteria_activate(&new, now).await?)
}

/// Says what will change and switches a draft on, where it may be.
async fn switch(
    common: &Common,
    database: &Database,
    (draft, document): (Criteria, &str),
    rests_on: Option<Uuid>,
    dry_run: bool,
) -> anyhow::Result<ExitCode> {
    let (store, draft) = (&database.store, Arc::new(draft));
    may_activate(store, &draft, document, rests_on).await?;
    let all = Period { program: draft.name().to_owned(), ..Period::default() };
    let change = backtest::today(store, Arc::clone(&draft), all).await?;
    let changed = say_change(&change);
    let mut result = json!({"program": draft.name(), "open_leads": change.leads, "change": changed});
    if !dry_run {
        result["version"] = activate(store, (draft.name(), document), rests_on, spread(database)).await?.into();
    }
    output::record(common.json, &result)?;
    Ok(ExitCode::SUCCESS)
}

/// Says how many open leads will change grade, and from which to which; returns how many.
pub fn say_change(change: &BacktestReport) -> u64 {
    let changed = change.decisions - change.same;
    let flows: Vec<_> = change.flows.iter().filter(|(from, to, _)| from != to).map(backtest::flow).collect();
    let flows = if flows.is_empty() { "none".to_owned() } else { flows.join(", ") };
    output::say(&format!("{changed} of {} open leads change grade: {flows}", change.leads));
    changed
}

/// Over what time new criteria reach all open leads.
pub fn spread(database: &Database) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(database.settings.qualifier.criteria_spread_s).unwrap_or(i64::MAX))
}

/// A new version rests on a back-test of this very document, but a program's first does not, nor does a return to one
/// that was active before.
async fn may_activate(store: &Store, draft: &Criteria, document: &str, rests_on: Option<Uuid>) -> anyhow::Result<()> {
    let versions = store.criteria_list().await?;
    let mut of_program = versions.iter().filter(|version| version.program == draft.name()).peekable();
    let first = of_program.peek().is_none();
    let returns = of_program.any(|version| version.document == document && version.activated_at.is_some());
    let Some(id) = rests_on else {
        anyhow::ensure!(
            first || returns,
            "{} has criteria already: see what these would have done with `ripen criteria backtest FILE`, then activate them with --backtest ID",
            draft.name()
        );
        return Ok(());
    };
    let hash = store.backtest_hash(id).await?;
    let hash = hash.with_context(|| format!("no back-test {id}: `ripen criteria backtest FILE` makes one"))?;
    anyhow::ensure!(
        hash == draft.hash().bytes(),
        "back-test {id} was about another document: the file was changed since, run `ripen criteria backtest` again"
    );
    Ok(())
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
