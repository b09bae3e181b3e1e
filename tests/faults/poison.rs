//! A message that cannot be handled ends alone: its neighbours are graded, and a person finds it.

use ripen_testkit::wait::until;
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, posters::post};

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_dead_lettered_alone_and_can_be_replayed() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    poison(&installation).await;
    let process = installation.serve("").await;
    for n in 0..50 {
        let (status, _) = post(&process.url, &source, &json!({"email": format!("p{n}@example.com")})).await.unwrap();
        assert_eq!(status, 202);
    }
    until("both are dead letters and the others graded", LIMIT, || async {
        let graded = installation.count("select count(*) from lead where grade is not null").await;
        let dead = installation.count("select count(*) from dead_letter where state = 'waiting'").await;
        (graded == 50 && dead == 2).then_some(())
    })
    .await;
    assert_eq!(installation.count("select count(*) from spool").await, 0);
    assert_eq!(installation.count("select count(*) from arrival_seen where ended = 'dead'").await, 2);
    let listed = installation.json(&["dead", "list"]).await;
    let reasons: Vec<_> = listed.as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("cannot be read")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("no client")), "{reasons:?}");
    let id = listed[0]["id"].as_str().unwrap();
    installation.json(&["dead", "drop", id]).await;
    let emptied = "select count(*) from dead_letter where state = 'dropped' and octet_length(body) = 0";
    assert_eq!(installation.count(emptied).await, 1, "its bytes are contact data");
    assert_eq!(installation.json(&["dead", "replay", "--all"]).await["replayed"], 1);
    until("it is dead again", LIMIT, || async {
        (installation.count("select count(*) from dead_letter where state = 'waiting'").await == 1).then_some(())
    })
    .await;
    assert_eq!(process.stop().await, Some(0));
}

/// Puts one message that cannot be read and one of a client that is not there where arrivals rest.
async fn poison(installation: &Installation) {
    let lead = json!({"v": "1", "id": "arr_01h455vb4pex5vsknk084sn02q", "sameness": "content",
        "source": "source_01h455vb4pex5vsknk084sn02q", "client": "client_01h455vb4pex5vsknk084sn02q",
        "received_at": "2026-11-21T10:00:00Z", "content": "00000000000000000000000000000000",
        "submission": {"email": "stray@example.com"}, "raw": {"media_type": "application/json", "text": "{}"}});
    for (id, body) in [
        ("0188a5eb-5896-756b-9cd6-733020656857", "{\"v\":\"9\"}".to_owned()),
        ("0188a5eb-5896-756b-9cd6-733020656858", lead.to_string()),
    ] {
        sqlx::query(
            "insert into spool (id, body, received_at, offered_until) values ($1::text::uuid, $2, now(), now())",
        )
        .bind(id)
        .bind(body.into_bytes())
        .execute(installation.pool())
        .await
        .unwrap();
    }
}
