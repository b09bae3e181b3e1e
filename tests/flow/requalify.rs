//! Leads are decided again: when criteria appear or change, and when a promise falls due.

use ripen_testkit::{receiver::Receiver, wait::until};
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, always_open, posters::post};

#[tokio::test(flavor = "multi_thread")]
async fn leads_wait_for_criteria_and_follow_new_ones() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    let process = installation.serve("").await;
    post(&process.url, &source, &json!({"email": "a@example.com", "answers": {"timeframe_days": 100}})).await.unwrap();
    until("it waits for criteria", LIMIT, || async {
        (installation.count("select count(*) from promise where kind = 'activation' and state = 'scheduled'").await
            == 1)
            .then_some(())
    })
    .await;
    installation.activate(CRITERIA).await;
    until("it is a B", LIMIT, || async {
        (installation.count("select count(*) from lead where grade = 'B'").await == 1).then_some(())
    })
    .await;
    assert_eq!(receiver.count(), 0);
    installation.activate(&CRITERIA.replace("<= 90", "<= 120").replace("> 90", "> 120")).await;
    receiver.wait_for(1, LIMIT).await;
    assert_eq!(receiver.received()[0].json()["data"]["criteria"]["version"], 2);
    assert_eq!(installation.count("select count(*) from decision").await, 2);
    let doctor = installation.run(&["doctor"]).await;
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_falls_due_is_decided_once_and_becomes_work() {
    let mut installation = Installation::new(Kind::Rabbit).await;
    always_open(&mut installation);
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    post(
        &process.url,
        &source,
        &json!({"email": "b@example.com", "time_zone": "America/Chicago", "answers": {"timeframe_days": 200}}),
    )
    .await
    .unwrap();
    until("it has a promise", LIMIT, || async {
        (installation.count("select count(*) from promise where state = 'scheduled'").await == 1).then_some(())
    })
    .await;
    let at_nine = "select count(*) from promise where (due_at at time zone 'America/Chicago')::time = '00:00'";
    assert_eq!(installation.count(at_nine).await, 1, "due when a day opens where the person is");
    sqlx::query("update promise set due_at = now() - interval '1 second'").execute(installation.pool()).await.unwrap();
    until("it is work", LIMIT, || async {
        (installation.count("select count(*) from promise where state = 'work'").await == 1).then_some(())
    })
    .await;
    assert_eq!(
        installation.count("select count(*) from decision").await,
        2,
        "decided when it arrived and when it fell due"
    );
    assert_eq!(installation.count("select count(*) from promise").await, 1);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_fires_though_what_is_swept_after_it_fails() {
    let mut installation = Installation::new(Kind::Local).await;
    always_open(&mut installation);
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    let body = json!({"email": "b@example.com", "time_zone": "America/Chicago", "answers": {"timeframe_days": 200}});
    post(&process.url, &source, &body).await.unwrap();
    until("it has a promise", LIMIT, || async {
        (installation.count("select count(*) from promise where state = 'scheduled'").await == 1).then_some(())
    })
    .await;
    // Nothing but the sweep for new criteria reads it: that part of every tick fails from here on.
    for change in [
        "alter table program rename column paced_at to paced_at_no_more",
        "update promise set due_at = now() - interval '1 second'",
    ] {
        sqlx::query(change).execute(installation.pool()).await.unwrap();
    }
    until("it is work", LIMIT, || async {
        (installation.count("select count(*) from promise where state = 'work'").await == 1).then_some(())
    })
    .await;
    assert_eq!(process.stop().await, Some(0));
}
