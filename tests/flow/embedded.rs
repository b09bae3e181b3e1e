//! The embedded default: nothing configured, and whatever is killed, nothing is lost.

use serde_json::json;

use crate::harness::{Installation, load::post};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_shows_a_leads_arrive() {
    let installation = Installation::embedded();
    let process = crate::harness::process::Process::start(installation.command(&["serve", "--demo"])).await;
    ripen_testkit::wait::until("leads arrive", crate::harness::LIMIT, || async {
        let said = process.said();
        (said.contains("A lead at the webhook") && said.contains("leads graded")).then_some(())
    })
    .await;
    assert!(!process.said().contains("stopped:"), "{}", process.said());
    assert_eq!(process.stop().await, Some(0));
}
