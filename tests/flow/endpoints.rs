//! How deliveries go out to endpoints of their own kind: rates, headers, secrets, circuits, test events.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use ripen_testkit::{
    receiver::{Behaviour, Received, Receiver},
    wait::until,
};
use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, audit::delivered, posters::post, process::Process};

/// An installation with a client, its source, and sweeps and retries that are quick.
async fn installation() -> (Installation, Source) {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    installation.set("DISPATCHER__RETRY_SCHEDULE_S", "1,1,1,1");
    installation.set("DISPATCHER__CIRCUIT_FAILURES", "3");
    installation.set("DISPATCHER__CIRCUIT_PAUSE_S", "1");
    installation.set("DISPATCHER__CIRCUIT_LONGEST_PAUSE_S", "2");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    (installation, source)
}

async fn webhook(installation: &Installation, client: &str, url: &str) -> (String, String) {
    let added = installation.json(&["endpoint", "add", "--client", client, "--webhook", url, "--allow-private"]).await;
    (added["id"].as_str().unwrap().to_owned(), added["secret"].as_str().unwrap().to_owned())
}

/// Posts so many A leads, each of another person.
async fn leads(process: &Process, source: &Source, name: &str, count: usize) {
    let bodies: Vec<_> = (0..count)
        .map(|n| json!({"email": format!("{name}{n}@example.com"), "answers": {"timeframe_days": 1}}))
        .collect();
    let posted = futures::future::join_all(bodies.iter().map(|body| post(&process.url, source, body))).await;
    assert!(posted.iter().all(|answer| answer.as_ref().is_some_and(|(status, _)| *status == 202)), "{posted:?}");
}

async fn show(installation: &Installation, id: &str) -> Value {
    installation.json(&["endpoint", "show", id]).await
}

