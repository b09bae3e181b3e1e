//! The desk with very many leads: how long each page takes as each role, at rest and while leads arrive; searches; saving and taking
//! the next; the grade while it is typed; ten agents at once; and whether one client's import makes another's leads wait.
//!
//! Times of pages are the server's own, from the head of the request to the answer, as its log has them; beside them what a browser
//! waits over loopback. The floor is a page that reads nothing but the session. What fits in five minutes on two cores:
//! `pages --leads 100000 --samples 10 --arriving 100 --only-pages`.

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
    process::{LOG_OF_REQUESTS, Process},
    receiver::Receiver,
    report::{Aim, Report, note, percentile},
    stage::{Kind, Services, Stage},
    stamps::Stamps,
};

const PAGE_MS: f64 = 50.0;
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
    let all = SETTINGS.iter().map(|text| (*text).to_owned()).chain([format!("log.level={LOG_OF_REQUESTS}")]);
    all.chain(options.set.iter().cloned()).collect()
}

/// How large it is.
#[derive(Debug, Clone, clap::Args)]
pub struct PagesPlan {
    /// How many leads there are.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=20_000_000))]
    leads: u64,
    /// How often each page is asked for at rest, and while leads arrive for as long as that takes.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    samples: u64,
    /// How many leads arrive in a second.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    arriving: u64,
    /// Neither agents at work nor an import.
    #[arg(long)]
    only_pages: bool,
}

/// Runs the benchmark.
pub async fn run(options: &Options, plan: &PagesPlan) -> Report {
    let mut report = Report::new("pages");
    let services = Services::start(&[Kind::Local]).await;
    let stage = Stage::new(&services, Kind::Local, &settings(options)).await;
    let key = stage.set_up(None).await;
    let accounts = fill::accounts(&stage).await;
    let receiver = Receiver::start(Arc::new(Stamps::new(1))).await;
    fill::leads(&services, &stage, &key, &receiver, plan.leads).await;
    let process = stage.serve("").await;
    let mut desk = Desk::open(&stage, &process, &accounts).await;

    let begun = Instant::now();
    let times = desk.ask(|round, _| round < plan.samples).await;
    let took = begun.elapsed();
    note(&format!("asked at rest in {:.0} s", took.as_secs_f64()));
    show(&mut report, "at rest", &times);
    if !plan.only_pages {
        work::measure(&mut report, "at rest", (&process, &accounts), options.seconds).await;
    }
    services.settle().await;
    desk.while_leads_arrive(&mut report, (&key, plan.arriving), took.max(Duration::from_secs(20))).await;
    if !plan.only_pages {
        let time = Duration::from_secs(2 * options.seconds + 4);
        let writing = arrive(&process, (&key, plan.arriving), (1 << 19, time));
        let working = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            work::measure(&mut report, "while leads arrive", (&process, &accounts), options.seconds).await;
        };
        tokio::join!(writing, working);
    }
    process.stop().await;
    stage.end().await;
    if !plan.only_pages {
        share::measure(&mut report, &services, options).await;
    }
    report
}

/// How long the answers of one page took.
#[derive(Default)]
struct PageTimes {
    /// By the server's clock.
    server: Vec<Duration>,
    /// As a browser beside it waits.
    browser: Vec<Duration>,
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
    async fn ask(&mut self, goes_on: impl Fn(u64, Duration) -> bool) -> BTreeMap<String, PageTimes> {
        let mut waited = Vec::new();
        if let Some((_, visitor, _)) = self.visitors.first_mut() {
            // What the log has after it is of this round.
            visitor.get("/no-such-page").await;
        }
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
                    waited.push((format!("{}, {role}", page.name), timed.took));
                }
            }
        }
        // One after the other was asked for: the log has them in the same order.
        let served = self.process.served(waited.len()).await;
        let mut times: BTreeMap<String, PageTimes> = BTreeMap::new();
        for ((name, browser), server) in waited.into_iter().zip(served) {
            let page = times.entry(name).or_default();
            page.browser.push(browser);
            page.server.push(server);
        }
        for page in times.values_mut() {
            page.browser.sort_unstable();
            page.server.sort_unstable();
        }
        times
    }

    async fn while_leads_arrive(&mut self, report: &mut Report, (key, rate): (&str, u64), time: Duration) {
        let decided = self.stage.count("select count(*) from decision").await;
        let arriving = arrive(self.process, (key, rate), (1_000, time));
        let asking = self.ask(|_, passed| passed < time);
        let (posted, times) = tokio::join!(arriving, asking);
        let decided = self.stage.count("select count(*) from decision").await - decided;
        report.add(format!("accepted, of {rate}/s"), posted.rate(), "/s");
        report.add("decided meanwhile", decided as f64 / posted.took.as_secs_f64(), "/s");
        show(report, "while leads arrive", &times);
    }
}

/// Leads from this number on, for so long.
async fn arrive(process: &Process, (key, rate): (&str, u64), (first, time): (u64, Duration)) -> Posted {
    let plan = Plan {
        target: Stage::target(process, key),
        connections: 16,
        until: Until::Passed(time),
        first,
        a_in: 10,
        stamps: None,
        wait_for_arrival: false,
    };
    load_generator::open(plan, rate).await
}

fn show(report: &mut Report, when: &str, times: &BTreeMap<String, PageTimes>) {
    let milliseconds = |times: &[Duration], part| percentile(times, part).as_secs_f64() * 1000.0;
    let floor = times
        .iter()
        .find(|(name, _)| name.starts_with(FLOOR))
        .map_or(1.0, |(_, times)| milliseconds(&times.server, 0.5));
    let (mut of_the_floor, mut above) = (Vec::new(), 0_u32);
    for (name, times) in times {
        let (p50, p99) = (milliseconds(&times.server, 0.5), milliseconds(&times.server, 0.99));
        of_the_floor.push(p50 / floor);
        above += u32::from(p99 >= PAGE_MS);
        report.add(format!("{when}: {name} p50"), p50, "ms");
        report.aimed(format!("{when}: {name} p99"), p99, "ms", Aim::Below(PAGE_MS));
        report.add(format!("{when}: {name}, as a browser waits, p99"), milliseconds(&times.browser, 0.99), "ms");
    }
    report.aimed(format!("{when}: pages whose p99 is {PAGE_MS} ms or more"), f64::from(above), "", Aim::Below(1.0));
    report.add(format!("{when}: of so many pages"), times.len() as f64, "");
    report.add(format!("{when}: the floor, {FLOOR} p50"), floor, "ms");
    report.add(format!("{when}: a page's p50 beside the floor's, median"), crate::report::median(&of_the_floor), "");
    let most = of_the_floor.into_iter().fold(0.0, f64::max);
    report.add(format!("{when}: the slowest page's p50 beside the floor's"), most, "");
}
