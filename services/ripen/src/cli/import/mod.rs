//! `ripen import`: streams a CSV file into an intake and reports what became of each row.
//!
//! It posts like any sender does. Beside a running embedded server it mints itself a key that ends in an hour; without one
//! it runs all roles until every row is decided; with `--server` it uses a key from the environment.

mod mapping;
mod report;
mod send;

use std::{
    fs::File,
    io::{BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use clap::Args;
use csv::{ByteRecord, Reader, ReaderBuilder, Trim};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use ripen_actions::{Actions, source::AddSourceKey};
use ripen_domain::{id::SourceId, secret::Secret};
use ripen_outbound::intake::IntakeClient;
use ripen_runtime::{
    clock::Clock,
    config::{LogSettings, Role, Settings},
    embedded::{RunningInfo, attach},
    secrets, telemetry,
};
use ripen_store::Store;

use self::{mapping::Mapping, report::Report, send::Sender};
use crate::{
    app::{App, Plan},
    cli::{Common, refused},
    database::{Database, operator},
    output,
};

/// How much of the file decides its delimiter.
const LOOK_AT: usize = 64 * 1024;
/// Longer than the kernel takes to end a process.
const SECOND_LOOK: Duration = Duration::from_millis(50);
/// Looks at a server that is starting: 10 s in all.
const LOOKS: u32 = 200;

type Rows = Reader<BufReader<File>>;

/// Options of `ripen import`.
#[derive(Debug, Args)]
pub struct ImportOptions {
    /// The CSV file: a header row, then rows. Comma, semicolon or tab; UTF-8 or Windows-1252.
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Id of the source the leads come from (`source_…`); not needed with --server, where the key says it.
    #[arg(long, value_name = "SOURCE", required_unless_present = "server")]
    pub source: Option<String>,
    /// Which column fills which field: `email=E-mail`, `answers.budget=Budget`, `tracking.cost=Cost`.
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub map: Vec<String>,
    /// A field made from text and columns: `email='{Lead_ID}@example.com'`.
    #[arg(long, value_name = "FIELD=TEXT")]
    pub set: Vec<String>,
    /// What a column's value becomes in a field: `channel:Instagram=social`.
    #[arg(long, value_name = "FIELD:VALUE=NEW")]
    pub replace: Vec<String>,
    /// Read and map the whole file and report, but send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Send to a Ripen elsewhere instead.
    #[arg(long, value_name = "URL", requires = "key_env")]
    pub server: Option<String>,
    /// Environment variable that holds the source's key, with --server.
    #[arg(long, value_name = "VAR", requires = "server")]
    pub key_env: Option<String>,
}

/// Imports a file.
///
/// # Errors
/// When the file cannot be read or the intake refuses for good. Refused rows are reported, not errors of the command.
pub async fn run(common: &Common, options: ImportOptions) -> anyhow::Result<ExitCode> {
    let (mut rows, header, length) = open(&options)?;
    let mapping = Mapping::new(&header, &options.map, &options.set, &options.replace)?;
    if options.dry_run {
        return dry_run(common, &mut rows, &mapping);
    }
    let progress = progress(length);
    let report = match (&options.server, &options.key_env) {
        (Some(server), Some(variable)) => {
            let key = secrets::secret_from_env(variable)?;
            send::all(Sender::new(IntakeClient::new(server, key.reveal())?), &mut rows, &mapping, &progress).await?
        }
        _ => here(common, &options, &mut rows, &mapping, &progress).await?,
    };
    progress.finish_and_clear();
    finish(common, &report)
}

fn finish(common: &Common, report: &Report) -> anyhow::Result<ExitCode> {
    report.print(common.json)?;
    Ok(if report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Imports into the database of the configuration or the data folder.
async fn here(
    common: &Common,
    options: &ImportOptions,
    rows: &mut Rows,
    mapping: &Mapping,
    progress: &ProgressBar,
) -> anyhow::Result<Report> {
    let source = options.source.as_deref().context("name the source with --source")?;
    let settings =
        Settings::load(common.config.as_deref(), vec![("http.listen".to_owned(), "127.0.0.1:0".to_owned())])?;
    let data_dir = secrets::data_dir(common.data_dir.as_deref());
    let beside = if settings.database.url.is_empty() { living(&data_dir).await? } else { None };
    if let Some((pid, url)) = beside {
        let database = Database::open(common).await?;
        let key = mint(&database.store, &settings, source).await;
        database.close().await;
        let sender = Sender::new(IntakeClient::new(&url, key?.reveal())?);
        return tokio::select! {
            report = send::all(sender, rows, mapping, progress) => report,
            () = ended(&data_dir, pid) => anyhow::bail!(
                "the Ripen server beside this import has ended: run the import again, rows that were received are not doubled"
            ),
        };
    }
    telemetry::init(&LogSettings { level: "warn".to_owned(), ..settings.log.clone() })?;
    let app =
        App::start(Plan { settings: settings.clone(), roles: Role::ALL.to_vec(), data_dir, extra: Router::new() })
            .await?;
    let (store, address, stop) = (app.store.clone(), app.address, app.stop.clone());
    let running = tokio::spawn(app.run(false));
    let sent = async {
        let key = mint(&store, &settings, source).await?;
        let sender = Sender::new(IntakeClient::new(&format!("http://{address}"), key.reveal())?);
        let report = send::all(sender, rows, mapping, progress).await?;
        settle_deliveries(&store).await;
        Ok(report)
    }
    .await;
    stop.stop();
    running.await.context("the services broke off")??;
    sent
}

/// The server beside this command, by its process and address. One that was just killed still holds its folder for an
/// instant: it is looked at twice.
async fn living(data_dir: &Path) -> anyhow::Result<Option<(u32, String)>> {
    let at = |running: RunningInfo| running.http_url.map(|url| (running.pid, url));
    let mut seen = None;
    // One that is starting says its address soon; a command that holds the folder is gone soon.
    for _ in 0..LOOKS {
        let Some(running) = attach(data_dir).await? else { return Ok(None) };
        match at(running) {
            found @ Some(_) if found == seen => return Ok(found),
            found => seen = found,
        }
        tokio::time::sleep(SECOND_LOOK).await;
    }
    Ok(None)
}

/// Returns when this process holds the folder no more.
async fn ended(data_dir: &Path, pid: u32) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if !matches!(attach(data_dir).await, Ok(Some(running)) if running.pid == pid) {
            return;
        }
    }
}

/// Gives deliveries that are due a moment to go out; what is left goes out when Ripen serves.
async fn settle_deliveries(store: &Store) {
    for _ in 0..100 {
        match store.deliveries_under_way(Clock::system().now()).await {
            Ok(0) | Err(_) => return,
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// A key for this import, good for an hour.
async fn mint(store: &Store, settings: &Settings, source: &str) -> anyhow::Result<Secret> {
    let source: SourceId = source.parse().with_context(|| "--source: `ripen source list` shows the ids".to_owned())?;
    let actions = Actions::new(store.clone(), Clock::system(), settings)?;
    let request = AddSourceKey { source, valid_for: SignedDuration::from_hours(1) };
    actions.run(&operator(), &request).await.map_err(refused("import"))
}

/// Reads and maps everything, sends nothing, and shows the first lead.
fn dry_run(common: &Common, rows: &mut Rows, mapping: &Mapping) -> anyhow::Result<ExitCode> {
    let mut row = ByteRecord::new();
    let mut count = 0_u64;
    let mut broken = Report::default();
    let mut first = None;
    loop {
        match rows.read_byte_record(&mut row) {
            Ok(false) => break,
            Ok(true) => {
                count += 1;
                first.get_or_insert_with(|| mapping.lead(&row));
            }
            Err(error) => broken.refuse(row_number(&row, rows), error.to_string()),
        }
    }
    output::record(
        common.json,
        &serde_json::json!({"rows": count, "unreadable": broken.refused.len(), "first_lead": first}),
    )?;
    Ok(if broken.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The line a row begins on, as an editor counts.
fn row_number(row: &ByteRecord, rows: &Rows) -> u64 {
    row.position().unwrap_or_else(|| rows.position()).line()
}

fn open(options: &ImportOptions) -> anyhow::Result<(Rows, Vec<String>, u64)> {
    let shown = options.file.display();
    let mut file = File::open(&options.file).with_context(|| format!("{shown} cannot be read"))?;
    let length = file.metadata()?.len();
    let mut start = vec![0; LOOK_AT];
    let read = file.read(&mut start)?;
    start.truncate(read);
    let skip = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    file.seek(SeekFrom::Start(skip))?;
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter(&start))
        .trim(Trim::Headers)
        .flexible(true)
        .from_reader(BufReader::new(file));
    let header = rows.byte_headers().with_context(|| format!("{shown} has no header row"))?.clone();
    let header: Vec<_> = (0..header.len()).map(|i| mapping::cell(&header, i)).collect();
    anyhow::ensure!(header.iter().any(|name| !name.is_empty()), "{shown} has no header row");
    Ok((rows, header, length))
}

/// The most frequent of comma, semicolon and tab in the first line.
fn delimiter(start: &[u8]) -> u8 {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    [b'\t', b';', b','].into_iter().max_by_key(|wanted| count(*wanted)).unwrap_or(b',')
}

fn progress(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}% {msg} ({eta} left)")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_most_frequent_in_the_header() {
        assert_eq!(delimiter(b"a;b;c\n1,2;3,4;5,6"), b';');
        assert_eq!(delimiter(b"a\tb\n"), b'\t');
        assert_eq!(delimiter(b"a,b\n"), b',');
        assert_eq!(delimiter(b"alone\n"), b',');
    }
}
