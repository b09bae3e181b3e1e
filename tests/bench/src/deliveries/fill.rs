//! Rows to measure with: leads as they stand when they have matured, made after one that did, and what is owed of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::PgPool;

use crate::{
    load_generator::{self, Plan, Until},
    process::Process,
    stage::Stage,
    stamps::Stamps,
};

/// The first sixteen digits of an id: its time.
const LIKE: &str = "substr(replace(x.id::text, '-', ''), 1, 16) || '8' || lpad(to_hex(i), 15, '0')";

/// Posts one lead and waits until its webhook arrived.
pub async fn first(stage: &Stage, process: &Process, key: &str, stamps: &Arc<Stamps>) {
    let plan = Plan {
        target: Stage::target(process, key),
        connections: 1,
        until: Until::Leads(1),
        first: 0,
        a_in: 1,
        stamps: Some(Arc::clone(stamps)),
        wait_for_arrival: true,
    };
    load_generator::closed(plan).await;
    while stage.count("select count(*) from delivery where state = 'delivered'").await < 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Brings the endpoints to so many, all like the first.
pub async fn endpoints(pool: &PgPool, url: &str, count: u64) {
    let sql = "with new as (
          insert into endpoint (id, client_id, kind, url, allow_private, created_at)
          select lpad(to_hex(i), 32, '0')::uuid, (select id from client), 'webhook', $2, true, now()
          from generate_series(1, $1::bigint - 1) i returning id)
        insert into endpoint_secret (endpoint_id, secret, created_at)
        select new.id, 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=', now() from new";
    sqlx::query(sql).bind(number(count)).bind(url).execute(pool).await.expect("rows");
}

/// One endpoint never answers from now on.
pub async fn silence(pool: &PgPool, url: &str) {
    let sql = "update endpoint set url = $1, sealed_url = null, shown_url = null, by_name = true where id = (select max(id::text)::uuid from endpoint)";
    sqlx::query(sql).bind(url).execute(pool).await.expect("an endpoint");
}

/// Leads of these numbers, matured, and a delivery of each: the first due in so many seconds, each so many seconds after
/// the one before, to those endpoints in turn that answer. Returns from when that is counted.
pub async fn due(pool: &PgPool, leads: (u64, u64), begins: f64, apart: f64) -> Instant {
    matured(pool, leads).await;
    let counted = Instant::now();
    owed(pool, leads, (begins, apart), false).await;
    counted
}

/// The same to the endpoint that does not, all at once.
pub async fn due_to_silent(pool: &PgPool, leads: (u64, u64)) {
    matured(pool, leads).await;
    owed(pool, leads, (0.0, 0.0), true).await;
}

async fn matured(pool: &PgPool, (first, last): (u64, u64)) {
    for sql in [
        "insert into person (id, client_id, first_name, email, created_at, updated_at)
         select lpad(to_hex(i), 32, '0')::uuid, (select id from client), 'Casey', 'lead-' || lpad(i::text, 7, '0') || '@example.com',
                now(), now() from generate_series($1::bigint, $2::bigint) i",
        "insert into lead (id, client_id, program_id, person_id, source_id, channel, grade, score, criteria_id, decision_id,
                           arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at, matured_at, generation, created_at)
         select lpad(to_hex(i), 32, '0')::uuid, x.client_id, x.program_id, lpad(to_hex(i), 32, '0')::uuid, x.source_id, x.channel, 'A',
                x.score, x.criteria_id, x.decision_id, 1, 1, now(), now(), now(), now(), 0, now()
         from generate_series($1::bigint, $2::bigint) i, (select * from lead order by created_at limit 1) x",
        "insert into answer (lead_id, question, at, origin, value)
         select lpad(to_hex(i), 32, '0')::uuid, x.question, x.at, x.origin, x.value
         from generate_series($1::bigint, $2::bigint) i, answer x
         where x.lead_id = (select id from lead order by created_at limit 1)",
    ] {
        sqlx::query(sql).bind(number(first)).bind(number(last)).execute(pool).await.expect("rows");
    }
    let like = [
        format!(
            "insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
             select ({LIKE})::uuid, lpad(to_hex(i), 32, '0')::uuid, x.client_id, x.criteria_id, x.at, x.grade, x.score, x.receipt
             from generate_series($1::bigint, $2::bigint) i, (select * from decision order by id limit 1) x"
        ),
        format!(
            "insert into maturation (id, lead_id, client_id, decision_id, at)
             select lpad(to_hex(i), 32, '0')::uuid, lpad(to_hex(i), 32, '0')::uuid, x.client_id, ({LIKE})::uuid, now()
             from generate_series($1::bigint, $2::bigint) i, (select * from decision order by id limit 1) x"
        ),
    ];
    for sql in like {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number(first)).bind(number(last));
        query.execute(pool).await.expect("rows");
    }
}

async fn owed(pool: &PgPool, (first, last): (u64, u64), (begins, apart): (f64, f64), silent: bool) {
    let sql = format!(
        "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at)
         select ({LIKE})::uuid, x.client_id, lpad(to_hex(i), 32, '0')::uuid, lpad(to_hex(i), 32, '0')::uuid,
                to_all.ids[1 + i % cardinality(to_all.ids)], 'pending', now() + ($3 + (i - $1) * $4) * interval '1 second', now(), now()
         from generate_series($1::bigint, $2::bigint) i, (select * from decision order by id limit 1) x,
              (select array_agg(id order by id) as ids from endpoint where by_name = $5) to_all"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number(first)).bind(number(last));
    query.bind(begins).bind(apart).bind(silent).execute(pool).await.expect("rows");
}

/// The bytes of a delivery that was sent.
pub async fn a_body(pool: &PgPool) -> Vec<u8> {
    sqlx::query_scalar("select body from delivery_body limit 1").fetch_one(pool).await.expect("a body")
}

fn number(of: u64) -> i64 {
    i64::try_from(of).expect("a small number")
}
