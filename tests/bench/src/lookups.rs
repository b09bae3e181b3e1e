//! The leads of one person among very many, as somebody at the telephone asks for them: `ripen lead list --email`, each time a process of
//! its own. Beside it the floors of the same run: a lead looked up by its primary key over an open connection, and a command that reads
//! one row.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use crate::{
    Options,
    promises::fill,
    report::{Aim, Report, note, percentile},
    stage::{Kind, Services, Stage},
};

/// Nobody waits longer with a caller on the line.
const MILLISECONDS: f64 = 500.0;
/// Leads that are written by one statement.
const CHUNK: u64 = 100_000;
/// Apart from each other, so that no page of the table is asked for twice in a row.
const STEP: u64 = 7_919;

/// How large it is.
#[derive(Debug, Clone, clap::Args)]
pub struct LookupsPlan {
    /// How many leads there are, each of a person of its own.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1_000..=20_000_000))]
    leads: u64,
    /// How often is asked.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    samples: u64,
}

/// Runs the benchmark.
pub async fn run(options: &Options, plan: &LookupsPlan) -> Report {
    let mut report = Report::new("lookups");
    let services = Services::start(&[Kind::Local]).await;
    let stage = Stage::new(&services, Kind::Local, &options.set).await;
    stage.set_up(None).await;
    note(&format!("writing {} leads", plan.leads));
    for first in (0..plan.leads).step_by(usize::try_from(CHUNK).expect("small")) {
        let last = plan.leads.min(first + CHUNK) - 1;
        fill::leads(&stage.pool, (number(first), number(last))).await;
    }
    sqlx::query("vacuum analyze").execute(&stage.pool).await.expect("the owner may");
    services.settle().await;
    let asked: Vec<_> = (0..plan.samples).map(|sample| sample * STEP % plan.leads).collect();
    let (mut by_email, mut one_row, mut by_key) = (Vec::new(), Vec::new(), Vec::new());
    for lead in asked {
        let email = format!("{lead}@example.com");
        let begun = Instant::now();
        let found = stage.json(&["lead", "list", "--email", &email]).await;
        by_email.push(begun.elapsed());
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        let begun = Instant::now();
        stage.json(&["client", "show", "bench"]).await;
        one_row.push(begun.elapsed());
        by_key.push(looked_up(&stage.pool, number(lead)).await);
    }
    show(&mut report, plan.leads, [by_email, one_row, by_key]);
    stage.end().await;
    report
}

fn show(report: &mut Report, leads: u64, [mut by_email, mut one_row, mut by_key]: [Vec<Duration>; 3]) {
    for times in [&mut by_email, &mut one_row, &mut by_key] {
        times.sort_unstable();
    }
    report.times(&format!("{leads} leads: lead list --email"), &by_email, Some(Aim::Below(MILLISECONDS)));
    report.times("floor: a command that reads one row", &one_row, None);
    report.times("floor: a lead by its primary key", &by_key, None);
    let of = |times: &[Duration]| percentile(times, 0.5).as_secs_f64();
    report.add("lead list --email beside the command that reads one row, p50", of(&by_email) / of(&one_row), "");
    report.add(
        "what it takes more than that, in lookups by key, p50",
        (of(&by_email) - of(&one_row)) / of(&by_key),
        "",
    );
}

/// How long the primary key takes over a connection that is open.
async fn looked_up(pool: &PgPool, lead: i64) -> Duration {
    let begun = Instant::now();
    let sql = "select stage from lead where id = lpad(to_hex($1), 32, '0')::uuid";
    let stage: String = sqlx::query_scalar(sql).bind(lead).fetch_one(pool).await.expect("the lead is there");
    assert_eq!(stage, "lead");
    begun.elapsed()
}

fn number(lead: u64) -> i64 {
    i64::try_from(lead).expect("a number of a lead")
}
