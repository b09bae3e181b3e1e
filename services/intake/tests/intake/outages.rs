//! RabbitMQ or the database away: received on the other, or refused with 503; never lost, never a wrong 401.

use std::time::Duration;

use axum::http::Request;
use ripen_queue::{Transport, TransportOptions};
use ripen_runtime::{config::Settings, lifecycle::Stop};
use ripen_testkit::{postgres::database, wait};

use crate::harness::{App, app, app_over, app_with};

const LEAD: &str = "{\"email\": \"a@example.com\"}";

/// An app whose RabbitMQ is an address where nothing listens.
async fn without_rabbit() -> (App, ripen_testkit::postgres::TestDatabase) {
    let database = database().await;
    let store = ripen_store::Store::open(&ripen_store::StoreOptions::new(database.url(), 8)).unwrap();
    let transport = Transport::amqp("amqp://guest:guest@127.0.0.1:1/", TransportOptions::default()).unwrap();
    (app_over(store, transport, &Settings::default(), |_| {}).await, database)
}

#[tokio::test]
async fn with_rabbitmq_away_the_database_keeps_what_arrives() {
    let (app, _database) = without_rabbit().await;
    app.post(LEAD).await.arrival();
    let answer = app.post("[{\"email\": \"b@example.com\"}, {\"email\": \"c@example.com\"}]").await.json();
    assert_eq!(answer["received"], 2);
    let now = app.clock.now();
    let room = ripen_store::arrival::spool::SpoolRoom { rows: 10, bytes: i64::MAX };
    assert_eq!(app.store.spool_claim(now, now, room).await.unwrap().len(), 3, "the sweeper may offer them at once");
}

