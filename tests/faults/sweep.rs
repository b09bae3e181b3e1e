//! What falls due, looked at by the sweeper itself under a clock turned by hand: after days off, after the clock was set
//! back, by two sweepers at once, and when new criteria reach many leads.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::Actor,
    id::{ClientId, CriteriaId, LeadId, ProgramId, SourceId},
};
use ripen_qualifier::{Item, Pace, QualifierContext, RequalifyLead, decide, tick};
use ripen_queue::{Queue, QueueState, Settlement, Transport, TransportOptions, check};
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::{
    Store, StoreOptions,
    client::client_record::NewClient,
    criteria::{activate::Activation, document_cache::Documents},
    source::source_record::{NewSource, SourceFormat},
};
use ripen_testkit::{
    postgres::{TestDatabase, database},
    wait::until,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::harness::{CRITERIA, LIMIT};

struct SweepScene {
    ctx: QualifierContext,
    pool: PgPool,
    database: TestDatabase,
}

fn now() -> Timestamp {
    "2026-11-24T18:00:00Z".parse().unwrap()
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

impl SweepScene {
    /// A client with a source and criteria, and nothing else.
    async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let database = database().await;
        let mut settings = Settings::default();
        settings.clock.max_skew_s = u64::MAX;
        change(&mut settings);
        let store =
            Store::open(&StoreOptions::new(database.url(), 6)).unwrap().with_keyring(ripen_testkit::keys::keyring());
        let ctx = QualifierContext {
            store: store.clone(),
            transport: Transport::local(TransportOptions::default()),
            clock: Clock::mock(now()),
            settings: Arc::new(settings),
            health: Health::default(),
            documents: Documents::new(store),
        };
        let pool = PgPoolOptions::new().max_connections(2).connect(database.url()).await.unwrap();
        let scene = Self { ctx, pool, database };
        scene.furnish().await;
        scene
    }

    async fn furnish(&self) {
        let client = NewClient {
            id: ClientId::from_uuid(Uuid::from_u128(1)),
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            country: "US".to_owned(),
            time_zone: "UTC".to_owned(),
        };
        let mut tx = self.ctx.store.begin().await.unwrap();
        tx.client_add(&client, now()).await.unwrap();
        let source = NewSource {
            id: SourceId::from_uuid(Uuid::from_u128(2)),
            client: client.id,
            name: "Web site".to_owned(),
            channel: ripen_domain::lead::Channel::WebForm,
            format: SourceFormat::Any,
            country: None,
            token_hash: [1; 32],
            key_hash: [2; 32],
            cost_per_lead: None,
            thanks_url: None,
        };
        let firm = Actor::operator("a test").scope();
        tx.source_add(firm, &source, now()).await.unwrap();
        tx.commit().await.unwrap();
        self.activate(CRITERIA, 10, SignedDuration::ZERO).await;
    }

    async fn activate(&self, document: &str, number: u128, spread: SignedDuration) {
        let id = Uuid::from_u128(number);
        let new = Activation {
            program: "test",
            document,
            version_id: CriteriaId::from_uuid(id),
            program_id: ProgramId::from_uuid(id),
            by: &Actor::operator("a test"),
            backtest: None,
            spread,
        };
        let mut tx = self.ctx.store.begin().await.unwrap();
        tx.criteria_activate(&new, now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// So many B leads, each with a promise that fell due so many seconds after the one before.
    async fn leads(&self, from: i64, count: i64, first_due: Timestamp, apart: f64) {
        for statement in [
            "insert into person (id, client_id, email, created_at, updated_at)
             select lpad(to_hex(i), 32, '0')::uuid, lpad('1', 32, '0')::uuid, i || '@example.com', $3::timestamptz, $3::timestamptz
             from generate_series($1::bigint, $1::bigint + $2::bigint - 1) i where $4::double precision >= 0",
            "insert into lead (id, client_id, program_id, person_id, source_id, channel, grade, score, criteria_id, decision_id,
                               arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at, generation, created_at)
             select lpad(to_hex(i), 32, '0')::uuid, lpad('1', 32, '0')::uuid, (select id from program where is_default),
                    lpad(to_hex(i), 32, '0')::uuid, lpad('2', 32, '0')::uuid, 'web_form', 'B', 50, lpad('a', 32, '0')::uuid,
                    lpad(to_hex(i), 32, '0')::uuid, 1, 1, $3::timestamptz, $3::timestamptz, $3::timestamptz, 1, $3::timestamptz
             from generate_series($1::bigint, $1::bigint + $2::bigint - 1) i where $4::double precision >= 0",
            "insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
             select lpad(to_hex(i), 32, '0')::uuid, 1, lpad('1', 32, '0')::uuid, 'requalify', 'scheduled',
                    $3::timestamptz + (i - $1::bigint) * $4::double precision * interval '1 second', 'again', 'criteria', 'epoch', $3::timestamptz
             from generate_series($1::bigint, $1::bigint + $2::bigint - 1) i",
        ] {
            sqlx::query(statement)
                .bind(from)
                .bind(count)
                .bind(first_due.to_string())
                .bind(apart)
                .execute(&self.pool)
                .await
                .unwrap();
        }
    }

    /// The numbers of the leads whose promise is offered at this instant, by due date.
    async fn offered(&self, at: Timestamp) -> Vec<i64> {
        let sql = "select ('x' || right(lead_id::text, 8))::bit(32)::bigint from promise where offered_until > $1::timestamptz order by due_at";
        sqlx::query_scalar(sql).bind(at.to_string()).fetch_all(&self.pool).await.unwrap()
    }

    async fn regrades(&self) -> i64 {
        sqlx::query_scalar("select count(*) from regrade").fetch_one(&self.pool).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_days_off_the_overdue_fire_oldest_first_at_their_own_rate_beside_what_is_due_now() {
    let scene = SweepScene::new(|settings| settings.qualifier.overdue_per_s = 50).await;
    scene.leads(0x1000, 300, now() - seconds(3 * 86_400), 600.0).await;
    scene.leads(0x2000, 100, now() - seconds(60), 0.1).await;
    let mut pace = Pace::default();
    let first = tick(&scene.ctx, &mut pace, now()).await.unwrap();
    assert_eq!((first.promises, first.overdue), (150, 50), "{first:?}");
    let offered = scene.offered(now()).await;
    let oldest: Vec<_> = (0x1000..0x1000 + 50).collect();
    assert_eq!(offered[..50], oldest, "the oldest first");
    assert!(offered[50..].iter().all(|lead| *lead >= 0x2000), "what is due now does not wait");
    let at_once = tick(&scene.ctx, &mut pace, now()).await.unwrap();
    assert_eq!(at_once.promises, 0, "no more in the same second");
    let mut later = now();
    for second in 1..=5 {
        later += seconds(1);
        let swept = tick(&scene.ctx, &mut pace, later).await.unwrap();
        assert_eq!(swept.overdue, 50, "second {second}");
    }
    assert_eq!(scene.offered(now()).await.len(), 400, "each once");
    assert_eq!(tick(&scene.ctx, &mut pace, later + seconds(1)).await.unwrap().promises, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sweepers_offer_each_promise_once() {
    let scene = SweepScene::new(|settings| settings.qualifier.promise_sweep = 37).await;
    scene.leads(0x1000, 2_000, now() - seconds(100), 0.01).await;
    let sweep = |ctx: QualifierContext| async move {
        let (mut pace, mut offered) = (Pace::default(), 0);
        loop {
            match tick(&ctx, &mut pace, now()).await.unwrap() {
                swept if swept.promises == 0 => return offered,
                swept => offered += swept.promises,
            }
        }
    };
    let other = QualifierContext { transport: Transport::local(TransportOptions::default()), ..scene.ctx.clone() };
    let (first, second) = tokio::join!(tokio::spawn(sweep(scene.ctx.clone())), tokio::spawn(sweep(other)));
    assert_eq!(first.unwrap() + second.unwrap(), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_or_forth_delays_nothing_and_fires_nothing_twice() {
    let scene = SweepScene::new(|_| ()).await;
    scene.leads(0x1000, 1, now() - seconds(2 * 3_600), 1.0).await;
    scene.leads(0x2000, 1, now() + seconds(1_800), 1.0).await;
    let mut pace = Pace::default();
    assert_eq!(tick(&scene.ctx, &mut pace, now()).await.unwrap().promises, 1);
    assert_eq!(tick(&scene.ctx, &mut pace, now() + seconds(30)).await.unwrap().promises, 0, "it is offered");
    // Its message was lost, and then somebody set the clock back by an hour.
    let back = now() - seconds(3_600);
    assert_eq!(tick(&scene.ctx, &mut pace, back).await.unwrap().promises, 1, "offered again, not in an hour");
    assert_eq!(tick(&scene.ctx, &mut pace, back + seconds(30)).await.unwrap().promises, 0);
    let forth = now() + seconds(3_600);
    let swept = tick(&scene.ctx, &mut pace, forth).await.unwrap();
    assert_eq!(swept.promises, 2, "both are due by this clock, and the first offer is long over");
    assert_eq!(tick(&scene.ctx, &mut pace, forth + seconds(1)).await.unwrap().promises, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_criteria_reach_the_leads_over_the_time_that_is_set_and_all_of_them() {
    let scene = SweepScene::new(|settings| settings.qualifier.regrade_sweep = 10_000).await;
    scene.leads(0x1000, 6_000, now() + seconds(86_400), 0.0).await;
    assert_eq!(tick(&scene.ctx, &mut Pace::default(), now()).await.unwrap().outdated, 0);
    scene.activate(&CRITERIA.replace("<= 90", "<= 120"), 11, seconds(60)).await;
    let mut pace = Pace::default();
    let mut reached = Vec::new();
    for second in 0..70 {
        tick(&scene.ctx, &mut pace, now() + seconds(second)).await.unwrap();
        reached.push(scene.regrades().await);
    }
    assert_eq!(reached[..4], [100, 200, 300, 400], "a hundred in a second, for a minute");
    assert_eq!(reached[58..], [[5_900, 6_000].as_slice(), &[6_000; 10]].concat());
    let long_pause = SweepScene::new(|_| ()).await;
    long_pause.leads(0x1000, 3_000, now() + seconds(86_400), 0.0).await;
    long_pause.activate(&CRITERIA.replace("<= 90", "<= 120"), 11, seconds(60)).await;
    let after = tick(&long_pause.ctx, &mut Pace::default(), now() + seconds(3_600)).await.unwrap();
    assert_eq!(after.outdated, 100, "no stampede after an hour off: two seconds' worth");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_need_not_be_kept_is_forgotten_and_the_rest_stays() {
    let scene = SweepScene::new(|settings| {
        settings.retention.raw_bodies_days = 30;
        settings.retention.seen_ids_days = 60;
    })
    .await;
    for (id, days) in [(1, 10), (2, 45), (3, 90)] {
        let sql = "with seen as (insert into arrival_seen (id, content, ended, seen_at)
              values (lpad($1::text, 32, '0')::uuid, decode(repeat('00', 16), 'hex'), 'same', $2::text::timestamptz))
            insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, raw, submission, flags)
            values (lpad($1::text, 32, '0')::uuid, gen_random_uuid(), gen_random_uuid(), 'content', 'quarantined', 'test',
                    decode(repeat('00', 16), 'hex'), $2::text::timestamptz, 'text/plain', 'as it came', '{}', '{}')";
        let at = (now() - SignedDuration::from_hours(24 * days)).to_string();
        sqlx::query(sql).bind(id).bind(at).execute(&scene.pool).await.unwrap();
    }
    let body =
        "insert into arrival_body (arrival_id, received_at, raw) select id, received_at, 'as it came' from arrival";
    sqlx::query(body).execute(&scene.pool).await.unwrap();
    let forgotten = ripen_qualifier::forget(&scene.ctx, now()).await.unwrap();
    assert_eq!((forgotten.bodies, forgotten.ids, forgotten.attempts), (4, 1, 0), "attempts are kept for ever");
    let raw: Vec<String> = sqlx::query_scalar("select raw from arrival_raw order by received_at desc")
        .fetch_all(&scene.pool)
        .await
        .unwrap();
    assert_eq!(raw, ["as it came", "", ""]);
    let again = ripen_qualifier::forget(&scene.ctx, now()).await.unwrap();
    assert_eq!(again, ripen_qualifier::Forgotten::default());
    let kept: Vec<String> =
        sqlx::query_scalar("select submission::text from arrival").fetch_all(&scene.pool).await.unwrap();
    assert_eq!(kept.len(), 3, "what was parsed stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_days_and_offers_are_forgotten_where_the_configuration_says_so() {
    let scene = SweepScene::new(|settings| {
        settings.retention.notices_days = 7;
        settings.retention.routing_days = 7;
        settings.retention.attempts_days = 7;
    })
    .await;
    // Of each one that has to be kept, whatever the configuration says, one that is due, and of mails one that waits.
    let sql = "set session_replication_role = replica;
        create temporary table n as
          select number, lpad(number::text, 32, '0')::uuid as id, timestamptz '{now}' - days * interval '1 day' as at
          from (values (1, 20), (2, 90), (3, 800)) v (number, days);
        insert into notice (id, client_id, kind, to_address, data, state, due_at, created_at, ended_at)
          select id, id, 'lead_dead', 'a@b.example', '{}'::json, 'sent', at, at, at from n
          union all select gen_random_uuid(), id, 'lead_dead', 'a@b.example', '{}'::json, 'pending', at, at, null from n;
        insert into given (recipient_id, day, leads) select id, at::date, 1 from n;
        insert into claim (maturation_id, tier, offered_to, until) select id, 'recipients', '{}', at from n;
        insert into outcome_answer (delivery_id, at, said, refused) select id, at, '{}', case when number > 1 then 'no' end from n;
        set session_replication_role = default;";
    let sql = sql.replace("{now}", &now().to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&scene.pool).await.unwrap();
    let forgotten = ripen_qualifier::forget(&scene.ctx, now()).await.unwrap();
    assert_eq!((forgotten.notices, forgotten.routed, forgotten.attempts), (2, 2, 2));
    for (kept, sql) in [
        (4, "select count(*) from notice"),
        (1, "select count(*) from given"),
        (2, "select count(*) from claim"),
        (1, "select count(*) from outcome_answer"),
    ] {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&scene.pool).await.unwrap();
        assert_eq!(count, kept, "{sql}");
    }
    assert_eq!(ripen_qualifier::forget(&scene.ctx, now()).await.unwrap(), ripen_qualifier::Forgotten::default());
}

/// The numbers of the arrivals that are left.
async fn left(scene: &SweepScene) -> Vec<String> {
    let sql = "select ltrim(id::text, '0-') from arrival order by id";
    sqlx::query_scalar(sql).fetch_all(&scene.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_in_the_quarantine_is_deleted_when_its_time_is_over() {
    let scene = SweepScene::new(|settings| settings.retention.quarantined_days = 30).await;
    for (id, reason, days, dropped, released) in [
        (1, "honeypot", 31, false, false),
        (2, "test", 31, false, false),
        (3, "key_reused", 31, false, false),
        (4, "honeypot", 29, false, false),
        (5, "source_paused", 31, false, false),
        (6, "source_paused", 31, true, false),
        (7, "honeypot", 31, false, true),
    ] {
        let sql = "with seen as (insert into arrival_seen (id, content, ended, arrival_id, seen_at)
              values (lpad($1::text, 32, '0')::uuid, decode(repeat('00', 16), 'hex'), 'quarantined', lpad($1::text, 32, '0')::uuid, $2::text::timestamptz)),
            body as (insert into arrival_body (arrival_id, received_at, raw) values (lpad($1::text, 32, '0')::uuid, $2::text::timestamptz, 'x'))
            insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, submission, flags,
                                 dropped_at, released_at)
            values (lpad($1::text, 32, '0')::uuid, gen_random_uuid(), gen_random_uuid(), 'content', 'quarantined', $3,
                    decode(repeat('00', 16), 'hex'), $2::text::timestamptz, 'text/plain', '{}', '{}',
                    case when $4 then now() end, case when $5 then now() end)";
        let at = (now() - SignedDuration::from_hours(24 * days)).to_string();
        let row = sqlx::query(sql).bind(id).bind(at).bind(reason).bind(dropped).bind(released);
        row.execute(&scene.pool).await.unwrap();
    }
    assert_eq!(ripen_qualifier::forget(&scene.ctx, now()).await.unwrap().quarantined, 4);
    assert_eq!(left(&scene).await, ["4", "5", "7"], "what a pause keeps waits, and what was let go is worked");
    for table in ["arrival_seen", "arrival_body"] {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let rows: i64 = sqlx::query_scalar(sql).fetch_one(&scene.pool).await.unwrap();
        assert_eq!(rows, 3, "{table}");
    }
    assert_eq!(ripen_qualifier::forget(&scene.ctx, now()).await.unwrap(), ripen_qualifier::Forgotten::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_found_by_when_they_were_seen() {
    let scene = SweepScene::new(|_| ()).await;
    let mut tx = scene.pool.begin().await.unwrap();
    sqlx::query("set local enable_seqscan = off").execute(&mut *tx).await.unwrap();
    let sql = "explain select id from arrival_seen where seen_at < now() and ended not in ('dead', 'quarantined') order by seen_at limit 2000";
    let plan: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *tx).await.unwrap();
    assert!(plan.iter().any(|line| line.contains("arrival_seen_by_time")), "{plan:?}");
}

/// As many batches as there are connections must not wait for each other: a batch has one, and never asks for a second.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_and_a_preview_of_routing_need_one_connection() {
    let scene = SweepScene::new(|_| ()).await;
    scene.leads(0x1000, 1, now() + seconds(86_400), 0.0).await;
    let store = Store::open(&StoreOptions::new(scene.database.url(), 1)).unwrap();
    let lead = LeadId::from_uuid(Uuid::from_u128(0x1000));
    // Each with documents that were not read yet.
    let ctx =
        || QualifierContext { documents: Documents::new(store.clone()), store: store.clone(), ..scene.ctx.clone() };
    let item = Item::Requalify(RequalifyLead { lead, generation: None });
    decide(&ctx(), &[&item], &[]).await.unwrap();
    let scope = Actor::operator("a test").scope();
    let preview = store.route_preview(&Documents::new(store.clone()), scope, lead, now()).await.unwrap();
    assert!(preview.is_some(), "it says where the lead would go");
}

/// A look at the spool may take longer than a clock may be off: what is compared is not the instant at which it began.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_takes_long_is_no_clock_that_is_off() {
    let scene = SweepScene::new(|settings| settings.clock.max_skew_s = 1_800).await;
    let theirs = scene.ctx.store.clock().await.unwrap();
    scene.ctx.clock.set(theirs);
    let hours_before = theirs - seconds(2 * 3_600);
    scene.leads(0x1000, 1, hours_before - seconds(60), 1.0).await;
    let swept = tick(&scene.ctx, &mut Pace::default(), hours_before).await.unwrap();
    assert!(scene.ctx.health.is_ready(), "its clock is right now");
    assert_eq!(swept.promises, 1);
    for off in [2, -2] {
        scene.leads(0x2000 + off, 1, hours_before - seconds(60), 1.0).await;
        scene.ctx.clock.set(theirs + seconds(off * 3_600));
        let swept = tick(&scene.ctx, &mut Pace::default(), theirs).await.unwrap();
        assert!(!scene.ctx.health.is_ready(), "its clock is {off} hours off");
        assert_eq!(swept.promises, 0, "it must not say what is due");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_found_no_room_for_its_bytes_is_offered_as_soon_as_there_is_some() {
    const ROWS: i64 = 5;
    let mut scene = SweepScene::new(|_| ()).await;
    scene.ctx.transport = Transport::local(TransportOptions { local_bytes_max: 5_000, ..TransportOptions::default() });
    let sql = "insert into spool (id, body, received_at, offered_until)
        select lpad(i::text, 32, '0')::uuid, convert_to(repeat('x', 2000), 'UTF8'), $2::timestamptz + i * interval '1 second', 'epoch'
        from generate_series(1, $1) i";
    sqlx::query(sql).bind(ROWS).bind(now().to_string()).execute(&scene.pool).await.unwrap();
    let waiting = "select count(*) from spool where offered_until <= $1::timestamptz";
    let consumer = scene.ctx.transport.consume(Queue::Arrivals, 10);
    let mut offered = Vec::new();
    // Never two seconds later: an offer that was made in vain would put its row off by a minute.
    for (here, left) in [(2, 3), (2, 1), (1, 0)] {
        tick(&scene.ctx, &mut Pace::default(), now()).await.unwrap();
        let left_waiting: i64 =
            sqlx::query_scalar(waiting).bind(now().to_string()).fetch_one(&scene.pool).await.unwrap();
        assert_eq!(left_waiting, left, "as many bytes are offered as there is room for");
        let full = tick(&scene.ctx, &mut Pace::default(), now()).await.unwrap();
        assert!(full.more || left == 0, "it looks again soon");
        let batch = consumer.next_batch(10).await;
        assert_eq!(batch.len(), here);
        offered.extend(batch.iter().map(|received| received.id.as_u128() & 0xf));
        consumer.settle(batch.into_iter().map(|received| (received, Settlement::Done)).collect()).await;
    }
    assert_eq!(offered, [1, 2, 3, 4, 5], "in their order");
}

/// Promises whose qualifiers decide nothing: offered again and again, they would fill the queue.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_is_not_offered_on_rabbitmq_without_end() {
    const MOST: u32 = 100;
    let mut scene = SweepScene::new(|_| ()).await;
    let url = ripen_testkit::rabbit::shared_vhost().await;
    let options = TransportOptions { offers_max: MOST, confirm_timeout: LIMIT, ..TransportOptions::default() };
    let transport = Transport::amqp(&url, options.clone()).unwrap();
    scene.ctx.transport = transport.clone();
    until("RabbitMQ is there", LIMIT, || async { transport.is_ready().then_some(()) }).await;
    scene.leads(0x1000, 500, now() - seconds(30), 0.01).await;
    let mut pace = Pace::default();
    let mut later = now();
    // Each look after all earlier offers have run out.
    for _ in 0..12 {
        tick(&scene.ctx, &mut pace, later).await.unwrap();
        later += seconds(120);
        until("what waits is counted", LIMIT, || async { (transport.room(Queue::Requalify) == 0).then_some(()) }).await;
    }
    let found = check(&url, &options).await.unwrap();
    let requalify = found.queues.into_iter().find(|one| one.queue == Queue::Requalify).unwrap();
    let QueueState::Good { messages, .. } = requalify.state else { panic!("{:?}", requalify.state) };
    // A count that was under way while the first were published may let as many in once more.
    assert!((1..=2 * MOST).contains(&messages), "{messages} messages of 500 promises");
}

/// What is let go out of the quarantine and finds no room is not put off by the time of an offer.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_released_and_found_no_room_is_offered_by_the_next_look() {
    let mut scene = SweepScene::new(|_| ()).await;
    scene.ctx.transport = Transport::local(TransportOptions { local_bytes_max: 3_000, ..TransportOptions::default() });
    let sql = "with body as (
          insert into arrival_body (arrival_id, received_at, raw)
          select lpad(i::text, 32, '0')::uuid, '2026-11-24T17:00:00Z', repeat('x', 2000) from generate_series(1, 3) i)
        insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, submission, flags,
                             released_at, offered_until)
        select lpad(i::text, 32, '0')::uuid, lpad('1', 32, '0')::uuid, lpad('2', 32, '0')::uuid, 'content', 'quarantined', 'key_reused',
               decode(repeat('00', 16), 'hex'), '2026-11-24T17:00:00Z', 'text/plain', '{\"email\":\"casey@example.com\"}', '{}',
               '2026-11-24T17:30:00Z', 'epoch' from generate_series(1, 3) i";
    sqlx::query(sql).execute(&scene.pool).await.unwrap();
    let swept = tick(&scene.ctx, &mut Pace::default(), now()).await.unwrap();
    assert_eq!(swept.released, 1, "the first takes all the room there is");
    let waiting = "select count(*) from arrival where released_at is not null and offered_until <= $1::timestamptz";
    let waiting: i64 = sqlx::query_scalar(waiting).bind(now().to_string()).fetch_one(&scene.pool).await.unwrap();
    assert_eq!(waiting, 2, "the others are due at once");
}
