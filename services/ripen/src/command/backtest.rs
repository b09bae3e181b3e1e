//! `ripen criteria backtest`: what a draft would have done with the past. Streams: memory stays the same however long the
//! past is. The result is kept, for the activation that rests on it.

use std::{process::ExitCode, sync::Arc, time::Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_domain::criteria::{Backtest, BacktestReport, BacktestStanding, Criteria};
use ripen_runtime::{clock::Clock, random::uuid_v7, secrets};
use ripen_store::{
    Store, StoreError,
    criteria::backtest::NewBacktest,
    decision::{
        history::{PastReader, Period},
        past::{PackedPast, Past},
    },
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{cli::Common, command::client_of, database::readers, output};

/// Leads read at once.
const BATCH: i64 = 4_000;

/// What part of the past is wanted.
#[derive(Debug, Default)]
pub struct Wanted {
    /// One client's slug.
    pub client: Option<String>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

/// Runs a back-test, keeps it and prints it.
///
/// # Errors
/// When the database is away.
pub async fn run(common: &Common, store: &Store, draft: Arc<Criteria>, wanted: Wanted) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let now = Clock::system().now();
    let period = period(store, &draft, wanted, now).await?;
    let progress = progress(store.history_count(&period).await?)?;
    let report = through(store, &period, &progress, {
        let draft = Arc::clone(&draft);
        move |found, (id, past, outcome)| found.lead(&draft, *id, past, *outcome)
    })
    .await?;
    progress.finish_and_clear();
    let id = uuid_v7(now);
    let kept = NewBacktest {
        id,
        period: &period,
        hash: draft.hash(),
        decisions: i64::try_from(report.decisions).unwrap_or(i64::MAX),
        report: serde_json::to_value(&report)?,
        by: &secrets::operator(),
    };
    store.backtest_add(&kept, now).await?;
    if common.json {
        let seconds = begun.elapsed().as_secs_f64();
        let mut all = serde_json::to_value(&report)?;
        all["id"] = json!(id);
        all["program"] = json!(period.program);
        all["seconds"] = json!(seconds);
        output::record(true, &all)?;
    } else {
        output::text(&in_words(&report, &period.program))?;
        output::text(&format!("\nback-test {id}\nswitch it on: ripen criteria activate FILE --backtest {id}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a draft would change for these open leads now; the period's end does not matter.
///
/// # Errors
/// When the database is away.
pub async fn today(store: &Store, draft: Arc<Criteria>, leads: Period) -> anyhow::Result<BacktestReport> {
    let now = Clock::system().now();
    let period = Period { until: now, ..leads };
    let progress = progress(store.history_count(&period).await?)?;
    let report =
        through(store, &period, &progress, move |found, (id, past, _)| found.today(&draft, *id, past, now)).await?;
    progress.finish_and_clear();
    Ok(report)
}

async fn period(store: &Store, draft: &Criteria, wanted: Wanted, now: Timestamp) -> anyhow::Result<Period> {
    let client = match &wanted.client {
        Some(slug) => Some(client_of(store, slug).await?),
        None => None,
    };
    let zone = client.as_ref().map_or(Ok(TimeZone::UTC), |client| TimeZone::get(&client.time_zone))?;
    let start = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp());
    let until = wanted.to.map(|day| start(day.tomorrow()?)).transpose()?;
    let known = store.criteria_list().await?;
    anyhow::ensure!(
        known.iter().any(|version| version.program == draft.name()),
        "{} has decided nothing yet: its first version needs no back-test",
        draft.name()
    );
    Ok(Period {
        program: draft.name().to_owned(),
        client: client.map(|client| client.id),
        since: wanted.from.map(start).transpose()?,
        until: until.unwrap_or(now),
    })
}

/// Takes the past through `step`, a reader and a thread for each core.
async fn through<F>(store: &Store, period: &Period, progress: &ProgressBar, step: F) -> anyhow::Result<BacktestReport>
where
    F: Fn(&mut Backtest, &Past) + Clone + Send + 'static,
{
    let mut parts = JoinSet::new();
    for reader in store.history(period, readers()).await? {
        parts.spawn(part(reader, progress.clone(), step.clone()));
    }
    let mut found = Backtest::default();
    while let Some(part) = parts.join_next().await {
        found.add(part.context("a back-test broke off")??);
    }
    Ok(found.report(&store.client_capacities().await?))
}

/// What one reader is given: while one window is decided, the next is read.
async fn part<F>(mut reader: PastReader, progress: ProgressBar, step: F) -> anyhow::Result<Backtest>
where
    F: Fn(&mut Backtest, &Past) + Clone + Send + 'static,
{
    let mut found = Backtest::default();
    let mut next = reader.next(BATCH).await?;
    while let Some(pasts) = next {
        let count: usize = pasts.iter().map(PackedPast::decisions).sum();
        let step = step.clone();
        let deciding = tokio::task::spawn_blocking(move || {
            for past in pasts {
                step(&mut found, &past.open()?);
            }
            Ok::<_, StoreError>(found)
        });
        let (read, decided) = tokio::join!(reader.next(BATCH), deciding);
        found = decided.context("a back-test broke off")??;
        progress.inc(count as u64);
        next = read?;
    }
    Ok(found)
}

fn progress(count: i64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} decisions, {per_sec}, {eta} left")?;
    Ok(ProgressBar::new(u64::try_from(count).unwrap_or(0)).with_style(style))
}

/// One flow of the matrix: `B → A 12`.
pub fn flow((from, to, count): &(BacktestStanding, BacktestStanding, u64)) -> String {
    format!("{} → {} {count}", from.word(), to.word())
}

fn in_words(report: &BacktestReport, program: &str) -> String {
    let mut lines = vec![
        format!("{program}: {} decisions about {} leads, {} the same", report.decisions, report.leads, report.same),
        String::new(),
        "then \\ draft        A         B         C    closed".to_owned(),
    ];
    lines.extend(matrix(report));
    lines.push(String::new());
    lines.push("A leads           then     draft   busiest day then / draft   capacity a day".to_owned());
    for (client, a) in &report.a_leads {
        let busiest = format!("{} / {}", a.busiest_before, a.busiest_after);
        let capacity = a.capacity.map_or_else(
            || "not set".to_owned(),
            |most| format!("{most}, exceeded on {} / {} days", a.over_before, a.over_after),
        );
        lines.push(format!("{client:14} {:7}   {:7}   {busiest:<24}   {capacity}", a.before, a.after));
    }
    for (name, kept) in [("won", report.won), ("returned", report.returned)] {
        lines.push(format!("{name:9} leads: {} A either way, {} gained, {} lost", kept.kept, kept.gained, kept.lost));
    }
    if !report.bands.is_empty() {
        lines.extend([String::new(), "score      won of   share (95 %)".to_owned()]);
    }
    for band in &report.bands {
        let percent = |share: f64| share * 100.0;
        lines.push(format!(
            "{:3} – {:3}  {:4} {:4}   {:3.0} % ({:.0}–{:.0})",
            band.from,
            band.to,
            band.won.count,
            band.won.of,
            percent(band.won.share),
            percent(band.won.low),
            percent(band.won.high)
        ));
    }
    if !report.examples.is_empty() {
        lines.extend([String::new(), "for example".to_owned()]);
    }
    for example in &report.examples {
        let ((from, had), (to, has)) = (example.from, example.to);
        lines.push(format!(
            "  {} on {}: {} with {had} points, the draft {} with {has}: {}",
            example.lead,
            example.at.strftime("%F"),
            from.word(),
            to.word(),
            example.because.join("; ")
        ));
    }
    lines.join("\n") + "\n"
}

fn matrix(report: &BacktestReport) -> Vec<String> {
    const ALL: [BacktestStanding; 4] =
        [BacktestStanding::A, BacktestStanding::B, BacktestStanding::C, BacktestStanding::Closed];
    let count = |from, to| {
        let found = report.flows.iter().find(|(f, t, _)| (*f, *t) == (from, to));
        found.map_or(0, |(.., count)| *count)
    };
    ALL.into_iter()
        .map(|from| format!("{:8}", from.word()) + &ALL.map(|to| format!("{:10}", count(from, to))).concat())
        .collect()
}
