//! JSON: one lead, arrays, and what makes two posts the same arrival.

use ripen_domain::arrival::{QuarantineReason, Sameness};
use serde_json::json;

use crate::harness::{NOW, app};

const LEAD: &str = "{\"email\": \"Casey@Example.com\", \"phone\": \"(415) 555-0100\"}";

#[tokio::test]
async fn a_lead_is_received_when_it_is_kept() {
    let app = app().await;
    let answer = app.post(LEAD).await;
    let id = answer.arrival();
    assert_eq!(answer.json(), json!({"arrival": id, "status": "received"}));
    assert_eq!(answer.header("location"), format!("/v1/arrivals/{id}"));
    assert_eq!(answer.header("ripen-received-at"), NOW);
    let arrival = app.arrival().await;
    assert_eq!((arrival.id.to_string(), arrival.source, arrival.client), (id, app.source, app.client));
    assert_eq!((arrival.sameness, arrival.quarantine), (Sameness::Content, None));
    assert_eq!((arrival.raw.media_type.as_str(), arrival.raw.text.as_str()), ("application/json", LEAD));
    assert_eq!(arrival.submission.phone.as_ref().unwrap().as_str(), "+14155550100");
    assert_eq!(arrival.content, arrival.submission.content_hash());
    let row = app.spooled().await.remove(0);
    assert!(row.received_at == NOW.parse().unwrap() && arrival.received_at == row.received_at);
}

#[tokio::test]
async fn the_token_is_as_good_as_the_key_and_not_the_same() {
    let app = app().await;
    let path = format!("/v1/in/{}", app.token);
    let json = ("content-type", "application/json");
    app.send("POST", &path, &[json], LEAD).await.arrival();
    let crossed = format!("Bearer {}", app.token);
    assert_eq!(
        app.send("POST", "/v1/leads", &[json, ("authorization", &crossed)], LEAD).await.problem(),
        "unauthenticated"
    );
    assert_eq!(app.send("POST", &format!("/v1/in/{}", app.key), &[json], LEAD).await.problem(), "not-found");
}

#[tokio::test]
async fn a_key_or_an_external_id_makes_a_retry_the_same_arrival() {
    let app = app().await;
    let key = [("idempotency-key", "k-1")];
    let first = app.post_with(&key, LEAD).await.arrival();
    assert_eq!(app.post_with(&key, LEAD).await.arrival(), first);
    assert_eq!(app.post_with(&key, "{\"email\": \"other@example.com\"}").await.arrival(), first);
    let own = "{\"external_id\": 17, \"email\": \"a@example.com\"}";
    let by_id = app.post(own).await.arrival();
    assert_eq!(app.post(own).await.arrival(), by_id);
    assert_ne!(app.post(LEAD).await.arrival(), app.post(LEAD).await.arrival());
    assert_eq!(app.spooled().await.len(), 5, "what came under a used key waits beside what it was used for");
}

#[tokio::test]
async fn an_array_is_received_in_order_and_one_bad_element_alone_is_refused() {
    let app = app().await;
    let body = r#"[{"email": "a@example.com", "external_id": "x-1"}, {"name": "Nobody"}, 7, {"phone": 14155550100}]"#;
    let answer = app.post(body).await;
    assert_eq!(answer.status, 202);
    let json = answer.json();
    assert_eq!((&json["received"], &json["refused"]), (&json!(2), &json!(2)));
    let results = json["results"].as_array().unwrap();
    assert!(results[0]["arrival"].is_string() && results[3]["arrival"].is_string());
    assert_eq!(results[1]["problem"]["type"], "/v1/problems#invalid-lead");
    assert_eq!(results[1]["problem"]["errors"][0]["pointer"], "/1/email");
    assert_eq!(results[2]["problem"]["status"], 400);
    let arrivals = app.arrivals().await;
    assert_eq!(arrivals.len(), 2);
    assert!(
        arrivals.iter().any(|arrival| arrival.raw.text == "{\"phone\": 14155550100}"),
        "its own text is its raw body"
    );
    let again = app.post(body).await.json();
    assert_eq!(again["results"][0]["arrival"], results[0]["arrival"]);
}

#[tokio::test]
async fn a_thousand_leads_fit_into_one_array() {
    let app = app().await;
    let leads: Vec<_> = (0..1000).map(|n| json!({"email": format!("lead{n}@example.com")})).collect();
    let answer = app.post(serde_json::to_vec(&leads).unwrap()).await.json();
    assert_eq!(answer["received"], 1000);
    assert_eq!(app.spooled().await.len(), 1000);
}

#[tokio::test]
async fn a_test_lead_is_kept_and_marked() {
    let app = app().await;
    app.post("{\"email\": \"a@example.com\", \"test\": true}").await.arrival();
    assert_eq!(app.arrival().await.quarantine, Some(QuarantineReason::Test));
}
