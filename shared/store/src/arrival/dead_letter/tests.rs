//! Letters of what was let go out of the quarantine, and of bodies that came back, in a real database.

use ripen_testkit::postgres::database;
use sqlx::AssertSqlSafe;

use super::*;
use crate::StoreOptions;

const ID: Uuid = Uuid::from_u128(7);
const CONTENT: ContentHash = ContentHash::from_bytes([1; 16]);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

async fn execute(store: &Store, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&store.pool).await.unwrap();
}

async fn found(store: &Store, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&store.pool).await.unwrap()
}

fn letter(id: u128, received_at: Timestamp) -> NewDeadLetter {
    NewDeadLetter {
        id: Uuid::from_u128(id),
        queue: ARRIVALS.to_owned(),
        message: ID,
        source: None,
        body: id.to_string().into_bytes(),
        content: Some(CONTENT),
        received_at: Some(received_at),
        reason: "it failed".to_owned(),
    }
}

/// An arrival that is let go and died on its way.
async fn released_and_dead(store: &Store) {
    let hash = "decode(repeat('01', 16), 'hex')";
    execute(
        store,
        &format!(
            "insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, submission, flags, released_at)
             values ('{ID}', '{ID}', '{ID}', 'content', 'quarantined', 'honeypot', {hash}, '{0}', 'application/json', '{{}}', '{{}}', '{0}');
             insert into arrival_seen (id, content, ended, arrival_id, seen_at) values ('{ID}', {hash}, 'quarantined', '{ID}', '{0}')",
            now()
        ),
    )
    .await;
    store.dead_letters_keep(&[letter(1, now())], now()).await.unwrap();
    assert_eq!(found(store, RELEASED).await, [""; 0], "it lies in the quarantine again");
    let mut tx = store.begin().await.unwrap();
    let noted = tx.arrivals_note_released(&[ArrivalId::from_uuid(ID)], now()).await.unwrap();
    assert!(noted.is_empty(), "a late copy of its message is not worked: the row would stay where it is");
}

const RELEASED: &str = "select id::text from arrival where state = 'quarantined' and released_at is not null";

async fn replay(store: &Store) -> Vec<ArrivalId> {
    let mut tx = store.begin().await.unwrap();
    let ended =
        tx.dead_letters_replay(ripen_domain::actor::Actor::operator("kim").scope(), None, 10, now()).await.unwrap();
    assert_eq!(ended.len(), 1);
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let noted = tx.arrivals_note_released(&[ArrivalId::from_uuid(ID)], now()).await.unwrap();
    tx.commit().await.unwrap();
    noted
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_let_go_and_died_is_let_go_when_it_is_tried_again() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    released_and_dead(&store).await;
    assert_eq!(replay(&store).await, [ArrivalId::from_uuid(ID)]);
    assert_eq!(found(&store, RELEASED).await, [ID.to_string()], "so that the write that follows ends its rest");
    let mut tx = store.begin().await.unwrap();
    let again = tx.arrivals_note_released(&[ArrivalId::from_uuid(ID)], now()).await.unwrap();
    assert!(again.is_empty(), "only once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_while_its_letter_waited_is_never_worked() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    released_and_dead(&store).await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(
        tx.quarantine_drop(ripen_domain::actor::Actor::operator("kim").scope(), &[ArrivalId::from_uuid(ID)], now())
            .await
            .unwrap()
            .len(),
        1
    );
    tx.commit().await.unwrap();
    assert!(replay(&store).await.is_empty());
    let offered = store.sweep_released(now(), now(), 10).await.unwrap();
    assert!(offered.is_empty(), "and not offered for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_came_back_and_died_has_an_end_of_its_own() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let arrival = |id: &str, content: &str, received_at: &str| {
        format!(
            "insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, content, external_id, received_at,
                                  media_type, submission, flags)
             values ('{id}', '{ID}', '{ID}', '{ID}', '{ID}', 'external_id', 'graded', decode(repeat('{content}', 16), 'hex'), 'B-1',
                     '{received_at}', 'application/json', '{{}}', '{{}}');
             insert into arrival_seen (id, content, ended, arrival_id, seen_at)
             values ('{id}', decode(repeat('{content}', 16), 'hex'), 'lead', '{id}', '{received_at}');"
        )
    };
    let first = arrival(&ID.to_string(), "01", "2026-11-20T10:00:00Z");
    execute(&store, &first).await;
    // What counts, once more: another copy of it was handled.
    store.dead_letters_keep(&[letter(1, at("2026-11-20T10:00:00Z"))], now()).await.unwrap();
    let dead = "select id::text from arrival_seen where ended = 'dead'";
    assert_eq!(found(&store, dead).await, [""; 0]);
    execute(&store, &arrival(&Uuid::from_u128(8).to_string(), "02", "2026-11-20T11:00:00Z")).await;
    store.dead_letters_keep(&[letter(2, now())], now()).await.unwrap();
    let own = return_id(ArrivalId::from_uuid(ID), CONTENT, now());
    assert_eq!(found(&store, dead).await, [own.uuid().to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_form_that_came_back_and_died_has_an_end_of_its_own() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let arrival = |id: &str, content: &str, received_at: &str| {
        format!(
            "insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, content, form_id, received_at,
                                  media_type, submission, flags)
             values ('{id}', '{ID}', '{ID}', '{ID}', '{ID}', 'form', 'graded', decode(repeat('{content}', 16), 'hex'),
                     '{0}', '{received_at}', 'application/x-www-form-urlencoded', '{{}}', '{{}}');
             insert into arrival_seen (id, content, ended, arrival_id, seen_at)
             values ('{id}', decode(repeat('{content}', 16), 'hex'), 'lead', '{id}', '{received_at}');",
            Uuid::from_u128(70)
        )
    };
    let dead = "select id::text from arrival_seen where ended = 'dead' order by 1";
    execute(&store, &arrival(&ID.to_string(), "01", "2026-11-20T10:00:00Z")).await;
    // A double click: the first was handled.
    store.dead_letters_keep(&[letter(1, at("2026-11-20T10:00:01Z"))], now()).await.unwrap();
    store.dead_letters_keep(&[letter(2, at("2026-11-20T10:00:00Z"))], now()).await.unwrap();
    assert_eq!(found(&store, dead).await, [""; 0]);
    execute(&store, &arrival(&Uuid::from_u128(8).to_string(), "02", "2026-11-20T10:10:00Z")).await;
    // The visitor went back twice; and somebody says the same on that page hours later.
    let own = [at("2026-11-20T10:20:00Z"), at("2026-11-20T15:00:00Z")];
    for (number, received_at) in (3..).zip(own) {
        store.dead_letters_keep(&[letter(number, received_at)], now()).await.unwrap();
    }
    let mut ids = own.map(|at| return_id(ArrivalId::from_uuid(ID), CONTENT, at).uuid().to_string());
    ids.sort();
    assert_eq!(found(&store, dead).await, ids);
}

#[tokio::test]
async fn a_letter_that_is_delivered_again_is_one_letter() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let letter = letter(1, now());
    // The process ended between the commit and the acknowledgement: the same body comes again, under another id.
    let again = NewDeadLetter { id: Uuid::from_u128(2), ..letter.clone() };
    store.dead_letters_keep(&[letter], now()).await.unwrap();
    store.dead_letters_keep(&[again], now()).await.unwrap();
    assert_eq!(found(&store, "select id::text from dead_letter").await, [Uuid::from_u128(1).to_string()]);
    store.close().await;
}
