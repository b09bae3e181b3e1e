//! What is new, as pages hear of it: after the commit, as much as each may know, and again after the connection was lost.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures::StreamExt as _;
use ripen_domain::actor::UserRole;
use ripen_runtime::lifecycle::{Stop, Tasks};
use ripen_store::live::{LiveKind, LiveNews};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{App, Client, User, app};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// One page's stream.
struct Page {
    body: BodyDataStream,
    text: String,
}

impl Page {
    async fn open(app: &App, user: &User) -> Self {
        let response = app.open(user, "/api/v1/events").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event: its name and data; none when the stream ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                let data = serde_json::from_str(field("data: ")).unwrap();
                return Some((field("event: ").to_owned(), data));
            }
            let chunk = timeout(PATIENCE, self.body.next()).await.expect("an event, or the end")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The next event that is none of the heartbeat.
    async fn news(&mut self) -> Value {
        loop {
            let (name, data) = self.next().await.expect("the stream goes on");
            if name == "news" {
                return data;
            }
        }
    }

    /// Waits until what is new is heard, and until that was told.
    async fn live(&mut self) {
        loop {
            let (name, data) = self.next().await.expect("the stream goes on");
            if name == "beat" && data["live"] == true {
                return;
            }
        }
    }
}

/// The desk's own work, as in a process.
fn work(app: &App) -> Stop {
    let (_, stop) = Tasks::new();
    let context = app.context.clone();
    let until = stop.clone();
    tokio::spawn(async move { ripen_desk::service(context, until).await });
    stop
}

async fn tell(app: &App, kind: LiveKind, client: &Client) {
    let mut news = LiveNews::default();
    news.add(kind, Some(client.id));
    let mut tx = app.store.begin().await.unwrap();
    tx.live_tell(&news).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_committed_is_told_and_what_is_rolled_back_is_not() {
    let app = app().await;
    let acme = app.client("acme").await;
    let agent = app.user(UserRole::Agent, None).await;
    let stop = work(&app);
    let mut page = Page::open(&app, &agent).await;
    page.live().await;
    let mut lost = app.store.begin().await.unwrap();
    lost.live_tell(&LiveNews::everything()).await.unwrap();
    drop(lost);
    tell(&app, LiveKind::Work, &acme).await;
    // Anything may have been new when listening began; what was rolled back is not among what follows.
    let mut news = page.news().await;
    while news["clients"].is_null() {
        news = page.news().await;
    }
    assert_eq!(news["kinds"], serde_json::json!(["work"]));
    assert_eq!(news["clients"], serde_json::json!([acme.id]));
    stop.stop();
    while page.next().await.is_some() {}
}

#[tokio::test]
async fn a_broker_hears_of_their_own_client_alone() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let broker = app.user(UserRole::Broker, Some(&acme)).await;
    let stop = work(&app);
    let mut page = Page::open(&app, &broker).await;
    page.live().await;
    for client in [&other, &acme] {
        tell(&app, LiveKind::Queues, client).await;
        tell(&app, LiveKind::Work, client).await;
        tell(&app, LiveKind::Leads, client).await;
    }
    tell(&app, LiveKind::Deliveries, &acme).await;
    loop {
        let news = page.news().await;
        assert_eq!(news["clients"], serde_json::json!([acme.id]), "of no other client");
        let kinds = news["kinds"].as_array().unwrap();
        assert!(kinds.iter().all(|kind| kind == "leads" || kind == "deliveries"), "{news}");
        if kinds.len() == 1 && kinds[0] == "deliveries" {
            break;
        }
    }
    stop.stop();
}

#[tokio::test]
async fn after_the_connection_was_lost_anything_may_be_new() {
    let app = app().await;
    let acme = app.client("acme").await;
    let manager = app.user(UserRole::Manager, None).await;
    let stop = work(&app);
    let mut page = Page::open(&app, &manager).await;
    page.live().await;
    tell(&app, LiveKind::Queues, &acme).await;
    while page.news().await["clients"].is_null() {}
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and query ilike 'listen%'";
    let ended: i64 = sqlx::query_scalar(cut).fetch_one(&app.pool).await.unwrap();
    assert_eq!(ended, 1, "one connection listens");
    // Deaf, live again, and told that anything may have happened meanwhile.
    let news = page.news().await;
    assert!(news["clients"].is_null() && news["kinds"].as_array().unwrap().len() == 4, "{news}");
    tell(&app, LiveKind::Leads, &acme).await;
    assert_eq!(page.news().await["kinds"], serde_json::json!(["leads"]));
    stop.stop();
}

#[tokio::test]
async fn nobody_hears_without_signing_in_and_nobody_opens_pages_without_end() {
    let app = app().await;
    let agent = app.user(UserRole::Agent, None).await;
    assert_eq!(app.send("GET", "/api/v1/events", &[], "").await.problem(), "unauthenticated");
    let mut open = Vec::new();
    for _ in 0..60 {
        open.push(Page::open(&app, &agent).await);
    }
    assert_eq!(app.open(&agent, "/api/v1/events").await.status(), 503);
    open.pop();
    assert_eq!(app.open(&agent, "/api/v1/events").await.status(), 200, "a page that was closed gives its place back");
}
