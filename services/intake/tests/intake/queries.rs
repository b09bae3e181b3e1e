//! Queries: what is asked for by name is read by name, and refused by name.

use ripen_domain::id::ArrivalId;

use crate::harness::app;

#[tokio::test]
async fn arrivals_are_asked_for_by_their_ids() {
    let app = app().await;
    let ids = |count: u128| {
        let ids = (0..count).map(|number| format!("id={}", ArrivalId::from_uuid(uuid::Uuid::from_u128(number))));
        ids.collect::<Vec<_>>().join("&")
    };
    let asked = async |query: &str| app.get(&format!("/v1/arrivals?{query}")).await;
    assert_eq!(asked(&ids(200)).await.json()["arrivals"].as_array().unwrap().len(), 200);
    for bad in ["", "x=1", &ids(201)] {
        assert_eq!(asked(bad).await.problem(), "invalid-parameter");
    }
    let mistyped = asked(&format!("{}&limt=5", ids(1))).await;
    assert_eq!(mistyped.problem(), "invalid-parameter");
    assert!(mistyped.text.contains("limt") && mistyped.text.contains("This address takes: id."), "{}", mistyped.text);
    let one = app.get(&format!("/v1/arrivals/{}?full=1", ArrivalId::from_uuid(uuid::Uuid::from_u128(1)))).await;
    assert_eq!(one.problem(), "invalid-parameter");
    let wrong = asked(&format!("{}&id=lead_7", ids(1))).await;
    assert_eq!(wrong.problem(), "invalid-parameter");
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/id/1");
    assert!(!wrong.text.contains("lead_7"), "nothing that was sent is repeated: {}", wrong.text);
}

#[tokio::test]
async fn an_address_with_another_kind_of_id_leads_nowhere() {
    let app = app().await;
    for id in ["lead_01kahxq5z5e4y9wd3tvdnzxkqj", "x", "%FF"] {
        assert_eq!(app.get(&format!("/v1/arrivals/{id}")).await.problem(), "not-found");
    }
}
