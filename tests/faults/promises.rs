//! Promises fall due while the qualifiers that fire them are killed: each is fired once in effect.

use ripen_testkit::wait::until;
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, always_open, posters::post};

const LEADS: i64 = 300;
const SCHEDULED: &str = "select count(*) from promise where state = 'scheduled'";

#[tokio::test(flavor = "multi_thread")]
async fn promises_fire_once_though_two_qualifiers_are_killed_again_and_again() {
    let mut installation = Installation::new(Kind::Rabbit).await;
    always_open(&mut installation);
    for (key, value) in [("BATCH", "4"), ("PROMISE_SWEEP", "10"), ("SWEEP_INTERVAL_MS", "20"), ("OFFER_S", "2")] {
        installation.set(&format!("QUALIFIER__{key}"), value);
    }
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let intake = installation.serve("intake").await;
    let first = installation.serve("qualifier").await;
    let leads: Vec<_> = (0..LEADS)
        .map(|number| json!({"email": format!("b{number}@example.com"), "answers": {"timeframe_days": 200}}))
        .collect();
    post(&intake.url, &source, &json!(leads)).await.unwrap();
    until("all are decided", LIMIT, || async { (installation.count(SCHEDULED).await == LEADS).then_some(()) }).await;
    let mut qualifiers = vec![first, installation.serve("qualifier").await];

    sqlx::query("update promise set due_at = now()").execute(installation.pool()).await.unwrap();
    for killed in 1..=4 {
        let left = LEADS - killed * LEADS / 8;
        until("some have fired", LIMIT, || async { (installation.count(SCHEDULED).await <= left).then_some(()) }).await;
        qualifiers.remove(0).kill9().await;
        qualifiers.push(installation.serve("qualifier").await);
    }
    until("all have fired", LIMIT, || async { (installation.count(SCHEDULED).await == 0).then_some(()) }).await;
    for qualifier in qualifiers {
        assert_eq!(qualifier.stop().await, Some(0));
    }
    assert_eq!(installation.count("select count(*) from promise where state = 'work'").await, LEADS);
    let twice = "select count(*) from (select from decision group by lead_id having count(*) <> 2) other";
    assert_eq!(installation.count(twice).await, 0, "decided when it arrived and when it fell due, and never again");
    assert!(installation.run(&["doctor"]).await.status.success());
    assert_eq!(intake.stop().await, Some(0));
}
