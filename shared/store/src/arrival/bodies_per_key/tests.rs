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
async fn a_body_that_was_said_again_counts_from_then_whatever_was_noted_last() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    filled(&store).await;
    let source = SourceId::from_uuid(SOURCE);
    let key = CommonKey::ExternalId { source, external_id: "N".to_owned() };
    let id: Uuid = sqlx::query_scalar("select md5('external_id' || 150)::uuid").fetch_one(&store.pool).await.unwrap();
    let id = ArrivalId::from_uuid(id);
    let seen = "insert into arrival_seen (id, content, ended, arrival_id, seen_at)
                select id, content, 'lead', id, received_at from arrival where id = $1";
    sqlx::query(seen).bind(id.uuid()).execute(&store.pool).await.unwrap();
    let counts = async || {
        let counts = store.arrival_counting(source, id).await.unwrap().unwrap();
        (counts.content.bytes()[0], counts.received_at, counts.last.received_at)
    };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let received = at("2026-11-20T10:03:20Z");
    assert_eq!(counts().await, (200, received, received));
    // Two in one batch, and an older one that is delivered once more.
    let (first, last) = (at("2026-11-20T11:00:00Z"), at("2026-11-20T12:00:00Z"));
    let mut tx = store.begin().await.unwrap();
    for times in [&[last, first][..], &[first]] {
        let said: Vec<_> = times.iter().map(|at| SaidAgain { arrival: id, at: *at }).collect();
        tx.arrivals_said_again(&said).await.unwrap();
    }
    let wanted = BTreeSet::from([(key, ContentHash::from_bytes([150; 16]))]);
    let bodies = tx.arrivals_bodies(&wanted).await.unwrap();
    tx.commit().await.unwrap();
    let it = bodies.iter().find(|body| body.id == id).unwrap();
    let received = at("2026-11-20T10:02:30Z");
    assert_eq!((it.time.received_at, it.last.received_at), (received, last));
    assert!(bodies.iter().all(|body| body.id == id || body.last == body.time && it.last.is_newer(body.last)));
    assert_eq!(counts().await, (150, received, last));
    // The sender's time goes before both.
    let told = "update arrival set submitted_at = received_at - interval '1 hour' where id = $1";
    sqlx::query(told).bind(id.uuid()).execute(&store.pool).await.unwrap();
    assert_eq!(counts().await.0, 200);
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
