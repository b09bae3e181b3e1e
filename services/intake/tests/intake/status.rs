//! What became of an arrival, asked for later or waited for.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use ripen_domain::{
    arrival::Sameness,
    hash::ContentHash,
    id::{ArrivalId, SourceId},
    lead::Channel,
    message::ArrivalMessage,
    secret::Secret,
};
use ripen_runtime::{config::Settings, random};
use ripen_store::arrival::{
    dead_letter::NewDeadLetter,
    seen::{Ended, Seen},
    write::{ArrivalBatch, ArrivalRow},
};
use ripen_store::source::source_record::{NewSource, SourceFormat};
use ripen_testkit::wait;
use serde_json::json;
use uuid::Uuid;

use crate::harness::{App, NOW, app, app_with, firm};

/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);

const LEAD: &str = "{\"email\": \"a@example.com\", \"test\": true}";

/// Ends an arrival as the qualifier ends a test lead.
async fn quarantine(app: &App, id: ArrivalId) {
    quarantine_saying(app, id, ContentHash::of(b"a test")).await;
}

async fn quarantine_saying(app: &App, id: ArrivalId, content: ContentHash) {
    quarantine_as(app, Seen { id, content, ended: Ended::Quarantined, came_as: None }).await;
}

async fn quarantine_as(app: &App, seen: Seen) {
    let Seen { id, content, .. } = seen;
    let now = app.clock.now();
    let mut batch = app.store.begin().await.unwrap();
    batch.arrivals_note_seen(vec![seen], &[], now).await.unwrap();
    let row = ArrivalRow {
        form: None,
        key: None,
        by_visitor: false,
        in_bulk: false,
        id,
        client: app.client,
        source: app.source,
        on: None,
        amends: None,
        corrects_ended: false,
        sameness: Sameness::Content,
        quarantined: Some("test".to_owned()),
        repeat: false,
        content,
        external_id: None,
        received_at: now,
        submitted_at: None,
        media_type: "application/json".to_owned(),
        raw: LEAD.to_owned(),
        submission: "{}".to_owned(),
        flags: String::new(),
    };
    batch.arrivals_write(ArrivalBatch { arrivals: vec![row], ..ArrivalBatch::default() }).await.unwrap();
    batch.commit().await.unwrap();
}

#[tokio::test]
async fn a_stored_arrival_says_what_became_of_it_to_its_own_source() {
    let app = app().await;
    let id = app.post(LEAD).await.arrival();
    let path = format!("/v1/arrivals/{id}");
    assert_eq!(app.get(&path).await.problem(), "arrival-pending");
    quarantine(&app, id.parse().unwrap()).await;
    let expected = json!({"arrival": id, "status": "quarantined", "reason": "test", "received_at": NOW});
    assert_eq!(app.get(&path).await.json(), expected);
    let other = "arr_01kahxq5z5e4y9wd3tvdnzxkqj";
    let many = app.get(&format!("/v1/arrivals?id={other}&id={id}")).await.json();
    assert_eq!(many, json!({"arrivals": [{"arrival": other, "status": "pending"}, expected]}));
    assert_eq!(app.send("GET", &path, &[], "").await.problem(), "unauthenticated");
}

#[tokio::test]
async fn an_id_that_is_asked_for_twice_has_each_of_its_bodies_once() {
    let app = app().await;
    let id = app.post(LEAD).await.arrival();
    quarantine(&app, id.parse().unwrap()).await;
    let (other, content) = (ArrivalId::from_uuid(Uuid::from_u128(7)), ContentHash::of(b"another test"));
    let came_as = Some(id.parse().unwrap());
    quarantine_as(&app, Seen { id: other, content, ended: Ended::Quarantined, came_as }).await;
    let once = app.get(&format!("/v1/arrivals/{id}")).await.json();
    assert_eq!(once["bodies"].as_array().unwrap().len(), 1, "{once}");
    let twice = app.get(&format!("/v1/arrivals?id={id}&id={id}")).await.json();
    assert_eq!(twice, json!({"arrivals": [once, once]}), "an answer for each id, in their order");
}

