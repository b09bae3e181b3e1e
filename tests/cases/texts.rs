//! How bodies and texts are read: names, ids, marks that form encoders leave.

use super::Front;

#[tokio::test(flavor = "multi_thread")]
async fn names_of_all_scripts_arrive_as_they_were_typed() {
    let front = Front::new().await;
    let stored = front.post(r#"{"email": "zoe@example.com", "first_name": "Zoë", "last_name": "אבי"}"#).await;
    assert_eq!(front.lead(&stored[0]).await["name"], "Zoë אבי");
}
