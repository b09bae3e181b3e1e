//! What is let go does not wait for what somebody else holds.

use ripen_testkit::postgres::database;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::*;
use crate::StoreOptions;

/// Leads that are held for one that never matured.
const FILL: &str = "
    set session_replication_role = replica;
    create temporary table n as select i, lpad(to_hex(i), 32, '0')::uuid as id, timestamptz '2026-11-24 07:00Z' + i * interval '1 second' as at
      from generate_series(1, 50) i;
    insert into person_identity (client_id, kind, value, person_id) select id, 'phone', '+1415555' || (1000 + i), id from n;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                      last_arrived_at, last_enquiry_at, matured_at, created_at)
      select id, id, id, id, id, 'web_form', 1, 1, at, at, at, at, at from n;
    insert into delivery (id, client_id, lead_id, maturation_id, state, same_as, due_at, offered_until, created_at)
      select id, id, id, id, 'held', gen_random_uuid(), at, at, at from n;";

#[tokio::test]
async fn a_locked_lead_holds_up_no_other() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    other.execute(FILL).await.unwrap();
    let mut held = other.begin().await.unwrap();
    held.execute("select 1 from lead where id = lpad('3', 32, '0')::uuid for update").await.unwrap();
    held.execute(
        "select pg_advisory_xact_lock(9, hashtext(client_id::text || kind || value)) from person_identity
         where person_id = lpad('5', 32, '0')::uuid",
    )
    .await
    .unwrap();
    let now = "2026-11-24T18:00:00Z".parse().unwrap();
    assert_eq!(store.sweep_perhaps_same(now).await.unwrap(), 48);
    held.rollback().await.unwrap();
    assert_eq!(store.sweep_perhaps_same(now).await.unwrap(), 2, "they are let go when nobody holds them");
    other.close().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn what_an_a_lead_is_reached_under_is_not_waited_for() {
    let database = database().await;
    // Nobody waits: within the time that locks are waited for this test would be over.
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let reached = |number: u128| ReachedPerson {
        client: ClientId::from_uuid(Uuid::from_u128(1)),
        identity: Identity::stored("phone", "+14155550118").unwrap(),
        person: PersonId::from_uuid(Uuid::from_u128(number)),
    };
    let (mut stopped, mut other) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    let person = |number| PersonId::from_uuid(Uuid::from_u128(number));
    assert_eq!(stopped.maturing_try_lock(&[reached(1)]).await.unwrap(), [person(1)]);
    let elsewhere = ReachedPerson { identity: Identity::stored("phone", "+14155550119").unwrap(), ..reached(3) };
    assert_eq!(other.maturing_try_lock(&[reached(2), elsewhere]).await.unwrap(), [person(3)], "the others go on");
    drop((stopped, other));
    store.close().await;
}

#[tokio::test]
async fn what_is_let_go_goes_out_when_it_cannot_be_taken_back_any_more() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    other.execute(FILL).await.unwrap();
    other
        .execute("update delivery set undo_until = '2026-11-24 18:00:20Z' where id = lpad('3', 32, '0')::uuid")
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    let leads = [3, 4].map(|number| LeadId::from_uuid(Uuid::from_u128(number)));
    assert_eq!(tx.same_let_go(&leads, "2026-11-24T18:00:00Z".parse().unwrap()).await.unwrap(), 2);
    tx.commit().await.unwrap();
    let due = "select extract(second from due_at)::integer from delivery where id in (lpad('3', 32, '0')::uuid, lpad('4', 32, '0')::uuid) order by id";
    let due: Vec<i32> = sqlx::query_scalar(due).fetch_all(&mut other).await.unwrap();
    assert_eq!(due, [20, 0]);
    let why = "select coalesce(reason, '') from delivery where id in (lpad('3', 32, '0')::uuid, lpad('4', 32, '0')::uuid) order by id";
    let why: Vec<String> = sqlx::query_scalar(why).fetch_all(&mut other).await.unwrap();
    assert_eq!(why, [CAN_BE_TAKEN_BACK, ""], "what waits says why");
    other.close().await.unwrap();
    store.close().await;
}
