//! The embedded default: nothing configured, and whatever is killed, nothing is lost.

use ripen_runtime::{embedded::attach, master_keys::key_file};
use ripen_testkit::wait::until;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::harness::{Installation, LIMIT, Source, posters::post, process::Process};

/// Ends the embedded PostgreSQL as a crash would.
fn kill_postgres(installation: &Installation) {
    let noted =
        std::fs::read_to_string(installation.folder().join("ripen-data/postgres/postmaster.pid")).unwrap_or_default();
    if let Some(pid) = noted.lines().next().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw) {
        // It may be dead already and not yet restarted.
        let _ = kill_process(pid, Signal::KILL);
    }
}

async fn accepted(process: &Process, source: &Source, id: &str) {
    until("a lead is accepted", LIMIT, || async {
        let lead = json!({"external_id": id, "email": format!("{id}@example.com")});
        match post(&process.url, source, &lead).await {
            Some((202, _)) => Some(()),
            Some((status, body)) => {
                assert_eq!(status, 503, "{body}");
                None
            }
            None => panic!("the connection is never dropped"),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_embedded_postgresql_is_restarted() {
    let installation = Installation::embedded();
    let process = installation.serve("").await;
    let source = installation.client("acme").await;
    accepted(&process, &source, "before").await;
    kill_postgres(&installation);
    accepted(&process, &source, "after").await;
    // It may still be reading what it had not written yet.
    until("nothing is wrong", LIMIT, || async { installation.run(&["doctor"]).await.status.success().then_some(()) })
        .await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_socket_of_an_embedded_database_is_refused() {
    let installation = Installation::embedded();
    let process = installation.serve("").await;
    let data = installation.folder().join("ripen-data");
    let running = attach(&data).await.unwrap().expect("the server that was just started");
    let keys = std::fs::read_to_string(key_file(&data)).unwrap();
    let beside = || {
        let mut command = installation.command(&["serve"]);
        command.env("RIPEN__DATABASE__URL", running.url()).env("RIPEN__SECRETS__KEY", keys.lines().next().unwrap());
        command
    };
    let refused = tokio::time::timeout(LIMIT * 3, beside().output()).await.expect("it is refused").unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("another process works on this database"), "{said}");
    // With a queue that others share, it is the embedded one that is alone.
    let shared = ripen_testkit::rabbit::shared_vhost().await;
    let refused = beside().env("RIPEN__AMQP__URL", shared).output();
    let refused = tokio::time::timeout(LIMIT * 3, refused).await.expect("it is refused").unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("a process without RabbitMQ"), "{said}");
    // Its place outlives a crash of its database.
    let source = installation.client("acme").await;
    kill_postgres(&installation);
    accepted(&process, &source, "after").await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_configured_serves_and_survives_kill_9() {
    let installation = Installation::embedded();
    let process = installation.serve("").await;
    let source = installation.client("acme").await;
    let (status, first) =
        post(&process.url, &source, &json!({"external_id": "1", "email": "a@example.com"})).await.unwrap();
    assert_eq!(status, 202);
    assert_eq!(process.get("/healthz").await.0, 200);
    assert!(process.get("/metrics").await.1.contains("ripen_decisions_total"));

    let second = installation.run(&["serve"]).await;
    assert_eq!(second.status.code(), Some(1), "a second start on the same folder is refused");
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use"), "{}", String::from_utf8_lossy(&second.stderr));

    process.kill9().await;
    let again = installation.serve("").await;
    let (status, repeated) =
        post(&again.url, &source, &json!({"external_id": "1", "email": "a@example.com"})).await.unwrap();
    assert_eq!((status, repeated), (202, first));
    let doctor = installation.run(&["doctor"]).await;
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    assert_eq!(again.stop().await, Some(0));
}
