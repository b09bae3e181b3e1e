//! What a lease asks with every attempt, and what one delivery that cannot be read does to the others: nothing.

use ripen_domain::{actor::Actor, delivery::Next, id::ClientId};

use super::*;
use crate::{
    delivery::{attempt::AttemptRow, settle::Settled},
    doctor::PausedClient,
    source::source_record::State,
    tests::scene::{LEASE, Scene, at, delivery},
};

const FIRST: &str = "2026-11-24T10:00:00Z";
const AGAIN: &str = "2026-11-24T10:10:00Z";

/// Leased at ten; while it is under way this happens; the attempt fails. What becomes of it with the next lease.
async fn afterwards(scene: &mut Scene, before: &str, meanwhile: &str, again: &str) -> String {
    scene.again().await;
    scene.run(before).await;
    assert_eq!(scene.lease(&[1], at(FIRST)).await, [1], "{before}");
    scene.run(meanwhile).await;
    let attempt = AttemptRow {
        number: 2,
        at: at(FIRST),
        duration_ms: 1,
        status: Some(500),
        error: None,
        answer: None,
        report: None,
    };
    let next = Next::Retry(at(FIRST), "answered 500".to_owned());
    let failed = Settled {
        delivery: delivery(1),
        lease: LEASE,
        attempt,
        next,
        not_before: None,
        mail_waits: false,
        bounced: false,
        outcome: None,
    };
    assert_eq!(scene.store.deliveries_settle(&[failed]).await.unwrap(), [delivery(1)]);
    scene.lease(&[1], at(again)).await;
    scene.state(1).await
}

#[tokio::test]
async fn every_attempt_asks_again_whether_the_lead_is_over() {
    let mut scene = Scene::new().await;
    for (meanwhile, expected) in [
        ("", "leased"),
        (
            "update lead set returned_at = '2026-11-24 10:01Z', recalled_at = '2026-11-24 10:01Z'",
            "withdrawn: the lead was taken back",
        ),
        ("update lead set returned_at = '2026-11-24 10:01Z'", "withdrawn: the lead was given back"),
        // It came back before it matured for this delivery.
        ("update lead set returned_at = '2026-11-24 09:00Z'", "leased"),
        (
            "update lead set stage = 'closed', closed_at = '2026-11-24 10:01Z', closed_reason = 'goes on as another'",
            "withdrawn: the lead was closed",
        ),
        // The client's programs keep its books.
        ("update lead set stage = 'customer'", "leased"),
        (
            "update lead set stage = 'customer'; update delivery set endpoint_id = pg_temp.i(9) where id = pg_temp.i(1)",
            "withdrawn: the lead was won",
        ),
        ("update person set do_not_contact = true", "withdrawn: the person asked not to be contacted"),
    ] {
        assert_eq!(afterwards(&mut scene, "", meanwhile, AGAIN).await, expected, "{meanwhile}");
    }
    // What was delivered once and is sent again keeps that it was, and when.
    let once = "update delivery set first_delivered_at = '2026-11-24 09:50Z'";
    let closed = "update lead set stage = 'closed', closed_at = '2026-11-24 10:01Z', closed_reason = 'lost'";
    assert_eq!(afterwards(&mut scene, once, closed, AGAIN).await, "delivered: the lead was closed");
    let filed = "insert into attempt (delivery_id, number, at, duration_ms, error) select id, 1, at, 1, 'filed' from n";
    assert_eq!(afterwards(&mut scene, &format!("{once}; {filed}"), closed, AGAIN).await, "filed: the lead was closed");
    let ended = "select to_char(ended_at at time zone 'UTC', 'HH24:MI') from delivery where state = 'filed'";
    assert_eq!(scene.texts(ended).await, ["09:50"]);
    // Whoever had it is told that it is no longer theirs.
    scene
        .run(
            "update lead set returned_at = '2026-11-24 10:01Z', recalled_at = '2026-11-24 10:01Z';
             insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, said, state, due_at, offered_until, created_at)
             select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(1), 'lead.recalled',
                    '{\"reason\": \"a slip\", \"recalled_at\": \"2026-11-24T10:01:00Z\"}', 'pending', at, at, at
             from n where id = pg_temp.i(1)",
        )
        .await;
    assert_eq!(scene.lease(&[20], at(AGAIN)).await, [20]);
    scene.end().await;
}

