//! Posting leads: as fast as a number of connections can, or at a fixed rate.
//!
//! All connections of a load share one thread of their own, so that posting takes little from what is measured.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{client::Connection, lead, stamps::Stamps};

/// Where leads are posted to, and with what head.
#[derive(Clone)]
pub struct Target {
    /// The address.
    pub address: SocketAddr,
    head: Arc<str>,
}

impl Target {
    /// `headers` are lines of their own, each with its end.
    pub fn new(address: SocketAddr, headers: &str) -> Self {
        let head = format!(
            "POST /v1/leads HTTP/1.1\r\nhost: bench\r\n{headers}content-type: application/json\r\ncontent-length: "
        );
        Self { address, head: head.into() }
    }
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After so long.
    Passed(Duration),
    /// After so many leads.
    Leads(u64),
}

/// What is posted, from which number on, and what is noted of it.
#[derive(Clone)]
pub struct Plan {
    /// Where to.
    pub target: Target,
    /// How many connections.
    pub connections: u64,
    /// When it ends.
    pub until: Until,
    /// The number of the first lead.
    pub first: u64,
    /// Each so-manieth lead is an A.
    pub a_in: u64,
    /// Where the sending is noted.
    pub stamps: Option<Arc<Stamps>>,
    /// The next lead of a connection waits until the last one has arrived at the webhook.
    pub wait_for_arrival: bool,
}

/// What a load came to.
#[derive(Debug, Default)]
pub struct Posted {
    /// Answered 202.
    pub accepted: u64,
    /// Answered otherwise.
    pub refused: u64,
    /// The number after that of the last lead.
    pub end: u64,
    /// How long it took.
    pub took: Duration,
    /// From sending to answer, sorted.
    pub times: Vec<Duration>,
}

impl Posted {
    /// Accepted leads per second.
    pub fn rate(&self) -> f64 {
        self.accepted as f64 / self.took.as_secs_f64()
    }
}

/// Posts as fast as the answers allow: each connection sends its next lead when the last is answered.
pub async fn closed(plan: Plan) -> Posted {
    on_one_thread(move || async move {
        let begun = Instant::now();
        let rounds = Arc::new(AtomicU64::new(0));
        let mut clients = JoinSet::new();
        for client in 0..plan.connections {
            clients.spawn(client_loop(plan.clone(), client, begun, Arc::clone(&rounds)));
        }
        collect(clients, begun).await
    })
    .await
}

async fn client_loop(plan: Plan, client: u64, begun: Instant, rounds: Arc<AtomicU64>) -> Posted {
    let mut connection = Connection::open(plan.target.address).await;
    let mut posted = Posted { end: plan.first, ..Posted::default() };
    let mut body = Vec::with_capacity(1024);
    for round in 0.. {
        let number = match plan.until {
            Until::Passed(limit) if begun.elapsed() >= limit => break,
            // Lead `n` is client `n % clients`'s.
            Until::Passed(_) => plan.first + round * plan.connections + client,
            Until::Leads(count) => match rounds.fetch_add(1, Ordering::Relaxed) {
                taken if taken < count => plan.first + taken,
                _ => break,
            },
        };
        post(&plan, &mut connection, (number, None), (&mut body, &mut posted)).await;
        if let (true, Some(stamps)) = (plan.wait_for_arrival, &plan.stamps) {
            stamps.wait_for(number).await;
        }
    }
    posted
}

/// Posts `rate` leads a second, spread evenly over the connections. A lead that had to wait for its connection counts
/// from the instant at which it was due.
pub async fn open(plan: Plan, rate: u64) -> Posted {
    on_one_thread(move || async move {
        let begun = Instant::now();
        let mut clients = JoinSet::new();
        for client in 0..plan.connections {
            clients.spawn(paced(plan.clone(), client, begun, rate));
        }
        collect(clients, begun).await
    })
    .await
}

async fn paced(plan: Plan, client: u64, begun: Instant, rate: u64) -> Posted {
    let mut connection = Connection::open(plan.target.address).await;
    let mut posted = Posted { end: plan.first, ..Posted::default() };
    let mut body = Vec::with_capacity(1024);
    let Until::Passed(limit) = plan.until else { panic!("a rate is held for a time") };
    for round in 0.. {
        let place = round * plan.connections + client;
        let due = begun + Duration::from_secs_f64(place as f64 / rate as f64);
        if due - begun >= limit {
            break;
        }
        let was_late = Instant::now() > due;
        tokio::time::sleep_until(due.into()).await;
        let since = was_late.then_some(due);
        post(&plan, &mut connection, (plan.first + place, since), (&mut body, &mut posted)).await;
    }
    posted
}

/// Posts lead `number`, counted from `since` or else from now.
async fn post(
    plan: &Plan,
    connection: &mut Connection,
    (number, since): (u64, Option<Instant>),
    (body, posted): (&mut Vec<u8>, &mut Posted),
) {
    lead::write(number, number % plan.a_in == 0, body);
    let since = since.unwrap_or_else(Instant::now);
    if let Some(stamps) = &plan.stamps {
        stamps.sent(number, since);
    }
    match connection.post(&plan.target.head, body).await {
        202 => posted.accepted += 1,
        _ => posted.refused += 1,
    }
    posted.times.push(since.elapsed());
    posted.end = posted.end.max(number + 1);
}

async fn collect(mut clients: JoinSet<Posted>, begun: Instant) -> Posted {
    let mut all = Posted::default();
    while let Some(one) = clients.join_next().await {
        let one = one.expect("no client panics");
        all.accepted += one.accepted;
        all.refused += one.refused;
        all.end = all.end.max(one.end);
        all.times.extend(one.times);
    }
    all.took = begun.elapsed();
    all.times.sort_unstable();
    all
}

async fn on_one_thread<T, F>(make: impl FnOnce() -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(make())
    };
    tokio::task::spawn_blocking(run).await.expect("no client panics")
}
