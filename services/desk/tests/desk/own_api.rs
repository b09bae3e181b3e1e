//! `/api/v1` of what pages have besides leads: one's own browsers, password, clock, figures and lists; what lists are chosen from; and
//! an invitation that is mailed again.

use jiff::SignedDuration;
use ripen_actions::{
    Actions,
    desk::{Dispose, TakeLead},
    user_password::{SetPassword, set},
};
use ripen_domain::{actor::UserRole, id::LeadId, touch::Disposition, user::Password};
use ripen_runtime::config::Settings;
use serde_json::{Value, json};

use crate::harness::{Answer, App, User, app};

const JSON: (&str, &str) = ("content-type", "application/json");
const RIGHT: &str = "eleven blue boats";
const OTHER: &str = "twelve red trains";

fn actions(app: &App) -> Actions {
    Actions::new(app.store.clone(), app.clock.clone(), &Settings::default()).unwrap()
}

async fn with_password(app: &App, user: &User) {
    let request =
        SetPassword { user: user.id, chosen: Password::typed(RIGHT), but: None, by_link: None, time_zone: None };
    set(&actions(app), &user.actor, &request).await.unwrap();
    app.pass(1);
}

async fn delete(app: &App, user: &User, path: &str) -> u16 {
    app.send("DELETE", path, &[("authorization", &user.bearer)], "").await.status.as_u16()
}

async fn patch(app: &App, user: &User, path: &str, body: Value) -> Answer {
    app.send("PATCH", path, &[("authorization", &user.bearer), JSON], body.to_string()).await
}

