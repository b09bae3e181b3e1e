//! `ripen criteria backtest`: what a draft would have done with the past. The result is kept, for the activation that rests on
//! it.

use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use ripen_actions::criteria::{BacktestProgress, BacktestRequest, HistoryOptions};
use ripen_domain::criteria::{BacktestReport, BacktestStanding, StandingFlow};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    cli::{Common, refused},
    database::{Database, readers},
    output,
};

/// Options of `ripen criteria backtest`.
#[derive(Debug, Args)]
pub struct BacktestOptions {
    /// The TOML file.
    pub file: PathBuf,
    /// One client's leads only: its slug.
    #[arg(long)]
    pub client: Option<String>,
    /// Decisions of this day and later.
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Decisions up to this day.
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
}

/// A back-test as programs read it.
#[derive(Serialize)]
struct BacktestOutput<'a> {
    #[serde(flatten)]
    report: &'a BacktestReport,
    id: Uuid,
    program: &'a str,
    seconds: f64,
}

/// Runs a back-test and prints it.
pub async fn run(
    common: &Common,
    database: &Database,
    document: String,
    options: BacktestOptions,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let BacktestOptions { client, from, to, .. } = options;
    let request = BacktestRequest { document, client, from, to };
    let (actions, actor) = (database.actions()?, database.actor());
    let done = ripen_actions::criteria::backtest(&actions, &actor, &request, &reading()).await;
    let done = done.map_err(refused("criteria backtest"))?;
    if common.json {
        let seconds = begun.elapsed().as_secs_f64();
        let told = BacktestOutput { report: &done.report, id: done.id, program: &done.program, seconds };
        output::record(true, &serde_json::to_value(&told)?)?;
    } else {
        let id = done.id;
        output::text(&in_words(&done.report, &done.program))?;
        // The id is what `activate` asks for, so it is shown as the next command.
        output::text(&format!("\nback-test {id}\nswitch it on: ripen criteria activate FILE --backtest {id}\n"))?;
    }
    Ok(())
}

/// How a command reads the past: with a reader for each core, and a bar at the terminal.
pub fn reading() -> HistoryOptions {
    // Hidden until the work begins: a refused draft shows no bar.
    HistoryOptions { readers: readers(), progress: Arc::new(Bar(ProgressBar::hidden())) }
}

/// A bar that fills as decisions are made again.
struct Bar(ProgressBar);

impl BacktestProgress for Bar {
    fn begin(&self, decisions: u64) {
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} decisions, {per_sec}, {eta} left") {
            self.0.set_style(style);
        }
        self.0.set_length(decisions);
        // Only now, and to standard error: standard output is the report.
        self.0.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        self.0.reset();
    }

    fn add(&self, decisions: u64) {
        self.0.inc(decisions);
    }

    fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// One flow of the matrix: `B → A 12`.
pub fn flow(StandingFlow { from, to, decisions }: &StandingFlow) -> String {
    format!("{} → {} {decisions}", from.word(), to.word())
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
        let (from, to) = (example.from, example.to);
        lines.push(format!(
            "  {} on {}: {} with {} points, the draft {} with {}: {}",
            example.lead,
            example.at.strftime("%F"),
            from.standing.word(),
            from.score,
            to.standing.word(),
            to.score,
            example.because.join("; ")
        ));
    }
    lines.join("\n") + "\n"
}

fn matrix(report: &BacktestReport) -> Vec<String> {
    const ALL: [BacktestStanding; 4] =
        [BacktestStanding::A, BacktestStanding::B, BacktestStanding::C, BacktestStanding::Closed];
    let count = |from, to| {
        let found = report.flows.iter().find(|flow| (flow.from, flow.to) == (from, to));
        found.map_or(0, |flow| flow.decisions)
    };
    ALL.into_iter()
        .map(|from| format!("{:8}", from.word()) + &ALL.map(|to| format!("{:10}", count(from, to))).concat())
        .collect()
}
