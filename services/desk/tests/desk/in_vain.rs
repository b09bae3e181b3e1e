//! Tries that reached nobody: what they may bring, what follows from them, and what the page says of that.

use axum::http::StatusCode;
use ripen_domain::id::LeadId;

use crate::work::desk;

#[tokio::test]
async fn where_nobody_was_reached_nothing_new_is_answered() {
    let desk = desk().await;
    desk.lead("Casey", "+13125550142").await;
    for how in ["no_answer", "voicemail", "wrong_number", "reached_other", "number_dead"] {
        let page = desk.next().await;
        let form = page.form();
        let typed = [("disposition", how), ("a.timeframe_days", "30")];
        let refused = desk.post("/work/dispose", &page.typed(&form, &typed)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{how}: {}", refused.text);
        let says = ["reached nobody", "choose &#34;answered&#34;", "value=\"30\""];
        assert!(says.iter().all(|one| refused.text.contains(one)), "{how}: {}", refused.text);
        assert!(refused.text.contains("It cannot be saved so"), "{how}: {}", refused.text);
        assert!(!refused.text.contains("&#34;timeframe_days&#34;"), "by its words: {}", refused.text);
    }
    assert_eq!(desk.touches().await, 0);
    // What was answered in a call before stands, and is no contradiction.
    let page = desk.next().await;
    let form = page.form();
    let spoke = [("disposition", "answered"), ("a.timeframe_days", "200")];
    let saved = desk.post("/work/dispose", &page.typed(&form, &spoke)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let lead: String = sqlx::query_scalar("select id::text from lead").fetch_one(&desk.app.pool).await.unwrap();
    let lead = LeadId::from_uuid(lead.parse().unwrap());
    desk.post("/work/take", &[("lead", &lead.to_string())]).await;
    let page = desk.page("/work").await;
    let form = page.form();
    let same = [("disposition", "no_answer"), ("a.timeframe_days", "200")];
    let saved = desk.post("/work/dispose", &page.typed(&form, &same)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(desk.touches().await, 2);
}
