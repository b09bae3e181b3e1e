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
    let nowhere = app.submit(&browser, &desk, browser.form("languages=en&time_zone=Mars/Olympus")).await;
    assert_eq!(nowhere.status, 422, "{}", nowhere.text);
    assert!(nowhere.text.contains("value=\"Mars/Olympus\"") && nowhere.text.contains("is no time zone"));
    let placed = app.submit(&browser, &desk, browser.form("languages=en&time_zone=Asia/Tokyo")).await;
    assert_eq!(placed.status, 303, "{}", placed.text);
    let zone = "select json_build_array(time_zone) from user_account where id = $1";
    let done = app.submit(&browser, &desk, browser.form("languages=en,+ES&clients=acme")).await;
    assert_eq!(app.row(zone, agent.id.uuid()).await, json!(["Asia/Tokyo"]), "as it was where the form has none");
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

#[tokio::test]
async fn times_are_read_by_the_browsers_clock_until_the_account_names_one() {
    let app = app().await;
    let agent = app.user(UserRole::Agent, None).await;
    let browser = app.browser(agent.id).await;
    // 10:00 in UTC.
    let place = async |zone: &str| {
        let cookie = format!("{}; ripen_zone={zone}", browser.cookie);
        let page = app.send("GET", "/account", &[("cookie", cookie.as_str())], "").await.text;
        page.split("<span class=\"hint\">now ").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert!(place("Pacific/Auckland").await.ends_with(" Auckland"));
    assert!(place("nowhere").await.ends_with(" UTC"), "what is no zone is none");
    let set =
        async |zone: &str| app.submit(&browser, "/account/time-zone", browser.form(&format!("time_zone={zone}"))).await;
    let wrong = set("Mars/Olympus").await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(wrong.text.contains("is no time zone") && wrong.text.contains("value=\"Mars/Olympus\""), "{}", wrong.text);
    assert_eq!(set("Europe/Paris").await.status, 303);
    assert!(place("Pacific/Auckland").await.ends_with(" Paris"), "what they said counts");
    assert_eq!(set("").await.status, 303);
    assert!(place("Pacific/Auckland").await.ends_with(" Auckland"));
    assert_eq!(app.count("select count(*) from audit where action = 'user.set'").await, 2);
    let sign_in = app.send("GET", "/login", &[], "").await.text;
    assert!(sign_in.contains("<script src=\"/assets/app.js?v="), "it is known before the first page: {sign_in}");
}
