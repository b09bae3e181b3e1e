//! The qualifier's user lacks the right to one table after the other, each for a while, as after a botched deployment: what
//! needs the table waits, whatever else arrives is graded, and nothing ends as a dead letter.

use ripen_testkit::wait::until;
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, posters::post, process::Process};

/// A message that waits alone is tried more often than one that its own values end.
const TRIED: u64 = 6;
const SEEN: &str = "select count(*) from arrival_seen";
const UNGRADED: &str = "select count(*) from lead where grade is null";
const DEAD: &str = "select count(*) from dead_letter";

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_for_a_while_ends_no_message() {
    let mut installation = Installation::new(Kind::Rabbit).await;
    // The months' partitions are made by whoever owns the tables.
    installation.json(&["migrate"]).await;
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    installation.set("QUALIFIER__ALONE_PAUSE_MS", "20");
    installation.set("QUALIFIER__HOLD_S", "1");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let intake = installation.serve("intake").await;
    let user = User::with_every_right(&installation).await;
    installation.set("DATABASE__URL", &user.url);
    let qualifier = installation.serve("qualifier").await;
    let mut sent = 0;
    sent += send(&intake, &source, "first").await;
    until_worked(&installation, sent).await;
    // Whatever else leads to this person is suppressed from now on.
    run(&installation, "update person set do_not_contact = true where email = 'never@example.com'".to_owned()).await;
    let mut refused = Vec::new();
    for table in tables(&installation).await {
        let before = set_aside(&qualifier).await;
        run(&installation, format!("revoke all on {table} from {}", user.name)).await;
        sent += send(&intake, &source, &table).await;
        run(
            &installation,
            "update promise set due_at = now() - interval '1 second' where state = 'scheduled'".to_owned(),
        )
        .await;
        let shows = async || {
            let is_worked = installation.count(SEEN).await >= sent && installation.count(UNGRADED).await == 0;
            let waits = qualifier.get("/readyz").await.0 == 503 || set_aside(&qualifier).await >= before + TRIED;
            (is_worked || waits).then_some(waits)
        };
        if until("it is worked, or waits", LIMIT, shows).await {
            refused.push(table.clone());
        }
        run(&installation, format!("grant all on {table} to {}", user.name)).await;
        until_worked(&installation, sent).await;
    }
    assert!(refused.iter().any(|table| table == "lead"), "without a right to leads nothing is worked: {refused:?}");
    assert!(refused.len() > 10, "few tables are needed: {refused:?}");
    assert_eq!(installation.count(DEAD).await, 0);
    // A note of a try that could not be taken away while its own table was out of reach is forgotten after a day: whether
    // suspects are cleared is another test's.
    assert_eq!((intake.stop().await, qualifier.stop().await), (Some(0), Some(0)));
    user.remove(&installation).await;
}

/// An A, a C, a second enquiry and a correction of the A, a namesake behind its phone, and somebody who wants no contact under another number.
async fn send(intake: &Process, source: &Source, name: &str) -> i64 {
    let email = format!("{name}@example.com");
    // Numbers that no other table's person has.
    let number = name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 10_000;
    let phone = format!("+1212555{number:04}");
    let soon = json!({"timeframe_days": 30});
    let leads = [
        json!({"external_id": format!("{name}-a"), "first_name": "Casey", "last_name": "Doe", "email": email, "phone": phone, "answers": soon}),
        json!({"external_id": format!("{name}-c"), "email": format!("late-{email}"), "answers": {"timeframe_days": 900}}),
        json!({"external_id": format!("{name}-b"), "email": email, "notes": "once more"}),
        json!({"external_id": format!("{name}-a"), "first_name": "Casey", "last_name": "Doe", "email": format!("new-{email}"), "phone": phone, "answers": soon}),
        json!({"external_id": format!("{name}-n"), "first_name": "Robin", "last_name": "Miller", "phone": phone, "answers": soon}),
        json!({"external_id": format!("{name}-d"), "email": "never@example.com", "phone": format!("+1713555{number:04}")}),
    ];
    for lead in &leads {
        let (status, answer) = post(&intake.url, source, lead).await.expect("intake answers");
        assert_eq!(status, 202, "{answer}");
    }
    // The correction has an id of its own.
    i64::try_from(leads.len()).unwrap()
}

async fn until_worked(installation: &Installation, sent: i64) {
    until("everything is worked", LIMIT, || async {
        let seen = installation.count(SEEN).await;
        (seen >= sent && installation.count(UNGRADED).await == 0).then_some(())
    })
    .await;
}

/// How often messages waited alone for the database.
async fn set_aside(qualifier: &Process) -> u64 {
    let metrics = qualifier.get("/metrics").await.1;
    let line = metrics.lines().find(|line| line.starts_with("ripen_messages_set_aside_total{why=\"database\"}"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("the metric is there from the start")
}

async fn run(installation: &Installation, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(installation.pool()).await.unwrap();
}

/// Every table, but for sqlx's own and the partitions, whose rights are those of the whole.
async fn tables(installation: &Installation) -> Vec<String> {
    let tables = "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> '_sqlx_migrations' order by 1";
    sqlx::query_scalar(tables).fetch_all(installation.pool()).await.unwrap()
}

/// A user of the database who owns nothing.
struct User {
    name: String,
    url: String,
}

impl User {
    async fn with_every_right(installation: &Installation) -> Self {
        let name: String =
            sqlx::query_scalar("select 'worker_' || current_database()").fetch_one(installation.pool()).await.unwrap();
        run(
            installation,
            format!(
                "drop role if exists {name}; create role {name} login; grant usage on schema public to {name};
                 grant all on all tables in schema public to {name}; grant all on all sequences in schema public to {name}"
            ),
        )
        .await;
        let owners = installation.env("DATABASE__URL").unwrap();
        let (scheme, rest) = owners.split_once("://").unwrap();
        let url = format!("{scheme}://{name}@{}", rest.rsplit_once('@').unwrap().1);
        Self { name, url }
    }

    async fn remove(self, installation: &Installation) {
        run(installation, format!("drop owned by {0}; drop role {0}", self.name)).await;
    }
}
