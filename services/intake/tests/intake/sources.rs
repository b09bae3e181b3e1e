//! A source that is paused and resumed while its senders are at work.

use std::time::Duration;

use axum::http::StatusCode;
use ripen_queue::{Transport, TransportOptions};
use ripen_runtime::{config::Settings, lifecycle::Stop};
use ripen_store::{Store, StoreOptions, source::source_record::State};
use ripen_testkit::{postgres::database, wait};

use crate::harness::{App, app_over, app_with, firm};

const LEAD: &str = "{\"email\": \"a@example.com\"}";

/// Nothing but the change has the source asked about again.
fn remembering() -> Settings {
    let mut settings = Settings::default();
    settings.intake.source_cache_s = 3600;
    settings
}

async fn becomes(app: &App, store: &Store, state: State) {
    let mut tx = store.begin().await.unwrap();
    tx.source_set_state(firm(), app.source, state).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_pause_and_its_end_count_at_once_in_the_process_that_made_them() {
    let app = app_with(&remembering(), |_| {}).await;
    app.post(LEAD).await.arrival();
    for _ in 0..3 {
        becomes(&app, &app.store, State::Paused).await;
        assert_eq!(app.post(LEAD).await.problem(), "source-paused");
        becomes(&app, &app.store, State::Active).await;
        assert_eq!(app.post(LEAD).await.status, StatusCode::ACCEPTED);
    }
    let mut undone = app.store.begin().await.unwrap();
    undone.source_set_state(firm(), app.source, State::Paused).await.unwrap();
    undone.roll_back().await.unwrap();
    assert_eq!(app.post(LEAD).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_pause_and_its_end_are_heard_by_other_processes() {
    let database = database().await;
    let open = || Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let app = app_over(open(), Transport::local(TransportOptions::default()), &remembering(), |_| {}).await;
    let stop = Stop::default();
    let service = tokio::spawn(ripen_intake::service(app.context.clone(), stop.clone()));
    app.post(LEAD).await.arrival();
    let other = open();
    for (state, status) in [(State::Paused, StatusCode::FORBIDDEN), (State::Active, StatusCode::ACCEPTED)] {
        becomes(&app, &other, state).await;
        let heard = async || (app.post(LEAD).await.status == status).then_some(());
        wait::until("what another process changed", Duration::from_secs(120), heard).await;
    }
    stop.stop();
    service.await.unwrap().unwrap();
}
