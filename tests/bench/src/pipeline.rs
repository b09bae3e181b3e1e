//! How many leads a second go from accepted to graded, stored and, one in ten being an A, delivered.
//!
//! Drained: the leads wait in `ripen.arrivals` and qualifier and dispatcher are started; against a floor that only
//! consumes and inserts the rows that Ripen wrote. Through: everything runs while the leads are posted.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Options,
    client::Connection,
    load_generator::{self, Plan, Posted, Target, Until},
    pipeline_floor,
    process::Process,
    receiver::Receiver,
    report::{Aim, Report, median, note},
    rows::Rows,
    stage::{Kind, Services, Stage},
    stamps::Stamps,
};

const OF_THE_FLOOR: f64 = 0.5;
const LEADS_PER_SECOND: u64 = 2000;
const A_IN: u64 = 10;
const CONNECTIONS: u64 = 64;
/// How long a round may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is looked whether a round is over.
const LOOK: Duration = Duration::from_millis(25);

/// What one round came to.
struct Round {
    rate: f64,
    ripen_cpu: f64,
    postgres_cpu: f64,
    rabbit_cpu: f64,
    rows: Option<Rows>,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Report {
    let kinds = options.transport.kinds();
    let services = Services::start(kinds).await;
    let leads = options.seconds * LEADS_PER_SECOND;
    let mut report = Report::new("pipeline");
    report.add("leads in each round", leads as f64, "");
    if kinds.contains(&Kind::Rabbit) {
        against_the_floor(&services, options, leads, &mut report).await;
    }
    for &kind in kinds {
        let mut rates = Vec::new();
        for round in 1..=options.rounds {
            let through = through(&services, kind, options, leads).await;
            note(&format!("through, {}, round {round}: {:.0}/s", kind.word(), through.rate));
            rates.push(through.rate);
        }
        report.add(format!("{}: posted, graded and delivered at once", kind.word()), median(&rates), "/s");
    }
    report
}

async fn against_the_floor(services: &Services, options: &Options, leads: u64, report: &mut Report) {
    let (mut ours, mut floors, mut rows) = (Vec::new(), Vec::new(), None);
    for number in 1..=options.rounds {
        let mut round = drained(services, options, leads, rows.is_none()).await;
        let rows = rows.get_or_insert_with(|| Arc::new(round.rows.take().expect("the first round reads them")));
        if number == 1 {
            report.add("rows for each lead", rows.count() as f64 / leads as f64, "");
            note(&rows.summary());
        }
        note(&format!("drained, round {number}, ripen: {:.0}/s", round.rate));
        ours.push(round);
        let floor = pipeline_floor::run(services, rows).await;
        note(&format!("round {number}, floor: {:.0}/s drained, {:.0}/s through", floor.drained, floor.through));
        floors.push(floor);
    }
    let of = |value: fn(&Round) -> f64| median(&ours.iter().map(value).collect::<Vec<_>>());
    let of_floor = |value: fn(&pipeline_floor::Floor) -> f64| median(&floors.iter().map(value).collect::<Vec<_>>());
    let each = |seconds: f64| seconds * 1e6 / leads as f64;
    let (rate, floor) = (of(|round| round.rate), of_floor(|floor| floor.drained));
    report.add("rabbit: floor, consumed and inserted", floor, "/s");
    report.add("rabbit: floor, published, consumed and inserted at once", of_floor(|floor| floor.through), "/s");
    report.add("rabbit: ripen, graded and delivered", rate, "/s");
    report.aimed("rabbit: of the floor", rate / floor, "", Aim::AtLeast(OF_THE_FLOOR));
    report.add("rabbit: floor, PostgreSQL's processor time per lead", each(of_floor(|floor| floor.postgres_cpu)), "µs");
    report.add("rabbit: ripen, PostgreSQL's processor time per lead", each(of(|round| round.postgres_cpu)), "µs");
    report.add("rabbit: ripen, own processor time per lead", each(of(|round| round.ripen_cpu)), "µs");
    report.add("rabbit: ripen, RabbitMQ's processor time per lead", each(of(|round| round.rabbit_cpu)), "µs");
}

/// The leads wait in the queue before qualifier and dispatcher are started; their start counts.
async fn drained(services: &Services, options: &Options, leads: u64, with_rows: bool) -> Round {
    let stage = Stage::new(services, Kind::Rabbit, &options.set).await;
    let stamps = Arc::new(Stamps::new(1));
    let receiver = Receiver::start(Arc::clone(&stamps)).await;
    let key = stage.set_up(Some(&receiver.url())).await;
    let intake = stage.serve("intake").await;
    preload(Stage::target(&intake, &key), leads).await;
    intake.stop().await;
    services.settle().await;
    let before = services.cpu();
    let process = stage.serve("qualifier,dispatcher").await;
    let end = finished(&stage, &process, &stamps, leads).await;
    let ripen_cpu = process.cpu();
    let after = services.cpu();
    let rate = leads as f64 / end.duration_since(process.started).as_secs_f64();
    process.stop().await;
    check(&stage, &stamps, leads).await;
    let rows = if with_rows { Some(Rows::read(&stage.pool).await) } else { None };
    stage.end().await;
    Round { rate, ripen_cpu, postgres_cpu: after.0 - before.0, rabbit_cpu: after.1 - before.1, rows }
}

/// All roles run while the leads are posted.
async fn through(services: &Services, kind: Kind, options: &Options, leads: u64) -> Round {
    let stage = Stage::new(services, kind, &options.set).await;
    let stamps = Arc::new(Stamps::new(1));
    let receiver = Receiver::start(Arc::clone(&stamps)).await;
    let key = stage.set_up(Some(&receiver.url())).await;
    let process = stage.serve("").await;
    services.settle().await;
    let (before, own) = (services.cpu(), process.cpu());
    let begun = Instant::now();
    preload(Stage::target(&process, &key), leads).await;
    let end = finished(&stage, &process, &stamps, leads).await;
    let (after, ripen_cpu) = (services.cpu(), process.cpu() - own);
    process.stop().await;
    check(&stage, &stamps, leads).await;
    stage.end().await;
    let rate = leads as f64 / end.duration_since(begun).as_secs_f64();
    Round { rate, ripen_cpu, postgres_cpu: after.0 - before.0, rabbit_cpu: after.1 - before.1, rows: None }
}

async fn preload(target: Target, leads: u64) -> Posted {
    let posted = load_generator::closed(Plan {
        target,
        connections: CONNECTIONS,
        until: Until::Leads(leads),
        first: 0,
        a_in: A_IN,
        stamps: None,
        wait_for_arrival: false,
    })
    .await;
    assert_eq!((posted.accepted, posted.refused), (leads, 0), "every lead is accepted");
    posted
}

/// Waits until every lead is stored and every delivery recorded. Asks the process first: counting rows costs more.
async fn finished(stage: &Stage, process: &Process, stamps: &Stamps, leads: u64) -> Instant {
    let begun = Instant::now();
    let mut connection = Connection::open(process.address).await;
    while stored(&connection.get("/metrics").await) < leads || stamps.count() < leads / A_IN {
        assert!(begun.elapsed() < PATIENCE, "{} of {} A leads arrived", stamps.count(), leads / A_IN);
        tokio::time::sleep(LOOK).await;
    }
    while stage.count("select count(*) from delivery where state in ('pending', 'leased')").await > 0 {
        assert!(begun.elapsed() < PATIENCE, "every delivery is recorded");
        tokio::time::sleep(LOOK).await;
    }
    Instant::now()
}

fn stored(metrics: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix("ripen_arrivals_stored_total "));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// Nothing lost, nothing doubled.
async fn check(stage: &Stage, stamps: &Stamps, leads: u64) {
    assert_eq!(stage.count("select count(*) from decision").await, leads, "each lead is decided once");
    let delivered = stage.count("select count(*) from delivery where state = 'delivered'").await;
    assert_eq!(delivered, leads / A_IN, "each A lead is delivered");
    assert_eq!((stamps.count(), stamps.doubled()), (leads / A_IN, 0), "each A lead came once");
}
