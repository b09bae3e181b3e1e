//! What waits in the spool when a process without RabbitMQ starts: how long it takes until all of it was offered to the queues in the
//! process, and until it is decided, and what of it is in memory meanwhile. Small leads, and few that are nearly as large as a body may be.
//!
//! The floor reads the same rows and does nothing with them.

use std::time::{Duration, Instant};

use futures::TryStreamExt as _;

use crate::{
    Options,
    load_generator::{self, Plan, Until},
    report::{Report, median, note},
    stage::{Kind, Services, Stage},
    usage,
};

const PATIENCE: Duration = Duration::from_secs(600);

/// How much waits.
#[derive(Debug, Clone, clap::Args)]
pub struct BacklogPlan {
    /// Small leads.
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1..=900_000))]
    small: u64,
    /// Large ones.
    #[arg(long, default_value_t = 2_500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    large: u64,
    /// KiB of a large one.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    kib: u32,
}

/// What one round came to, in seconds and megabytes.
struct Round {
    floor: f64,
    offered: f64,
    decided: f64,
    idle: f64,
    peak: f64,
    megabytes: f64,
}

/// Runs the benchmark.
pub async fn run(options: &Options, plan: &BacklogPlan) -> Report {
    let mut report = Report::new("backlog");
    let services = Services::start(&[Kind::Local]).await;
    for (leads, kib) in [(plan.small, None), (plan.large, Some(plan.kib))] {
        let name = kib.map_or_else(|| format!("{leads} small leads"), |kib| format!("{leads} leads of {kib} KiB"));
        let mut rounds = Vec::new();
        for number in 1..=options.rounds {
            let round = measure(&services, options, leads, kib).await;
            note(&format!(
                "{name}, round {number}: offered in {:.1} s, decided in {:.1} s",
                round.offered, round.decided
            ));
            rounds.push(round);
        }
        show(&mut report, &name, &rounds);
    }
    report
}

fn show(report: &mut Report, name: &str, rounds: &[Round]) {
    let of = |value: fn(&Round) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>());
    report.add(format!("{name}: waiting, in all"), of(|round| round.megabytes), "MB");
    report.add(format!("{name}: all offered"), of(|round| round.offered), "s");
    report.add(format!("{name}: all decided"), of(|round| round.decided), "s");
    report.add(format!("{name}: floor, read and dropped"), of(|round| round.floor), "s");
    report.add(format!("{name}: all offered beside the floor"), of(|round| round.offered / round.floor), "");
    report.add(format!("{name}: all decided beside the floor"), of(|round| round.decided / round.floor), "");
    report.add(format!("{name}: memory with nothing to do"), of(|round| round.idle), "MB");
    report.add(format!("{name}: most memory meanwhile"), of(|round| round.peak), "MB");
}

async fn measure(services: &Services, options: &Options, leads: u64, kib: Option<u32>) -> Round {
    let stage = Stage::new(services, Kind::Local, &options.set).await;
    let key = stage.set_up(None).await;
    let idle = idle(&stage).await;
    fill(&stage, &key, leads, kib).await;
    services.settle().await;
    let megabytes = stage.count("select coalesce(sum(octet_length(body)), 0)::bigint from spool").await as f64 / 1e6;
    let floor = read(&stage, leads).await;
    let process = stage.serve("qualifier").await;
    let offered = gone(&stage, "select count(*) from spool where offered_until <= now()", process.started).await;
    let decided = gone(&stage, "select count(*) from spool", process.started).await;
    let peak = usage::peak_memory(process.pid());
    process.stop().await;
    assert_eq!(stage.count("select count(*) from arrival").await, leads, "each was kept once");
    stage.end().await;
    Round { floor, offered, decided, idle, peak, megabytes }
}

/// What the process takes that has nothing to do.
async fn idle(stage: &Stage) -> f64 {
    let process = stage.serve("qualifier").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let memory = usage::peak_memory(process.pid());
    process.stop().await;
    memory
}

/// Leads that were received while nobody decided.
async fn fill(stage: &Stage, key: &str, leads: u64, kib: Option<u32>) {
    let intake = stage.serve("intake").await;
    let plan = Plan {
        target: Stage::target(&intake, key),
        connections: 32,
        until: Until::Leads(leads),
        first: 0,
        a_in: 10,
        stamps: None,
        wait_for_arrival: false,
    };
    let posted = load_generator::closed(plan).await;
    assert_eq!(posted.accepted, leads, "every lead is kept");
    intake.stop().await;
    // The bytes as they came, which stand in the message as a text, are made longer: posted at that length they would take the
    // machine's time for nothing that is measured here.
    if let Some(kib) = kib {
        let sql = r#"update spool set body = convert_to(replace(convert_from(body, 'utf8'), '\"notes\":\"',
                       '\"notes\":\"' || repeat('Three bedrooms and a garden. ', $1 * 1024 / 29)), 'utf8')"#;
        let kib = i32::try_from(kib).expect("small");
        let done = sqlx::query(sql).bind(kib).execute(&stage.pool).await.expect("the owner may");
        assert_eq!(done.rows_affected(), leads);
        let sql = "select count(*) from spool where octet_length(body) < 100 * 1024";
        assert!(kib < 101 || stage.count(sql).await == 0, "the bytes as they came stand in the message");
    }
    // As they stand once nobody offers them any more.
    sqlx::query("update spool set offered_until = received_at").execute(&stage.pool).await.expect("the owner may");
    sqlx::query("vacuum analyze spool").execute(&stage.pool).await.expect("the owner may");
}

/// The floor: every row, read and dropped.
async fn read(stage: &Stage, leads: u64) -> f64 {
    let begun = Instant::now();
    let mut rows = sqlx::query_as::<_, (uuid::Uuid, Vec<u8>)>("select id, body from spool").fetch(&stage.pool);
    let mut count = 0;
    while let Some((_, body)) = rows.try_next().await.expect("the rows can be read") {
        assert!(!body.is_empty());
        count += 1;
    }
    assert_eq!(count, leads);
    begun.elapsed().as_secs_f64()
}

/// Seconds from `since` until none is left.
async fn gone(stage: &Stage, left: &'static str, since: Instant) -> f64 {
    while stage.count(left).await > 0 {
        assert!(since.elapsed() < PATIENCE, "what waits is decided");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    since.elapsed().as_secs_f64()
}
