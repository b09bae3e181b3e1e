//! The desk with very many leads: how long each page takes as each role, at rest and while leads arrive; searches; saving and taking
//! the next; the grade while it is typed; ten agents at once; and whether one client's import makes another's leads wait.
//!
//! Times are a browser's, over loopback: a little more than the server's own. The floor is a page that reads nothing but the session.

mod addresses;
mod fill;
mod share;
mod visitor;
mod work;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use self::{
    addresses::{Addresses, FLOOR, PageAsked},
    fill::Account,
    visitor::Visitor,
};
use crate::{
    Options,
    load_generator::{self, Plan, Posted, Until},
    process::Process,
    receiver::Receiver,
    report::{Aim, Report, note, percentile},
    stage::{Kind, Services, Stage},
    stamps::Stamps,
};

const PAGE_MS: f64 = 50.0;
const ARRIVING: u64 = 1_000;
/// No page is heavier.
const PAGE_BYTES: usize = 100_000;
/// People may be called at any time: whether somebody can be handed a lead does not depend on when this runs.
const SETTINGS: [&str; 4] = [
    "calling.from=00:00",
    "calling.to=24:00",
    "calling.days=mon,tue,wed,thu,fri,sat,sun",
    "calling.loosen=US hours: nobody is called",
];

fn settings(options: &Options) -> Vec<String> {
    SETTINGS.iter().map(|text| (*text).to_owned()).chain(options.set.iter().cloned()).collect()
}

/// Runs the benchmark with so many leads, each page asked for so often at rest.
pub async fn run(options: &Options, leads: u64, samples: u64) -> Report {
    let mut report = Report::new("pages");
    let services = Services::start(&[Kind::Local]).await;
    let stage = Stage::new(&services, Kind::Local, &settings(options)).await;
    let key = stage.set_up(None).await;
    let accounts = fill::accounts(&stage).await;
    let receiver = Receiver::start(Arc::new(Stamps::new(1))).await;
    fill::leads(&services, &stage, &key, &receiver, leads).await;
    let process = stage.serve("").await;
    let mut desk = Desk::open(&stage, &process, &accounts).await;

    let begun = Instant::now();
    let times = desk.ask(|round, _| round < samples).await;
    let took = begun.elapsed();
    note(&format!("asked at rest in {:.0} s", took.as_secs_f64()));
    show(&mut report, "at rest", &times);
    work::measure(&mut report, "at rest", (&process, &accounts), options.seconds).await;
    services.settle().await;
    desk.while_leads_arrive(&mut report, &key, took.max(Duration::from_secs(20))).await;
    let writing = arrive(&process, &key, (1 << 19, Duration::from_secs(2 * options.seconds + 4)));
    let working = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        work::measure(&mut report, "while leads arrive", (&process, &accounts), options.seconds).await;
    };
    tokio::join!(writing, working);
    process.stop().await;
    stage.end().await;
    share::measure(&mut report, &services, options).await;
    report
}

/// Somebody of each role, and what they ask for.
struct Desk<'s> {
    stage: &'s Stage,
    process: &'s Process,
    visitors: Vec<(&'static str, Visitor, Vec<PageAsked>)>,
}

impl<'s> Desk<'s> {
    async fn open(stage: &'s Stage, process: &'s Process, accounts: &[Account]) -> Self {
        let addresses = Addresses::draw(&stage.pool).await;
        let mut visitors = Vec::new();
        for role in ["admin", "manager", "agent", "broker"] {
            let account = accounts.iter().find(|one| one.role == role).expect("somebody has each role");
            let mut visitor = Visitor::sign_in(process.address, &account.email, &account.password).await;
            let asked = addresses.of(role, &mut visitor).await;
            visitors.push((role, visitor, asked));
        }
        Self { stage, process, visitors }
    }

    /// Asks for every page once in a round, for as long as `goes_on` says of a round and the time that has passed.
    async fn ask(&mut self, goes_on: impl Fn(u64, Duration) -> bool) -> BTreeMap<String, Vec<Duration>> {
        let mut times: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let begun = Instant::now();
        for round in 0.. {
            if !goes_on(round, begun.elapsed()) {
                break;
            }
            for (role, visitor, asked) in &mut self.visitors {
                for page in asked {
                    let place = usize::try_from(round).expect("small") % page.addresses.len();
                    let address = &page.addresses[place];
                    let timed = visitor.get(address).await;
                    let answer = &timed.answer;
                    assert!(answer.status == 200, "{role} asks for {address}: {} {}", answer.status, answer.body);
                    let is_page = !address.starts_with("/api/");
                    assert!(!is_page || answer.body.len() < PAGE_BYTES, "{address} has {} bytes", answer.body.len());
                    times.entry(format!("{}, {role}", page.name)).or_default().push(timed.took);
                }
            }
        }
        times.values_mut().for_each(|times| times.sort_unstable());
        times
    }

    async fn while_leads_arrive(&mut self, report: &mut Report, key: &str, time: Duration) {
        let decided = self.stage.count("select count(*) from decision").await;
        let arriving = arrive(self.process, key, (1_000, time));
        let asking = self.ask(|_, passed| passed < time);
        let (posted, times) = tokio::join!(arriving, asking);
        let decided = self.stage.count("select count(*) from decision").await - decided;
        report.add(format!("accepted, of {ARRIVING}/s"), posted.rate(), "/s");
        report.add("decided meanwhile", decided as f64 / posted.took.as_secs_f64(), "/s");
        show(report, "while leads arrive", &times);
    }
}

/// Leads from this number on, for so long.
async fn arrive(process: &Process, key: &str, (first, time): (u64, Duration)) -> Posted {
    let plan = Plan {
        target: Stage::target(process, key),
        connections: 16,
        until: Until::Passed(time),
        first,
        a_in: 10,
        stamps: None,
        wait_for_arrival: false,
    };
    load_generator::open(plan, ARRIVING).await
}

fn show(report: &mut Report, when: &str, times: &BTreeMap<String, Vec<Duration>>) {
    let milliseconds = |times: &[Duration], part| percentile(times, part).as_secs_f64() * 1000.0;
    let floor =
        times.iter().find(|(name, _)| name.starts_with(FLOOR)).map_or(1.0, |(_, times)| milliseconds(times, 0.5));
    let mut of_the_floor = Vec::new();
    for (name, times) in times {
        let p50 = milliseconds(times, 0.5);
        of_the_floor.push(p50 / floor);
        report.add(format!("{when}: {name} p50"), p50, "ms");
        let aim = Aim::Below(PAGE_MS);
        report.aimed(format!("{when}: {name} p99"), milliseconds(times, 0.99), "ms", aim);
    }
    report.add(format!("{when}: the floor, {FLOOR} p50"), floor, "ms");
    report.add(format!("{when}: a page's p50 beside the floor's, median"), crate::report::median(&of_the_floor), "");
    let most = of_the_floor.into_iter().fold(0.0, f64::max);
    report.add(format!("{when}: the slowest page's p50 beside the floor's"), most, "");
}
