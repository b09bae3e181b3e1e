//! An endpoint's concurrency holds over all processes, whoever comes and goes.

use std::time::Duration;

use ripen_testkit::receiver::{Behaviour, Receiver};
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, audit::delivered, posters::post, process::Process};

/// How long the receiver takes: whoever comes sooner after another came beside it.
const TAKES: Duration = Duration::from_millis(200);

async fn leads(process: &Process, source: &Source, name: &str, count: usize) {
    let bodies: Vec<_> = (0..count)
        .map(|n| json!({"email": format!("{name}{n}@example.com"), "answers": {"timeframe_days": 1}}))
        .collect();
    let posted = futures::future::join_all(bodies.iter().map(|body| post(&process.url, source, body))).await;
    assert!(posted.iter().all(|answer| answer.as_ref().is_some_and(|(status, _)| *status == 202)), "{posted:?}");
}

/// That each came after the one before it was answered.
fn one_at_a_time(receiver: &Receiver) {
    let mut at: Vec<_> = receiver.received().iter().map(|received| received.at).collect();
    at.sort();
    let beside = at.windows(2).filter(|pair| pair[1] - pair[0] < TAKES).count();
    assert_eq!(beside, 0, "of {} so many came beside another", at.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_send_one_at_a_time_and_what_a_dead_one_had_comes_back() {
    const LEADS: usize = 20;
    let mut installation = Installation::new(Kind::Rabbit).await;
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    installation.set("DISPATCHER__TIMEOUT_S", "10");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::Slow(TAKES));
    let hook = receiver.url("/hook");
    let added =
        installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &hook, "--allow-private"]).await;
    installation.json(&["endpoint", "set", added["id"].as_str().unwrap(), "--concurrency", "1"]).await;
    let intake = installation.serve("intake,qualifier").await;
    let mut dispatchers = Vec::new();
    for n in 0..3 {
        dispatchers.push(installation.serve("dispatcher").await);
        // While it joins those before it.
        leads(&intake, &source, &format!("join{n}x"), LEADS).await;
    }
    receiver.wait_for(3 * LEADS, LIMIT * 2).await;
    delivered(&installation).await;
    one_at_a_time(&receiver);
    for (n, dispatcher) in dispatchers.split_off(1).into_iter().enumerate() {
        dispatcher.kill9().await;
        leads(&intake, &source, &format!("dead{n}x"), LEADS).await;
        receiver.wait_for((4 + n) * LEADS, LIMIT * 2).await;
        delivered(&installation).await;
    }
    one_at_a_time(&receiver);
    assert_eq!((receiver.count(), receiver.distinct_ids()), (5 * LEADS, 5 * LEADS));
    assert_eq!(installation.count("select max(attempts)::bigint from delivery").await, 1, "waiting costs no attempt");
    for process in dispatchers.into_iter().chain([intake]) {
        assert_eq!(process.stop().await, Some(0));
    }
}