/// Another source of the same client, with its key.
async fn another_source(app: &App) -> String {
    let (now, key) = (app.clock.now(), Secret::new("key", random::bytes32()));
    let source = NewSource {
        id: SourceId::from_uuid(random::uuid_v7(now)),
        client: app.client,
        name: "Another".to_owned(),
        channel: Channel::List,
        format: SourceFormat::Any,
        country: None,
        token_hash: Secret::new("src", random::bytes32()).hash(),
        key_hash: key.hash(),
        cost_per_lead: None,
        thanks_url: None,
    };
    let mut tx = app.store.begin().await.unwrap();
    tx.source_add(firm(), &source, now).await.unwrap();
    tx.commit().await.unwrap();
    key.reveal().to_owned()
}

#[tokio::test]
async fn an_arrival_of_another_source_says_as_little_as_one_that_never_was() {
    let app = app().await;
    let (other, nowhere) = (another_source(&app).await, "arr_01kahxq5z5e4y9wd3tvdnzxkqj");
    let asked = async |path: String| {
        app.send("GET", &path, &[("authorization", &format!("Bearer {other}"))], axum::body::Body::empty()).await
    };
    // Stored, dead, and still on its way.
    let stored = app.post(LEAD).await.arrival();
    quarantine(&app, stored.parse().unwrap()).await;
    let dead: ArrivalId = app.post(LEAD).await.arrival().parse().unwrap();
    let letter = NewDeadLetter {
        id: dead.uuid(),
        queue: "ripen.arrivals".to_owned(),
        message: dead.uuid(),
        source: Some(app.source),
        body: b"casey@example.com".to_vec(),
        content: None,
        received_at: None,
        reason: "gave up".to_owned(),
    };
    app.store.dead_letters_keep(&[letter], app.clock.now()).await.unwrap();
    let waiting = app.post(LEAD).await.arrival();
    let unknown = asked(format!("/v1/arrivals/{nowhere}")).await;
    for id in [stored, dead.to_string(), waiting] {
        let answer = asked(format!("/v1/arrivals/{id}")).await;
        assert_eq!((answer.status, &answer.text), (unknown.status, &unknown.text), "{id}");
        let many = asked(format!("/v1/arrivals?id={id}&id={nowhere}")).await.json();
        let pending = |id: &str| json!({"arrival": id, "status": "pending"});
        assert_eq!(many, json!({"arrivals": [pending(&id), pending(nowhere)]}));
    }
}

#[tokio::test]
async fn asking_about_leads_keeps_no_new_ones_out() {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst) = (1, 3);
    let app = app_with(&settings, |_| {}).await;
    let path = format!("/v1/arrivals/{}", app.post(LEAD).await.arrival());
    wait::until("a refusal", LIMIT, async || (app.get(&path).await.status == 429).then_some(())).await;
    app.post(LEAD).await.arrival();
    app.post(LEAD).await.arrival();
}

#[tokio::test]
async fn a_dead_arrival_says_why_in_a_word() {
    let app = app().await;
    let letter = |id: ArrivalId, content| NewDeadLetter {
        id: id.uuid(),
        queue: "ripen.arrivals".to_owned(),
        message: id.uuid(),
        source: Some(app.source),
        body: b"casey@example.com".to_vec(),
        content,
        received_at: None,
        reason: "gave up after 5 tries: casey@example.com".to_owned(),
    };
    let ids: [ArrivalId; 2] =
        [app.post(LEAD).await.arrival().parse().unwrap(), ArrivalId::from_uuid(Uuid::from_u128(7))];
    let letters = [letter(ids[0], Some(ContentHash::of(b"a lead"))), letter(ids[1], None)];
    app.store.dead_letters_keep(&letters, app.clock.now()).await.unwrap();
    for (id, why) in ids.into_iter().zip(["failed", "unreadable"]) {
        let answer = app.get(&format!("/v1/arrivals/{id}")).await;
        assert!(!answer.text.contains("casey"), "{}", answer.text);
        assert_eq!(answer.json(), json!({"arrival": id, "status": "dead", "reason": why, "received_at": NOW}));
    }
    let mut tx = app.store.begin().await.unwrap();
    tx.dead_letter_drop(firm(), ids[0].uuid(), app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.get(&format!("/v1/arrivals/{}", ids[0])).await.json()["reason"], "dropped");
}

