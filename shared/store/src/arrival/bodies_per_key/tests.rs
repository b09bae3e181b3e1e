//! What is read of very many bodies under one key, in a real database.

use ripen_testkit::postgres::database;

use super::*;
use crate::{Store, StoreOptions};

const SOURCE: Uuid = Uuid::from_u128(1);
const FORM: Uuid = Uuid::from_u128(2);

/// Twice as many bodies as are read, one a second: under one external id, and under one form.
const FILL: &str = "
    insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, content, external_id, form_id, received_at,
                         media_type, submission, flags)
    select md5(key || number)::uuid, $1, $1, $1, $1, key, 'graded', decode(repeat(lpad(to_hex(number), 2, '0'), 16), 'hex'),
           case when key = 'external_id' then 'N' end, case when key = 'form' then $2 end,
           timestamptz '2026-11-20T10:00:00Z' + number * interval '1 second', 'application/json', '{}', '{}'
    from generate_series(1, 200) number cross join unnest('{external_id,form}'::text[]) key";

async fn filled(store: &Store) {
    sqlx::query(FILL).bind(SOURCE).bind(FORM).execute(&store.pool).await.unwrap();
}

fn numbers(bodies: &[EarlierBody]) -> Vec<u8> {
    bodies.iter().map(|body| body.content.bytes()[0]).collect()
}

fn the_newest() -> Vec<u8> {
    (101..=200).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_external_id_that_is_none_the_newest_bodies_are_read_and_what_says_the_same() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    filled(&store).await;
    let key = CommonKey::ExternalId { source: SourceId::from_uuid(SOURCE), external_id: "N".to_owned() };
    let mut tx = store.begin().await.unwrap();
    let mut read = async |content: u8| {
        let wanted = BTreeSet::from([(key.clone(), ContentHash::from_bytes([content; 16]))]);
        numbers(&tx.arrivals_bodies(&wanted).await.unwrap())
    };
    assert_eq!(read(255).await, the_newest());
    assert_eq!(read(150).await, the_newest(), "each once");
    assert_eq!(read(7).await, [vec![7], the_newest()].concat());
    // The newest by the sender's time, where that is told.
    let told = "update arrival set submitted_at = received_at + interval '1 hour' where content = decode(repeat('07', 16), 'hex')";
    sqlx::query(told).execute(&store.pool).await.unwrap();
    assert_eq!(read(255).await, [vec![7], (102..=200).collect()].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_form_whose_page_everybody_has_the_newest_bodies_are_read_and_those_asked_for() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    filled(&store).await;
    let id: Uuid = sqlx::query_scalar("select md5('form' || 7)::uuid").fetch_one(&store.pool).await.unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let time = (at("2026-11-20T10:00:00Z"), at("2026-11-20T11:00:00Z"));
    let forms = [ArrivalId::from_uuid(FORM)];
    let mut tx = store.begin().await.unwrap();
    assert_eq!(numbers(&tx.arrivals_of_forms(&forms, &[], time).await.unwrap()), the_newest());
    let bodies = tx.arrivals_of_forms(&forms, &[ArrivalId::from_uuid(id)], time).await.unwrap();
    assert_eq!(numbers(&bodies), [vec![7], the_newest()].concat());
    let later = (at("2026-11-20T12:00:00Z"), time.1);
    assert!(tx.arrivals_of_forms(&forms, &[ArrivalId::from_uuid(id)], later).await.unwrap().is_empty());
}
