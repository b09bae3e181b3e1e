//! Benchmarks of the real binary against floors measured in the same run.
//!
//! Starts private PostgreSQL and RabbitMQ and `ripen serve` from the release build beside it, posts leads over loopback,
//! and prints a table and JSON. Absolute figures move with the machine; the ratios to the floors are what counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark stops at the first surprise")]

mod backlog;
mod client;
mod decide;
mod deliveries;
mod intake;
mod intake_floor;
mod latency;
mod lead;
mod load_generator;
mod lookups;
mod pages;
mod past;
mod pipeline;
mod pipeline_floor;
mod process;
mod promises;
mod receiver;
mod report;
mod rows;
mod stage;
mod stamps;
mod suppressions;
mod usage;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::{report::Report, stage::Kind};

/// Measures Ripen against floors measured in the same run.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: Options,
}

/// Options of every benchmark.
#[derive(Debug, Clone, clap::Args)]
struct Options {
    /// How long each measurement lasts; `pipeline` takes 2,000 leads for each second.
    #[arg(long, global = true, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often each measurement is made; medians are shown.
    #[arg(long, global = true, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=20))]
    rounds: u64,
    /// What carries the messages; `intake` knows only RabbitMQ.
    #[arg(long, global = true, default_value = "both")]
    transport: Transports,
    /// A file for the figures, besides the line of JSON at the end of the output.
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A setting of Ripen to try out: `dispatcher.workers=64`.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 202s per second with confirms, against a handler that only parses and publishes.
    Intake {
        /// How many connections post at once.
        #[arg(long, value_delimiter = ',', default_value = "64,256")]
        connections: Vec<usize>,
    },
    /// Leads per second from accepted to graded, stored and delivered, against a floor that only moves the same rows.
    Pipeline,
    /// Decisions alone on one core: made, written down, replayed.
    Decide,
    /// Promises fired in a second, how late they are, and what an idle look at many of them costs.
    Promises {
        /// How many wait for another day.
        #[arg(long, default_value_t = 10_000_000)]
        waiting: u64,
    },
    /// What past decisions cost: bytes at rest, a back-test of all of them, replays per second.
    Past {
        /// About how many there are.
        #[arg(long, default_value_t = 1_002_000, value_parser = clap::value_parser!(u64).range(3_000..=20_000_000))]
        decisions: u64,
    },
    /// Every page of the desk over very many leads, searches and a save, at rest and while leads arrive; what one client's import
    /// does to another's leads.
    Pages(pages::PagesPlan),
    /// The dispatcher alone: what goes out in a second, beside an endpoint that hangs, and with very many that wait.
    Deliveries,
    /// From the post to the webhook: times, processor time and memory, with all leads A.
    Latency,
    /// How long a do-not-contact list takes to come in.
    Suppressions {
        /// How many rows it has.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(2..=7_000_000))]
        rows: u64,
    },
    /// The leads of one person among very many, asked for at the command line, against a lookup by the primary key.
    Lookups(lookups::LookupsPlan),
    /// Leads that wait when a process without RabbitMQ starts: until all were offered and decided, and what is in memory meanwhile,
    /// against reading them.
    Backlog(backlog::BacklogPlan),
    /// The floor of `intake`: a bare handler that parses the JSON and publishes the bytes with a confirm.
    #[command(hide = true)]
    IntakeFloor {
        /// Where RabbitMQ is.
        amqp: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Transports {
    Rabbit,
    Local,
    Both,
}

impl Transports {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Rabbit => &[Kind::Rabbit],
            Self::Local => &[Kind::Local],
            Self::Both => &[Kind::Local, Kind::Rabbit],
        }
    }
}

#[tokio::main]
async fn main() {
    let Cli { command, options } = Cli::parse();
    let report = match command {
        Command::IntakeFloor { amqp } => return intake_floor::serve(&amqp).await,
        Command::Intake { connections } => intake::run(&options, &connections).await,
        Command::Pipeline => pipeline::run(&options).await,
        Command::Decide => decide::run(&options),
        Command::Promises { waiting } => promises::run(&options, waiting).await,
        Command::Pages(plan) => pages::run(&options, &plan).await,
        Command::Past { decisions } => past::run(&options, decisions).await,
        Command::Deliveries => deliveries::run(&options).await,
        Command::Suppressions { rows } => suppressions::run(&options, rows).await,
        Command::Lookups(plan) => lookups::run(&options, &plan).await,
        Command::Backlog(plan) => backlog::run(&options, &plan).await,
        Command::Latency => latency::run(&options).await,
    };
    finish(&report, &options);
}

fn finish(report: &Report, options: &Options) {
    report.print();
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{:#}\n", report.json())).expect("the file for the figures can be written");
    }
}