/// The first lead is on offer until eleven.
const OFFER: &str = "
    update delivery set event = 'lead.offered', said = '{\"until\": \"2026-11-24T11:00:00Z\"}' where id = pg_temp.i(1);
    insert into claim (maturation_id, tier, offered_to, until) values (pg_temp.i(1), 'recipients', '{}', '2026-11-24 11:00Z')";

#[tokio::test]
async fn an_offer_does_not_go_out_once_it_is_over() {
    let mut scene = Scene::new().await;
    for (meanwhile, again, expected) in [
        ("", AGAIN, "leased"),
        (
            "update claim set taken_by = 'somebody', taken_at = '2026-11-24 10:01Z'",
            AGAIN,
            "withdrawn: somebody else took it",
        ),
        // All passed, and the next were asked.
        ("update claim set tier = 'fallback', until = '2026-11-24 12:00Z'", AGAIN, "withdrawn: nobody took it in time"),
        ("", "2026-11-24T11:00:00Z", "withdrawn: nobody took it in time"),
    ] {
        assert_eq!(afterwards(&mut scene, OFFER, meanwhile, again).await, expected, "{meanwhile}");
    }
    scene.end().await;
}

#[tokio::test]
async fn one_that_cannot_be_read_waits_and_the_others_go_out() {
    let mut scene = Scene::new().await;
    // The second cannot be decoded, the third says what no version knows.
    let damage = "update maturation set at = 'infinity' where id = pg_temp.i(2);
                  update lead set channel = 'carrier pigeon' where id = pg_temp.i(3)";
    scene.run(damage).await;
    assert_eq!(scene.lease(&[1, 2, 3], at(FIRST)).await, [1]);
    for number in [2, 3] {
        let state = scene.state(number).await;
        assert!(state.starts_with("held: cannot be read: "), "{state}");
    }
    let waits = "select concat_ws(' ', attempts, excused, to_char(due_at at time zone 'UTC', 'HH24:MI')) from delivery
                 where state = 'held'";
    assert_eq!(scene.texts(waits).await, ["1 0 10:10", "1 0 10:10"], "nothing was attempted");
    scene
        .run(
            "update maturation set at = '2026-11-24 09:40Z' where id = pg_temp.i(2);
             update lead set channel = 'web_form' where id = pg_temp.i(3)",
        )
        .await;
    assert_eq!(scene.lease(&[2, 3], at(AGAIN)).await, [2, 3], "it was mended");
    scene.end().await;
}

const OFF: &str = "update endpoint set state = 'disabled', disabled_by = 'firm' where kind = 'webhook'";
const PAUSED: &str = "update client set state = 'paused'";

#[tokio::test]
async fn what_a_paused_client_or_a_disabled_endpoint_has_waiting_is_held_once_and_let_go_when_it_is_at_work_again() {
    let mut scene = Scene::new().await;
    let (client, scope) = (ClientId::from_uuid(Uuid::from_u128(1)), Actor::operator("Kim").scope());
    let due = "select to_char(due_at at time zone 'UTC', 'DD HH24:MI') from delivery order by id";
    for (stops, why) in [(OFF, "the endpoint is disabled"), (PAUSED, "the client is paused")] {
        scene.again().await;
        scene.run(stops).await;
        assert!(scene.lease(&[1, 2, 3], at(FIRST)).await.is_empty());
        assert_eq!(scene.state(1).await, format!("held: {why}"));
        assert_eq!(scene.texts(due).await, ["25 10:00", "25 10:00", "25 10:00"], "not looked at again each minute");
        let codes = scene.texts("select coalesce(reason_code, '') from delivery").await;
        assert_eq!(codes, ["undated", "undated", "undated"], "no date is shown as if it went on then");
        let resumed = at("2026-11-24T14:00:00Z");
        let mut tx = scene.store.begin().await.unwrap();
        if stops == OFF {
            tx.endpoint_enable(scope, EndpointId::from_uuid(Uuid::from_u128(1)), resumed).await.unwrap();
        } else {
            tx.client_set_state(scope, client, State::Active, resumed).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(scene.store.sweep_circuits(at("2026-11-24T14:00:01Z"), 2).await.unwrap(), 2, "in steps");
        assert_eq!(scene.store.sweep_circuits(at("2026-11-24T14:00:02Z"), 2).await.unwrap(), 1, "{why}");
        // A lease that began before holds one after that.
        scene.run("update delivery set state = 'held', due_at = '2026-11-25 14:00Z' where id = pg_temp.i(1)").await;
        assert_eq!(scene.store.sweep_circuits(at("2026-11-24T14:00:03Z"), 2).await.unwrap(), 1, "{why}");
        assert_eq!(scene.store.sweep_circuits(at("2026-11-24T14:00:12Z"), 2).await.unwrap(), 0, "{why}");
        let left = "select id::text from endpoint where release_at is not null and kind = 'webhook'";
        assert!(scene.texts(left).await.is_empty(), "and then it is over");
        assert_eq!(scene.lease(&[1, 2, 3], at("2026-11-24T14:01:00Z")).await, [1, 2, 3]);
    }
    scene.end().await;
}

/// Whoever has the first two leads is to be told that they are taken back, and not to be called.
const STOPPED: &str = "
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, said, state, due_at, offered_until, created_at)
      select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(1), 'lead.recalled',
             '{\"reason\": \"a slip\", \"recalled_at\": \"2026-11-24T10:01:00Z\"}'::jsonb, 'pending', at, at, at
      from n where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, said, state, due_at, offered_until, created_at)
      select pg_temp.i(21), pg_temp.i(1), id, id, pg_temp.i(1), 'lead.suppressed',
             '{\"reason\": \"asked\", \"suppressed_at\": \"2026-11-24T10:01:00Z\"}'::jsonb, 'pending', at, at, at
      from n where id = pg_temp.i(2);";

