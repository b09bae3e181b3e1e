//! Whose held deliveries are found, whoever else has how many.

use super::*;
use crate::tests::scene::{Scene, at};

#[tokio::test]
async fn rows_of_a_client_that_is_paused_hide_nobody_elses() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "update client set state = 'paused';
             insert into client (id, slug, name, country, time_zone, created_at)
               select pg_temp.i(number), 'c' || number, 'C', 'US', 'UTC', '2026-11-24Z' from generate_series(2, 4) number;
             insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
               select gen_random_uuid(), pg_temp.i(1), pg_temp.i(1), gen_random_uuid(), 'held', at, at, at
               from n cross join generate_series(1, 1200) where id = pg_temp.i(1);
             insert into delivery (id, client_id, lead_id, maturation_id, state, same_as, due_at, offered_until, created_at)
               select gen_random_uuid(), pg_temp.i(client), pg_temp.i(1), gen_random_uuid(), 'held', same_as, due_at, due_at, due_at
               from (values (2, null::uuid, timestamptz '2026-11-24 09:59Z'), (3, null, '2026-11-24 09:58Z'), (3, null, '2026-11-24 09:59Z'),
                            (4, pg_temp.i(1), '2026-11-24 09:00Z'), (4, null, '2026-11-24 10:01Z')) held (client, same_as, due_at)",
        )
        .await;
    let client = |number| ClientId::from_uuid(Uuid::from_u128(number));
    let now = at("2026-11-24T10:00:00Z");
    assert_eq!(scene.store.clients_to_route(now, 32).await.unwrap(), [client(3), client(2)], "the longest wait first");
    assert_eq!(scene.store.clients_to_route(now, 1).await.unwrap(), [client(3)]);
    scene.end().await;
}

#[tokio::test]
async fn a_lead_that_cannot_be_routed_is_put_off_alone() {
    let mut scene = Scene::new().await;
    scene.run("update delivery set endpoint_id = null, state = 'held', attempts = 0").await;
    let now = at("2026-11-24T10:00:00Z");
    let mut tx = scene.store.begin().await.unwrap();
    let lead = |number| LeadId::from_uuid(Uuid::from_u128(number));
    let client = ClientId::from_uuid(Uuid::from_u128(1));
    let until = at("2026-11-24T11:00:00Z");
    let one = HeldPutOff { client, only: Some(lead(2)), until, why: "cannot be routed" };
    tx.held_put_off(&one, now).await.unwrap();
    assert_eq!(tx.leads_to_route(client, now, 64).await.unwrap(), [lead(1), lead(3)]);
    drop(tx);
    scene.end().await;
}
