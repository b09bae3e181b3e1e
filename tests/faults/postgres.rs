//! PostgreSQL ends under load, or stands still. With RabbitMQ intake goes on; on the local transport senders are told to come
//! again.

use std::sync::{Arc, Mutex};

use ripen_testkit::{
    postgres::{self, Postgres},
    rabbit,
    receiver::Receiver,
};

use ripen_testkit::wait::until;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::harness::{
    CRITERIA, Installation, Kind, LIMIT, Source,
    audit::audit,
    posters::{Load, post},
    process::Process,
};

/// Deliveries whose attempt could not be recorded are repeated, under the same id.
const IN_FLIGHT: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgresql_loses_nothing_on_rabbitmq() {
    killed(Kind::Rabbit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgresql_loses_nothing_on_the_local_transport() {
    killed(Kind::Local).await;
}

async fn killed(kind: Kind) {
    let mut server = Postgres::start().await;
    let database = postgres::database_on(&server.url()).await;
    let amqp = if kind == Kind::Rabbit { rabbit::shared_vhost().await } else { String::new() };
    let mut installation = Installation::on(database.url(), &amqp).await;
    // A lease that is lost with the server is over soon.
    installation.set("DISPATCHER__LEASE_S", "10");
    installation.set("DISPATCHER__TIMEOUT_S", "3");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let hook = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &hook, "--allow-private"]).await;
    let process = installation.serve("").await;
    let load = Load::start(16, &source, Arc::new(Mutex::new(process.url.clone())));
    load.wait_for(200).await;
    server.kill9();
    if kind == Kind::Rabbit {
        load.wait_for(100).await;
    }
    server.start_again().await;
    load.wait_for(100).await;
    let accepted = load.finish().await;
    audit(&installation, &accepted, &receiver, IN_FLIGHT).await;
    assert_eq!(process.stop().await, Some(0));
}

/// What `readyz` calls the place on the database, where something is to be told of it.
const PLACE: &str = "\"place\":";

/// Waits until `readyz` says this, or says it no more.
async fn told(process: &Process, what: &str, is_told: bool) {
    let told = || async { (process.get("/readyz").await.1.contains(what) == is_told).then_some(()) };
    until(&format!("{what}: {is_told}"), LIMIT, told).await;
}

async fn works(process: &Process, source: &Source, installation: &Installation) {
    let lead = json!({"external_id": "after", "email": "after@example.com"});
    until("it takes leads", LIMIT, || async {
        post(&process.url, source, &lead).await.filter(|(status, _)| *status == 202).map(drop)
    })
    .await;
    until("it is graded", LIMIT, || async {
        (installation.count("select count(*) from arrival where external_id = 'after'").await == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_stands_still_ends_no_process_that_is_alone() {
    let server = Postgres::start().await;
    let database = postgres::database_on(&server.url()).await;
    let installation = Installation::on(database.url(), "").await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    server.freeze();
    told(&process, PLACE, true).await;
    server.thaw();
    told(&process, PLACE, false).await;
    works(&process, &source, &installation).await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_waits_for_the_end_of_its_own_session_that_it_has_given_up() {
    // A server of its own: while a session stands still no database of it can be dropped.
    let server = Postgres::start_careless().await;
    let database = postgres::database_on(&server.url()).await;
    let installation = Installation::on(database.url(), "").await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    let session = "select l.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid
                   where l.locktype = 'advisory' and a.application_name like 'ripen %' and a.datname = current_database()";
    let session: i32 = sqlx::query_scalar(session).fetch_one(installation.pool()).await.unwrap();
    let session = Pid::from_raw(session).unwrap();
    // The others answer: only this one stands still, as that of a connection whose other end was lost.
    kill_process(session, Signal::STOP).unwrap();
    told(&process, "an earlier session of this process", true).await;
    works(&process, &source, &installation).await;
    let refused = installation.run(&["serve"]).await;
    assert_eq!(refused.status.code(), Some(1), "the place is this process's still");
    kill_process(session, Signal::CONT).unwrap();
    told(&process, PLACE, false).await;
    let refused = installation.run(&["serve"]).await;
    assert_eq!(refused.status.code(), Some(1), "and is so again");
    assert_eq!(process.stop().await, Some(0));
}
