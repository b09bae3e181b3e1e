//! How far each look comes, and that what a batch decided beside a suppression is found.

use ripen_domain::{
    actor::Actor,
    contact::{Email, Identity},
    said_by::SaidBy,
};
use ripen_testkit::{postgres::database, wait::until};
use sqlx::Executor as _;

use super::*;
use crate::{StoreOptions, suppression::write::NewSuppression};

const fn at(place: u128) -> Uuid {
    Uuid::from_u128(place)
}

fn due(id: i64, after: u128, is_last: bool) -> DueFollow {
    DueFollow { id, after: at(after), to: at(100), is_last }
}

#[test]
fn a_look_takes_the_oldest_on_and_whoever_is_behind_waits() {
    let all = [due(1, 10, true), due(2, 5, true), due(3, 30, false), due(4, 10, true)];
    let full = DecisionPiece { last: Some(at(20)), is_full: true, persons: Vec::new() };
    let done = steps(&all, &all[0], &full);
    assert_eq!((done.settled, done.ids), (vec![], vec![1, 3, 4]));
    assert_eq!(done.after, [Some(at(20)), Some(at(30)), Some(at(20))], "nobody goes back");
    assert_eq!(done.is_last, [true, false, true]);

    let rest = DecisionPiece { last: Some(at(60)), is_full: false, persons: Vec::new() };
    let done = steps(&all, &all[0], &rest);
    assert_eq!((done.settled, done.ids, done.after), (vec![1, 4], vec![3], vec![None]));
    let beyond = DecisionPiece { last: Some(at(100)), is_full: true, persons: Vec::new() };
    assert_eq!(steps(&all, &all[0], &beyond).settled, [1, 4], "what comes later was decided knowingly");
}

/// Two persons with an open lead that was decided at eight, the first of them at an address that is suppressed then.
const FILL: &str = "
    set session_replication_role = replica;
    create temporary table n as select i, lpad(to_hex(i), 32, '0')::uuid as id, timestamptz '2026-11-24 08:00Z' as at from generate_series(1, 2) i;
    insert into person (id, client_id, created_at, updated_at) select id, id, at, at from n;
    insert into person_identity (client_id, kind, value, person_id) select id, 'email', i || '@example.com', id from n;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                      last_arrived_at, last_enquiry_at, created_at)
      select id, id, id, id, id, 'web_form', 1, 1, at, at, at, at from n;
    insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
      select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || lpad(to_hex(i), 20, '0'))::uuid, id, id, id, at, 'A', 9, '' from n;
    drop table n;
    set session_replication_role = origin";

#[tokio::test]
async fn a_lead_that_was_decided_beside_a_suppression_is_found() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    store.pool.execute(FILL).await.unwrap();
    let now: Timestamp = "2026-11-24T08:00:01Z".parse().unwrap();
    let mut tx = store.begin().await.unwrap();
    let kim = Actor::operator("Kim");
    let new = NewSuppression { client: None, why: "asked", by: SaidBy::Actor(&kim), at: now };
    let identity = Identity::Email(Email::parse("1@example.com").unwrap());
    tx.suppress(kim.scope(), &new, &[identity]).await.unwrap();
    tx.commit().await.unwrap();
    let followed = store.sweep_suppressions(now).await.unwrap();
    assert_eq!(followed, FollowedSuppressions { leads: 1, more: false });
    let asked = "select why from regrade";
    let mut connection = store.pool.acquire().await.unwrap();
    let why: Vec<String> = sqlx::query_scalar(asked).fetch_all(connection.bounded()).await.unwrap();
    assert_eq!(why, ["asked"], "by the words of the entry");
    drop(connection);

    // Other tests' transactions count, too.
    let limit = std::time::Duration::from_secs(60);
    let minutes = std::sync::atomic::AtomicI64::new(1);
    until("nothing is followed any more", limit, || async {
        let later = minutes.fetch_add(2, std::sync::atomic::Ordering::Relaxed);
        store.sweep_suppressions(now + SignedDuration::from_mins(later)).await.unwrap();
        let mut connection = store.pool.acquire().await.unwrap();
        let left = "select count(*) from suppression_follow";
        let left: i64 = sqlx::query_scalar(left).fetch_one(connection.bounded()).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
    store.close().await;
}
