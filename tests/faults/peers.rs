//! A qualifier stops answering: it is stopped in the middle of a transaction, or cut off from PostgreSQL. What it holds waits
//! for it; what others send does not.
//!
//! The short form takes half a minute. `RIPEN_TEST_LONG_FAULTS=1` stops and cuts for two minutes each.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ripen_domain::id::ArrivalId;
use ripen_testkit::wait::until;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, posters::post, process::Process, proxy::Proxy};

/// Small, so that little is in the hands of one process.
const BATCH: usize = 16;
/// What one qualifier can hold: each of its two consumers of arrivals holds two batches.
const HELD: usize = 2 * 2 * BATCH;
const POSTERS: usize = 8;
/// So many are posted and not graded at most. Without a bound a slow machine would grade late whatever it was given.
const UNDER_WAY: usize = 2 * HELD;
/// Within this time others' arrivals are graded, whatever happens to one process.
const GRADED_WITHIN: Duration = Duration::from_secs(10);

#[allow(clippy::disallowed_methods, reason = "the long form is asked for by a variable")]
fn lasts() -> Duration {
    let long = std::env::var_os("RIPEN_TEST_LONG_FAULTS").is_some();
    Duration::from_secs(if long { 120 } else { 15 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qualifier_that_is_stopped_or_cut_off_holds_up_nobody_else() {
    let mut installation = Installation::new(Kind::Rabbit).await;
    installation.set("QUALIFIER__BATCH", &BATCH.to_string());
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let direct = installation.env("DATABASE__URL").unwrap();
    let proxy = Proxy::before(host_of(&direct)).await;
    let intake = installation.serve("intake").await;
    let stopped = installation.serve("qualifier").await;
    let healthy = installation.serve("qualifier").await;
    installation.set("DATABASE__URL", &direct.replace(host_of(&direct), proxy.address()));
    let cut_off = installation.serve("qualifier").await;
    let watch = Watch::start(installation.pool().clone(), &intake.url, &source);
    watch.until_graded(200).await;

    stop_within_a_transaction(&stopped, installation.pool()).await;
    tokio::time::sleep(lasts()).await;
    watch.late_at_most("while one is stopped");
    assert_eq!(healthy.get("/readyz").await.0, 200);
    stopped.go_on();
    watch.until_all_is_graded().await;

    proxy.cut();
    tokio::time::sleep(lasts()).await;
    watch.late_at_most("while one is cut off");
    until("the one that is cut off says so", LIMIT, || async { (cut_off.get("/readyz").await.0 == 503).then_some(()) })
        .await;
    assert_eq!(healthy.get("/readyz").await.0, 200);
    proxy.mend();
    until("it works again", LIMIT, || async { (cut_off.get("/readyz").await.0 == 200).then_some(()) }).await;

    watch.finish().await;
    assert_eq!(installation.count("select count(*) from dead_letter").await, 0);
    // A note that was on its way when the way was cut comes through with what was held back: of a message that another process
    // ended meanwhile.
    let undone = "select count(*) from suspect s where not exists (select 1 from arrival_seen a where a.id = s.id)";
    assert_eq!(installation.count(undone).await, 0);
    assert_eq!(installation.count("select count(*) from spool").await, 0);
    for process in [intake, stopped, healthy, cut_off] {
        assert_eq!(process.stop().await, Some(0));
    }
}

fn host_of(url: &str) -> &str {
    url.rsplit_once('@').unwrap().1.split_once('/').unwrap().0
}

/// Stops the process, again and again, until it happens to be within a transaction.
async fn stop_within_a_transaction(process: &Process, pool: &PgPool) {
    let idle = "select coalesce(array_agg(pid || ' ' || xact_start), '{}') from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction'";
    let limit = Instant::now() + LIMIT;
    loop {
        assert!(Instant::now() < limit, "it is never within a transaction");
        process.freeze();
        let before: Vec<String> = sqlx::query_scalar(idle).fetch_one(pool).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let after: Vec<String> = sqlx::query_scalar(idle).fetch_one(pool).await.unwrap();
        // Nobody else's transaction idles for so long.
        if before.iter().any(|one| after.contains(one)) {
            return;
        }
        process.go_on();
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
}

/// Posts leads, and measures how long each takes to its grade.
struct Watch {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    waiting: BTreeMap<Uuid, Instant>,
    took: Vec<Duration>,
}

impl Watch {
    fn start(pool: PgPool, url: &str, source: &Source) -> Self {
        let mut watch = Self { stop: Arc::default(), tasks: JoinSet::new(), seen: Arc::default() };
        for poster in 0..POSTERS {
            let (stop, seen) = (Arc::clone(&watch.stop), Arc::clone(&watch.seen));
            let (url, source) = (url.to_owned(), source.clone());
            watch.tasks.spawn(async move {
                for number in 0_u32.. {
                    while seen.lock().unwrap().waiting.len() >= UNDER_WAY && !stop.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    // Every fourth is of one of ten persons: their locks are much asked for.
                    let name = match number % 4 {
                        0 => format!("often{}", number / 4 % 10),
                        _ => format!("once{poster}x{number}"),
                    };
                    let lead = json!({"external_id": format!("{poster}-{number}"), "email": format!("{name}@example.com"),
                        "first_name": "Casey", "answers": {"timeframe_days": 200}});
                    let (status, answer) = post(&url, &source, &lead).await.expect("intake answers");
                    assert_eq!(status, 202, "{answer}");
                    let id: ArrivalId = answer["arrival"].as_str().unwrap().parse().unwrap();
                    seen.lock().unwrap().waiting.insert(id.uuid(), Instant::now());
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
        }
        let (stop, seen) = (Arc::clone(&watch.stop), Arc::clone(&watch.seen));
        watch.tasks.spawn(async move {
            while !stop.load(Ordering::Relaxed) || !seen.lock().unwrap().waiting.is_empty() {
                look(&pool, &seen).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        watch
    }

    async fn until_graded(&self, count: usize) {
        until("leads are graded", LIMIT, || async { (self.seen.lock().unwrap().took.len() >= count).then_some(()) })
            .await;
    }

    /// Waits until what was posted so far is graded, and forgets how long it took.
    async fn until_all_is_graded(&self) {
        let posted: Vec<_> = self.seen.lock().unwrap().waiting.keys().copied().collect();
        until("all is graded", LIMIT, || async {
            let seen = self.seen.lock().unwrap();
            posted.iter().all(|id| !seen.waiting.contains_key(id)).then_some(())
        })
        .await;
        self.seen.lock().unwrap().took.clear();
    }

    /// Of all that was posted so far, no more took longer than allowed than one process can hold.
    #[allow(clippy::print_stderr, reason = "the long form is run for its numbers")]
    fn late_at_most(&self, when: &str) {
        let mut seen = self.seen.lock().unwrap();
        let waiting: Vec<_> = seen.waiting.values().map(Instant::elapsed).collect();
        let mut took: Vec<_> = seen.took.drain(..).chain(waiting).collect();
        took.sort_unstable();
        let late = took.iter().filter(|took| **took > GRADED_WITHIN).count();
        let longest = took.iter().rev().nth(HELD).copied().unwrap_or_default();
        eprintln!("{when}: {} arrivals, {late} held by the one, the longest of others {longest:?}", took.len());
        assert!(late <= HELD, "{when}: {late} of {} took longer than {GRADED_WITHIN:?}", took.len());
    }

    /// Ends the posting, and waits until everything is graded.
    async fn finish(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let all = async { while self.tasks.join_next().await.is_some_and(|task| task.is_ok()) {} };
        tokio::time::timeout(LIMIT, all).await.expect("everything is graded in the end");
    }
}

async fn look(pool: &PgPool, seen: &Mutex<Seen>) {
    let ids: Vec<_> = seen.lock().unwrap().waiting.keys().copied().collect();
    let sql = "select a.id from arrival a join lead l on l.id = a.lead_id where a.id = any($1) and l.grade is not null";
    let graded: Vec<Uuid> = sqlx::query_scalar(sql).bind(&ids).fetch_all(pool).await.unwrap();
    let mut seen = seen.lock().unwrap();
    for id in graded {
        if let Some(at) = seen.waiting.remove(&id) {
            seen.took.push(at.elapsed());
        }
    }
}
