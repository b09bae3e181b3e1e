//! Rows to measure with, written straight into the tables: leads as they stand after their first decision, and promises.

use sqlx::PgPool;

/// Where the numbers of promises that only wait begin.
const ASIDE: i64 = 1 << 40;

/// Brings the promises that wait for another day to so many, spread over three years. Their leads are not written: no
/// look at the ledger reads them before they are due.
pub async fn waiting(pool: &PgPool, count: u64) {
    let sql = "insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
        select lpad(to_hex($1::bigint + i), 32, '0')::uuid, 1, (select id from client limit 1), 'requalify', 'scheduled',
               now() + interval '30 days' + (i * 7919 % 94608000) * interval '1 second',
               'grade B is looked at again after 30d', 'criteria', now(), now()
        from generate_series($2::bigint, $3::bigint - 1) i";
    let there: i64 =
        sqlx::query_scalar("select count(*) from promise where lead_id >= lpad(to_hex($1::bigint), 32, '0')::uuid")
            .bind(ASIDE)
            .fetch_one(pool)
            .await
            .expect("a count");
    let count = i64::try_from(count).expect("a number of promises");
    sqlx::query(sql).bind(ASIDE).bind(there).bind(count).execute(pool).await.expect("rows");
    sqlx::query("vacuum (analyze) promise").execute(pool).await.expect("the administrator may");
}

/// Leads of these numbers, first and last, graded B, with a person and three answers each.
pub async fn leads(pool: &PgPool, (first, last): (i64, i64)) {
    for sql in [
        "insert into person (id, client_id, email, created_at, updated_at)
         select lpad(to_hex(i), 32, '0')::uuid, (select id from client limit 1), i || '@example.com', now(), now()
         from generate_series($1::bigint, $2::bigint) i",
        "insert into person_identity (client_id, kind, value, person_id)
         select (select id from client limit 1), 'email', i || '@example.com', lpad(to_hex(i), 32, '0')::uuid
         from generate_series($1::bigint, $2::bigint) i",
        "insert into lead (id, client_id, program_id, person_id, source_id, channel, grade, score, criteria_id, decision_id,
                           arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at, generation, created_at)
         select lpad(to_hex(i), 32, '0')::uuid, s.client_id, g.id, lpad(to_hex(i), 32, '0')::uuid, s.id, 'web_form', 'B', 50,
                g.criteria_id, lpad(to_hex(i), 32, '0')::uuid, 1, 1, now(), now(), now(), 1, now()
         from generate_series($1::bigint, $2::bigint) i, (select * from source limit 1) s, (select * from program limit 1) g",
        "insert into answer (lead_id, question, at, origin, value)
         select lpad(to_hex(i), 32, '0')::uuid, q.question, now(), 'person:bench', q.value::json
         from generate_series($1::bigint, $2::bigint) i,
              (values ('timeframe_days', '200'), ('budget', '300000'), ('preapproved', 'false')) q (question, value)",
    ] {
        sqlx::query(sql).bind(first).bind(last).execute(pool).await.expect("rows");
    }
}

/// Promises of these leads: the first due in so many seconds, each so many seconds after the one before.
pub async fn due(pool: &PgPool, (first, last): (i64, i64), begins: f64, apart: f64) {
    let sql = "insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
        select lpad(to_hex(i), 32, '0')::uuid, 1, (select id from client limit 1), 'requalify', 'scheduled',
               now() + ($3 + (i - $1::bigint) * $4) * interval '1 second', 'again', 'criteria', now(), now()
        from generate_series($1::bigint, $2::bigint) i";
    sqlx::query(sql).bind(first).bind(last).bind(begins).bind(apart).execute(pool).await.expect("rows");
}
