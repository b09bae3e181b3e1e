//! A number that is somebody else's: with which extensions, for whom, and what is left of it.

use ripen_domain::actor::Actor;
use ripen_testkit::postgres::database;
use sqlx::Executor as _;
use uuid::Uuid;

use super::*;
use crate::{
    StoreOptions,
    lead::unit_of_work::UnitOfWork,
    person::{merge::PairDecided, pair::PairWord, unmerge::Unmerged},
    suppression::write::NewSuppression,
};

/// Uma and Robin, known under one number; it is Robin's.
const FILL: &str = "
    set session_replication_role = replica;
    create temporary table n as select i, lpad(to_hex(i), 32, '0')::uuid as id, (array['uma', 'robin'])[i] as name,
      timestamptz '2026-11-24 07:00Z' + i * interval '1 hour' as at from generate_series(1, 2) i;
    insert into client (id, slug, name, country, time_zone, created_at) values ('00000000-0000-0000-0000-000000000009', 'c', 'C', 'US', 'UTC', now());
    insert into person (id, client_id, first_name, email, phone, created_at, updated_at)
      select id, '00000000-0000-0000-0000-000000000009', name, name || '@example.com', '+14155550118', at, at from n;
    insert into person_identity (client_id, kind, value, person_id)
      select '00000000-0000-0000-0000-000000000009', kind, value, id from n
      cross join lateral (values ('email', name || '@example.com'), ('phone', '+14155550118')) v (kind, value);
    drop table n;
    set session_replication_role = origin";

const ASKED: &str = "
    set session_replication_role = replica;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, stage, closed_at, closed_reason, arrivals, enquiries,
                      first_arrived_at, last_arrived_at, last_enquiry_at, created_at)
      select id, client_id, id, id, id, 'web_form', 'closed', now(), 'asked', 1, 1, now(), now(), now(), now() from person
      where first_name = 'uma';
    insert into touch (id, lead_id, client_id, at, by, disposition, answers, round)
      select gen_random_uuid(), id, client_id, now(), 'Kim', 'do_not_contact', 0, true from lead;
    set session_replication_role = origin";

const UMA: PersonId = PersonId::from_uuid(Uuid::from_u128(1));
const ROBIN: PersonId = PersonId::from_uuid(Uuid::from_u128(2));

fn now() -> Timestamp {
    "2026-11-24T18:00:00Z".parse().unwrap()
}

fn number(extension: &str) -> Phone {
    Phone::parse("+14155550118", None).unwrap().phone.with_extension(extension)
}

fn kim() -> Actor {
    Actor::operator("Kim")
}

fn scope() -> Scope {
    kim().scope()
}

fn asked(kim: &Actor) -> NewSuppression<'_> {
    NewSuppression { client: None, why: "rang and asked", by: kim.into(), at: now() }
}

async fn open(url: &str) -> Store {
    let store = Store::open(&StoreOptions::new(url, 2)).unwrap();
    store.pool.execute(FILL).await.unwrap();
    store
}

async fn is_void(store: &Store, person: PersonId, value: &str) -> bool {
    let of = "select void_at is not null from person_identity where person_id = $1 and value = $2";
    let mut connection = store.pool.acquire().await.unwrap();
    sqlx::query_scalar(of).bind(person.uuid()).bind(value).fetch_one(connection.bounded()).await.unwrap()
}

/// Whether people are told to reach them by their number.
async fn is_said(store: &Store, person: PersonId) -> bool {
    let of = "select said_at is not null from person_identity where person_id = $1 and kind = 'phone'";
    let mut connection = store.pool.acquire().await.unwrap();
    sqlx::query_scalar(of).bind(person.uuid()).fetch_one(connection.bounded()).await.unwrap()
}

async fn phone_of(store: &Store, person: PersonId) -> Option<String> {
    let mut connection = store.pool.acquire().await.unwrap();
    let of = "select phone from person where id = $1";
    sqlx::query_scalar(of).bind(person.uuid()).fetch_one(connection.bounded()).await.unwrap()
}

/// Those who must not be contacted, by their given names.
async fn bound(store: &Store) -> Vec<String> {
    let mut connection = store.pool.acquire().await.unwrap();
    let of = "select first_name from person where do_not_contact order by 1";
    sqlx::query_scalar(of).fetch_all(connection.bounded()).await.unwrap()
}

async fn void(store: &Store, person: PersonId, phone: &Phone) {
    let mut tx = store.begin().await.unwrap();
    tx.number_void(person, phone, (SaidBy::Actor(&kim()), now())).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_number_is_void_with_every_extension_and_an_extension_by_itself() {
    let database = database().await;
    let store = open(database.url()).await;
    let extensions = "insert into person_identity (client_id, kind, value, person_id)
        select client_id, kind, value || ';ext=5', person_id from person_identity where kind = 'phone'";
    store.pool.execute(extensions).await.unwrap();
    void(&store, UMA, &number("")).await;
    void(&store, ROBIN, &number("5")).await;
    assert!(is_void(&store, UMA, "+14155550118").await && is_void(&store, UMA, "+14155550118;ext=5").await);
    assert!(!is_void(&store, ROBIN, "+14155550118").await && is_void(&store, ROBIN, "+14155550118;ext=5").await);
    assert_eq!((phone_of(&store, UMA).await, phone_of(&store, ROBIN).await), (None, Some("+14155550118".to_owned())));

    let mut unit = UnitOfWork::default();
    let mut tx = store.begin().await.unwrap();
    tx.numbers_of(&[UMA, ROBIN]).await.unwrap().into_iter().for_each(|number| unit.load_number(number));
    drop(tx);
    let void = |person: PersonId| ["", "5", "77"].map(|extension| unit.is_void(person, &number(extension)));
    assert_eq!((void(UMA), void(ROBIN)), ([true, true, true], [false, true, false]));
    store.close().await;
}

#[tokio::test]
async fn who_opts_out_does_not_bar_the_stranger_who_has_the_number() {
    let database = database().await;
    let store = open(database.url()).await;
    void(&store, UMA, &number("")).await;
    let mut tx = store.begin().await.unwrap();
    tx.person_opt_out((scope(), UMA), &asked(&kim())).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bound(&store).await, ["uma"]);
    store.close().await;
}

