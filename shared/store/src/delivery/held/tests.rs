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
    let one = HeldPutOff { client, only: Some(lead(2)), until, why: "cannot be routed", is_undated: true };
    tx.held_put_off(&one, now).await.unwrap();
    assert_eq!(tx.leads_to_route(client, now, 64).await.unwrap(), [lead(1), lead(3)]);
    tx.commit().await.unwrap();
    let codes = "select coalesce(reason_code, '') from delivery order by id";
    assert_eq!(scene.texts(codes).await, ["", "undated", ""]);
    // The day of the client is full: the next one is a date.
    let all = HeldPutOff { only: None, until, why: "full", is_undated: false, ..one };
    let mut tx = scene.store.begin().await.unwrap();
    tx.held_put_off(&all, until).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.texts(codes).await, ["", "", ""]);
    scene.end().await;
}

#[tokio::test]
async fn what_versions_before_held_for_a_person_has_its_code_since() {
    let mut scene = Scene::new().await;
    // As those versions said it.
    let (endpoint, none) = (Some(1), None);
    let of_a_person: [(Option<i32>, &str); 14] = [
        (endpoint, "the client is paused"),
        (endpoint, "the endpoint is disabled"),
        (endpoint, "the endpoint answered 410 Gone"),
        (endpoint, "the endpoint keeps failing; goes out as soon as it works again"),
        (endpoint, "its rep has left"),
        (none, "it could be delivered to none of the client's endpoints"),
        (none, "the client has no enabled endpoint"),
        (none, "the client has neither reps nor endpoints"),
        (none, "nobody can take it until a person enables, adds or frees a recipient"),
        (none, "the client takes no leads: its capacity is 0 a day"),
        (none, "has an appointment with Dana on Monday (apt_1), who has no enabled endpoint"),
        (none, "has an appointment with Dana on Monday (apt_1), to whom it could not be delivered"),
        (none, "the client's routing cannot be used: 1:1: what"),
        (none, "cannot be routed: a row that cannot be read"),
    ];
    let of_an_hour: [(Option<i32>, &str); 5] = [
        (none, "none of its recipients can take it now"),
        (none, "the client has had the 3 leads a day may bring"),
        (none, "waits for Dana Hill"),
        (none, "on offer to Dana Hill"),
        (endpoint, "cannot be read: a body"),
    ];
    let mut number = 100;
    for (endpoint, why) in of_a_person.into_iter().chain(of_an_hour) {
        number += 1;
        let to = endpoint.map_or_else(|| "null".to_owned(), |one| format!("pg_temp.i({one})"));
        let held = format!(
            "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, reason, due_at, offered_until, created_at)
             select pg_temp.i({number}), id, id, pg_temp.i({number}), {to}, 'held', '{}', at, at, at from n where id = pg_temp.i(1)",
            why.replace('\'', "''")
        );
        scene.run(&held).await;
    }
    // Said to be perhaps somebody else's, in whatever words; and what is held no more.
    scene
        .run(
            "update delivery set endpoint_id = null, state = 'held', same_as = pg_temp.i(3), reason = 'perhaps' where id = pg_temp.i(1);
             update delivery set reason = 'the client is paused' where id = pg_temp.i(2);
             update delivery set state = 'held', reason = 'its rep has left', reason_code = 'undecided' where id = pg_temp.i(3)",
        )
        .await;
    scene.run(include_str!("../../../../../migrations/0039_undated.sql")).await;
    let undated = "select coalesce(reason, '') from delivery where reason_code = 'undated' order by id";
    let expected: Vec<_> = ["perhaps"].into_iter().chain(of_a_person.map(|(_, why)| why)).collect();
    assert_eq!(scene.texts(undated).await, expected);
    scene.end().await;
}
