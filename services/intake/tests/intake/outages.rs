//! RabbitMQ or the database away: received on the other, or refused with 503; never lost, never a wrong 401.

use std::time::Duration;

use ripen_queue::{Transport, TransportOptions};
use ripen_runtime::{config::Settings, lifecycle::Stop};
use ripen_testkit::{postgres::database, wait};

use crate::harness::{App, app, app_over};

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
    assert_eq!(app.send("POST", "/v1/leads", &wrong, LEAD).await.problem(), "unavailable");
    assert_eq!(app.send("POST", "/v1/in/src_0", &wrong[1..], LEAD).await.problem(), "unavailable");
    assert_eq!(app.get("/v1/arrivals/arr_01kahxq5z5e4y9wd3tvdnzxkqj").await.problem(), "unavailable");
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