/// Whether the secret signed this request.
fn signed(received: &Received, secret: &str) -> bool {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, received.header(name).parse().unwrap());
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(&received.body, &headers).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_and_secrets_of_its_own_are_sent_and_shown_without_their_values() {
    let (installation, source) = installation().await;
    let receiver = Receiver::start().await;
    let (id, first) = webhook(&installation, "acme", &receiver.url("/hook")).await;
    let set = ["endpoint", "set", &id, "--header", "Authorization: Bearer abc", "--header", "X-Team: north"];
    let shown = installation.json(&[&set[..], &["--concurrency", "3", "--timeout-s", "7"]].concat()).await;
    assert_eq!(shown["headers"], json!(["authorization", "x-team"]));
    assert_eq!((&shown["concurrency"], &shown["timeout_s"]), (&json!(3), &json!(7)));
    for refused in ["Host: x", "Content-Length: 1", "webhook-id: x", "X-A: b\r\nX-B: c", "nothing"] {
        let output = installation.run(&["endpoint", "set", &id, "--header", refused]).await;
        assert_eq!(output.status.code(), Some(1), "{refused:?}");
    }
    let second = installation.json(&["endpoint", "rotate-secret", &id, "--overlap-h", "1"]).await;
    let second = second["secret"].as_str().unwrap().to_owned();
    let process = installation.serve("").await;
    leads(&process, &source, "a", 1).await;
    let received = &receiver.wait_for(1, LIMIT).await[0];
    assert_eq!((received.header("authorization"), received.header("x-team")), ("Bearer abc", "north"));
    assert!(signed(received, &first) && signed(received, &second), "both sign while they overlap");

    installation.json(&["endpoint", "rotate-secret", &id, "--overlap-h", "0"]).await;
    installation.json(&["endpoint", "set", &id, "--no-headers"]).await;
    leads(&process, &source, "b", 1).await;
    let received = &receiver.wait_for(2, LIMIT).await[1];
    assert!(!signed(received, &first) && !signed(received, &second), "their time is over");
    assert_eq!(received.header("authorization"), "");
    assert_eq!(show(&installation, &id).await["secrets"].as_array().unwrap().len(), 1);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_is_signed_and_its_answer_printed() {
    let (installation, _) = installation().await;
    let receiver = Receiver::start().await;
    let body = b"thank you".as_slice().into();
    receiver.set("/hook", Behaviour::StatusWith { status: 202, headers: vec![], body });
    let (id, secret) = webhook(&installation, "acme", &receiver.url("/hook")).await;
    let answer = installation.json(&["endpoint", "test", &id]).await;
    assert_eq!((&answer["status"], &answer["answer"]), (&json!(202), &json!("thank you")));
    let received = &receiver.received()[0];
    assert!(signed(received, &secret));
    assert_eq!(received.json()["type"], "endpoint.test");
    receiver.set("/hook", Behaviour::CloseEarly);
    let output = installation.run(&["endpoint", "test", &id, "--json"]).await;
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &said["error"]), (Some(1), &json!("closed")));
    assert_eq!(installation.count("select count(*) from delivery").await, 0, "nothing is kept of a test");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_held_by_two_processes_together() {
    const RATE: f64 = 20.0;
    const LEADS: usize = 160;
    let mut installation = Installation::new(Kind::Rabbit).await;
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let (id, _) = webhook(&installation, "acme", &receiver.url("/hook")).await;
    installation.json(&["endpoint", "set", &id, "--rate", &RATE.to_string()]).await;
    let intake = installation.serve("intake,qualifier").await;
    let dispatchers = [installation.serve("dispatcher").await, installation.serve("dispatcher").await];
    leads(&intake, &source, "r", LEADS).await;
    let received = receiver.wait_for(LEADS, LIMIT).await;
    let at = received.iter().map(|received| received.at);
    let lasted = at.clone().max().unwrap() - at.min().unwrap();
    let rate = f64::from(u32::try_from(LEADS - 1).unwrap()) / lasted.as_secs_f64();
    // A busy machine may be slower than the rate, and may be late with the first; two processes of the full rate each send
    // twice as many, and no lateness makes that of a rate that is shared.
    assert!(rate <= RATE * 1.5, "{rate:.2} in a second, {RATE} were allowed");
    delivered(&installation).await;
    assert_eq!((receiver.count(), receiver.distinct_ids()), (LEADS, LEADS));
    assert_eq!(installation.count("select max(attempts)::bigint from delivery").await, 1, "waiting costs no attempt");
    for process in [intake].into_iter().chain(dispatchers) {
        assert_eq!(process.stop().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_opens_waits_without_attempts_and_releases_everything() {
    let (installation, source) = installation().await;
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::Status(500));
    let (id, _) = webhook(&installation, "acme", &receiver.url("/hook")).await;
    installation.json(&["endpoint", "set", &id, "--concurrency", "3"]).await;
    let process = installation.serve("").await;
    let began = Instant::now();
    leads(&process, &source, "first", 3).await;
    until("the circuit opens", LIMIT, || async { show(&installation, &id).await["circuit"].is_string().then_some(()) })
        .await;
    let before = receiver.count();
    leads(&process, &source, "more", 40).await;
    until("all wait", LIMIT, || async {
        (installation.count("select count(*) from delivery where state = 'held'").await >= 40).then_some(())
    })
    .await;
    // Two probes more: nothing else may come than probes, which are a pause of a second or more apart.
    receiver.wait_for(before + 2, LIMIT).await;
    let spent = installation.count("select sum(attempts - excused)::bigint from delivery").await;
    let probes = i64::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!(spent <= 3 + probes, "{spent} attempts were spent on an endpoint that was known to fail");
    assert_eq!(installation.count("select count(*) from delivery where state = 'dead'").await, 0);

    receiver.set("/hook", Behaviour::Status(200));
    delivered_all(&installation, 43).await;
    assert_eq!(receiver.distinct_ids(), 43);
    let shown = show(&installation, &id).await;
    assert_eq!(
        (&shown["circuit"], &shown["failures"], &shown["state"]),
        (&Value::Null, &Value::Null, &json!("enabled"))
    );
    let (_, metrics) = process.get("/metrics").await;
    for change in ["opened", "closed"] {
        assert!(metrics.contains(&format!("ripen_circuits_total{{change=\"{change}\"}} 1")), "{change}: {metrics}");
    }
    assert_eq!(process.stop().await, Some(0));
}

async fn delivered_all(installation: &Installation, wanted: i64) {
    until("everything is delivered", LIMIT, || async {
        (installation.count("select count(*) from delivery where state = 'delivered'").await == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_failure_disable_an_endpoint_and_say_why() {
    let (mut installation, source) = installation().await;
    installation.set("DISPATCHER__DISABLE_AFTER_DAYS", "1");
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::Status(500));
    let (id, _) = webhook(&installation, "acme", &receiver.url("/hook")).await;
    let process = installation.serve("").await;
    leads(&process, &source, "d", 1).await;
    until("the circuit opens", LIMIT, || async { show(&installation, &id).await["circuit"].is_string().then_some(()) })
        .await;
    let sql = "update endpoint set failing_since = failing_since - interval '25 hours'";
    sqlx::query(sql).execute(installation.pool()).await.unwrap();
    until("it is disabled", LIMIT, || async { (show(&installation, &id).await["state"] == "disabled").then_some(()) })
        .await;
    let listed = installation.json(&["endpoint", "list"]).await;
    assert_eq!(listed[0]["reason"], "failed for 25 hours, last: answered 500");
    assert!(process.get("/metrics").await.1.contains("ripen_circuits_total{change=\"disabled\"} 1"));

    receiver.set("/hook", Behaviour::Status(200));
    let resumed = installation.json(&["endpoint", "resume", &id]).await;
    assert_eq!(
        (&resumed["state"], &resumed["circuit"], &resumed["failures"]),
        (&json!("enabled"), &Value::Null, &Value::Null)
    );
    delivered_all(&installation, 1).await;
    assert_eq!(receiver.distinct_ids(), 1);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_fifty_endpoints_hangs_and_the_others_get_all_of_theirs() {
    const CLIENTS: usize = 50;
    const EACH: usize = 6;
    let mut installation = Installation::new(Kind::Local).await;
    // Fewer workers than leads for the one that hangs: they must not all be his.
    installation.set("DISPATCHER__WORKERS", "8");
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    let receiver = Receiver::start().await;
    receiver.set("/0", Behaviour::Hang);
    let mut sources = Vec::new();
    for client in 0..CLIENTS {
        let name = format!("client-{client}");
        sources.push(installation.client(&name).await);
        let (id, _) = webhook(&installation, &name, &receiver.url(&format!("/{client}"))).await;
        if client == 0 {
            installation.json(&["endpoint", "set", &id, "--concurrency", "2", "--timeout-s", "50"]).await;
        }
    }
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    leads(&process, &sources[0], "hang", 20).await;
    receiver.wait_for(2, LIMIT).await;
    for (at, source) in sources.iter().enumerate().skip(1) {
        leads(&process, source, &format!("c{at}n"), EACH).await;
    }
    let wanted = i64::try_from((CLIENTS - 1) * EACH).unwrap();
    delivered_all(&installation, wanted).await;
    let received = receiver.received();
    let (hanging, others): (Vec<_>, Vec<_>) = received.iter().partition(|one| one.path == "/0");
    let mut hanging: Vec<_> = hanging.iter().map(|one| one.at).collect();
    hanging.sort();
    // Its two places, each again when its 50 s are over, which they may be on a busy machine.
    let are_two = hanging.windows(3).all(|three| three[2] - three[0] > Duration::from_secs(40));
    assert!(hanging.len() >= 2 && are_two, "the endpoint that hangs holds its own places and no more: {hanging:?}");
    let ids: BTreeSet<_> = others.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!(ids.len(), (CLIENTS - 1) * EACH);
    process.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drip_a_flood_and_garbage_are_taken_by_their_status() {
    let (installation, source) = installation().await;
    let receiver = Receiver::start().await;
    let garbage = b"\xff\xfe{{<html>\x00".as_slice().into();
    receiver.set(
        "/hook",
        Behaviour::Sequence(vec![
            Behaviour::DripBody(Duration::from_secs(1)),
            Behaviour::HugeBody(1 << 30),
            Behaviour::StatusWith { status: 200, headers: vec![], body: garbage },
            Behaviour::CloseInBody,
        ]),
    );
    webhook(&installation, "acme", &receiver.url("/hook")).await;
    let process = installation.serve("").await;
    leads(&process, &source, "x", 4).await;
    delivered_all(&installation, 4).await;
    assert_eq!((receiver.count(), receiver.distinct_ids()), (4, 4));
    let kept = "select coalesce(max(octet_length(answer)), 0)::bigint from attempt";
    assert!(installation.count(kept).await <= 64 * 1024, "the answer is capped");
    assert_eq!(process.stop().await, Some(0));
}
