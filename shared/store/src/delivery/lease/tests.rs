//! What a lease asks with every attempt, and what one delivery that cannot be read does to the others: nothing.

use ripen_domain::delivery::Next;

use crate::{
    delivery::{attempt::AttemptRow, settle::Settled},
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
    let failed =
        Settled { delivery: delivery(1), lease: LEASE, attempt, next, not_before: None, bounced: false, outcome: None };
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
