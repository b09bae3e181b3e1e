//! A dispatcher whose clock runs ahead sends nothing: what can still be taken back would be gone.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use ripen_dispatcher::DispatcherContext;
use ripen_outbound::{
    mail::Mailer,
    trust::Trust,
    webhook::{Limits, WebhookSender},
};
use ripen_queue::{Transport, TransportOptions};
use ripen_runtime::{clock::Clock, config::Settings, health::Health, lifecycle::Stop};
use ripen_store::{Store, StoreOptions};
use ripen_testkit::{postgres::database, wait::until};
use sqlx::PgPool;

use crate::harness::LIMIT;

const OFFERED: &str = "select count(*) from delivery where offered_until > created_at";

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_whose_clock_is_30_s_fast_does_not_skip_the_time_to_take_back() {
    let database = database().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    let now = Clock::system().now();
    let delivery = "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at)
        select i.id, i.id, i.id, i.id, i.id, 'pending', $1::timestamptz + interval '20 seconds', $1::timestamptz, $1::timestamptz
        from (select gen_random_uuid() as id) i";
    sqlx::query(delivery).bind(now.to_string()).execute(&pool).await.unwrap();
    let fast = now + SignedDuration::from_secs(30);

    let (health, stop) = (Health::default(), Stop::default());
    let serving = tokio::spawn(serve(database.url().to_owned(), (fast, 5), health.clone(), stop.clone()));
    until("it says that its clock is off", LIMIT, || async { (!health.is_ready()).then_some(()) }).await;
    // Some sweeps later.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(sqlx::query_scalar::<_, i64>(OFFERED).fetch_one(&pool).await.unwrap(), 0);
    stop.stop();
    serving.await.unwrap();

    let (health, stop) = (Health::default(), Stop::default());
    let serving = tokio::spawn(serve(database.url().to_owned(), (fast, 3600), health.clone(), stop.clone()));
    until("by its clock it is due", LIMIT, || async {
        (sqlx::query_scalar::<_, i64>(OFFERED).fetch_one(&pool).await.unwrap() == 1).then_some(())
    })
    .await;
    assert!(health.is_ready());
    stop.stop();
    serving.await.unwrap();
}

async fn serve(url: String, (at, max_skew_s): (jiff::Timestamp, u64), health: Health, stop: Stop) {
    let mut settings = Settings::default();
    settings.clock.max_skew_s = max_skew_s;
    settings.dispatcher.sweep_interval_ms = 50;
    let (settings, clock) = (Arc::new(settings), Clock::mock(at));
    let store = Store::open(&StoreOptions::new(&url, 6)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ctx = DispatcherContext {
        actions: ripen_actions::Actions::new(store.clone(), clock.clone(), &settings).unwrap(),
        store,
        transport: Transport::local(TransportOptions::default()),
        clock,
        settings,
        health,
        webhooks: Arc::new(WebhookSender::new(Limits::default(), &Trust::default()).unwrap()),
        mailer: Arc::new(Mailer::new("", "Ripen <ripen@example.com>", folder.path(), &Trust::default()).unwrap()),
        links: None,
    };
    ripen_dispatcher::service(ctx, stop).await.unwrap();
}
