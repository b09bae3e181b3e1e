//! The database refuses leads: for everybody, for one message alone, or for what one says. Only the last two end as dead
//! letters, and nothing of theirs is lost or counted twice.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    CRITERIA, Installation, Kind, LIMIT, Source,
    posters::post,
    process::{Process, client},
};

const GRADED: &str = "select count(*) from lead where grade is not null";
const DEAD: &str = "select count(*) from dead_letter where state = 'waiting'";
const SUSPECTS: &str = "select count(*) from suspect";

async fn prepared(kind: Kind) -> (Installation, Source, Process) {
    let mut installation = Installation::new(kind).await;
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    // Pauses of minutes are for databases that are mended by hand.
    installation.set("QUALIFIER__ALONE_PAUSE_MS", "500");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    (installation, source, process)
}

/// From now on this state is raised for each new person for whom the condition holds.
async fn refuse(installation: &Installation, state: &str, condition: &str) {
    let sql = format!(
        "create or replace function refuse() returns trigger language plpgsql as $$ begin
           if {condition} then raise exception 'refused' using errcode = '{state}'; end if; return new; end $$;
         create or replace trigger refuse before insert on person for each row execute function refuse()"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(installation.pool()).await.unwrap();
}

async fn heal(installation: &Installation) {
    sqlx::raw_sql("drop trigger refuse on person").execute(installation.pool()).await.unwrap();
}

async fn send(process: &Process, source: &Source, name: &str) -> (u16, Value) {
    let lead = json!({"external_id": name, "email": format!("{name}@example.com"), "answers": {"timeframe_days": 200}});
    post(&process.url, source, &lead).await.unwrap()
}

async fn wait_for(installation: &Installation, sql: &'static str, count: i64) {
    until(sql, LIMIT, || async { (installation.count(sql).await == count).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_refuses_everything_is_waited_for_on_rabbitmq() {
    refused_and_healed(Kind::Rabbit, "42501").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_refuses_everything_is_waited_for_on_the_local_transport() {
    refused_and_healed(Kind::Local, "58030").await;
}

async fn refused_and_healed(kind: Kind, state: &str) {
    let (installation, source, process) = prepared(kind).await;
    refuse(&installation, state, "true").await;
    for number in 0..40 {
        assert_eq!(send(&process, &source, &format!("p{number}")).await.0, 202);
    }
    until("it says that it waits", LIMIT, || async {
        let (status, text) = process.get("/readyz").await;
        (status == 503 && text.contains(state)).then_some(())
    })
    .await;
    let metrics = process.get("/metrics").await.1;
    assert!(metrics.contains("ripen_qualifier_waiting_workers"), "{metrics}");
    // Longer than five tries of each message took.
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    assert_eq!((installation.count(GRADED).await, installation.count(DEAD).await), (0, 0));
    heal(&installation).await;
    wait_for(&installation, GRADED, 40).await;
    wait_for(&installation, SUSPECTS, 0).await;
    until("it is ready", LIMIT, || async { (process.get("/readyz").await.0 == 200).then_some(()) }).await;
    assert_eq!(installation.count(DEAD).await, 0);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_alone_is_refused_is_dead_and_its_retry_waits_with_it() {
    let (installation, source, process) = prepared(Kind::Local).await;
    // XX000: nothing in the state says whose fault it is; that others pass does.
    refuse(&installation, "XX000", "new.email like 'poison%'").await;
    let (_, answer) = send(&process, &source, "poison").await;
    for number in 0..20 {
        assert_eq!(send(&process, &source, &format!("p{number}")).await.0, 202);
    }
    wait_for(&installation, GRADED, 20).await;
    wait_for(&installation, DEAD, 1).await;
    wait_for(&installation, SUSPECTS, 0).await;

    let (status, again) = send(&process, &source, "poison").await;
    assert_eq!((status, &again["arrival"]), (202, &answer["arrival"]), "the same arrival");
    wait_for(&installation, "select count(*) from spool", 0).await;
    let lead = json!({"external_id": "poison", "email": "poison@example.com", "answers": {"timeframe_days": 200}});
    let request =
        client().post(format!("{}/v1/leads", process.url)).bearer_auth(&source.key).header("Prefer", "wait=10");
    let told = request.json(&lead).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!((&told["status"], &told["reason"]), (&json!("dead"), &json!("failed")), "whoever waits is told: {told}");
    assert_eq!(
        installation.count("select count(*) from arrival").await,
        20,
        "it is graded beside the dead one by nobody"
    );
    let other = json!({"external_id": "poison", "email": "poison2@example.com"});
    assert_eq!(post(&process.url, &source, &other).await.unwrap().0, 202);
    wait_for(&installation, DEAD, 2).await;
    let asked = client().get(format!("{}/v1/arrivals/{}", process.url, answer["arrival"].as_str().unwrap()));
    let status = asked.bearer_auth(&source.key).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!((&status["status"], &status["bodies"][0]["status"]), (&json!("dead"), &json!("dead")), "{status}");
    let listed = installation.json(&["dead", "list"]).await;
    assert_eq!(listed.as_array().unwrap().len(), 2, "the original and its correction: {listed}");

    heal(&installation).await;
    assert_eq!(installation.json(&["dead", "replay", "--all"]).await["replayed"], 2);
    wait_for(&installation, "select count(*) from arrival", 22).await;
    assert_eq!(installation.count("select count(*) from arrival_seen where ended = 'dead'").await, 0);
    assert_eq!(installation.count("select count(*) from dead_letter where octet_length(body) > 0").await, 0);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_an_impossible_value_is_dead_even_alone_and_a_suspect_that_passes_is_forgotten() {
    let (installation, source, process) = prepared(Kind::Local).await;
    refuse(&installation, "22P05", "new.email like 'poison%'").await;
    send(&process, &source, "poison").await;
    wait_for(&installation, DEAD, 1).await;
    wait_for(&installation, SUSPECTS, 0).await;
    refuse(&installation, "XX000", "new.email like 'slow%'").await;
    send(&process, &source, "slow").await;
    wait_for(&installation, SUSPECTS, 1).await;
    heal(&installation).await;
    wait_for(&installation, GRADED, 1).await;
    wait_for(&installation, SUSPECTS, 0).await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_message_brings_about_ends_none_although_others_pass() {
    let (mut installation, source, process) = prepared(Kind::Local).await;
    assert_eq!(process.stop().await, Some(0));
    installation.set("QUALIFIER__ALONE_PAUSE_MS", "20");
    let process = installation.serve("").await;
    let states = ["42501", "42P01", "53100", "58030", "55000", "25006", "0A000"];
    let raise = states.map(|state| {
        format!("if new.email like '{}%' then raise exception 'refused' using errcode = '{state}'; end if;", of(state))
    });
    let sql = format!(
        "create function refuse() returns trigger language plpgsql as $$ begin {} return new; end $$;
         create trigger refuse before insert on person for each row execute function refuse()",
        raise.concat()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(installation.pool()).await.unwrap();
    for state in states {
        send(&process, &source, &of(state)).await;
    }
    for number in 0..20 {
        send(&process, &source, &format!("p{number}")).await;
    }
    wait_for(&installation, GRADED, 20).await;
    // More often than five times each.
    until("they wait, and it is said", LIMIT, || async {
        let metrics = process.get("/metrics").await.1;
        let line = metrics.lines().find(|line| line.starts_with("ripen_messages_set_aside_total{why=\"database\"}"));
        let count: usize = line.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        let (status, text) = process.get("/readyz").await;
        (count > 6 * states.len() && status == 200 && text.contains("the database fails at so many messages"))
            .then_some(())
    })
    .await;
    assert_eq!(installation.count("select count(*) from dead_letter").await, 0);
    heal(&installation).await;
    wait_for(&installation, GRADED, 27).await;
    wait_for(&installation, SUSPECTS, 0).await;
    until("nothing more is said", LIMIT, || async {
        (!process.get("/readyz").await.1.contains("the database fails")).then_some(())
    })
    .await;
    assert_eq!(process.stop().await, Some(0));
}

/// The name of the person at whom a state is raised.
fn of(state: &str) -> String {
    format!("state{}", state.to_lowercase())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspect_of_an_earlier_process_is_forgotten_when_it_passes() {
    let (installation, source, process) = prepared(Kind::Local).await;
    refuse(&installation, "XX000", "new.email like 'slow%'").await;
    send(&process, &source, "slow").await;
    wait_for(&installation, SUSPECTS, 1).await;
    process.kill9().await;
    heal(&installation).await;
    let process = installation.serve("").await;
    wait_for(&installation, GRADED, 1).await;
    wait_for(&installation, SUSPECTS, 0).await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_that_cannot_be_loaded_hold_up_their_own_client_alone() {
    let (installation, source, process) = prepared(Kind::Local).await;
    let theirs = installation.client("beta").await;
    let file = installation.folder().join("other.toml");
    std::fs::write(&file, CRITERIA.replace("name = \"test\"", "name = \"other\"")).unwrap();
    installation.json(&["criteria", "activate", file.to_str().unwrap()]).await;
    installation.json(&["client", "set", "beta", "--program", "other"]).await;
    let document: String = sqlx::query_scalar(
        "update criteria set document = 'none' where id = (select criteria_id from program where name = 'other')
         returning (select document from criteria c where c.id = criteria.id)",
    )
    .fetch_one(installation.pool())
    .await
    .unwrap();
    for number in 0..20 {
        send(&process, &source, &format!("p{number}")).await;
        send(&process, &theirs, &format!("q{number}")).await;
    }
    wait_for(&installation, GRADED, 20).await;
    until("theirs are set aside", LIMIT, || async {
        let metrics = process.get("/metrics").await.1;
        let is = |line: &str, count: &str| metrics.lines().any(|one| one.starts_with(line) && one.ends_with(count));
        assert!(is("ripen_batches_split_total", " 0"), "no batch is split for them: {metrics}");
        (!is("ripen_messages_set_aside_total{why=\"criteria\"}", " 0")).then_some(())
    })
    .await;
    assert_eq!(installation.count("select count(*) from spool").await, 20);
    assert_eq!(process.stop().await, Some(0));
    sqlx::query("update criteria set document = $1 where document = 'none'")
        .bind(document)
        .execute(installation.pool())
        .await
        .unwrap();
    let process = installation.serve("").await;
    wait_for(&installation, GRADED, 40).await;
    assert_eq!((installation.count(DEAD).await, installation.count(SUSPECTS).await), (0, 0));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lead_of_a_client_whose_criteria_cannot_be_loaded_proves_nothing_of_the_database() {
    let (installation, source, process) = prepared(Kind::Local).await;
    let beta = installation.client("beta").await;
    let file = installation.folder().join("other.toml");
    std::fs::write(&file, CRITERIA.replace("name = \"test\"", "name = \"other\"")).unwrap();
    installation.json(&["criteria", "activate", file.to_str().unwrap()]).await;
    installation.json(&["client", "set", "acme", "--program", "other"]).await;
    // That of the first source.
    let broken =
        "update criteria set document = 'none' where id = (select criteria_id from program where name = 'other')";
    sqlx::query(broken).execute(installation.pool()).await.unwrap();
    refuse(&installation, "XX000", "true").await;
    for number in 0..10 {
        send(&process, &beta, &format!("p{number}")).await;
    }
    until("it says that it waits", LIMIT, || async {
        let (status, text) = process.get("/readyz").await;
        (status == 503 && text.contains("XX000")).then_some(())
    })
    .await;
    assert_eq!((installation.count(GRADED).await, installation.count(DEAD).await), (0, 0));
    heal(&installation).await;
    wait_for(&installation, GRADED, 10).await;
    assert_eq!(installation.count(DEAD).await, 0);
    send(&process, &source, "theirs").await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_without_rabbitmq_is_refused() {
    let (mut installation, _source, process) = prepared(Kind::Local).await;
    let refused = installation.run(&["serve"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("another process works on this database") && said.contains("amqp.url"), "{said}");
    installation.set("AMQP__URL", &ripen_testkit::rabbit::shared_vhost().await);
    let refused = installation.run(&["serve", "--role", "dispatcher"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("a process without RabbitMQ"), "{said}");
    process.kill9().await;
    let (one, other) = (installation.serve("").await, installation.serve("").await);
    assert_eq!((one.stop().await, other.stop().await), (Some(0), Some(0)));
}

/// Whoever waits for an offer to run out waits for an hour here.
const NEVER: &str = "3600";

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_larger_than_the_local_queue_goes_on_as_soon_as_there_is_room() {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    installation.set("QUALIFIER__OFFER_S", NEVER);
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    refuse(&installation, "42501", "true").await;
    let text = "x".repeat(200 * 1024);
    let count = 400;
    for number in 0..count {
        let lead =
            json!({"external_id": format!("l{number}"), "email": format!("l{number}@example.com"), "notes": text});
        assert_eq!(post(&process.url, &source, &lead).await.unwrap().0, 202);
    }
    assert_eq!(installation.count("select count(*) from spool").await, count);
    heal(&installation).await;
    // Eighty megabytes: beside other tests that takes longer than what one message may.
    until(GRADED, LIMIT * 3, || async { (installation.count(GRADED).await == count).then_some(()) }).await;
    wait_for(&installation, "select count(*) from spool", 0).await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meets_a_held_lock_is_set_aside_and_its_neighbours_are_graded() {
    let (installation, source, process) = prepared(Kind::Local).await;
    send(&process, &source, "casey").await;
    wait_for(&installation, GRADED, 1).await;
    // As a batch of re-qualifications holds it that was stopped: the lead, and no identity.
    let mut holder = installation.pool().begin().await.unwrap();
    sqlx::query("select id from lead for update").execute(&mut *holder).await.unwrap();
    let again = json!({"external_id": "again", "email": "casey@example.com"});
    assert_eq!(post(&process.url, &source, &again).await.unwrap().0, 202);
    for number in 0..20 {
        send(&process, &source, &format!("p{number}")).await;
    }
    wait_for(&installation, GRADED, 21).await;
    assert_eq!(installation.count("select count(*) from arrival").await, 21);
    assert_eq!(installation.count("select count(*) from spool").await, 1, "it rests where it was");
    until("it is counted", LIMIT, || async {
        let metrics = process.get("/metrics").await.1;
        metrics
            .lines()
            .any(|line| line.starts_with("ripen_messages_set_aside_total{why=\"locked\"}") && !line.ends_with(" 0"))
            .then_some(())
    })
    .await;
    holder.rollback().await.unwrap();
    wait_for(&installation, "select count(*) from arrival", 22).await;
    wait_for(&installation, "select count(*) from spool", 0).await;
    assert_eq!((installation.count(DEAD).await, installation.count(SUSPECTS).await), (0, 0));
    assert_eq!(process.stop().await, Some(0));
}

/// An A lead needs two locks that only its decision shows: of what its person is reached under, and of a client that routes.
#[tokio::test(flavor = "multi_thread")]
async fn an_a_lead_that_meets_a_held_lock_is_set_aside_and_its_neighbours_are_graded() {
    let (installation, source, process) = prepared(Kind::Local).await;
    installation.json(&["rep", "add", "Dana Hill", "--client", "acme", "--email", "dana@client.example"]).await;
    installation.route("mode = \"round_robin\"\nrecipients = [\"Dana Hill\"]\n", "acme").await;
    let locks = [
        "select pg_advisory_xact_lock(9, hashtext(id::text || 'email' || 'ripe0@example.com')) from client",
        "select id from client for no key update",
    ];
    let mut graded = 0;
    for (round, lock) in locks.into_iter().enumerate() {
        let mut holder = installation.pool().begin().await.unwrap();
        sqlx::query(lock).execute(&mut *holder).await.unwrap();
        let ripe = json!({"external_id": format!("ripe{round}"), "email": format!("ripe{round}@example.com"),
                          "answers": {"timeframe_days": 20}});
        assert_eq!(post(&process.url, &source, &ripe).await.unwrap().0, 202);
        for number in 0..20 {
            send(&process, &source, &format!("p{round}x{number}")).await;
        }
        wait_for(&installation, GRADED, graded + 20).await;
        assert_eq!(installation.count("select count(*) from spool").await, 1, "it rests where it was: {lock}");
        holder.rollback().await.unwrap();
        graded += 21;
        wait_for(&installation, GRADED, graded).await;
        wait_for(&installation, "select count(*) from spool", 0).await;
    }
    assert_eq!(installation.count("select count(*) from maturation").await, 2);
    assert_eq!((installation.count(DEAD).await, installation.count(SUSPECTS).await), (0, 0));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_that_wait_than_a_consumer_takes_keep_no_stranger_out_on_rabbitmq() {
    const WAITING: i64 = 40;
    let mut installation = Installation::new(Kind::Rabbit).await;
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    // A consumer holds twice as many messages as it decides at once.
    installation.set("QUALIFIER__BATCH", "2");
    installation.set("QUALIFIER__WORKERS", "1");
    // Far longer than it takes to get to the strangers behind them.
    installation.set("QUALIFIER__ALONE_PAUSE_MS", "20000");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    refuse(&installation, "42501", "new.email like 'waits%'").await;
    for number in 0..WAITING {
        assert_eq!(send(&process, &source, &format!("waits{number}")).await.0, 202);
    }
    for number in 0..10 {
        send(&process, &source, &format!("p{number}")).await;
    }
    wait_for(&installation, GRADED, 10).await;
    heal(&installation).await;
    wait_for(&installation, GRADED, 10 + WAITING).await;
    wait_for(&installation, SUSPECTS, 0).await;
    assert_eq!(installation.count(DEAD).await, 0);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_ends_its_connection_each_time_is_found_out() {
    let (installation, source, process) = prepared(Kind::Local).await;
    let sql = "create function kill() returns trigger language plpgsql as $$ begin
           if new.email like 'poison%' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$;
         create trigger kill before insert on person for each row execute function kill()";
    sqlx::raw_sql(sql).execute(installation.pool()).await.unwrap();
    send(&process, &source, "poison").await;
    for number in 0..20 {
        send(&process, &source, &format!("p{number}")).await;
    }
    wait_for(&installation, GRADED, 20).await;
    wait_for(&installation, DEAD, 1).await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_loses_what_it_confirms_is_not_relied_on_and_every_lead_is_graded() {
    let mut installation = Installation::new(Kind::Rabbit).await;
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    let url = installation.env("AMQP__URL").unwrap();
    ripen_testkit::rabbit::declare_classic(&url, "ripen.arrivals").await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let intake = installation.serve("intake").await;
    until("intake says so, and takes leads", LIMIT, || async {
        let (status, text) = intake.get("/readyz").await;
        (status == 200 && text.contains("ripen.arrivals is a classic queue")).then_some(())
    })
    .await;
    for number in 0..20 {
        assert_eq!(send(&intake, &source, &format!("p{number}")).await.0, 202);
    }
    let kept = installation.count("select count(*) from spool").await;
    assert_eq!(kept, 20, "the database has them until they are graded");
    let qualifier = installation.serve("qualifier").await;
    wait_for(&installation, GRADED, 20).await;
    wait_for(&installation, "select count(*) from spool", 0).await;
    until("it says so", LIMIT, || async {
        let (status, text) = qualifier.get("/readyz").await;
        (status == 503 && text.contains("ripen.arrivals is a classic queue")).then_some(())
    })
    .await;
    let doctor = installation.run(&["doctor"]).await;
    let found = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.code() == Some(1) && found.contains("ripen.arrivals is a classic queue"), "{found}");
    assert_eq!((intake.stop().await, qualifier.stop().await), (Some(0), Some(0)));
}
