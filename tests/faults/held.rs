//! An A lead that waits for somebody to say whose it is, under a clock turned by hand: after four hours the firm is told, once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ripen_dispatcher::{DispatcherContext, held_tick};
use ripen_outbound::{
    mail::Mailer,
    trust::Trust,
    webhook::{Limits, WebhookSender},
};
use ripen_queue::{Transport, TransportOptions};
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::{Store, StoreOptions};
use ripen_testkit::postgres::database;
use sqlx::PgPool;

const HELD: &str = "
    with c as (
      insert into client (id, slug, name, country, time_zone, created_at) values (gen_random_uuid(), 'acme', 'Acme', 'US', 'UTC', timestamptz '2026-11-24 08:00Z')
      returning id)
    insert into delivery (id, client_id, lead_id, maturation_id, state, same_as, reason, due_at, offered_until, created_at)
    select gen_random_uuid(), c.id, gen_random_uuid(), gen_random_uuid(), 'held', case when n > 1 then gen_random_uuid() end, 'why', timestamptz '2026-11-24 08:00Z', timestamptz '2026-11-24 08:00Z',
           timestamptz '2026-11-24 08:00Z' + (n - 2) * interval '1 hour'
    from c cross join generate_series(1, 3) n";

#[tokio::test]
async fn the_firm_is_told_of_an_a_that_has_waited_for_four_hours() {
    let database = database().await;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.mail.alerts = "firm@example.com".to_owned();
    let settings = Arc::new(settings);
    let began: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let clock = Clock::mock(began);
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let ctx = DispatcherContext {
        actions: ripen_actions::Actions::new(store.clone(), clock.clone(), &settings).unwrap(),
        store: store.clone(),
        transport: Transport::local(TransportOptions::default()),
        clock: clock.clone(),
        settings,
        health: Health::default(),
        webhooks: Arc::new(WebhookSender::new(Limits::default(), &Trust::default()).unwrap()),
        mailer: Arc::new(Mailer::new("", "Ripen <ripen@example.com>", folder.path(), &Trust::default()).unwrap()),
        links: None,
    };
    let pool = PgPool::connect(database.url()).await.unwrap();
    sqlx::query(HELD).execute(&pool).await.unwrap();
    // Two are held for that, an hour apart; the third waits for something else.
    for (minutes, told) in [(239, 0), (1, 1), (1, 1), (60, 2), (600, 2)] {
        assert!(clock.advance(SignedDuration::from_mins(minutes)));
        held_tick(&ctx, clock.now()).await.unwrap();
        let notices =
            "select count(*) from notice where kind = 'lead_perhaps_same' and to_address = 'firm@example.com'";
        let count: i64 = sqlx::query_scalar(notices).fetch_one(&pool).await.unwrap();
        assert_eq!(count, told, "at {}", clock.now());
    }
    pool.close().await;
    store.close().await;
}
