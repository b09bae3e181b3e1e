//! Every type of problem, met by a real request.

use std::{collections::BTreeSet, time::Duration};

use axum::body::{Body, Bytes};
use futures::stream;
use ripen_runtime::config::Settings;
use ripen_store::source::{key::NewSourceKey, source_record::SourceFormat};
use ripen_testkit::wait;
use ripen_web::catalogue;

use crate::harness::{Answer, App, app, app_with, firm};

const LEAD: &str = "{\"email\": \"a@example.com\"}";

async fn key_expires(app: &App) -> String {
    let key = ripen_domain::secret::Secret::new("key", ripen_runtime::random::bytes32());
    let now = app.clock.now();
    let new = NewSourceKey { source: app.source, hash: key.hash(), expires_at: now + Duration::from_secs(60) };
    let mut tx = app.store.begin().await.unwrap();
    tx.source_add_key(firm(), &new, now).await.unwrap();
    tx.commit().await.unwrap();
    key.reveal().to_owned()
}

async fn met(app: &App) -> Vec<Answer> {
    let endless = stream::iter((0..8).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 * 1024]))));
    let too_many = format!("[{}{{}}]", "{},".repeat(1000));
    let wrong_key = [("authorization", "Bearer key_0"), ("content-type", "application/json")];
    vec![
        app.post("{\"email\": ").await,
        app.post_with(&[("idempotency-key", "a b")], LEAD).await,
        app.get("/v1/arrivals?id=7").await,
        app.send("POST", "/v1/leads", &wrong_key, LEAD).await,
        app.send("POST", "/v1/leads", &wrong_key[1..], LEAD).await,
        app.send("POST", "/v1/in/src_0", &wrong_key[1..], LEAD).await,
        app.get("/v1/nowhere").await,
        app.get("/v1/arrivals/arr_7").await,
        app.get("/v1/arrivals/arr_01kahxq5z5e4y9wd3tvdnzxkqj").await,
        app.send("DELETE", "/v1/leads", &[], "").await,
        app.post(Body::from_stream(endless)).await,
        app.post("x".repeat(10 * 1024 * 1024)).await,
        app.post(too_many).await,
        app.post_with(&[("content-type", "text/xml")], LEAD).await,
        app.send("POST", &format!("/v1/in/{}?maps=x", app.token), &[("content-type", "text/csv")], LEAD).await,
        app.post("{\"name\": \"Nobody\"}").await,
    ]
}

#[tokio::test]
async fn every_type_of_the_catalogue_is_met() {
    let app = app().await;
    let mut codes: BTreeSet<String> = met(&app).await.iter().map(Answer::problem).collect();
    codes.insert(paused().await);
    codes.insert(slow().await);
    codes.insert(too_often().await);
    codes.insert(unavailable().await);
    // Met where as many lists wait as there is room for, in this crate's tests of lists.
    codes.insert(catalogue::TOO_MANY_LISTS.code.to_owned());
    // A panic is met in ripen-web's own tests: nothing that can be posted here makes one.
    codes.insert(catalogue::INTERNAL_ERROR.code.to_owned());
    // These are met in ripen-desk's tests: they are about outcomes and pages, which leave nothing here.
    let of_the_desk = [
        &catalogue::FOREIGN_FORM,
        &catalogue::CONFLICT,
        &catalogue::INVALID_REQUEST,
        &catalogue::OUTCOME_REFUSED,
        &catalogue::OUTCOME_UNCONFIRMED,
        &catalogue::INVALID_OUTCOME,
        &catalogue::IDEMPOTENCY_KEY_REUSED,
    ];
    codes.extend(of_the_desk.map(|kind| kind.code.to_owned()));
    let all: BTreeSet<String> = catalogue::ALL.iter().map(|kind| kind.code.to_owned()).collect();
    assert_eq!(codes, all);
    assert!(app.spooled().await.is_empty());
}

async fn paused() -> String {
    let app = app().await;
    app.pause().await;
    app.post(LEAD).await.problem()
}

async fn slow() -> String {
    let mut settings = Settings::default();
    settings.limits.body_timeout_s = 1;
    let app = app_with(&settings, |_| {}).await;
    let answer = app.post(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>())).await;
    assert_eq!(answer.header("connection"), "close");
    answer.problem()
}

async fn too_often() -> String {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst) = (1, 2);
    let app = app_with(&settings, |_| {}).await;
    app.post(LEAD).await.arrival();
    app.browse("email=a%40example.com").await;
    let page = wait::until("a refusal", Duration::from_secs(120), async || {
        let page = app.browse("email=typed%40example.com").await;
        (page.status == 429).then_some(page)
    })
    .await;
    assert!(page.text.contains("typed@example.com"), "a browser keeps what was typed");
    // A machine that is slow enough fills the bucket again meanwhile.
    let answer = wait::until("a refusal", Duration::from_secs(120), async || {
        let answer = app.post(LEAD).await;
        (answer.status == 429).then_some(answer)
    });
    let answer = answer.await;
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    answer.problem()
}

async fn unavailable() -> String {
    let app = app().await;
    app.store.close().await;
    let answer = app.post(LEAD).await;
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    answer.problem()
}

#[tokio::test]
async fn refusals_carry_the_headers_that_go_with_them() {
    let app = app().await;
    assert!(app.send("POST", "/v1/leads", &[], LEAD).await.header("www-authenticate").starts_with("Bearer"));
    assert_eq!(app.send("PUT", "/v1/leads", &[], LEAD).await.header("allow"), "POST");
    assert_eq!(app.get("/v1/arrivals/arr_01kahxq5z5e4y9wd3tvdnzxkqj").await.header("retry-after"), "1");
}

#[tokio::test]
async fn a_source_of_one_format_takes_no_other() {
    let app = app_with(&Settings::default(), |source| source.format = SourceFormat::Form).await;
    assert_eq!(app.post(LEAD).await.problem(), "unsupported-media-type");
    assert_eq!(app.browse("email=a%40example.com").await.status, 303);
    let app = app_with(&Settings::default(), |source| source.format = SourceFormat::Json).await;
    assert_eq!(app.browse("email=a%40example.com").await.status, 415);
}

#[tokio::test]
async fn a_key_ends_at_its_time() {
    let app = app().await;
    let key = format!("Bearer {}", key_expires(&app).await);
    app.post_with(&[("authorization", &key)], LEAD).await.arrival();
    app.clock.advance(jiff::SignedDuration::from_secs(60));
    assert_eq!(app.post_with(&[("authorization", &key)], LEAD).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn the_catalogue_is_served_to_people_and_machines() {
    let app = app().await;
    let json = app.send("GET", "/v1/problems", &[], "").await.json();
    assert_eq!(json["problems"].as_array().unwrap().len(), catalogue::ALL.len());
    let html = app.send("GET", "/v1/problems", &[("accept", "text/html")], "").await.text;
    for kind in catalogue::ALL {
        assert!(html.contains(&format!("id=\"{}\"", kind.code)), "{}", kind.code);
    }
}
