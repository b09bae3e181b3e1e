//! How many mails of one address have to come back, and which of them count.

use super::*;
use crate::tests::scene::{Scene, at};

/// Three mails to one address that came back at 11:00; sent at 9:45.
const CAME_BACK: &str = "
    update endpoint set kind = 'email', address = 'dana@client.example', url = null where id = pg_temp.i(1);
    update delivery set state = 'dead', ended_at = '2026-11-24 11:00Z', bounced_at = '2026-11-24 11:00Z';
    insert into attempt (delivery_id, number, at, duration_ms, status) select id, 1, '2026-11-24 09:45Z', 1, 250 from n;";

async fn is_disabled(scene: &mut Scene, sql: &str) -> bool {
    scene.again().await;
    scene.run(&format!("truncate attempt; {CAME_BACK} {sql}")).await;
    let mut batch = scene.store.begin().await.unwrap();
    let last = DeliveryId::from_uuid(uuid::Uuid::from_u128(3));
    batch.endpoints_count_bounces(&[last], at("2026-11-24T11:00:00Z")).await.unwrap();
    batch.commit().await.unwrap();
    scene.texts("select state from endpoint where id = pg_temp.i(1)").await == ["disabled"]
}

#[tokio::test]
async fn three_mails_of_one_address_that_came_back_disable_it_and_none_of_another_do() {
    let mut scene = Scene::new().await;
    assert!(is_disabled(&mut scene, "").await);
    assert!(
        !is_disabled(&mut scene, "update endpoint set bounces_from = '2026-11-24 10:00Z'").await,
        "sent before it was changed"
    );
    assert!(is_disabled(&mut scene, "update endpoint set bounces_from = '2026-11-24 09:45Z'").await);
    let later = |at: &str| {
        format!(
            "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at, ended_at)
             select pg_temp.i(4), id, id, pg_temp.i(4), id, 'delivered', at, at, at, '{at}' from n limit 1"
        )
    };
    assert!(
        !is_disabled(&mut scene, &later("2026-11-24 09:55Z")).await,
        "it has taken one since, and nobody reported that"
    );
    assert!(is_disabled(&mut scene, &later("2026-11-24 10:50Z")).await, "that one may come back yet");
    // Offers that were taken long before, under ids between those of the leads, which went out after them.
    let between = format!(
        "update delivery set id = pg_temp.i(0) where id = pg_temp.i(2);
         update attempt set delivery_id = pg_temp.i(0) where delivery_id = pg_temp.i(2);
         {}; update delivery set id = pg_temp.i(2) where id = pg_temp.i(4)",
        later("2026-11-24 09:30Z")
    );
    assert!(is_disabled(&mut scene, &between).await, "it took nothing since the first that came back was sent");
    scene.end().await;
}

#[tokio::test]
async fn another_address_begins_anew() {
    use ripen_domain::actor::Actor;

    use crate::endpoint::settings::{EndpointAddress, EndpointChange};

    let mut scene = Scene::new().await;
    scene.run(CAME_BACK).await;
    let from = "select coalesce(to_char(bounces_from at time zone 'UTC', 'HH24:MI'), '') from endpoint where id = pg_temp.i(1)";
    for (to, expected) in [("dana@client.example", ""), ("d.hill@client.example", "10:30")] {
        let to = Some(EndpointAddress { to: to.into(), allow_private: false });
        let change = EndpointChange { to, ..EndpointChange::default() };
        let mut tx = scene.store.begin().await.unwrap();
        let (scope, endpoint) = (Actor::operator("Kim").scope(), EndpointId::from_uuid(uuid::Uuid::from_u128(1)));
        tx.endpoint_change(scope, endpoint, &change, at("2026-11-24T10:30:00Z")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.texts(from).await, [expected]);
    }
    scene.end().await;
}