#[tokio::test]
async fn what_stops_somebody_passes_a_pause_of_the_client_and_probes_an_endpoint_that_fails() {
    let mut scene = Scene::new().await;
    scene.run(STOPPED).await;
    scene.run(PAUSED).await;
    assert_eq!(scene.lease(&[3, 20, 21], at(FIRST)).await, [20, 21]);
    assert_eq!(scene.state(3).await, "held: the client is paused");
    assert_eq!(scene.state(20).await, "leased", "for no reason of the pause");
    let waits = scene.store.clients_paused(Actor::operator("Kim").scope()).await.unwrap();
    assert_eq!(waits, [PausedClient { client: "acme".to_owned(), leads: 3, news: 0 }]);

    scene.again().await;
    scene.run(STOPPED).await;
    scene.run(PAUSED).await;
    scene.run("update endpoint set state = 'disabled', disabled_by = 'firm' where kind = 'webhook'").await;
    assert!(scene.lease(&[20], at(FIRST)).await.is_empty());
    assert_eq!(scene.state(20).await, "held: the endpoint is disabled");

    scene.again().await;
    scene.run(STOPPED).await;
    scene.run(PAUSED).await;
    scene
        .run("update endpoint set failures = 5, failing_since = '2026-11-24 09:30Z', probe_at = '2026-11-24 10:05Z' where kind = 'webhook'")
        .await;
    assert!(scene.lease(&[3, 20], at(FIRST)).await.is_empty());
    assert_eq!(scene.store.sweep_circuits(at("2026-11-24T10:04:00Z"), 10).await.unwrap(), 0, "its turn has not come");
    assert_eq!(scene.store.sweep_circuits(at("2026-11-24T10:05:00Z"), 10).await.unwrap(), 1);
    assert_eq!(scene.lease(&[20], at("2026-11-24T10:05:00Z")).await, [20]);
    scene.end().await;
}

#[tokio::test]
async fn a_client_that_resumes_lets_nothing_go_to_an_endpoint_that_fails_or_is_off() {
    let mut scene = Scene::new().await;
    let (client, scope) = (ClientId::from_uuid(Uuid::from_u128(1)), Actor::operator("Kim").scope());
    for stops in [
        OFF,
        "update endpoint set failures = 5, failing_since = '2026-11-24 09:30Z', probe_at = '2026-11-24 15:00Z' where kind = 'webhook'",
    ] {
        scene.again().await;
        scene.run(stops).await;
        scene.run("update delivery set state = 'held', due_at = '2026-11-25 10:00Z'").await;
        let mut tx = scene.store.begin().await.unwrap();
        tx.client_set_state(scope, client, State::Active, at(AGAIN)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.store.sweep_circuits(at("2026-11-24T10:10:01Z"), 10).await.unwrap(), 0, "{stops}");
    }
    // Its turn to be tried comes while the client is paused: it is tried when there is somebody to try it for.
    scene.run(PAUSED).await;
    assert_eq!(scene.store.sweep_circuits(at("2026-11-24T15:00:01Z"), 10).await.unwrap(), 0);
    scene.run("update client set state = 'active'").await;
    assert_eq!(scene.store.sweep_circuits(at("2026-11-24T15:00:02Z"), 10).await.unwrap(), 1);
    scene.end().await;
}
