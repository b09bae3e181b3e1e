//! Whose bodies are read, in a real database.

use jiff::Timestamp;
use ripen_testkit::postgres::database;
use uuid::Uuid;

use super::*;
use crate::{Store, StoreOptions};

/// Of two persons an enquiry each, that of the first with a correction and with a body that is quarantined.
const FILL: &str = "
    insert into arrival (id, client_id, source_id, person_id, lead_id, amends, sameness, state, reason, content, external_id, received_at,
                         submitted_at, media_type, submission, flags)
    select lpad(to_hex(n.id), 32, '0')::uuid, $1::uuid, $1::uuid, case when n.person > 0 then lpad(to_hex(n.person), 32, '0')::uuid end,
           case when n.person > 0 then $1::uuid end, case when n.amends > 0 then lpad(to_hex(n.amends), 32, '0')::uuid end, 'external_id',
           case when n.person > 0 then 'graded' else 'quarantined' end, case when n.person > 0 then null else 'test' end, '\\x00', 'N',
           timestamptz '2026-11-20T10:00:00Z' + n.id * interval '1 hour',
           case when n.amends > 0 then timestamptz '2026-11-19T10:00:00Z' end, 'application/json',
           json_build_object('phone', n.phone), '{}'
    from (values (17, 1, 0, '+14155550101'), (18, 1, 17, '+14155550102'), (19, 2, 0, '+14155550103'), (20, 0, 0, '+14155550104'))
         n (id, person, amends, phone)";

#[tokio::test(flavor = "multi_thread")]
async fn what_bodies_say_is_read_by_their_persons_each_with_what_it_corrects() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    sqlx::query(FILL).bind(Uuid::from_u128(9)).execute(&store.pool).await.unwrap();
    let person = |number| PersonId::from_uuid(Uuid::from_u128(number));
    let mut tx = store.begin().await.unwrap();
    let bodies = tx.arrivals_of_persons(&[person(1), person(3)]).await.unwrap();
    assert_eq!(bodies.keys().copied().collect::<Vec<_>>(), [person(1)]);
    let arrival = |number| ArrivalId::from_uuid(Uuid::from_u128(number));
    let said = |body: &BodyOfPerson| (body.id, body.root, body.said.phone.clone().unwrap());
    let of_first: Vec<_> = bodies[&person(1)].iter().map(said).collect();
    let newest = (arrival(18), arrival(17), "+14155550102".to_owned());
    assert_eq!(of_first, [newest, (arrival(17), arrival(17), "+14155550101".to_owned())]);
    let submitted_at: Timestamp = "2026-11-19T10:00:00Z".parse().unwrap();
    assert_eq!(bodies[&person(1)][0].time.submitted_at, Some(submitted_at));
}
