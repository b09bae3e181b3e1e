//! `ripen import`: streams a list of leads into an intake and reports what became of each row.
//!
//! It posts like any sender does. Beside a running embedded server it mints itself a key that ends in an hour, and another one before
//! that ends; without one it runs all roles until every row is decided; with `--server` it uses a key from the environment.

mod chunk;
mod dry_run;
mod elsewhere;
mod flags;
mod foresight;
mod job;
mod local_intake;
mod options;
mod refused_file;
mod renewing_key;
mod report;
mod rules;
mod running_server;
mod send;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use ripen_outbound::intake::IntakeClient;
use ripen_runtime::secrets;
use serde_json::{Map, Value, json};

pub use self::options::ImportOptions;
use self::{
    dry_run::RowsDestination,
    foresight::Foresight,
    job::ImportJob,
    refused_file::{MendedRows, RefusedFile},
    renewing_key::IntakeWay,
    report::ImportReport,
    send::Sender,
};
use super::list::ListFile;
use crate::{cli::Common, database::Database, output};

/// What each of the two ways needs: in one list of flags nobody sees it.
pub const USAGE: &str = "ripen import <FILE> --source <SOURCE> [OPTIONS]
       ripen import <FILE> --server <URL> --key-env <VAR> [OPTIONS]";

/// Shown below the flags.
pub const EXAMPLES: &str = "Examples:
  ripen import leads.csv --source 'Web site' --dry-run
  ripen import leads.csv --source 'Web site' --client acme-homes --map phone=Mobile,Home --set external_id='list7-{#}' --refused refused.csv --flagged flagged.csv
  ripen import leads.csv --server https://leads.example --key-env KEY";