#[tokio::test]
async fn with_both_away_nothing_is_received_and_the_browser_keeps_the_form() {
    let (app, _database) = without_rabbit().await;
    app.post(LEAD).await.arrival();
    app.browse("email=a%40example.com").await;
    app.store.close().await;
    let answer = app.post(LEAD).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "unavailable"));
    assert_eq!(app.post(format!("[{LEAD},{LEAD}]")).await.problem(), "unavailable");
    let page = app.browse("email=typed%40example.com").await;
    assert!(page.status == 503 && page.text.contains("typed@example.com"));
    assert!(page.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn an_unknown_key_without_a_database_is_a_503_and_no_401() {
    let app = app().await;
    app.store.close().await;
    let wrong = [("authorization", "Bearer key_0"), ("content-type", "application/json")];
    let answer = app.send("POST", "/v1/leads", &wrong, LEAD).await;
    assert_eq!(answer.problem(), "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(app.send("POST", "/v1/in/src_0", &wrong[1..], LEAD).await.problem(), "unavailable");
    assert_eq!(app.get("/v1/arrivals/arr_01kahxq5z5e4y9wd3tvdnzxkqj").await.problem(), "unavailable");
}

/// Posts, and drops the request as soon as it waits for anything, as a listener does whose connection broke.
async fn leave_at_once(app: &App, body: &str) {
    let request = Request::post("/v1/leads").header("authorization", format!("Bearer {}", app.key));
    let request = request.header("content-type", "application/json").body(body.to_owned().into()).unwrap();
    let mut answer = Box::pin(app.request(request));
    assert!(futures::poll!(&mut answer).is_pending());
}

/// An app that asks about a source once.
async fn remembering() -> App {
    let mut settings = Settings::default();
    settings.intake.source_cache_s = 3600;
    app_with(&settings, |_| {}).await
}

#[tokio::test]
async fn the_lead_of_a_sender_that_leaves_is_kept_and_offered() {
    let app = remembering().await;
    // The source is known from here on: the next request waits for nothing before its lead is to be kept.
    app.post(LEAD).await.arrival();
    leave_at_once(&app, "{\"email\": \"b@example.com\"}").await;
    leave_at_once(&app, "[{\"email\": \"c@example.com\"}, {\"email\": \"d@example.com\"}]").await;
    let consumer = app.transport.consume(ripen_queue::Queue::Arrivals, 10);
    let offered = async {
        let mut offered = Vec::new();
        while offered.len() < 4 {
            offered.extend(consumer.next_batch(10).await.into_iter().map(|received| received.id));
        }
        offered
    };
    let mut offered = tokio::time::timeout(Duration::from_secs(120), offered).await.expect("all are offered");
    let mut kept: Vec<_> = app.spooled().await.into_iter().map(|row| row.id).collect();
    offered.sort_unstable();
    kept.sort_unstable();
    assert_eq!(offered, kept);
}

#[tokio::test]
async fn the_stop_waits_for_what_senders_left() {
    let app = remembering().await;
    app.post(LEAD).await.arrival();
    leave_at_once(&app, "{\"email\": \"b@example.com\"}").await;
    let stop = Stop::default();
    stop.stop();
    ripen_intake::service(app.context.clone(), stop).await.unwrap();
    let consumer = app.transport.consume(ripen_queue::Queue::Arrivals, 10);
    assert_eq!(consumer.next_batch(10).await.len(), 2);
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_so_when_its_time_is_up() {
    let database = database().await;
    let time = Duration::from_millis(50);
    let options =
        ripen_store::StoreOptions { acquire_timeout: time, ..ripen_store::StoreOptions::new(database.url(), 1) };
    let store = ripen_store::Store::open(&options).unwrap();
    let held = wait::until("a connection", Duration::from_secs(120), async || store.begin().await.ok()).await;
    assert!(store.ping().await.unwrap_err().is_unreachable());
    drop(held);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_not_waited_for_and_what_it_keeps_later_counts_once() {
    let database = database().await;
    let patient = Duration::from_secs(120);
    let options =
        ripen_store::StoreOptions { acquire_timeout: patient, ..ripen_store::StoreOptions::new(database.url(), 1) };
    let store = ripen_store::Store::open(&options).unwrap();
    let mut settings = Settings::default();
    (settings.intake.source_cache_s, settings.limits.durable_timeout_s) = (3600, 1);
    let transport = Transport::local(TransportOptions::default());
    let app = app_over(store, transport, &settings, |_| {}).await;
    // Again and again: a loaded machine may take longer than this second.
    let accepted = async |key: &str| {
        wait::until("it is kept in time", patient, async || {
            let answer = app.post_with(&[("idempotency-key", key)], LEAD).await;
            (answer.status == 202).then(|| answer.arrival())
        })
        .await
    };
    accepted("k-0").await;
    // The only connection: whatever writes waits for it, as for a server that hangs.
    let held = app.store.begin().await.unwrap();
    let (once, array) = ([("idempotency-key", "k-1")], format!("[{}]", LEAD.replace("a@", "b@")));
    let begun = std::time::Instant::now();
    for answer in [app.post_with(&once, LEAD).await, app.post_with(&[("idempotency-key", "k-2")], array).await] {
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "unavailable"));
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        assert!(answer.text.contains("may have been received"), "{}", answer.text);
    }
    assert!(begun.elapsed() < patient, "{:?}", begun.elapsed());
    drop(held);
    let accepted: ripen_domain::id::ArrivalId = accepted("k-1").await.parse().unwrap();
    let stop = Stop::default();
    stop.stop();
    // What the requests left is waited for.
    ripen_intake::service(app.context.clone(), stop).await.unwrap();
    let kept = app.spooled().await;
    assert_eq!(kept.iter().filter(|row| row.id == accepted.uuid()).count(), 1);
    assert_eq!(kept.len(), 3, "the array that was answered 503 is kept as well");
}

#[tokio::test]
async fn intake_is_ready_while_something_takes_arrivals() {
    let (app, _database) = without_rabbit().await;
    let stop = Stop::default();
    let service = tokio::spawn(ripen_intake::service(app.context.clone(), stop.clone()));
    let becomes = async |ready: bool| {
        wait::until("readiness", Duration::from_secs(120), || async {
            let report = app.health.report();
            (report.iter().any(|(name, wrong)| *name == "intake" && wrong.is_none() == ready)).then_some(())
        })
        .await;
    };
    becomes(true).await;
    app.store.close().await;
    becomes(false).await;
    stop.stop();
    service.await.unwrap().unwrap();
}

#[tokio::test]
async fn with_the_database_away_a_known_source_is_served_through_rabbitmq() {
    let database = database().await;
    let store = ripen_store::Store::open(&ripen_store::StoreOptions::new(database.url(), 8)).unwrap();
    let transport = Transport::amqp(&ripen_testkit::rabbit::shared_vhost().await, TransportOptions::default()).unwrap();
    let app = app_over(store, transport, &Settings::default(), |_| {}).await;
    wait::until("RabbitMQ", Duration::from_secs(120), || async { app.transport.is_ready().then_some(()) }).await;
    app.post(LEAD).await.arrival();
    app.store.close().await;
    let alone = app.post(LEAD).await.arrival();
    let answer = app.post("[{\"email\": \"b@example.com\"}, {\"email\": \"c@example.com\"}]").await.json();
    assert_eq!(answer["received"], 2);
    let consumer = app.transport.consume(ripen_queue::Queue::Arrivals, 10);
    let mut ids = Vec::new();
    while ids.len() < 4 {
        ids.extend(consumer.next_batch(10).await.into_iter().map(|received| received.id));
    }
    let alone: ripen_domain::id::ArrivalId = alone.parse().unwrap();
    assert!(ids.contains(&alone.uuid()));
}
