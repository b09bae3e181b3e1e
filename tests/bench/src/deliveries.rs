//! The dispatcher alone: deliveries that wait go out in a second, against a bare loop of the same HTTP client with the same
//! bytes and as many at once; what one endpoint that hangs does to the others; and memory with very many that wait.

mod fill;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ripen_testkit::receiver::{Behaviour, Receiver as Misbehaving};
use tokio::net::TcpListener;

use crate::{
    Options,
    process::Process,
    receiver::Receiver,
    report::{Aim, Report, median, note, percentile},
    stage::{Kind, Services, Stage},
    stamps::Stamps,
    usage,
};

const DELIVERED_A_SECOND: f64 = 2_000.0;
/// As many as the dispatcher attempts at once by default.
const AT_ONCE: usize = 256;
const ENDPOINTS: u64 = 50;
/// Due in a second while one endpoint hangs.
const STEADY: u64 = 500;
const SLOWER_BY: f64 = 1.1;
const WAITING: u64 = 100_000;
/// Endpoints answer with so much where they answer too much, to so many deliveries.
const FLOOD_BYTES: u64 = 300 << 20;
const FLOODED: u64 = 500;
const PEAK_MEGABYTES: f64 = 100.0;
const PATIENCE: Duration = Duration::from_secs(300);
/// What falls due a little later is found at once, so that the look's interval is not what is measured.
const OFTEN: &str = "dispatcher.sweep_interval_ms=20";

/// Runs the benchmark.
pub async fn run(options: &Options) -> Report {
    let services = Services::start(&[Kind::Local]).await;
    let mut report = Report::new("deliveries");
    together(&services, options, &mut report).await;
    hanging(&services, options, &mut report).await;
    memory(&services, options, &mut report).await;
    flood(&services, options, &mut report).await;
    report
}

/// One installation, with the receiver that its webhooks post to.
struct DeliveryScenario {
    stage: Stage,
    stamps: Arc<Stamps>,
    receiver: Receiver,
}

impl DeliveryScenario {
    /// With so many endpoints, and one lead that matured to make others from.
    async fn new(services: &Services, settings: &[String], endpoints: u64) -> Self {
        let stage = Stage::new(services, Kind::Local, settings).await;
        let stamps = Arc::new(Stamps::new(1));
        let receiver = Receiver::start(Arc::clone(&stamps)).await;
        let key = stage.set_up(Some(&receiver.url())).await;
        let process = stage.serve("").await;
        fill::first(&stage, &process, &key, &stamps).await;
        process.stop().await;
        fill::endpoints(&stage.pool, &receiver.url(), endpoints).await;
        Self { stage, stamps, receiver }
    }

