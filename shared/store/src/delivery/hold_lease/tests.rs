//! Leases that last, run out and are somebody else's by the time an answer comes.

use jiff::Timestamp;
use ripen_domain::delivery::Next;
use ripen_testkit::postgres::database;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::*;
use crate::{
    StoreOptions,
    delivery::{attempt::AttemptRow, settle::Settled},
};

const LEASED: &str = "
    set session_replication_role = replica;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, lease, leased_until, attempts, due_at, offered_until, created_at)
      select id, id, id, id, id, 'leased', lpad('b', 32, '0')::uuid, now(), 2, now(), now(), now()
      from (select lpad(i::text, 32, '0')::uuid as id from generate_series(1, 3) i) n;";

const OURS: Uuid = Uuid::from_u128(0xb);
/// The lease of before, which ran out.
const BEFORE: Uuid = Uuid::from_u128(0xa);

fn delivery(number: u128) -> DeliveryId {
    DeliveryId::from_uuid(Uuid::from_u128(number))
}

fn settled(number: u128, lease: Uuid, next: Next) -> Settled {
    let at = "2026-11-24T18:00:00Z".parse::<Timestamp>().unwrap();
    let attempt =
        AttemptRow { number: 1, at, duration_ms: 1, status: Some(250), error: None, answer: None, report: None };
    Settled {
        delivery: delivery(number),
        lease,
        attempt,
        next,
        not_before: None,
        mail_waits: false,
        bounced: false,
        outcome: None,
    }
}

#[tokio::test]
async fn what_was_taken_is_delivered_however_late_and_what_failed_is_not_ended_by_a_lease_of_before() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    other.execute(LEASED).await.unwrap();
    let again = Next::Retry("2026-11-24T19:00:00Z".parse().unwrap(), "no answer".to_owned());
    let late = [settled(1, BEFORE, Next::Delivered), settled(2, BEFORE, again.clone())];
    assert_eq!(store.deliveries_settle(&late).await.unwrap(), [delivery(1)]);
    assert!(!store.delivery_keep_lease((delivery(1), OURS), Duration::from_secs(60)).await.unwrap(), "it has ended");
    // Whoever sends it beside finds it delivered, and must not open it again.
    assert!(store.deliveries_settle(&[settled(1, OURS, again)]).await.unwrap().is_empty());
    let states: Vec<String> =
        sqlx::query_scalar("select state from delivery order by id").fetch_all(&mut other).await.unwrap();
    assert_eq!(states, ["delivered", "leased", "leased"]);
    other.close().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn only_who_holds_a_lease_makes_it_longer_or_excuses_its_attempt() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    other.execute(LEASED).await.unwrap();
    let minute = Duration::from_secs(60);
    assert!(!store.delivery_keep_lease((delivery(3), BEFORE), minute).await.unwrap());
    assert!(store.delivery_keep_lease((delivery(3), OURS), minute).await.unwrap());
    let lasts = "select count(*) from delivery where leased_until > clock_timestamp()";
    assert_eq!(sqlx::query_scalar::<_, i64>(lasts).fetch_one(&mut other).await.unwrap(), 1);
    let waits = |lease| settled(3, lease, Next::Waits("2026-11-24T19:00:00Z".parse().unwrap(), "away".to_owned()));
    assert!(store.deliveries_settle(&[waits(BEFORE)]).await.unwrap().is_empty());
    assert_eq!(store.deliveries_settle(&[waits(OURS)]).await.unwrap(), [delivery(3)]);
    assert!(store.deliveries_settle(&[waits(OURS)]).await.unwrap().is_empty());
    let excused = "select sum(excused)::bigint from delivery";
    assert_eq!(sqlx::query_scalar::<_, i64>(excused).fetch_one(&mut other).await.unwrap(), 1, "once");
    other.close().await.unwrap();
    store.close().await;
}
