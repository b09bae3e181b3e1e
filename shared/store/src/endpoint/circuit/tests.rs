//! What a circuit releases when it closes, what it probes with, and which refusals are a failure.

use std::{collections::BTreeMap, time::Duration};

use ripen_domain::{
    delivery::{
        Next,
        circuit::{CircuitTerms, EndpointHealth},
    },
    id::{EndpointId, LeadId},
};
use uuid::Uuid;

use crate::{
    delivery::{attempt::AttemptRow, settle::Settled},
    endpoint::circuit::DeliveryHealth,
    tests::scene::{LEASE, Scene, at, delivery},
};

/// The first was told to come back at noon, the others may be tried at any time.
async fn one_is_told_to_wait(scene: &Scene) {
    assert_eq!(scene.lease(&[1, 2], at("2026-11-24T09:50:00Z")).await, [1, 2]);
    let failed = |number, due: &str, not_before: Option<&str>| Settled {
        delivery: delivery(number),
        lease: LEASE,
        attempt: AttemptRow {
            number: 2,
            at: at("2026-11-24T09:51:00Z"),
            duration_ms: 1,
            status: Some(503),
            error: None,
            answer: None,
            report: None,
        },
        next: Next::Retry(at(due), "answered 503".to_owned()),
        not_before: not_before.map(at),
        mail_waits: false,
        bounced: false,
        outcome: None,
    };
    let asked = Some("2026-11-24T12:00:00Z");
    let rows = [failed(1, "2026-11-24T12:00:00Z", asked), failed(2, "2026-11-24T13:00:00Z", None)];
    assert_eq!(scene.store.deliveries_settle(&rows).await.unwrap().len(), 2);
}

const DUE: &str = "select right(id::text, 1) from delivery
                   where state = 'pending' and due_at <= '2026-11-24 11:00Z' and right(id::text, 1) <> '3'";

#[tokio::test]
async fn the_probe_is_not_the_one_that_was_told_to_wait() {
    let mut scene = Scene::new().await;
    one_is_told_to_wait(&scene).await;
    scene
        .run(
            "update endpoint set failures = 5, failing_since = '2026-11-24 09:50Z', probe_at = '2026-11-24 10:30Z'
             where kind = 'webhook'; update delivery set due_at = '2026-11-24 14:00Z' where right(id::text, 1) = '3'",
        )
        .await;
    assert_eq!(scene.store.sweep_circuits(at("2026-11-24T11:00:00Z"), 10).await.unwrap(), 1);
    assert_eq!(scene.texts(DUE).await, ["2"]);
    scene.end().await;
}

#[tokio::test]
async fn a_record_at_which_alone_an_endpoint_fails_does_not_probe_while_others_wait() {
    let mut scene = Scene::new().await;
    // The first opened the circuit, and is due before the next probe; the second waits for it. The third is another day's.
    scene
        .run(
            "update endpoint set failures = 4, failing_since = '2026-11-24 09:50Z' where kind = 'webhook';
             update delivery set due_at = '2026-11-24 10:00:05Z' where id = pg_temp.i(1);
             update delivery set state = 'held', attempts = 0, due_at = '2026-11-25 10:00Z' where id = pg_temp.i(2);
             update delivery set state = 'delivered', ended_at = '2026-11-24 09:45Z' where id = pg_temp.i(3);",
        )
        .await;
    let failing = |probe| EndpointHealth::Failing { probe, why: "answered 500".to_owned(), not_before: None };
    let failed = |number, probe| DeliveryHealth { delivery: delivery(number), health: failing(probe) };
    note(&scene, vec![failed(1, false)], "2026-11-24T10:00:00Z").await;
    // A minute's pause, and none of its own before.
    scene.store.sweep_circuits(at("2026-11-24T10:01:00Z"), 10).await.unwrap();
    let due = "select right(id::text, 1) from delivery where state = 'pending' and due_at <= '2026-11-24 10:01Z'";
    assert_eq!(scene.texts(due).await, ["2"], "the one that only waits");
    scene.end().await;
}

#[tokio::test]
async fn an_endpoint_that_works_again_does_not_shorten_the_wait_it_asked_for() {
    let mut scene = Scene::new().await;
    one_is_told_to_wait(&scene).await;
    scene.run("update endpoint set release_at = '2026-11-24 10:30Z' where kind = 'webhook'").await;
    scene.store.sweep_circuits(at("2026-11-24T11:00:00Z"), 10).await.unwrap();
    assert_eq!(scene.texts(DUE).await, ["2"]);
    let waits = "select to_char(due_at at time zone 'utc', 'HH24:MI') from delivery where right(id::text, 1) = '1'";
    assert_eq!(scene.texts(waits).await, ["12:00"]);
    // When its time is up it goes as any other.
    assert_eq!(scene.lease(&[1], at("2026-11-24T12:00:01Z")).await, [1]);
    scene.end().await;
}