    /// Waits until so many more arrived than the first one.
    async fn arrived(&self, count: u64) {
        let limit = Instant::now() + PATIENCE;
        while self.stamps.count() < count + 1 {
            assert!(Instant::now() < limit, "{} of {count} deliveries went out", self.stamps.count());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn end(self, process: Process) {
        process.stop().await;
        drop(self.receiver);
        self.stage.end().await;
    }
}

/// Very many are due at once, to one endpoint and to fifty.
async fn together(services: &Services, options: &Options, report: &mut Report) {
    let count = options.seconds * 2_000;
    for endpoints in [1, ENDPOINTS] {
        let (mut rates, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let scenario = DeliveryScenario::new(services, &options.set, endpoints).await;
            sqlx::query("update endpoint set concurrency = 1000")
                .execute(&scenario.stage.pool)
                .await
                .expect("endpoints");
            fill::due(&scenario.stage.pool, (1, count), 0.0, 0.0).await;
            services.settle().await;
            let process = scenario.stage.serve("").await;
            scenario.arrived(count).await;
            rates.push(count as f64 / scenario.stamps.arrival_span(1, count + 1).as_secs_f64());
            assert_eq!(scenario.stamps.doubled(), 0, "each came once");
            let body = fill::a_body(&scenario.stage.pool).await;
            floors.push(floor(&scenario.receiver.url(), &body, count).await);
            scenario.end(process).await;
        }
        let (rate, floor) = (median(&rates), median(&floors));
        let name = format!("{endpoints} endpoints: {count} due at once");
        report.aimed(format!("{name}, delivered"), rate, "/s", Aim::AtLeast(DELIVERED_A_SECOND));
        report.add(format!("{name}, floor"), floor, "/s");
        report.add(format!("{name}, of the floor"), rate / floor, "");
    }
}

/// Posts the same bytes as often with nothing around it.
async fn floor(url: &str, body: &[u8], count: u64) -> f64 {
    let provider = rustls::crypto::ring::default_provider();
    let tls = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).pool_max_idle_per_host(AT_ONCE);
    let client = client.build().expect("a client");
    let body = bytes::Bytes::copy_from_slice(body);
    let next = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let begun = Instant::now();
    let posts = (0..AT_ONCE).map(|_| {
        let (client, body, next, url) = (client.clone(), body.clone(), Arc::clone(&next), url.to_owned());
        tokio::spawn(async move {
            while next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < count {
                let answer = client.post(&url).body(body.clone()).send().await.expect("the receiver answers");
                assert!(answer.status().is_success());
            }
        })
    });
    for post in posts.collect::<Vec<_>>() {
        post.await.expect("no post panics");
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

/// What falls due steadily for fifty endpoints, with all of them well and with one of them silent, in turn.
async fn hanging(services: &Services, options: &Options, report: &mut Report) {
    let mut p99 = [Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        for silent in [false, true] {
            p99[usize::from(silent)].push(steady(services, options, silent).await);
        }
    }
    let [well, beside] = p99.map(|of| median(&of));
    report.add(format!("{ENDPOINTS} endpoints: from due to there at {STEADY}/s, p99"), well, "ms");
    report.add(format!("one of {ENDPOINTS} hangs: from due to there at {STEADY}/s, p99"), beside, "ms");
    report.aimed("the others' p99 while one hangs, of that without", beside / well, "", Aim::Below(SLOWER_BY));
}

/// The p99 from due to there, in milliseconds.
async fn steady(services: &Services, options: &Options, silent: bool) -> f64 {
    let often: Vec<_> = [OFTEN.to_owned()].into_iter().chain(options.set.iter().cloned()).collect();
    let scenario = DeliveryScenario::new(services, &often, ENDPOINTS).await;
    let black_hole = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let process = scenario.stage.serve("").await;
    let count = options.seconds * STEADY;
    if silent {
        let url = format!("http://{}/hook", black_hole.local_addr().expect("it is bound"));
        fill::silence(&scenario.stage.pool, &url).await;
        fill::due_to_silent(&scenario.stage.pool, (count + 1, count + count / ENDPOINTS)).await;
    }
    services.settle().await;
    let (begins, apart) = (3.0, 1.0 / STEADY as f64);
    let base = fill::due(&scenario.stage.pool, (1, count), begins, apart).await;
    for number in 1..=count {
        scenario.stamps.sent(number, base + Duration::from_secs_f64(begins + (number - 1) as f64 * apart));
    }
    scenario.arrived(count).await;
    let times = scenario.stamps.times(1, count + 1);
    let milliseconds = |part| percentile(&times, part).as_secs_f64() * 1000.0;
    let which = if silent { "one of them hangs" } else { "all well" };
    note(&format!("{ENDPOINTS} endpoints, {which}: p50 {:.1} ms, p99 {:.1} ms", milliseconds(0.5), milliseconds(0.99)));
    scenario.end(process).await;
    milliseconds(0.99)
}

/// Very many wait for endpoints that never answer.
async fn memory(services: &Services, options: &Options, report: &mut Report) {
    let scenario = DeliveryScenario::new(services, &options.set, ENDPOINTS).await;
    let black_hole = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let url = format!("http://{}/hook", black_hole.local_addr().expect("it is bound"));
    sqlx::query("update endpoint set url = $1, sealed_url = null, shown_url = null")
        .bind(&url)
        .execute(&scenario.stage.pool)
        .await
        .expect("endpoints");
    fill::due(&scenario.stage.pool, (1, WAITING), 0.0, 0.0).await;
    services.settle().await;
    let process = scenario.stage.serve("").await;
    tokio::time::sleep(Duration::from_secs(20 + options.seconds)).await;
    let peak = usage::peak_memory(process.pid());
    report.aimed(
        format!("{WAITING} waiting for endpoints that hang: peak memory"),
        peak,
        "MB",
        Aim::Below(PEAK_MEGABYTES),
    );
    report.add("load average", usage::load_average().parse().unwrap_or_default(), "");
    scenario.end(process).await;
}

/// Every endpoint answers 200 with a body that fits no memory.
async fn flood(services: &Services, options: &Options, report: &mut Report) {
    let scenario = DeliveryScenario::new(services, &options.set, ENDPOINTS).await;
    let flooding = Misbehaving::start().await;
    flooding.set("/hook", Behaviour::HugeBody(FLOOD_BYTES));
    sqlx::query("update endpoint set url = $1, sealed_url = null, shown_url = null")
        .bind(flooding.url("/hook"))
        .execute(&scenario.stage.pool)
        .await
        .expect("endpoints");
    fill::due(&scenario.stage.pool, (1, FLOODED), 0.0, 0.0).await;
    services.settle().await;
    let process = scenario.stage.serve("").await;
    let limit = Instant::now() + PATIENCE;
    while scenario.stage.count("select count(*) from delivery where state = 'delivered'").await < FLOODED + 1 {
        assert!(Instant::now() < limit, "what was answered with too much is delivered");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let peak = usage::peak_memory(process.pid());
    let name = format!("{FLOODED} answers of {} MiB: peak memory", FLOOD_BYTES >> 20);
    report.aimed(name, peak, "MB", Aim::Below(PEAK_MEGABYTES));
    scenario.end(process).await;
}