/// Imports a list. Exit code 1 where a row was refused or given up, or none came in.
///
/// # Errors
/// When the file cannot be read or the intake refuses for good. Refused rows are reported, not errors of the command.
pub async fn run(common: &Common, options: ImportOptions) -> anyhow::Result<ExitCode> {
    let job = begin(&options).await?;
    let mut job =
        if options.dry_run { dry_run(common, &options, job).await? } else { send(common, &options, job).await? };
    job.report.finish()?;
    let shown = options.file.display();
    anyhow::ensure!(job.report.rows > 0, "{shown} has a header row and no row under it: there is nothing to import");
    let mut about = about(&job);
    let is_unchecked = options.dry_run && options.server.is_some();
    if is_unchecked {
        let unchecked = "what came there before, which country its source is of, and what its script asks: the server says it when the rows are \
                         sent";
        about.insert("not_checked".to_owned(), json!(unchecked));
    }
    job.report.print(common.json, &about)?;
    advise(&options, &job);
    // A dry run answers whether sending the list would bring anything.
    let is_well = if options.dry_run { job.report.would_come_in() } else { job.report.came_in() };
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What somebody who imports for the first time would not know.
fn advise(options: &ImportOptions, job: &ImportJob) {
    if options.dry_run {
        output::say("nothing was sent: this is what would become of each row");
    }
    if job.report.refused > 0 && options.refused.is_none() {
        output::say("--refused FILE.csv writes the refused rows to a list of their own: mend them there and import it");
    }
    if job.is_ungraded {
        output::say(
            "there are no criteria yet, so leads have no grade: `ripen criteria activate FILE` grades them, those that are in too",
        );
    }
}

/// Everything that can be wrong before the first row is sent and before anybody is asked about the source.
async fn begin(options: &ImportOptions) -> anyhow::Result<ImportJob> {
    let list = ListFile::open(&options.file, &options.list)?;
    let mapping = rules::mapping(&list.header().names, options)?;
    let report = ImportReport::default();
    let mut job = ImportJob { list, mapping, report, questions: Vec::new(), is_ungraded: false };
    // What names leave open is decided by the rules of the source's country: here that is known later, and of a server elsewhere never.
    if options.server.is_some() || !job.mapping.is_open() {
        job.decide_columns(options).await?;
    }
    let rows = |rows, path: Option<&PathBuf>| {
        path.map(|path| RefusedFile::create((rows, path.as_path()), &options.file, &job.list))
    };
    let refused = rows(MendedRows::Refused, options.refused.as_ref()).transpose()?;
    let flagged = rows(MendedRows::Flagged, options.flagged.as_ref()).transpose()?;
    job.report = ImportReport::new(refused, flagged);
    Ok(job)
}

async fn send(common: &Common, options: &ImportOptions, job: ImportJob) -> anyhow::Result<ImportJob> {
    let progress = progress();
    let sent = match (&options.server, &options.key_env) {
        (Some(server), Some(variable)) => {
            let key = secrets::secret_from_env(variable)?;
            let ImportJob { mut list, mapping, report, questions, is_ungraded } = job;
            let way = IntakeWay::lasting(IntakeClient::new(server, key.reveal())?);
            let sender = Sender::new(way, &mapping, None, report);
            let report = sender.all(&mut list, &progress).await?;
            ImportJob { list, mapping, report, questions, is_ungraded }
        }
        _ => Box::pin(local_intake::send(common, options, job, &progress)).await?,
    };
    progress.finish_and_clear();
    Ok(sent)
}

async fn dry_run(common: &Common, options: &ImportOptions, mut job: ImportJob) -> anyhow::Result<ImportJob> {
    if options.server.is_some() {
        let ImportJob { mut list, mapping, report, questions, is_ungraded } = job;
        let report = dry_run::run(&mut list, &mapping, RowsDestination::Elsewhere, report).await?;
        return Ok(ImportJob { list, mapping, report, questions, is_ungraded });
    }
    let source = options.source.as_deref().context("name the source with --source")?;
    let database = Database::open(common).await?;
    let looked = async {
        let foresight = Foresight::new(database.actions()?, source, options.client.as_deref()).await?;
        job.set_country(&foresight.source.country, options).await?;
        let ImportJob { mut list, mapping, report, .. } = job;
        let report = dry_run::run(&mut list, &mapping, RowsDestination::Here(&foresight), report).await?;
        let is_ungraded = !foresight.has_criteria();
        Ok(ImportJob { list, mapping, report, questions: foresight.questions, is_ungraded })
    }
    .await;
    database.close().await;
    looked
}

/// How the list was read and mapped.
fn about(job: &ImportJob) -> Map<String, Value> {
    let ImportJob { list, mapping, questions, .. } = job;
    let mut columns: Map<_, _> = mapping.shown().into_iter().map(|shown| (shown.field, json!(shown.from))).collect();
    let asked: Vec<_> = questions.iter().map(|one| one.id.clone()).collect();
    let by_name = mapping.answered_by_name(&asked);
    columns.extend(by_name.iter().map(|one| (one.field.clone(), json!(one.columns.join(", ")))));
    let is_kept = |column: &&str| !by_name.iter().any(|one| one.columns.iter().any(|other| other == column));
    let mut about = Map::new();
    about.insert("file".to_owned(), Value::Object(list.shown()));
    about.insert("fields".to_owned(), Value::Object(columns));
    about.insert("kept_as_they_are".to_owned(), mapping.kept().filter(is_kept).collect());
    if !questions.is_empty() {
        about.insert("unknown_answers".to_owned(), json!(mapping.unknown_answers(&asked)));
        let open = mapping.unanswered(&asked);
        let unfilled = questions.iter().filter(|one| one.points > 0 && open.contains(&one.id.as_str()));
        let unfilled = unfilled.map(|one| format!("no column fills answers.{} ({} points)", one.id, one.points));
        about.insert("unfilled_answers".to_owned(), unfilled.collect());
        let likely = mapping.likely_answers(&asked);
        let hint = |one: &ripen_domain::list::mapping::FieldColumns| {
            format!("the script asks for {}: --map '{}={}'", one.field, one.field, one.columns.join(","))
        };
        about.insert("likely_answers".to_owned(), likely.iter().map(hint).collect());
    }
    about
}

fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}% {msg} ({eta} left)")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(100).with_style(style)
}
