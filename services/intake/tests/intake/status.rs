//! What became of an arrival, asked for later or waited for.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use ripen_domain::{arrival::Sameness, hash::ContentHash, id::ArrivalId};
use ripen_runtime::config::Settings;
use ripen_store::arrival::{
    seen::{Ended, Seen},
    write::{ArrivalBatch, ArrivalRow},
};
use ripen_testkit::wait;
use serde_json::json;

use crate::harness::{App, NOW, app, app_with};

/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);

const LEAD: &str = "{\"email\": \"a@example.com\", \"test\": true}";

/// Ends an arrival as the qualifier ends a test lead.
async fn quarantine(app: &App, id: ArrivalId) {
    quarantine_saying(app, id, ContentHash::of(b"a test")).await;
}

async fn quarantine_saying(app: &App, id: ArrivalId, content: ContentHash) {
    let now = app.clock.now();
    let mut batch = app.store.begin().await.unwrap();
    batch.arrivals_note_seen(vec![Seen { id, content, ended: Ended::Quarantined }], &[], now).await.unwrap();
    let row = ArrivalRow {
        form: None,
        id,
        client: app.client,
        source: app.source,
        on: None,
        amends: None,
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
