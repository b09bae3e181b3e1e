//! What a client's people do not read of leads that they do not have.

use axum::http::StatusCode;

use crate::{
    harness::app,
    leads::{Browser, id, worked},
};

#[tokio::test]
async fn of_who_must_not_be_contacted_a_broker_reads_neither_who_nor_why() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (own, own_worked) = (app.sent(&acme).await, worked(&app, &acme).await);
    let broker = Browser::new(&app, "broker", Some(&acme)).await;
    let agent = Browser::new(&app, "agent", None).await;
    let whole = format!("/leads/{}", id(own_worked));
    // Who must not be contacted is nobody in lists either, and is not found.
    let stopped = agent.post(&app, &format!("/leads/{}/stop", id(own)), "whom=firm&why=asked+on+the+phone").await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text);
    for path in ["/leads?view=all", "/leads.csv?view=all", "/api/v1/leads?view=all"] {
        let answer = broker.get(&app, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(
            answer.text.contains(&id(own).to_string()) && !answer.text.to_lowercase().contains("casey"),
            "{path}: {}",
            answer.text
        );
    }
    // Of what they never had they read that it is closed, and not why.
    let stopped = agent.post(&app, &format!("{whole}/stop"), "whom=client&why=asked+by+mail").await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text);
    for path in [whole.as_str(), &format!("/api/v1{whole}"), "/leads?view=all", "/leads.csv?view=all"] {
        let text = broker.get(&app, path).await.text.to_lowercase().replace("\"do_not_contact\":null", "");
        assert!(!text.contains("do not contact") && !text.contains("do_not_contact"), "{path}: {text}");
        assert!(!text.contains("nobody may contact"), "{path}: {text}");
    }
    for path in ["/leads?q=casey", "/leads.csv?q=casey", "/api/v1/leads?q=casey"] {
        assert!(!broker.get(&app, path).await.text.contains(&id(own).to_string()), "{path}");
    }
}
