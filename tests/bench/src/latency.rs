//! From the post of a lead to the arrival of its webhook, with all leads A: at a fixed rate and as fast as 32 clients
//! can; and what it costs in processor time and memory.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Options,
    load_generator::{self, Plan, Posted, Target, Until},
    process::Process,
    receiver::Receiver,
    report::{Aim, Report, note},
    stage::{Kind, Services, Stage},
    stamps::Stamps,
    usage,
};

const RATE: u64 = 200;
const CLIENTS: u64 = 32;
const DELIVERED_A_SECOND: f64 = 2000.0;
const PEAK_MEGABYTES: f64 = 100.0;
const RIPEN_AND_ALL: f64 = 1000.0;
/// How long the last webhooks may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running installation and what it has been sent so far.
struct Subject<'s> {
    services: &'s Services,
    name: &'static str,
    process: Process,
    target: Target,
    stamps: Arc<Stamps>,
    next: u64,
}

/// Runs the benchmark.
pub async fn run(options: &Options) -> Report {
    let kinds = options.transport.kinds();
    let services = Services::start(kinds).await;
    let mut report = Report::new("latency");
    for &kind in kinds {
        of(&services, kind, options, &mut report).await;
    }
    report
}

async fn of(services: &Services, kind: Kind, options: &Options, report: &mut Report) {
    let stage = Stage::new(services, kind, &options.set).await;
    let stamps = Arc::new(Stamps::new(CLIENTS as usize));
    let receiver = Receiver::start(Arc::clone(&stamps)).await;
    let key = stage.set_up(Some(&receiver.url())).await;
    let process = stage.serve("").await;
    let target = Stage::target(&process, &key);
    let mut subject = Subject { services, name: kind.word(), process, target, stamps, next: 0 };
    let time = Duration::from_secs(options.seconds);
    subject.run(Duration::from_secs(2), Load::Open).await;
    services.settle().await;
    subject.at_a_rate(time, kind, report).await;
    subject.closed(time, report).await;
    let peak = usage::peak_memory(subject.process.pid());
    report.aimed(format!("{}: peak memory of ripen", kind.word()), peak, "MB", Aim::Below(PEAK_MEGABYTES));
    let (count, doubled) = (subject.stamps.count(), subject.stamps.doubled());
    subject.process.stop().await;
    assert_eq!(
        (count, doubled),
        (stage.count("select count(*) from lead where grade = 'A'").await, 0),
        "each came once"
    );
    stage.end().await;
}

#[derive(Debug, Clone, Copy)]
enum Load {
    /// So many a second.
    Open,
    /// Each client sends its next lead when the last is answered.
    Answered,
    /// Each client sends its next lead when the last has arrived at the webhook.
    Arrived,
}

/// What one load came to.
struct Run {
    posted: Posted,
    times: Vec<Duration>,
    span: Duration,
    /// Microseconds of processor time for each lead: Ripen, PostgreSQL, RabbitMQ.
    cpu: [f64; 3],
}

impl Subject<'_> {
    /// Puts a load on it and waits for the last webhook.
    async fn run(&mut self, time: Duration, load: Load) -> Run {
        let before = self.cpu();
        let first = self.next;
        let plan = Plan {
            target: self.target.clone(),
            connections: CLIENTS,
            until: Until::Passed(time),
            first,
            a_in: 1,
            stamps: Some(Arc::clone(&self.stamps)),
            wait_for_arrival: matches!(load, Load::Arrived),
        };
        let begun_with = self.stamps.count();
        let posted = if matches!(load, Load::Open) {
            load_generator::open(plan, RATE).await
        } else {
            load_generator::closed(plan).await
        };
        assert_eq!(posted.refused, 0, "every lead is accepted");
        self.next = posted.end;
        let posted_at = Instant::now();
        while self.stamps.count() < begun_with + posted.accepted {
            assert!(posted_at.elapsed() < PATIENCE, "{} of {} arrived", self.stamps.count(), self.next);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let after = self.cpu();
        let cpu = std::array::from_fn(|part| (after[part] - before[part]) * 1e6 / posted.accepted as f64);
        let (times, span) = (self.stamps.times(first, self.next), self.stamps.span(first, self.next));
        note(&format!("{}, {load:?}: {} leads in {:.1} s", self.name, times.len(), span.as_secs_f64()));
        Run { posted, times, span, cpu }
    }

    fn cpu(&self) -> [f64; 3] {
        let (postgres, rabbit) = self.services.cpu();
        [self.process.cpu(), postgres, rabbit]
    }

    async fn at_a_rate(&mut self, time: Duration, kind: Kind, report: &mut Report) {
        let run = self.run(time, Load::Open).await;
        let limit = if kind == Kind::Local { 5.0 } else { 10.0 };
        let name = format!("{}, {RATE}/s", self.name);
        report.times(&format!("{name}: post to webhook"), &run.times, Some(Aim::Below(limit)));
        report.times(&format!("{name}: post to answer"), &run.posted.times, None);
        self.costs(&name, &run, report);
    }

    async fn closed(&mut self, time: Duration, report: &mut Report) {
        let run = self.run(time, Load::Arrived).await;
        let name = format!("{}, {CLIENTS} clients waiting for the webhook", self.name);
        report.add(format!("{name}: delivered"), run.times.len() as f64 / run.span.as_secs_f64(), "/s");
        report.times(&format!("{name}: post to webhook"), &run.times, None);
        let run = self.run(time, Load::Answered).await;
        let name = format!("{}, {CLIENTS} clients", self.name);
        report.add(format!("{name}: accepted"), run.posted.rate(), "/s");
        let delivered = run.times.len() as f64 / run.span.as_secs_f64();
        report.aimed(format!("{name}: delivered"), delivered, "/s", Aim::AtLeast(DELIVERED_A_SECOND));
        report.times(&format!("{name}: post to webhook"), &run.times, None);
        report.times(&format!("{name}: post to answer"), &run.posted.times, None);
        self.costs(&name, &run, report);
    }

    fn costs(&self, name: &str, run: &Run, report: &mut Report) {
        for (part, used) in ["ripen", "PostgreSQL", "RabbitMQ"].into_iter().zip(run.cpu) {
            report.add(format!("{name}: processor time of {part} per lead"), used, "µs");
        }
        let all = run.cpu.iter().sum();
        report.aimed(format!("{name}: processor time per lead"), all, "µs", Aim::Below(RIPEN_AND_ALL));
    }
}
