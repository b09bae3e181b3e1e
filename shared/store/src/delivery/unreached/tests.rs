//! Whose places are free again once a lead is withdrawn.

use crate::tests::scene::{Scene, at};

/// Dana has an endpoint of her own; she and the client were given the three leads of the scene.
const GIVEN: &str = "
    truncate given;
    select pg_temp.rep_with_mail(8, 'Dana');
    update delivery set endpoint_id = pg_temp.i(8), rep_id = pg_temp.i(8);
    insert into given (recipient_id, day, leads) values (pg_temp.i(8), '2026-11-24', 3), (pg_temp.i(1), '2026-11-24', 3);";
/// The first is taken back after its mail was put off, before anybody had it.
const RECALLED: &str = "update delivery set state = 'withdrawn', reason = 'taken back', ended_at = '2026-11-24 09:50Z' where id = pg_temp.i(1);";
/// Her webhook was to have it too.
const BESIDE: &str = "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at)
    select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(1), pg_temp.i(8), 'withdrawn', 1, at, at, at, '2026-11-24 09:50Z' from n where id = pg_temp.i(1);";
/// It is on offer, and nobody took it.
const ON_OFFER: &str = "
    delete from delivery where id = pg_temp.i(1);
    insert into claim (maturation_id, tier, offered_to, until, counted_on) values (pg_temp.i(1), 'recipients', '{}', '2026-11-24 10:10Z', '2026-11-24');
    insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at, ended_at)
      select pg_temp.i(20), pg_temp.i(1), id, id, 'withdrawn', at, at, at, '2026-11-24 09:50Z' from n where id = pg_temp.i(1);";

/// What Dana and the client were given, after two sweeps.
async fn given(scene: &mut Scene, changes: &[&str]) -> String {
    scene.again().await;
    for change in [GIVEN].iter().chain(changes) {
        scene.run(change).await;
    }
    for _ in 0..2 {
        assert!(!scene.store.places_of_unreached_free(10, at("2026-11-24T10:00:00Z")).await.unwrap());
    }
    let given = "select right(recipient_id::text, 1) || ': ' || leads from given order by 1 desc";
    scene.texts(given).await.join(", ")
}

#[tokio::test]
async fn what_reached_nobody_gives_its_places_back_once_and_what_somebody_had_keeps_them() {
    let mut scene = Scene::new().await;
    let by_hand = "update delivery set reason = 'given to another endpoint by hand' where id = pg_temp.i(1)";
    let had = "update delivery set first_delivered_at = created_at where id = pg_temp.i(1)";
    let taken_before = "update delivery set followed_up_at = '2026-11-24 09:45Z' where id = pg_temp.i(1)";
    let delivered = "update delivery set state = 'delivered', first_delivered_at = ended_at where id = pg_temp.i(20)";
    for (changes, expected) in [
        (&[][..], "8: 3, 1: 3"),
        (&[RECALLED], "8: 2, 1: 2"),
        (&[RECALLED, BESIDE], "8: 2, 1: 2"),
        (&[RECALLED, BESIDE, delivered], "8: 3, 1: 3"),
        (&[RECALLED, by_hand], "8: 3, 1: 3"),
        (&[RECALLED, had], "8: 3, 1: 3"),
        (&[RECALLED, taken_before], "8: 3, 1: 3"),
        (&[ON_OFFER], "8: 3, 1: 2"),
        (&[ON_OFFER, "update claim set taken_by = 'rep', taken_at = until"], "8: 3, 1: 3"),
    ] {
        assert_eq!(given(&mut scene, changes).await, expected, "{changes:?}");
    }
    scene.end().await;
}

#[tokio::test]
async fn what_waits_for_a_place_is_routed_again() {
    let mut scene = Scene::new().await;
    let waits = "update delivery set endpoint_id = null, rep_id = null, state = 'held', attempts = 0, due_at = '2026-11-25Z' where id = pg_temp.i(2)";
    given(&mut scene, &[RECALLED, waits]).await;
    let due = "select to_char(due_at at time zone 'UTC', 'DD HH24:MI') from delivery where state = 'held'";
    assert_eq!(scene.texts(due).await, ["24 10:00"]);
    scene.end().await;
}
