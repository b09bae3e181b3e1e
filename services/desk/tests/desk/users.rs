//! `/users` for whoever leads the desk: agents are paused, and what they speak and for whom they work is set; accounts are an admin's.

use jiff::SignedDuration;
use ripen_domain::actor::UserRole;
use serde_json::json;

use crate::harness::app;

#[tokio::test]
async fn a_manager_pauses_agents_and_sets_their_work_and_nothing_else() {
    let app = app().await;
    let acme = app.client("acme").await;
    let manager = app.user(UserRole::Manager, None).await;
    let (agent, admin, other) = (
        app.user(UserRole::Agent, None).await,
        app.user(UserRole::Admin, None).await,
        app.user(UserRole::Manager, None).await,
    );
    let browser = app.browser(manager.id).await;
    let page = app.page(&browser, "/users").await.text;
    let pauses = |id| page.contains(&format!("action=\"/users/{id}/state\""));
    assert!(pauses(agent.id) && !pauses(admin.id) && !pauses(other.id) && !pauses(manager.id), "{page}");
    assert!(!page.contains("Add somebody"), "{page}");
    for user in [admin.id, other.id] {
        for (path, form) in [("state", "pause=true"), ("desk", "languages=en")] {
            let refused = app.submit(&browser, &format!("/users/{user}/{path}"), browser.form(form)).await;
            assert_eq!(refused.status, 404, "{path}: {}", refused.text);
        }
    }
    assert_eq!(app.submit(&browser, "/users", browser.form("email=x@firm.example&role=agent")).await.status, 404);

    let edit = app.page(&browser, &format!("/users?edit={}", agent.id)).await.text;
    assert!(edit.contains("name=\"languages\"") && edit.contains("value=\"acme\""), "{edit}");
    let desk = format!("/users/{}/desk", agent.id);
    let wrong = app.submit(&browser, &desk, browser.form("languages=en,+1&clients=acme")).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(wrong.text.contains("value=\"en, 1\"") && wrong.text.contains("value=\"acme\" checked"), "{}", wrong.text);
    let done = app.submit(&browser, &desk, browser.form("languages=en,+ES&clients=acme")).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let set = "select json_build_array(languages, clients) from user_account where id = $1";
    assert_eq!(app.row(set, agent.id.uuid()).await, json!([["en", "es"], [acme.id.uuid()]]));

    // What they had open and promised passes on, and they are signed out.
    let lead = app.waiting(&acme, "+13125550142").await;
    app.promised(&acme, lead, (true, app.clock.now() + SignedDuration::from_hours(2))).await;
    let of_agent = "update promise set user_id = $2 where lead_id = $1";
    sqlx::query(of_agent).bind(lead).bind(agent.id.uuid()).execute(&app.pool).await.unwrap();
    let theirs = app.browser(agent.id).await;
    let state = format!("/users/{}/state", agent.id);
    assert_eq!(app.submit(&browser, &state, browser.form("pause=true")).await.status, 303);
    assert_eq!(app.page(&theirs, "/account").await.status, 303, "signed out");
    assert_eq!(app.count("select count(*) from promise where user_id is not null").await, 0);
    assert_eq!(app.submit(&browser, &state, browser.form("pause=false")).await.status, 303);
    assert_eq!(app.count("select count(*) from user_account where state = 'paused'").await, 0);
}
