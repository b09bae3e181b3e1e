//! A database that an earlier version made and worked with is brought up to this one: nothing in it is lost or decided
//! otherwise, and what was under way goes on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use ripen_testkit::{
    postgres::{self, TestDatabase},
    receiver::Receiver,
    wait::until,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::harness::{Installation, LIMIT, always_open, process::client};

/// What an installation of the first migration held.
const DATA: &str = include_str!("../upgrade/0001_data.sql");
/// Where its webhooks went.
const HOOKS: &str = "http://127.0.0.1:18099";
/// The token of its client Acme Homes.
const TOKEN: &str = "ct_cdf3bead13880378a54aeef077c50609031ea6ec777ebdbd09901286dc8a5407";
/// Its message in the spool.
const SPOOLED: &str = "quinn@example.com";

/// Tables that are named to people: what is in them is added to, and keeps its names.
const REPORTED: [&str; 12] = [
    "arrival",
    "person",
    "lead",
    "promise",
    "decision",
    "delivery",
    "attempt",
    "outcome",
    "answer",
    "identity",
    "spool",
    "dead_letter",
];

/// A database made by the first migration alone, with the data of that time.
async fn made_by_the_first() -> TestDatabase {
    let folder = tempfile::tempdir().unwrap();
    let name = "0001_foundation.sql";
    let migrations = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations"));
    fs::copy(migrations.join(name), folder.path().join(name)).unwrap();
    let database = postgres::database_made_by(folder.path()).await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    sqlx::raw_sql(DATA).execute(&pool).await.unwrap();
    pool.close().await;
    database
}

/// How many rows each of these tables has, or each of all there are.
async fn counts(pool: &PgPool, tables: Option<&BTreeMap<String, i64>>) -> BTreeMap<String, i64> {
    let all = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not relispartition and relname <> '_sqlx_migrations'";
    let names = match tables {
        Some(tables) => tables.keys().cloned().collect(),
        None => sqlx::query_scalar::<_, String>(all).fetch_all(pool).await.unwrap(),
    };
    let mut counts = BTreeMap::new();
    for name in names {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {name}")));
        counts.insert(name, count.fetch_one(pool).await.unwrap());
    }
    counts
}

/// The columns of the tables that people write reports on.
async fn columns(pool: &PgPool) -> BTreeSet<(String, String)> {
    let sql = "select table_name::text, column_name::text from information_schema.columns where table_schema = 'public' and table_name = any($1)";
    sqlx::query_as(sql).bind(&REPORTED[..]).fetch_all(pool).await.unwrap().into_iter().collect()
}

async fn healthy(installation: &Installation) {
    let doctor = installation.run(&["doctor"]).await;
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
}

async fn execute(installation: &Installation, sql: &str) -> u64 {
    sqlx::query(AssertSqlSafe(sql)).execute(installation.pool()).await.unwrap().rows_affected()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_first_migration_is_brought_up_to_date_with_all_that_is_in_it() {
    let database = made_by_the_first().await;
    let mut installation = Installation::on(database.url(), "").await;
    always_open(&mut installation);
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "100");
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    let before = counts(installation.pool(), None).await;
    assert!(before["lead"] == 20 && before["delivery"] == 32 && before["spool"] == 1, "{before:?}");

    let read = "update delivery_body set place = 1 where delivery_id = (select delivery_id from delivery_body order by 1 desc limit 1)";
    assert_eq!(execute(&installation, read).await, 1);

    let named = columns(installation.pool()).await;
    let tables: BTreeSet<_> = named.iter().map(|(table, _)| table.as_str()).collect();
    assert_eq!(tables.len(), REPORTED.len(), "{tables:?}");
    let migrated = installation.run(&["migrate"]).await;
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    assert_eq!(counts(installation.pool(), Some(&before)).await, before);
    let since = columns(installation.pool()).await;
    assert_eq!(named.difference(&since).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "reports read them");
    let places = "select count(*) from delivery_place p join delivery_body b using (delivery_id, client_id, at)";
    assert_eq!(installation.count(places).await, before["delivery_body"], "each body has its row in the list");
    let kept = "select count(*) from delivery_place where place = 1 and delivery_id = (select delivery_id from delivery_body order by 1 desc limit 1)";
    assert_eq!(installation.count(kept).await, 1, "what was read has its place");
    let raw = "select count(*) from arrival_raw where raw <> ''";
    assert_eq!(installation.count(raw).await, before["arrival"], "what was received is there");
    healthy(&installation).await;
    let replayed = installation.json(&["decision", "replay", "--all"]).await;
    assert_eq!((&replayed["same"], &replayed["differ"]), (&json!(before["decision"]), &json!(0)), "{replayed}");

    what_was_under_way_goes_on(&installation).await;
    healthy(&installation).await;
}

async fn what_was_under_way_goes_on(installation: &Installation) {
    let receiver = Receiver::start().await;
    // The clock of that day may be ahead of this machine's or years behind it: what was to come is due now.
    let here = format!("http://{}", receiver.address());
    let redirected = format!("update endpoint set url = replace(url, '{HOOKS}', '{here}') where url is not null");
    assert_eq!(execute(installation, &redirected).await, 4);
    let leased: uuid::Uuid = sqlx::query_scalar("select id from delivery where state = 'leased'")
        .fetch_one(installation.pool())
        .await
        .unwrap();
    let body: Vec<u8> = sqlx::query_scalar("select body from delivery_body where delivery_id = $1")
        .bind(leased)
        .fetch_one(installation.pool())
        .await
        .unwrap();
    execute(installation, "update delivery set leased_until = now() - interval '1 second' where state = 'leased'")
        .await;
    execute(installation, "update delivery set due_at = now() where state in ('pending', 'leased')").await;
    let due = "update promise set due_at = now() - interval '1 second'
        where ctid = (select ctid from promise where state = 'scheduled' and not agreed order by lead_id limit 1)
        returning lead_id";
    let due: uuid::Uuid = sqlx::query_scalar(due).fetch_one(installation.pool()).await.unwrap();
    let waiting = "select count(*) from promise where lead_id = $1 and state = 'scheduled' and due_at < now()";

    let process = installation.serve("").await;
    until("the due promise fires", LIMIT, || async {
        // Of this lead alone: others come meanwhile.
        let waits: i64 = sqlx::query_scalar(waiting).bind(due).fetch_one(installation.pool()).await.unwrap();
        (waits == 0).then_some(())
    })
    .await;
    until("what lay in the spool is a lead", LIMIT, || async {
        let listed = installation.json(&["lead", "list", "--email", SPOOLED]).await;
        listed.as_array().is_some_and(|leads| leads.len() == 1).then_some(())
    })
    .await;
    let id = ripen_domain::id::DeliveryId::from_uuid(leased).to_string();
    let again = until("what was leased goes out again", LIMIT, || async {
        receiver.received().into_iter().find(|received| received.header("webhook-id") == id)
    })
    .await;
    assert_eq!(again.body, body, "the same bytes under the same id");
    the_client_reads_its_deliveries(&process.url).await;
    assert_eq!(process.stop().await, Some(0));
}

async fn the_client_reads_its_deliveries(url: &str) {
    let read = async |path: String| -> Value {
        let answer = client().get(format!("{url}/v1/deliveries{path}")).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    };
    let listed = read(String::new()).await;
    assert!(listed["deliveries"].as_array().unwrap().len() >= 8, "{listed}");
    let first = &listed["deliveries"][0];
    let id = first["delivery"].as_str().unwrap();
    let one = read(format!("/{id}")).await;
    assert_eq!((&one["delivery"], &one["payload"]), (&json!(id), &first["payload"]), "{one}");
}