#[tokio::test]
async fn a_wish_to_wait_is_no_longer_than_the_delivery_waits() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.lease(&[1], at("2026-11-24T09:50:00Z")).await, [1]);
    let attempt = AttemptRow {
        number: 2,
        at: at("2026-11-24T09:51:00Z"),
        duration_ms: 3,
        status: Some(429),
        error: None,
        answer: None,
        report: None,
    };
    let next = Next::Retry(at("2026-11-25T09:51:00Z"), "answered 429".to_owned());
    let year = Some(at("2027-11-24T09:51:00Z"));
    let settled = Settled {
        delivery: delivery(1),
        lease: LEASE,
        attempt,
        next,
        not_before: year,
        mail_waits: false,
        bounced: false,
        outcome: None,
    };
    scene.store.deliveries_settle(&[settled]).await.unwrap();
    let same = "select (not_before = due_at)::text from delivery where right(id::text, 1) = '1'";
    assert_eq!(scene.texts(same).await, ["true"]);
    scene.end().await;
}

/// The webhook refuses what it is sent of these leads, recorded together.
async fn refuses(scene: &Scene, leads: &[u128], now: &str) {
    let refusal = |lead: &u128| DeliveryHealth {
        delivery: delivery(*lead),
        health: EndpointHealth::Refusing {
            lead: LeadId::from_uuid(Uuid::from_u128(*lead)),
            why: "answered 422".to_owned(),
        },
    };
    note(scene, leads.iter().map(refusal).collect(), now).await;
}

async fn note(scene: &Scene, attempts: Vec<DeliveryHealth>, now: &str) {
    let terms = CircuitTerms {
        failures: 5,
        pause: Duration::from_secs(60),
        longest_pause: Duration::from_secs(600),
        disable_after: Duration::from_secs(86_400),
    };
    let attempts = BTreeMap::from([(EndpointId::from_uuid(Uuid::from_u128(1)), attempts)]);
    scene.store.circuits_update(&attempts, &terms, 1.0, at(now)).await.unwrap();
}

/// Failures in a row, and the leads refused in one.
async fn row(scene: &mut Scene) -> String {
    let sql = "select concat_ws(' ', failures, cardinality(refused_leads)) from endpoint where id = pg_temp.i(1)";
    scene.texts(sql).await.remove(0)
}

#[tokio::test]
async fn an_endpoint_fails_by_three_different_leads_that_it_refuses_in_a_row_and_by_no_less() {
    let mut scene = Scene::new().await;
    for (lead, expected) in [(1, "0 1"), (1, "0 1"), (2, "0 2"), (2, "0 2"), (3, "1 0")] {
        refuses(&scene, &[lead], "2026-11-24T10:00:00Z").await;
        assert_eq!(row(&mut scene).await, expected, "{lead}");
    }
    note(
        &scene,
        vec![DeliveryHealth { delivery: delivery(1), health: EndpointHealth::Working }],
        "2026-11-24T10:01:00Z",
    )
    .await;
    assert_eq!(row(&mut scene).await, "0 0");
    refuses(&scene, &[1, 2, 3], "2026-11-24T10:02:00Z").await;
    assert_eq!(row(&mut scene).await, "0 1", "what it took between them is not known");
    scene.end().await;
}

#[tokio::test]
async fn what_an_endpoint_took_in_between_ends_the_row_of_what_it_refuses() {
    let mut scene = Scene::new().await;
    refuses(&scene, &[1], "2026-11-24T10:00:00Z").await;
    refuses(&scene, &[2], "2026-11-24T10:01:00Z").await;
    scene.run("update delivery set state = 'delivered', ended_at = '2026-11-24 10:02Z' where id = pg_temp.i(2)").await;
    refuses(&scene, &[3], "2026-11-24T10:03:00Z").await;
    assert_eq!(row(&mut scene).await, "0 1");
    // A failure of another kind ends it too.
    let failing = EndpointHealth::Failing { probe: false, why: "answered 500".to_owned(), not_before: None };
    note(&scene, vec![DeliveryHealth { delivery: delivery(1), health: failing }], "2026-11-24T10:04:00Z").await;
    assert_eq!(row(&mut scene).await, "1 0");
    scene.end().await;
}