#[tokio::test]
async fn a_dead_arrival_was_received_when_its_letter_says() {
    let app = app().await;
    let id: ArrivalId = app.post(LEAD).await.arrival().parse().unwrap();
    let arrival = app.arrival().await;
    let (content, received_at) = (arrival.content, arrival.received_at);
    let letter = NewDeadLetter {
        id: id.uuid(),
        queue: "ripen.arrivals".to_owned(),
        message: id.uuid(),
        source: Some(app.source),
        body: serde_json::to_vec(&ArrivalMessage::V1(Box::new(arrival))).unwrap(),
        content: Some(content),
        received_at: Some(received_at),
        reason: "gave up".to_owned(),
    };
    let died_at = app.clock.now() + jiff::SignedDuration::from_hours(3);
    app.store.dead_letters_keep(&[letter], died_at).await.unwrap();
    assert_eq!(app.get(&format!("/v1/arrivals/{id}")).await.json()["received_at"], NOW);
}

#[tokio::test]
async fn a_sender_that_prefers_to_wait_hears_the_decision() {
    let app = app().await;
    let key = [("prefer", "wait=10"), ("idempotency-key", "k")];
    let id: ArrivalId = app.post_with(&key[1..], LEAD).await.arrival().parse().unwrap();
    // Under one key another body may come: the sender waits for what becomes of its own.
    let content = app.arrival().await.content;
    let deciding = async {
        tokio::task::yield_now().await;
        quarantine_saying(&app, id, content).await;
    };
    let (answer, ()) = tokio::join!(app.post_with(&key, LEAD), deciding);
    assert_eq!((answer.status.as_u16(), answer.header("preference-applied")), (200, "wait"));
    assert_eq!(answer.json()["status"], "quarantined");
    assert_eq!(answer.header("ripen-received-at"), NOW);
}

#[tokio::test]
async fn a_decision_that_does_not_come_is_not_waited_for_longer() {
    let app = patient().await;
    let started = Instant::now();
    app.post_with(&[("prefer", "wait=1")], LEAD).await.arrival();
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(1) && took < LONGEST_WAIT, "{took:?}");
}

/// Longer than any test lasts.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// An app that grants every wait.
async fn patient() -> App {
    let mut settings = Settings::default();
    settings.limits.wait_s = LONGEST_WAIT.as_secs();
    app_with(&settings, |_| {}).await
}

#[tokio::test]
async fn a_crowd_that_waits_is_bounded() {
    let app = patient().await;
    let (told, undecided) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let waiting = futures::future::join_all((0..80).map(async |_| {
        let answer = app.post_with(&[("prefer", "wait=600")], LEAD).await;
        let which = if answer.status == StatusCode::ACCEPTED { &undecided } else { &told };
        which.fetch_add(1, Ordering::Relaxed);
    }));
    let deciding = async {
        wait::until("16 answers", LIMIT, async || (undecided.load(Ordering::Relaxed) == 16).then_some(())).await;
        for kept in app.spooled().await {
            quarantine(&app, ArrivalId::from_uuid(kept.id)).await;
        }
    };
    tokio::join!(waiting, deciding);
    assert_eq!(
        (undecided.into_inner(), told.into_inner()),
        (16, 64),
        "beyond 64 waiters the answer is 202 without a decision"
    );
}
