//! How many leads a second are accepted with a confirm of RabbitMQ, against the floor. The two take turns.

use std::time::Duration;

use lapin::{Connection, ConnectionProperties, options::QueuePurgeOptions};
use tokio::process::Command;

use crate::{
    Options, Transports, intake_floor,
    load_generator::{self, Plan, Posted, Target, Until},
    process::Process,
    report::{Aim, Report, median, note, percentile},
    stage::{Kind, Services, Stage},
};

const OF_THE_FLOOR: f64 = 0.8;
const WARM_UP: Duration = Duration::from_secs(2);

/// One side of the comparison.
struct Side {
    name: &'static str,
    process: Process,
    target: Target,
    amqp: String,
    queue: &'static str,
}

/// What one side's rounds came to.
#[derive(Default)]
struct Rounds {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    own_cpu: Vec<f64>,
    rabbit_cpu: Vec<f64>,
}

/// Runs the benchmark.
pub async fn run(options: &Options, connections: &[usize]) -> Report {
    assert!(options.transport != Transports::Local, "intake is measured through RabbitMQ");
    let services = Services::start(&[Kind::Rabbit]).await;
    let stage = Stage::new(&services, Kind::Rabbit, &options.set).await;
    let sides = [floor(&services).await, ours(&stage).await];
    for side in &sides {
        post(side, 32, WARM_UP).await;
    }
    let mut report = Report::new("intake");
    for &count in connections {
        let mut rounds = [Rounds::default(), Rounds::default()];
        for round in 1..=options.rounds {
            for (side, rounds) in sides.iter().zip(&mut rounds) {
                measure(&services, side, (count, options.seconds), rounds).await;
                let rate = rounds.rates.last().copied().unwrap_or(0.0);
                note(&format!("{count} connections, round {round}, {}: {rate:.0}/s", side.name));
            }
        }
        add(&mut report, count, &rounds);
    }
    for side in sides {
        side.process.stop().await;
    }
    stage.end().await;
    report
}

async fn floor(services: &Services) -> Side {
    let amqp = services.vhost().await;
    let mut command = Command::new(std::env::current_exe().expect("Linux"));
    command.arg("intake-floor").arg(&amqp);
    let process = Process::start(command).await;
    let target = Target::new(process.address, "");
    Side { name: "floor", process, target, amqp, queue: intake_floor::QUEUE }
}

async fn ours(stage: &Stage) -> Side {
    let key = stage.set_up(None).await;
    let process = stage.serve("intake").await;
    let target = Stage::target(&process, &key);
    Side { name: "ripen", process, target, amqp: stage.amqp.clone(), queue: "ripen.arrivals" }
}

async fn post(side: &Side, connections: usize, time: Duration) -> Posted {
    let posted = load_generator::closed(Plan {
        target: side.target.clone(),
        connections: connections as u64,
        until: Until::Passed(time),
        first: 0,
        a_in: 10,
        stamps: None,
        wait_for_arrival: false,
    })
    .await;
    assert_eq!(posted.refused, 0, "{} accepts every lead", side.name);
    posted
}

async fn measure(services: &Services, side: &Side, (connections, seconds): (usize, u64), rounds: &mut Rounds) {
    purge(side).await;
    let before = (side.process.cpu(), services.cpu().1);
    let posted = post(side, connections, Duration::from_secs(seconds)).await;
    let each = |used: f64| used * 1e6 / posted.accepted as f64;
    rounds.own_cpu.push(each(side.process.cpu() - before.0));
    rounds.rabbit_cpu.push(each(services.cpu().1 - before.1));
    rounds.rates.push(posted.rate());
    rounds.p50.push(percentile(&posted.times, 0.50).as_secs_f64() * 1e3);
    rounds.p99.push(percentile(&posted.times, 0.99).as_secs_f64() * 1e3);
}

/// Takes what earlier rounds left out of the queue: a long queue is a slower one.
async fn purge(side: &Side) {
    let connection = Connection::connect(&side.amqp, ConnectionProperties::default()).await.expect("RabbitMQ answers");
    let channel = connection.create_channel().await.expect("a channel");
    channel.queue_purge(side.queue.into(), QueuePurgeOptions::default()).await.expect("the queue is there");
    connection.close(200, "purged".into()).await.expect("RabbitMQ answers");
}

fn add(report: &mut Report, connections: usize, [floor, ours]: &[Rounds; 2]) {
    for (name, side) in [("floor", floor), ("ripen", ours)] {
        report.add(format!("{connections} connections, {name}: accepted"), median(&side.rates), "/s");
        report.add(format!("{connections} connections, {name}: answer p50"), median(&side.p50), "ms");
        report.add(format!("{connections} connections, {name}: answer p99"), median(&side.p99), "ms");
        report.add(
            format!("{connections} connections, {name}: own processor time per lead"),
            median(&side.own_cpu),
            "µs",
        );
        let rabbit = median(&side.rabbit_cpu);
        report.add(format!("{connections} connections, {name}: RabbitMQ's processor time per lead"), rabbit, "µs");
    }
    let ratio = median(&ours.rates) / median(&floor.rates);
    report.aimed(format!("{connections} connections: of the floor"), ratio, "", Aim::AtLeast(OF_THE_FLOOR));
}
