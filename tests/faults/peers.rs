//! A qualifier stops answering: it is stopped in the middle of a transaction, or cut off from PostgreSQL. What it holds waits
//! until it is taken from it; what others send does not.
//!
//! What it holds is known and not guessed. Messages: those that RabbitMQ gave to it, as a proxy before RabbitMQ saw, and that
//! were not graded. Persons: those of these messages, for as long as PostgreSQL keeps the transactions open in which it was
//! stopped. Everybody else is graded in time, whatever the machine: the same load without a fault tells how long it takes here.
//!
//! The short form takes a minute. `RIPEN_TEST_LONG_FAULTS=1` stops and cuts for two minutes each.

use std::{
    collections::{BTreeMap, BTreeSet},
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
/// So many of each kind of person are posted and not graded at most. Without a bound a slow machine would grade late whatever it
/// was given; with one bound for both, those who wait for a lock would soon leave no room for anybody else.
const UNDER_WAY: usize = 2 * HELD;
/// Within this time others' arrivals are graded, whatever happens to one process.
const GRADED_WITHIN: Duration = Duration::from_secs(10);
/// The machine may be so much slower during a fault than it was at its slowest just before.
const SLOWER: u32 = 3;
/// Every so many leads of a poster one is an A.
const RIPE: u32 = 10;
/// Whose turn it is, is asked of each.
const ROUTE: &str = "mode = \"round_robin\"\nrecipients = [\"Dana Hill\", \"Lee Park\"]\n";
/// Arrivals that are graded before each fault: how long they take is what is usual.
const BEFORE: usize = 200;
/// Nobody's transaction idles for so long that is not stopped.
const IDLES: Duration = Duration::from_millis(300);

#[allow(clippy::disallowed_methods, reason = "the long form is asked for by a variable")]
fn is_long() -> bool {
    std::env::var_os("RIPEN_TEST_LONG_FAULTS").is_some()
}

/// How long a fault lasts: longer than what is held up by it could pass for in time.
fn lasts(limit: Duration) -> Duration {
    Duration::from_secs(if is_long() { 120 } else { 15 }).max(limit * 3 / 2)
}

/// Within which time others are graded during a fault, where the slowest of them took so long before it. The long form is run on a
/// machine of its own, and holds to what is promised.
fn limit_of(usual: Duration) -> Duration {
    if is_long() { GRADED_WITHIN } else { GRADED_WITHIN + SLOWER * usual }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qualifier_that_is_stopped_or_cut_off_holds_up_nobody_else() {
    let mut installation = Installation::new(Kind::Rabbit).await;
    installation.set("QUALIFIER__BATCH", &BATCH.to_string());
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    // What matures needs two locks more: of what its person is reached under, and of its client, whose turn it is.
    for (name, email) in [("Dana Hill", "dana@client.example"), ("Lee Park", "lee@client.example")] {
        installation.json(&["rep", "add", name, "--client", "acme", "--email", email]).await;
    }
    installation.route(ROUTE, "acme").await;
    let (database, broker) = (installation.env("DATABASE__URL").unwrap(), installation.env("AMQP__URL").unwrap());
    let to_database = Proxy::before(host_of(&database)).await;
    let (to_stopped, to_cut_off) = (Proxy::before(host_of(&broker)).await, Proxy::before(host_of(&broker)).await);
    let by = |url: &str, proxy: &Proxy| url.replace(host_of(url), proxy.address());
    let intake = installation.serve("intake").await;
    let healthy = installation.serve("qualifier").await;
    installation.set("AMQP__URL", &by(&broker, &to_stopped));
    let stopped = installation.serve("qualifier").await;
    installation.set("AMQP__URL", &by(&broker, &to_cut_off));
    installation.set("DATABASE__URL", &by(&database, &to_database));
    let cut_off = installation.serve("qualifier").await;
    let watch = Watch::start(installation.pool().clone(), &intake.url, &source);

    let mut fault = watch.before_a_fault("while one is stopped").await;
    stop_within_a_transaction(&stopped, installation.pool()).await;
    watch.during(&mut fault, &to_stopped).await;
    assert_eq!(healthy.get("/readyz").await.0, 200);
    stopped.go_on();
    watch.until_all_is_graded().await;

    let mut fault = watch.before_a_fault("while one is cut off").await;
    to_database.cut();
    watch.during(&mut fault, &to_cut_off).await;
    until("the one that is cut off says so", LIMIT, || async { (cut_off.get("/readyz").await.0 == 503).then_some(()) })
        .await;
    assert_eq!(healthy.get("/readyz").await.0, 200);
    to_database.mend();
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

/// The transactions in which somebody does nothing at the moment.
async fn idling(pool: &PgPool) -> BTreeSet<String> {
    let idle = "select coalesce(array_agg(pid || ' ' || xact_start), '{}') from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction'";
    let idle: Vec<String> = sqlx::query_scalar(idle).fetch_one(pool).await.unwrap();
    idle.into_iter().collect()
}

/// Those in which nobody does anything any more.
async fn left_open(pool: &PgPool) -> BTreeSet<String> {
    let before = idling(pool).await;
    tokio::time::sleep(IDLES).await;
    idling(pool).await.intersection(&before).cloned().collect()
}

/// Stops the process, again and again, until it happens to be within a transaction.
async fn stop_within_a_transaction(process: &Process, pool: &PgPool) {
    let limit = Instant::now() + LIMIT;
    loop {
        assert!(Instant::now() < limit, "it is never within a transaction");
        process.freeze();
        if !left_open(pool).await.is_empty() {
            return;
        }
        process.go_on();
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
}

/// One process does not answer.
struct Fault {
    when: &'static str,
    /// Before anything was done to it.
    began: Instant,
    /// How long others may take: what was promised, and what this machine is busy with besides.
    limit: Duration,
    /// What RabbitMQ gave to it and nobody had graded.
    messages: BTreeSet<Uuid>,
    /// Whose messages it had when it stood still: it may have locked them,
    persons: BTreeSet<String>,
    /// until then.
    let_go: Instant,
}

impl Fault {
    /// Whether an arrival may be late.
    fn may_hold_up(&self, id: Uuid, arrival: &Posted) -> bool {
        self.messages.contains(&id) || (self.persons.contains(&arrival.person) && arrival.at <= self.let_go)
    }
}

/// Posts leads, and measures how long each takes to its grade.
struct Watch {
    pool: PgPool,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
    seen: Arc<Mutex<Seen>>,
}

/// A lead that was posted.
struct Posted {
    person: String,
    at: Instant,
    graded: Option<Instant>,
}

impl Posted {
    fn is_once(&self) -> bool {
        !is_often(&self.person)
    }

    /// Until it was graded, or until now.
    fn took(&self) -> Duration {
        self.graded.map_or_else(|| self.at.elapsed(), |graded| graded.duration_since(self.at))
    }
}

/// Whether the person is one of few who are posted again and again; the others come once.
fn is_often(person: &str) -> bool {
    person.starts_with("often")
}

/// Whether it is an A lead, which goes out.
fn is_ripe(person: &str) -> bool {
    person.starts_with("ripe")
}

#[derive(Default)]
struct Seen {
    waiting: BTreeMap<Uuid, Posted>,
    graded: BTreeMap<Uuid, Posted>,
}

impl Seen {
    fn waiting(&self, once: bool) -> usize {
        self.waiting.values().filter(|posted| posted.is_once() == once).count()
    }

    /// What was graded after an instant, or is not yet.
    fn since(&self, instant: Instant) -> impl Iterator<Item = (Uuid, &Posted)> {
        let all = self.waiting.iter().chain(&self.graded).map(|(id, posted)| (*id, posted));
        all.filter(move |(_, posted)| posted.graded.is_none_or(|graded| graded > instant))
    }
}

impl Watch {
    fn start(pool: PgPool, url: &str, source: &Source) -> Self {
        let mut watch = Self { pool, stop: Arc::default(), tasks: JoinSet::new(), seen: Arc::default() };
        for poster in 0..POSTERS {
            let (stop, seen) = (Arc::clone(&watch.stop), Arc::clone(&watch.seen));
            let (url, source) = (url.to_owned(), source.clone());
            watch.tasks.spawn(async move {
                for number in 0_u32.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    // Every fourth is of one of ten persons: their locks are much asked for.
                    let is_once = number % 4 != 0;
                    if seen.lock().unwrap().waiting(is_once) < UNDER_WAY {
                        let name = if is_once && number % RIPE == 1 {
                            format!("ripe{poster}x{number}")
                        } else if is_once {
                            format!("once{poster}x{number}")
                        } else {
                            format!("often{}", number / 4 % 10)
                        };
                        post_one(&url, &source, (format!("{poster}-{number}"), name), &seen).await;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
        }
        let (stop, seen, pool) = (Arc::clone(&watch.stop), Arc::clone(&watch.seen), watch.pool.clone());
        watch.tasks.spawn(async move {
            while !stop.load(Ordering::Relaxed) || !seen.lock().unwrap().waiting.is_empty() {
                look(&pool, &seen).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        watch
    }

    /// Sees what is usual.
    async fn before_a_fault(&self, when: &'static str) -> Fault {
        let from = Instant::now();
        let usual = until("leads are graded", LIMIT, || async {
            let seen = self.seen.lock().unwrap();
            let took: Vec<_> =
                seen.since(from).filter(|(_, posted)| posted.at > from).map(|(_, posted)| posted.took()).collect();
            let graded = seen.since(from).filter(|(_, posted)| posted.at > from && posted.graded.is_some()).count();
            (graded >= BEFORE).then(|| took.into_iter().max().unwrap())
        })
        .await;
        let (messages, persons) = Default::default();
        let now = Instant::now();
        Fault { when, began: now, limit: limit_of(usual), messages, persons, let_go: now }
    }

    /// For as long as the fault lasts: others are graded in time, and in the end so is what the one held, by others.
    async fn during(&self, fault: &mut Fault, to_broker: &Proxy) {
        let transactions = left_open(&self.pool).await;
        look(&self.pool, &self.seen).await;
        let stands_still = Instant::now();
        let ends = stands_still + lasts(fault.limit);
        fault.persons = self.held(fault, to_broker);
        until("PostgreSQL ends its transactions", LIMIT, || async {
            idling(&self.pool).await.is_disjoint(&transactions).then_some(())
        })
        .await;
        fault.let_go = Instant::now();
        tokio::time::sleep_until(ends.into()).await;
        until("others are graded meanwhile, those too that it had locked", LIMIT, || async {
            let seen = self.seen.lock().unwrap();
            let strangers = seen.graded.values().any(|posted| posted.at > stands_still && posted.is_once());
            let locked = fault.persons.iter().any(|person| is_often(person));
            let theirs = |posted: &Posted| posted.at > fault.let_go && fault.persons.contains(&posted.person);
            (strangers && (!locked || seen.graded.values().any(theirs))).then_some(())
        })
        .await;
        self.hold_to_the_limit(fault, to_broker);
        until("others grade what it held", LIMIT, || async {
            let seen = self.seen.lock().unwrap();
            fault.messages.iter().all(|id| !seen.waiting.contains_key(id)).then_some(())
        })
        .await;
    }

    /// Whose messages it has now.
    fn held(&self, fault: &Fault, to_broker: &Proxy) -> BTreeSet<String> {
        let (given, seen) = (to_broker.given(), self.seen.lock().unwrap());
        let held: Vec<_> = seen.waiting.iter().filter(|(id, _)| given.contains_key(*id)).collect();
        // Who is posted once meets no lock, and is given to one alone until that one gives it back.
        let once = held.iter().filter(|(_, posted)| posted.is_once()).count();
        assert!(once <= HELD, "{}: it was given {once} messages, more than it may hold", fault.when);
        held.into_iter().map(|(_, posted)| posted.person.clone()).collect()
    }

    #[allow(clippy::print_stderr, reason = "the long form is run for its numbers")]
    fn hold_to_the_limit(&self, fault: &mut Fault, to_broker: &Proxy) {
        let (given, seen) = (to_broker.given(), self.seen.lock().unwrap());
        fault.messages = seen.since(fault.began).map(|(id, _)| id).filter(|id| given.contains_key(id)).collect();
        let (theirs, others): (Vec<_>, Vec<_>) =
            seen.since(fault.began).partition(|(id, posted)| fault.may_hold_up(*id, posted));
        let longest = |of: &[(Uuid, &Posted)]| of.iter().map(|(_, posted)| posted.took()).max().unwrap_or_default();
        let (when, limit, took) = (fault.when, fault.limit, longest(&others));
        eprintln!(
            "{when}: the longest of {} that it may hold up took {:?}, of {} others {took:?} (at most {limit:?})",
            theirs.len(),
            longest(&theirs),
            others.len()
        );
        let was_given = |(id, posted): &&(Uuid, &Posted)| posted.is_once() && fault.messages.contains(id);
        let once = theirs.iter().filter(was_given).filter(|(_, posted)| posted.took() > limit).count();
        // What it held, and what took its place while it was given back.
        assert!(once <= 2 * HELD, "{when}: {once} late messages were given to it");
        assert!(took <= limit, "{when}: of {} others one took {took:?}, more than {limit:?}", others.len());
    }

    /// Waits until what was posted so far is graded.
    async fn until_all_is_graded(&self) {
        let posted: Vec<_> = self.seen.lock().unwrap().waiting.keys().copied().collect();
        until("all is graded", LIMIT, || async {
            let seen = self.seen.lock().unwrap();
            posted.iter().all(|id| !seen.waiting.contains_key(id)).then_some(())
        })
        .await;
    }

    /// Ends the posting, and waits until everything is graded.
    async fn finish(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let all = async { while self.tasks.join_next().await.is_some_and(|task| task.is_ok()) {} };
        tokio::time::timeout(LIMIT, all).await.expect("everything is graded in the end");
    }
}

async fn post_one(url: &str, source: &Source, (external_id, person): (String, String), seen: &Mutex<Seen>) {
    let days = if is_ripe(&person) { 20 } else { 200 };
    let lead = json!({"external_id": external_id, "email": format!("{person}@example.com"),
        "first_name": "Casey", "answers": {"timeframe_days": days}});
    let (status, answer) = post(url, source, &lead).await.expect("intake answers");
    assert_eq!(status, 202, "{answer}");
    let id: ArrivalId = answer["arrival"].as_str().unwrap().parse().unwrap();
    let posted = Posted { person, at: Instant::now(), graded: None };
    seen.lock().unwrap().waiting.insert(id.uuid(), posted);
}

async fn look(pool: &PgPool, seen: &Mutex<Seen>) {
    let ids: Vec<_> = seen.lock().unwrap().waiting.keys().copied().collect();
    let sql = "select a.id from arrival a join lead l on l.id = a.lead_id where a.id = any($1) and l.grade is not null";
    let graded: Vec<Uuid> = sqlx::query_scalar(sql).bind(&ids).fetch_all(pool).await.unwrap();
    let (mut seen, now) = (seen.lock().unwrap(), Instant::now());
    for id in graded {
        if let Some(posted) = seen.waiting.remove(&id) {
            seen.graded.insert(id, Posted { graded: Some(now), ..posted });
        }
    }
}