/// Each wrong field with its code.
fn errors(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let errors = json["errors"].as_array().unwrap_or_else(|| panic!("{json}")).iter();
    errors.map(|one| format!("{} {}", one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_program_lists_its_users_browsers_and_signs_them_out() {
    let app = app().await;
    let (user, other) = (app.user(UserRole::Agent, None).await, app.user(UserRole::Agent, None).await);
    let (here, there, foreign) = (app.browser(user.id).await, app.browser(user.id).await, app.browser(other.id).await);
    let of_program = app.see(&user, "/api/v1/sessions").await.json();
    let sessions = of_program["sessions"].as_array().unwrap();
    assert!(sessions.len() == 2 && sessions.iter().all(|one| one["current"] == false), "{of_program}");
    let of_browser = app.send("GET", "/api/v1/sessions", &[("cookie", &here.cookie)], "").await.json();
    let id = |current: bool| {
        let all = of_browser["sessions"].as_array().unwrap();
        all.iter().find(|one| one["current"] == current).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let end = format!("/api/v1/sessions/{}", id(false));
    assert_eq!(delete(&app, &other, &end).await, 404, "it is nobody else's to end");
    assert_eq!(delete(&app, &user, "/api/v1/sessions/x").await, 404);
    assert_eq!(delete(&app, &user, &end).await, 204);
    assert_eq!(delete(&app, &user, &end).await, 404, "it is over");
    let mut stay = Vec::new();
    for browser in [&here, &there, &foreign] {
        stay.push(app.page(browser, "/account").await.status.as_u16());
    }
    assert_eq!(stay, [200, 303, 200]);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_the_browser_that_does_stays() {
    let app = app().await;
    let user = app.user(UserRole::Broker, Some(&app.client("acme").await)).await;
    with_password(&app, &user).await;
    let (here, there) = (app.browser(user.id).await, app.browser(user.id).await);
    const PATH: &str = "/api/v1/me/password";
    let wrong = app.post(&user, PATH, &json!({"old": "another one", "password": "short"})).await;
    assert_eq!((wrong.status.as_u16(), errors(&wrong)), (422, vec!["/old wrong".to_owned(), "/password weak".into()]));
    let headers = [("cookie", here.cookie.as_str()), ("x-csrf-token", here.csrf.as_str()), JSON];
    let body = |old: &str, new: &str| json!({"old": old, "password": new}).to_string();
    let unasked = app.send("POST", PATH, &[headers[0], JSON], body(RIGHT, OTHER)).await;
    assert_eq!(unasked.status, 403, "a page of another origin cannot");
    assert_eq!(app.send("POST", PATH, &headers, body(RIGHT, OTHER)).await.status, 204);
    assert_eq!(app.page(&here, "/account").await.status, 200);
    assert_eq!(app.page(&there, "/account").await.status, 303, "every other browser is signed out");
    app.pass(1);
    // A program has no browser that could stay, and goes on itself.
    assert_eq!(app.post(&user, PATH, &json!({"old": OTHER, "password": RIGHT})).await.status, 204);
    assert_eq!(app.page(&here, "/account").await.status, 303);
    assert_eq!(app.see(&user, "/api/v1/me").await.status, 200);
}

#[tokio::test]
async fn the_clock_of_ones_own_account_is_set_by_a_program() {
    let app = app().await;
    let user = app.user(UserRole::Agent, None).await;
    let wrong = patch(&app, &user, "/api/v1/me", json!({"time_zone": "Mars/Olympus"})).await;
    assert_eq!(errors(&wrong), ["/time_zone invalid"]);
    for (body, zone) in [
        (json!({"time_zone": "Asia/Tokyo"}), json!("Asia/Tokyo")),
        (json!({}), json!("Asia/Tokyo")),
        (json!({"time_zone": ""}), Value::Null),
    ] {
        let set = patch(&app, &user, "/api/v1/me", body.clone()).await;
        assert_eq!((set.status.as_u16(), &set.json()["time_zone"]), (200, &zone), "{body}");
        assert_eq!(app.see(&user, "/api/v1/me").await.json()["time_zone"], zone, "{body}");
    }
    let other = patch(&app, &user, "/api/v1/me", json!({"role": "admin"})).await;
    assert_eq!(errors(&other), ["/role unknown"], "what is an admin's to set is no field here");
}

#[tokio::test]
async fn lists_are_saved_and_forgotten_by_a_program_as_on_the_page() {
    let app = app().await;
    let (user, other) = (app.user(UserRole::Manager, None).await, app.user(UserRole::Manager, None).await);
    const PATH: &str = "/api/v1/lead-views";
    let save =
        async |user: &User, query: &str| app.post(user, PATH, &json!({"name": " Late ones ", "query": query})).await;
    assert_eq!(save(&user, "view=late&q=casey").await.json(), json!({"name": "Late ones", "query": "view=late"}));
    assert_eq!(save(&user, "?grade=B&view=late").await.json()["query"], "view=late&grade=B");
    assert_eq!(save(&other, "view=due").await.status, 200);
    let misread = save(&user, "view=later").await;
    assert_eq!((misread.status.as_u16(), errors(&misread).len()), (400, 1), "{}", misread.text);
    for (query, told) in
        [("veiw=late", "/query unknown"), ("view=late&view=due", "/query repeated"), ("source=zz", "/query invalid")]
    {
        let refused = save(&user, query).await;
        assert_eq!((refused.status.as_u16(), errors(&refused)), (400, vec![told.to_owned()]), "{}", refused.text);
    }
    assert_eq!(errors(&app.post(&user, PATH, &json!({"name": " "})).await), ["/name required"]);
    let lists = async |user: &User| app.see(user, PATH).await.json()["views"].clone();
    assert_eq!(lists(&user).await, json!([{"name": "Late ones", "query": "view=late&grade=B"}]));
    let browser = app.browser(user.id).await;
    assert!(app.page(&browser, "/leads").await.text.contains("Late ones"), "the page has it too");
    assert_eq!(delete(&app, &user, "/api/v1/lead-views/Late%20ones").await, 204);
    assert_eq!(delete(&app, &user, "/api/v1/lead-views/Late%20ones").await, 404);
    assert_eq!((lists(&user).await, lists(&other).await[0]["query"].clone()), (json!([]), json!("view=due")));
}

#[tokio::test]
async fn figures_of_ones_own_day_are_as_long_as_their_lists() {
    let app = app().await;
    let acme = app.client("acme").await;
    let user = app.user(UserRole::Agent, None).await;
    let figures = async |on: &str| app.see(&user, &format!("/api/v1/me/figures{on}")).await.json();
    let before = figures("").await;
    assert_eq!((before["worked"].as_i64(), before["by_disposition"].clone()), (Some(0), json!([])), "{before}");
    let actions = actions(&app);
    for (n, disposition) in [(0, Disposition::NoAnswer), (1, Disposition::NoAnswer), (2, Disposition::Answered)] {
        let lead = LeadId::from_uuid(app.waiting(&acme, &format!("+1312555010{n}")).await);
        let opened = actions.run(&user.actor, &TakeLead { lead }).await.unwrap();
        actions.run(&user.actor, &Dispose::of(lead, opened.lease, disposition)).await.unwrap();
    }
    for on in ["", "?on=today", "?on=month"] {
        let after = figures(on).await;
        assert_eq!((after["worked"].as_i64(), after["spoke"].as_i64()), (Some(3), Some(1)), "{on}: {after}");
        let ways = json!([{"disposition": "no_answer", "leads": 2}, {"disposition": "answered", "leads": 1}]);
        assert_eq!(after["by_disposition"], ways, "{on}");
        let day = on.strip_prefix('?').unwrap_or("on=today");
        for (filter, figure) in [("touched_by=me", "worked"), ("touched_by=me&how=spoke", "spoke")] {
            let list = app.see(&user, &format!("/api/v1/leads?view=all&{filter}&{day}")).await.json();
            assert_eq!(list["leads"].as_array().map(Vec::len), after[figure].as_u64().map(|n| n as usize), "{list}");
        }
    }
    assert_eq!(figures("?on=yesterday").await["worked"], 0);
    assert_eq!(app.see(&user, "/api/v1/me/figures?on=never").await.status, 400);
    let broker = app.user(UserRole::Broker, Some(&acme)).await;
    assert_eq!(app.see(&broker, "/api/v1/me/figures").await.status, 404);
}

#[tokio::test]
async fn views_are_counted_and_choices_are_those_of_who_asks() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    // With a next step each, as every open lead has.
    let due = app.clock.now() + SignedDuration::from_hours(1);
    for (n, client) in [&acme, &acme, &acme, &other].into_iter().enumerate() {
        let lead = app.waiting(client, &format!("+1312555020{n}")).await;
        app.promised(client, lead, (true, due)).await;
    }
    sqlx::query("update source set channel = 'phone' where client_id = $1")
        .bind(other.id.uuid())
        .execute(&app.pool)
        .await
        .unwrap();
    let (agent, broker) = (app.user(UserRole::Agent, None).await, app.user(UserRole::Broker, Some(&acme)).await);
    for (user, query, all) in [(&agent, "", 4), (&agent, "client=other&", 1), (&broker, "", 3)] {
        let counts = app.see(user, &format!("/api/v1/leads/counts?{query}")).await.json();
        let views = counts["views"].as_array().unwrap();
        assert_eq!(views.len(), 8, "{counts}");
        for view in views {
            let word = view["view"].as_str().unwrap();
            let list = app.see(user, &format!("/api/v1/leads?{query}view={word}")).await.json();
            assert_eq!(
                list["leads"].as_array().map(|leads| json!(leads.len())).as_ref(),
                Some(&view["count"]),
                "{word}"
            );
        }
        assert_eq!(views.last().unwrap(), &json!({"view": "all", "count": all, "more": false}));
    }
    let of = async |user: &User| app.see(user, "/api/v1/leads/choices").await.json();
    let (staff, client) = (of(&agent).await, of(&broker).await);
    let slugs = |choices: &Value| {
        let clients = choices["clients"].as_array().unwrap().iter();
        clients.map(|one| one["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((slugs(&staff), slugs(&client)), (vec!["acme".to_owned(), "other".into()], vec!["acme".to_owned()]));
    assert_eq!((staff["programs"].as_array().map(Vec::len), &client["programs"]), (Some(1), &json!([])));
    let enters = |choices: &Value| {
        let sources = choices["sources"].as_array().unwrap().iter();
        sources.filter(|one| one["enters"] == true).map(|one| one["client"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(enters(&staff), [json!(other.id)], "by telephone, and not by a form");
    assert!(enters(&client).is_empty() && client["sources"].as_array().unwrap().len() == 3, "{client}");

    // Entered by one of those sources: there is no lead until it is worked.
    let source = staff["sources"].as_array().unwrap().iter().find(|one| one["enters"] == true).unwrap();
    let body = json!({"source": source["id"], "key": "1", "name": "Ada Jones", "phone": "+13125550211"});
    let entered = app.post(&agent, "/api/v1/leads", &body).await;
    assert_eq!(entered.status, 202, "{}", entered.text);
    let path = format!("/api/v1/leads/entered/{}", entered.json()["arrival"].as_str().unwrap());
    let nothing_yet = json!({"lead": null, "quarantined": null, "dropped": false});
    assert_eq!(app.see(&agent, &path).await.json(), nothing_yet);
    let other = json!({"source": source["id"], "key": "1", "name": "Ben Jones", "phone": "+13125550212"});
    let again = app.post(&agent, "/api/v1/leads", &body).await.json();
    assert_eq!(again, entered.json(), "the same once more");
    let kept = app.post(&agent, "/api/v1/leads", &other).await.json();
    assert_ne!(kept, again, "what becomes of it is not what became of the first");
    let browser = app.browser(agent.id).await;
    let by_form = async |name: &str| {
        let fields = format!("source={}&key=2&name={name}&phone=312+555+0213", source["id"].as_str().unwrap());
        let done = app.submit(&browser, "/leads/new", browser.form(&fields)).await;
        done.header("location").to_owned()
    };
    assert_eq!(by_form("Cleo").await, by_form("Cleo").await, "a second click");
    assert_ne!(by_form("Cleo").await, by_form("Dan").await, "filled in again for somebody else");
    assert_eq!(app.see(&broker, &path).await.status, 404);
}

#[tokio::test]
async fn a_lead_says_what_is_needed_to_act_on_it_to_who_may() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let path = format!("/api/v1/leads/{}", LeadId::from_uuid(sent.lead));
    let said = app.say(&acme, sent.delivery, &json!({"outcome": "returned", "reason": "not ours"})).await;
    assert_eq!(said.status, 201, "{}", said.text);
    let (manager, agent) = (app.user(UserRole::Manager, None).await, app.user(UserRole::Agent, None).await);
    let broker = app.user(UserRole::Broker, Some(&acme)).await;
    let beside = async |user: &User| app.see(user, &path).await.json()["beside"].clone();
    let seen = beside(&manager).await;
    assert_eq!(seen["returns"][0]["delivery"], json!(sent.delivery), "{seen}");
    assert_eq!(seen["returns"][0]["reason"], "not ours");
    // What was shown is what a correction is held against.
    let change = json!({"first_name": "Carey", "last_name": "Smith", "email": "casey@example.com", "country": "US",
                        "time_zone": "America/Chicago", "seen": seen["person"]});
    let put_right = app.post(&agent, &format!("{path}/person"), &change).await;
    assert_eq!(put_right.status, 204, "{}", put_right.text);
    let after = beside(&agent).await;
    assert_eq!((&after["person"]["first_name"], &after["returns"]), (&json!("Carey"), &json!([])), "{after}");
    let client = beside(&broker).await;
    assert_eq!(client, json!({"person": {}, "household": [], "booked": [], "returns": []}));
    let verdict = json!({"delivery": sent.delivery, "verdict": "rejected", "why": "they answered the phone"});
    let judged = app.post(&manager, &format!("{path}/judge_return"), &verdict).await;
    assert_eq!(judged.status, 204, "{}", judged.text);
    assert_eq!(beside(&manager).await["returns"], json!([]), "nothing waits for a word any more");
}

#[tokio::test]
async fn an_admins_program_invites_again_and_says_by_which_clock() {
    let app = app().await;
    let admin = app.user(UserRole::Admin, None).await;
    let new = |zone: &str| json!({"email": "lee@firm.example", "role": "agent", "invite": true, "time_zone": zone});
    let wrong = app.post(&admin, "/api/v1/users", &new("Mars/Olympus")).await;
    assert_eq!(errors(&wrong), ["/time_zone invalid"]);
    let added = app.post(&admin, "/api/v1/users", &new("Asia/Tokyo")).await.json();
    let lee = added["id"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned();
    assert_eq!(app.see(&admin, &format!("/api/v1/users/{lee}")).await.json()["time_zone"], "Asia/Tokyo");
    let path = format!("/api/v1/users/{lee}/invite");
    let invite = async || app.post(&admin, &path, &json!({})).await.json();
    assert_eq!(invite().await, json!({"id": lee, "mailed": false}), "one is on its way");
    app.pass(601);
    assert_eq!(invite().await, json!({"id": lee, "mailed": true}));
    let with = app.user(UserRole::Agent, None).await;
    with_password(&app, &with).await;
    let refused = app.post(&admin, &format!("/api/v1/users/{}/invite", with.id), &json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (409, "conflict".to_owned()));
    let manager = app.user(UserRole::Manager, None).await;
    assert_eq!(app.post(&manager, &path, &json!({})).await.status, 404);
}
