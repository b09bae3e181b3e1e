//! Plans of lists that have to do without the values that they are asked with: what may be absent, as `$1 is null
//! or …`, tempts one plan for all of them to go through the whole table.

pub(crate) mod scene;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use jiff::SignedDuration;
use ripen_testkit::postgres::database;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{Store, StoreOptions};

/// A statement as it was checked: `.sqlx` holds one file for each.
#[derive(Deserialize)]
struct Checked {
    query: String,
    describe: Described,
}

#[derive(Deserialize)]
struct Described {
    parameters: Parameters,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "Left")]
    types: Vec<serde::de::IgnoredAny>,
}

fn checked(name: &str) -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.sqlx");
    let begin = format!("-- {name}\n");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut all = files.map(|text| serde_json::from_str::<Checked>(&text).unwrap());
    all.find(|one| one.query.starts_with(&begin)).unwrap_or_else(|| panic!("there is no statement {name}"))
}

/// Rows of several months for a thousand clients, without what they refer to.
const FILL: &str = "
    set session_replication_role = replica;
    create temporary table n as select i, gen_random_uuid() as id, gen_random_uuid() as client, timestamptz '2026-01-01Z' + i * interval '1 minute' as at
      from generate_series(1, 20000) i;
    insert into client (id, slug, name, country, time_zone, created_at) select client, 'c' || i, 'C', 'US', 'UTC', at from n where i <= 1000;
    insert into person_identity (client_id, kind, value, person_id) select c.client, 'email', n.i || '@example.com', n.id
      from n join n c on c.i = n.i % 1000 + 1;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at, last_arrived_at,
                      last_enquiry_at, created_at)
      select n.id, c.client, c.id, n.id, c.id, 'web_form', 1, 1, n.at, n.at, n.at, n.at from n join n c on c.i = n.i % 1000 + 1;
    insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at, ended_at)
      select id, 1, client, 'requalify', case i % 10 when 0 then 'work' when 1 then 'scheduled' else 'kept' end, at, 'x', 'x', at, at,
             case when i % 10 > 1 then at end from n;
    insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt) select id, id, client, client, at, 'B', 0, 'null' from n;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at, ended_at)
      select id, client, id, id, id, 'delivered', at, at, at, at from n;
    insert into dead_letter (id, queue, message_id, body, reason, state, at, ended_at)
      select id, 'q', id, 'b', 'r', case when i % 10 = 0 then 'waiting' else 'dropped' end, at, case when i % 10 > 0 then at end from n;
    analyze;
    set plan_cache_mode = force_generic_plan;
";

/// The tables with many rows.
const FILLED: [&str; 7] = ["promise", "delivery", "dead_letter", "person_identity", "lead", "decision", "client"];

async fn plan(connection: &mut PgConnection, name: &str) -> String {
    let Checked { query, describe } = checked(name);
    sqlx::raw_sql(AssertSqlSafe(format!("prepare looked as {query}"))).execute(&mut *connection).await.unwrap();
    let nulls = vec!["null"; describe.parameters.types.len()].join(", ");
    let explain = format!("explain (costs off) execute looked ({nulls})");
    let lines: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(explain)).persistent(false).fetch_all(&mut *connection).await.unwrap();
    sqlx::raw_sql("deallocate looked").execute(connection).await.unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn lists_go_by_index_with_one_plan_for_every_question() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql(FILL).execute(&mut connection).await.unwrap();
    // As PostgreSQL ships its planner: lists have it so.
    for (name, index) in [
        ("promise.list_work", "promise_as_work"),
        ("promise.list_ahead", "promise_by_due"),
        ("delivery.list", "delivery_pkey"),
        ("dead_letter.list", "dead_letter_pkey"),
    ] {
        goes_by(&mut connection, name, index).await;
    }
    for (setting, value) in crate::LOOKUPS {
        sqlx::raw_sql(AssertSqlSafe(format!("set {setting} = {value}"))).execute(&mut connection).await.unwrap();
    }
    for (name, index) in [
        ("promise.of_lead", "promise_pkey"),
        ("delivery.of_lead", "delivery_of_lead"),
        // `lead list --email`, of every client and of one.
        ("lead.of_identity", "lead_of_person"),
    ] {
        goes_by(&mut connection, name, index).await;
    }
    connection.close().await.unwrap();
}

async fn goes_by(connection: &mut PgConnection, name: &str, index: &str) {
    let plan = plan(connection, name).await;
    assert!(plan.contains(index), "{name} does not go by {index}:\n{plan}");
    let lines: Vec<&str> = plan.lines().map(str::trim_start).collect();
    for (at, line) in lines.iter().enumerate() {
        let filled = FILLED.iter().any(|table| line.contains(&format!(" on {table} ")));
        // An index that is read from end to end, without a condition, is all of the table too.
        let bounded = lines.get(at + 1).is_some_and(|next| next.starts_with("Index Cond"));
        let is_whole = line.contains("Seq Scan") || line.contains("Index") && !line.contains("Bitmap") && !bounded;
        assert!(!filled || !is_whole, "{name} reads a whole table:\n{plan}");
    }
}

#[tokio::test]
async fn a_slow_answer_of_the_database_is_no_wrong_clock() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let theirs = store.clock().await.unwrap();
    let ahead = async |before: i64, after: i64| {
        // The first look, and the one after the answer.
        let looks = AtomicUsize::new(0);
        let offsets = [before, after].map(SignedDuration::from_mins);
        let now = || theirs + offsets[looks.fetch_add(1, Ordering::Relaxed).min(1)];
        store.clock_ahead(now).await.unwrap().as_mins()
    };
    assert_eq!(ahead(-1, 600).await, 0, "a minute before, and hours until the answer");
    assert!((500..=600).contains(&ahead(600, 601).await));
    assert!((-600..=-500).contains(&ahead(-601, -600).await));
    store.close().await;
}
