//! Links that stand already, in a real database.

use ripen_testkit::postgres::database;
use sqlx::Executor as _;

use super::*;
use crate::{Store, StoreOptions, person::identity::ClientIdentity};

/// Uma, whose numbers were said, replaced, and found to be somebody else's.
const FILL: &str = "
    set session_replication_role = replica;
    insert into client (id, slug, name, country, time_zone, created_at) values ('00000000-0000-0000-0000-000000000009', 'c', 'C', 'US', 'UTC', now());
    insert into person (id, client_id, first_name, created_at, updated_at)
      values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000009', 'uma', now(), now());
    insert into person_identity (client_id, kind, value, person_id, said_at, void_at, void_by)
      select '00000000-0000-0000-0000-000000000009', 'phone', value, '00000000-0000-0000-0000-000000000001', said_at::timestamptz, void_at::timestamptz,
             case when void_at is not null then 'Kim' end
      from (values ('+14155550101', '2026-11-20 10:00Z', null), ('+14155550102', null, null), ('+14155550103', null, '2026-11-21 10:00Z'))
           v (value, said_at, void_at);
    set session_replication_role = origin";

const NUMBERS: [&str; 4] = ["+14155550101", "+14155550102", "+14155550103", "+14155550104"];

#[tokio::test]
async fn what_was_replaced_is_said_again_where_it_is_said_again_and_what_is_void_is_not() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    store.pool.execute(FILL).await.unwrap();
    let client = ClientId::from_uuid(Uuid::from_u128(9));
    let identities = NUMBERS.map(|number| Identity::stored("phone", number).unwrap());
    let wanted: BTreeSet<_> = identities.iter().map(|identity| (client, identity.clone())).collect();
    let mut tx = store.begin().await.unwrap();
    let is_said = |known: &KnownPerson| (known.found_by.as_ref().unwrap().value().to_owned(), known.is_said);
    let known: BTreeMap<_, _> = tx.persons_by_identity(&wanted).await.unwrap().iter().map(is_said).collect();
    assert_eq!(NUMBERS.map(|number| known.get(number).copied()), [Some(true), Some(false), Some(false), None]);

    let person = PersonId::from_uuid(Uuid::from_u128(1));
    let links =
        identities.iter().cloned().map(|identity| NewIdentity { of: ClientIdentity { client, identity }, person });
    // One that comes twice is one.
    let links: Vec<_> = links.clone().chain(links).collect();
    tx.persons_write(Vec::new(), &links, "2026-11-24T18:00:00Z".parse().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let days = "select coalesce(to_char(said_at at time zone 'UTC', 'DD'), '') from person_identity order by value";
    let days: Vec<String> = sqlx::query_scalar(days).fetch_all(&store.pool).await.unwrap();
    assert_eq!(days, ["20", "24", "", "24"], "said before, replaced, somebody else's, new");
}