#[tokio::test]
async fn what_a_stranger_asked_for_binds_nobody_who_is_not_reached_there() {
    let database = database().await;
    let store = open(database.url()).await;
    let identity = Identity::Phone(number(""));
    let identities = std::slice::from_ref(&identity);
    let mut tx = store.begin().await.unwrap();
    tx.suppress(scope(), &asked(&kim()), identities).await.unwrap();
    tx.suppression_follow(scope(), &asked(&kim()), identities).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bound(&store).await, ["robin", "uma"]);
    void(&store, UMA, &number("")).await;
    assert_eq!(bound(&store).await, ["robin"]);

    // Bound before by a version that did not look again: with the entry goes what came of it.
    store.pool.execute("update person set do_not_contact = true").await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.suppressions_lift(scope(), (None, identities), now()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(bound(&store).await.is_empty());

    store.pool.execute("update person set do_not_contact = true").await.unwrap();
    store.pool.execute(ASKED).await.unwrap();
    void(&store, UMA, &number("")).await;
    assert_eq!(bound(&store).await, ["robin", "uma"], "what she asked for herself stays");
    store.close().await;
}

#[tokio::test]
async fn a_number_that_clients_are_given_is_barred_whatever_is_known_of_it() {
    let database = database().await;
    let store = open(database.url()).await;
    store
        .pool
        .execute("update person_identity set void_at = now(), void_by = 'Kim' where kind = 'phone'")
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.suppress(scope(), &asked(&kim()), &[Identity::Phone(number(""))]).await.unwrap();
    let barred = tx.persons_barred(&[UMA, ROBIN], &[]).await.unwrap();
    assert_eq!(barred.len(), 2, "{barred:?}");
    drop(tx);
    store.close().await;
}

async fn merged(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    let kim = kim();
    let word = PairWord { by: &kim, why: "looks so", at: now() };
    let merged = tx.persons_merge(scope(), (UMA, ROBIN), &word).await.unwrap();
    assert!(matches!(merged, PairDecided::Done(_)), "{merged:?}");
    tx.commit().await.unwrap();
}

async fn unmerged(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    let kim = kim();
    let word = PairWord { by: &kim, why: "a mistake", at: now() };
    let undone = tx.persons_unmerge(scope(), UMA, &word).await.unwrap();
    assert!(matches!(undone, Unmerged::Done(_)), "{undone:?}");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_one_of_two_says_is_said_of_both_until_they_are_two_again() {
    let database = database().await;
    let store = open(database.url()).await;
    // Uma's sender corrected the number; Robin's says it.
    let said = "update person_identity set said_at = '2026-11-24T17:00:00Z' where person_id = '00000000-0000-0000-0000-000000000002'";
    store.pool.execute(said).await.unwrap();
    assert!(!is_said(&store, UMA).await && is_said(&store, ROBIN).await);
    merged(&store).await;
    assert!(is_said(&store, UMA).await);
    unmerged(&store).await;
    assert!(!is_said(&store, UMA).await && is_said(&store, ROBIN).await);
}

#[tokio::test]
async fn a_merge_gives_nobody_a_number_that_is_void_for_them() {
    let database = database().await;
    let store = open(database.url()).await;
    let mut tx = store.begin().await.unwrap();
    tx.number_void(UMA, &number(""), (SaidBy::Actor(&kim()), "2026-11-24T17:00:00Z".parse().unwrap())).await.unwrap();
    tx.commit().await.unwrap();
    merged(&store).await;
    assert_eq!(phone_of(&store, UMA).await, None);
    unmerged(&store).await;
    assert_eq!(phone_of(&store, ROBIN).await.as_deref(), Some("+14155550118"), "what was known before is no news");
    store.close().await;
}

#[tokio::test]
async fn what_is_learned_of_a_number_outlives_the_merge() {
    let database = database().await;
    let store = open(database.url()).await;
    let emails = "delete from person_identity i using person p where p.id = i.person_id and p.first_name = 'uma' and i.kind = 'phone'";
    store.pool.execute(emails).await.unwrap();
    store.pool.execute("update person set phone = null where first_name = 'uma'").await.unwrap();
    merged(&store).await;
    assert_eq!(phone_of(&store, UMA).await.as_deref(), Some("+14155550118"));
    void(&store, UMA, &number("")).await;
    unmerged(&store).await;
    assert!(is_void(&store, ROBIN, "+14155550118").await);
    assert_eq!((phone_of(&store, UMA).await, phone_of(&store, ROBIN).await), (None, None));
    store.close().await;
}
