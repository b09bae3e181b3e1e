//! What staff see of deliveries and send again: attempts, retries, replays of one and of a range.

use std::collections::BTreeMap;

use ripen_testkit::{
    receiver::{Behaviour, Receiver},
    wait::until,
};
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, audit::delivered, posters::post};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_delivery_shows_its_attempts_and_is_retried_by_hand() {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("DISPATCHER__RETRY_SCHEDULE_S", "1");
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let body = b"no room".as_slice().into();
    let full = Behaviour::StatusWith { status: 507, headers: vec![], body };
    receiver.set("/hook", Behaviour::Sequence(vec![full, Behaviour::CloseEarly, Behaviour::Status(204)]));
    let url = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    let process = installation.serve("").await;
    post(&process.url, &source, &json!({"email": "a@example.com", "answers": {"timeframe_days": 1}})).await.unwrap();
    let dead = until("it is dead", LIMIT, || async {
        let dead = installation.json(&["delivery", "list", "--state", "dead"]).await;
        dead.as_array().is_some_and(|rows| rows.len() == 1).then_some(dead)
    })
    .await;
    let id = dead[0]["id"].as_str().unwrap();
    let shown = installation.json(&["delivery", "show", id]).await;
    let tried = shown["tried"].as_array().unwrap();
    assert_eq!(tried.len(), 2);
    assert_eq!((&tried[0]["status"], &tried[0]["answer"]), (&json!(507), &json!("no room")));
    assert_eq!((&tried[1]["status"], &tried[1]["error"]), (&json!(null), &json!("closed")));
    let lead = dead[0]["lead"].as_str().unwrap();
    assert_eq!(installation.json(&["delivery", "list", "--lead", lead]).await.as_array().unwrap().len(), 1);
    assert_eq!(installation.json(&["delivery", "list", "--state", "delivered"]).await, json!([]));

    installation.json(&["delivery", "retry", id]).await;
    delivered(&installation).await;
    let shown = installation.json(&["delivery", "show", id]).await;
    assert_eq!((&shown["state"], &shown["attempts"], &shown["excused"]), (&json!("delivered"), &json!(3), &json!(2)));
    let refused = installation.run(&["delivery", "retry", id]).await;
    assert!(refused.status.code() == Some(1) && String::from_utf8_lossy(&refused.stderr).contains("delivery replay"));
    installation.json(&["delivery", "replay", id]).await;
    receiver.wait_for(4, LIMIT).await;
    delivered(&installation).await;
    assert_eq!(receiver.distinct_ids(), 1, "one webhook-id, whoever asked");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_a_thousand_sends_each_once_more_and_survives_a_kill() {
    const LEADS: usize = 1000;
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("DISPATCHER__SWEEP", "50");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook");
    let added = installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    let endpoint = added["id"].as_str().unwrap();
    let process = installation.serve("").await;
    for part in 0..LEADS / 50 {
        let bodies: Vec<_> = (0..50)
            .map(|n| json!({"email": format!("p{part}n{n}@example.com"), "answers": {"timeframe_days": 1}}))
            .collect();
        let posted = futures::future::join_all(bodies.iter().map(|body| post(&process.url, &source, body))).await;
        assert!(posted.iter().all(|answer| answer.as_ref().is_some_and(|(status, _)| *status == 202)));
    }
    receiver.wait_for(LEADS, LIMIT * 2).await;
    delivered(&installation).await;
    let first = bodies(&receiver);
    assert_eq!(first.len(), LEADS);
    receiver.clear();

    let range = ["--from", "2020-01-01", "--to", "2100-01-01T00:00:00Z"];
    let begun = installation.json(&[&["delivery", "replay", "--endpoint", endpoint][..], &range].concat()).await;
    assert_eq!(begun["deliveries"], LEADS);
    receiver.wait_for(LEADS / 10, LIMIT).await;
    process.kill9().await;
    let process = installation.serve("").await;
    let progress = until("the replay is through", LIMIT * 2, || async {
        let all = installation.json(&["delivery", "replays"]).await;
        (all[0]["state"] == "finished" && all[0]["delivered"] == LEADS).then_some(all)
    })
    .await;
    assert_eq!((&progress[0]["of"], &progress[0]["passed_over"]), (&json!(LEADS), &json!(0)));
    assert_eq!(bodies(&receiver), first, "the same ids, the same bytes");
    let doubled = receiver.count() - LEADS;
    assert!(doubled <= 64, "{doubled} were in flight when it was killed");
    let again = installation.count("select count(*) from attempt where number > 2").await;
    assert!(again <= 64, "{again}: none but those in flight was attempted twice by the replay");
    assert_eq!(process.stop().await, Some(0));
}

/// The body of each webhook-id; each has one.
fn bodies(receiver: &Receiver) -> BTreeMap<String, Vec<u8>> {
    let mut bodies = BTreeMap::new();
    for post in receiver.received() {
        let before = bodies.insert(post.header("webhook-id").to_owned(), post.body.to_vec());
        assert!(before.is_none_or(|before| before == post.body), "one webhook-id always has one body");
    }
    bodies
}
