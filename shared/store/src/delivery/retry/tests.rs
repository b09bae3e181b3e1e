//! A dead lead that a person gives to another endpoint while it is given on by itself.

use ripen_domain::actor::Actor;
use uuid::Uuid;

use super::*;
use crate::tests::scene::{Scene, at, delivery};

const NOW: &str = "2026-11-24T10:00:00Z";

/// The first lead was given up, and the client has another webhook.
const DEAD: &str = "
    update delivery set state = 'dead', ended_at = '2026-11-24 09:59Z' where id = pg_temp.i(1);
    insert into endpoint (id, client_id, kind, name, url, created_at)
      select pg_temp.i(2), pg_temp.i(1), 'webhook', 'Other', 'https://other.client.example/', at from n limit 1;";

fn by_hand() -> ReroutedByHand {
    let to = EndpointId::from_uuid(Uuid::from_u128(2));
    ReroutedByHand { delivery: delivery(1), to, becomes: delivery(40) }
}

#[tokio::test]
async fn a_lead_that_is_given_on_by_itself_in_this_moment_is_not_given_to_another_by_hand_too() {
    let mut scene = Scene::new().await;
    scene.run(DEAD).await;
    let mut follow_up = scene.store.begin().await.unwrap();
    let dead = follow_up.dead_lock(10, None).await.unwrap();
    let mut tx = scene.store.begin().await.unwrap();
    let request = by_hand();
    let (rerouted, ()) = tokio::join!(tx.delivery_reroute(Actor::operator("Kim").scope(), &request, at(NOW)), async {
        scene.database.until_a_session_waits().await;
        follow_up.dead_follow_up(&dead, at(NOW)).await.unwrap();
        follow_up.commit().await.unwrap();
    });
    assert!(!rerouted.unwrap());
    tx.commit().await.unwrap();
    let owed = "select state from delivery where maturation_id = pg_temp.i(1) and id <> pg_temp.i(1)";
    assert_eq!(scene.texts(owed).await, ["held"], "it goes on once");
    scene.end().await;
}

#[tokio::test]
async fn by_hand_too_only_what_may_be_given_to_somebody_new_is() {
    let mut scene = Scene::new().await;
    for (change, is_given) in [
        ("select", true),
        // It waits for a person since.
        ("update delivery set followed_up_at = '2026-11-24 09:59:30Z' where id = pg_temp.i(1)", true),
        ("update lead set grade = 'B'", false),
        ("update lead set returned_at = '2026-11-24 09:50Z'", false),
    ] {
        scene.again().await;
        scene.run(DEAD).await;
        scene.run(change).await;
        let mut tx = scene.store.begin().await.unwrap();
        let done = tx.delivery_reroute(Actor::operator("Kim").scope(), &by_hand(), at(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(done, is_given, "{change}");
    }
    scene.end().await;
}

#[tokio::test]
async fn who_asks_for_a_delivery_again_sees_to_whom_it_is_given_on_in_this_moment() {
    let mut scene = Scene::new().await;
    scene.run(DEAD).await;
    scene
        .run(
            "update client set when_dead = 'fallback'; update maturation set routed_at = at;
             insert into rep (id, client_id, name, email, created_at)
               select pg_temp.i(5), pg_temp.i(1), 'Dana', 'dana@client.example', at from n limit 1;
             update delivery set rep_id = pg_temp.i(5) where id = pg_temp.i(1)",
        )
        .await;
    let mut follow_up = scene.store.begin().await.unwrap();
    let dead = follow_up.dead_lock(10, None).await.unwrap();
    let mut tx = scene.store.begin().await.unwrap();
    let scope = Actor::operator("Kim").scope();
    let (locked, ()) = tokio::join!(tx.delivery_retry_lock(scope, delivery(1)), async {
        scene.database.until_a_session_waits().await;
        follow_up.dead_follow_up(&dead, at(NOW)).await.unwrap();
        follow_up.commit().await.unwrap();
    });
    locked.unwrap();
    assert_eq!(tx.delivery_with_whom(scope, delivery(1)).await.unwrap(), ["Office"]);
    tx.commit().await.unwrap();
    scene.end().await;
}

#[tokio::test]
async fn what_waits_for_somebody_else_ends_where_the_dead_one_is_sent_again_and_waits_again_behind_its_next_end() {
    let mut scene = Scene::new().await;
    scene.run(DEAD).await;
    let scope = Actor::operator("Kim").scope();
    let waiting = "select state from delivery where maturation_id = pg_temp.i(1) and endpoint_id is null";
    for (ended_at, now) in [("2026-11-24 09:59Z", NOW), ("2026-11-24 10:09Z", "2026-11-24T10:10:00Z")] {
        let dies = format!("update delivery set state = 'dead', ended_at = '{ended_at}' where id = pg_temp.i(1)");
        scene.run(&dies).await;
        let mut tx = scene.store.begin().await.unwrap();
        let dead = tx.dead_lock(10, None).await.unwrap();
        tx.dead_follow_up(&dead, at(now)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.texts(waiting).await, ["held"], "{ended_at}");
        let mut tx = scene.store.begin().await.unwrap();
        tx.delivery_retry_lock(scope, delivery(1)).await.unwrap();
        tx.delivery_waits_no_more(scope, delivery(1), at(now)).await.unwrap();
        tx.delivery_retry(scope, delivery(1), false, at(now)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.texts(waiting).await, ["withdrawn"], "{ended_at}");
        assert_eq!(scene.state(1).await, "pending: asked for again");
    }
    scene.end().await;
}
