//! Signing in and out, forms and cookies, links to choose a password, and refusals as pages.

use jiff::SignedDuration;
use ripen_actions::{
    Actions, Refusal,
    sign_in::{SignIn, SignInRefusal, sign_in},
    user::{AddUser, SetUser},
    user_password::{SetPassword, set},
    user_token::AddUserToken,
};
use ripen_domain::{
    actor::{Actor, UserRole},
    user::Password,
};
use ripen_runtime::config::Settings;
use ripen_testkit::wait::until;

use crate::harness::{Answer, App, app};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const RIGHT: &str = "eleven blue boats";

async fn with_password(app: &App, role: UserRole) -> String {
    let user = app.user(role, None).await.id;
    let request = SetPassword { user, chosen: Password::typed(RIGHT), but: None, by_link: None, time_zone: None };
    set(&actions(app), &Actor::operator("dana"), &request).await.unwrap();
    app.pass(1);
    format!("{}@firm.example", user.uuid())
}

fn actions(app: &App) -> Actions {
    Actions::new(app.store.clone(), app.clock.clone(), &Settings::default()).unwrap()
}

async fn post(app: &App, path: &str, body: String) -> Answer {
    app.send("POST", path, &[FORM, ("sec-fetch-site", "same-origin"), ("accept", "text/html")], body).await
}

fn typed(email: &str, password: &str) -> SignIn {
    SignIn {
        email: email.to_owned(),
        password: Password::typed(password),
        from: "192.0.2.7".to_owned(),
        agent: String::new(),
    }
}

async fn try_password(app: &App, email: &str, password: &str) -> Result<(), SignInRefusal> {
    sign_in(&actions(app), &typed(email, password)).await.map(|_| ())
}

#[tokio::test]
async fn a_password_signs_in_leads_on_and_the_cookie_opens_the_pages() {
    let app = app().await;
    let email = with_password(&app, UserRole::Manager).await;
    let wrong = post(&app, "/login", format!("email={email}&password=wrong&next=/audit")).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text.contains("do not go together") && wrong.text.contains(&email), "{}", wrong.text);
    let done = post(&app, "/login", format!("email={}&password={RIGHT}&next=/audit", email.to_uppercase())).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/audit"));
    let cookie = done.header("set-cookie");
    assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/") && !cookie.contains("Secure"), "plain http: {cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let page = app.send("GET", "/audit", &[("cookie", cookie)], "").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("user.sign_in"), "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !page.text.contains("<style") && !page.text.contains(" style="));
    assert_eq!(app.send("GET", "/", &[("cookie", cookie)], "").await.header("location"), "/queues");
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let app = app().await;
    let email = with_password(&app, UserRole::Agent).await;
    for next in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let done = post(&app, "/login", format!("email={email}&password={RIGHT}&next={next}")).await;
        assert_eq!(done.header("location"), "/", "{next}");
        let page = app.send("GET", &format!("/login?next={next}"), &[], "").await;
        assert!(!page.text.contains("evil"), "{}", page.text);
    }
    let asked = app.send("GET", "/audit?actor=a%26b", &[], "").await;
    assert_eq!(asked.header("location"), "/login?next=%2Faudit%3Factor%3Da%2526b");
}

#[tokio::test]
async fn a_form_of_another_session_or_origin_changes_nothing() {
    let app = app().await;
    let (one, other) = (app.user(UserRole::Agent, None).await.id, app.user(UserRole::Agent, None).await.id);
    let (one, other) = (app.browser(one).await, app.browser(other).await);
    for form in [String::new(), other.form(""), "csrf=".to_owned()] {
        assert_eq!(app.submit(&one, "/logout", form).await.status, 403);
    }
    let foreign = [FORM, ("cookie", one.cookie.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(app.send("POST", "/logout", &foreign, one.form("")).await.status, 403);
    let foreign = [FORM, ("cookie", one.cookie.as_str()), ("host", "desk.example"), ("origin", "https://evil.example")];
    assert_eq!(app.send("POST", "/logout", &foreign, one.form("")).await.status, 403);
    let foreign = [FORM, ("sec-fetch-site", "cross-site")];
    assert_eq!(app.send("POST", "/login", &foreign, "email=a&password=b").await.status, 403);
    assert_eq!(app.page(&one, "/account").await.status, 200, "still signed in");
    assert_eq!(app.submit(&one, "/logout", one.form("")).await.header("location"), "/login");
    assert_eq!(app.page(&one, "/account").await.status, 303, "signed out");
    assert_eq!(app.page(&other, "/account").await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_and_a_weak_new_one_are_told_together() {
    let app = app().await;
    let user = app.user(UserRole::Agent, None).await.id;
    let request = SetPassword { user, chosen: Password::typed(RIGHT), but: None, by_link: None, time_zone: None };
    set(&actions(&app), &Actor::operator("dana"), &request).await.unwrap();
    let browser = app.browser(user).await;
    let answer = app.submit(&browser, "/account/password", browser.form("old=another+one&chosen=short")).await;
    assert_eq!(answer.status, 422);
    for says in ["this is not the password", "a password has at least"] {
        assert!(answer.text.contains(says), "{says}: {}", answer.text);
    }
}

#[tokio::test]
async fn another_browser_of_ones_own_is_signed_out_and_nobody_elses() {
    let app = app().await;
    let (one, other) = (app.user(UserRole::Agent, None).await.id, app.user(UserRole::Agent, None).await.id);
    let (here, there, foreign) = (app.browser(one).await, app.browser(one).await, app.browser(other).await);
    let name_on = |page: &Answer| {
        page.text.split("name=\"session\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
    };
    let page = app.page(&here, "/account").await;
    assert_eq!(page.text.matches("name=\"session\"").count(), 1, "not this one");
    let foreign_name = {
        let second = app.browser(other).await;
        name_on(&app.page(&second, "/account").await)
    };
    app.submit(&here, "/account/sessions/end", here.form(&format!("session={foreign_name}"))).await;
    assert_eq!(app.page(&foreign, "/account").await.status, 200);
    app.submit(&here, "/account/sessions/end", here.form(&format!("session={}", name_on(&page)))).await;
    assert_eq!(app.page(&there, "/account").await.status, 303);
    assert_eq!(app.page(&here, "/account").await.status, 200);
    assert_eq!(app.submit(&here, "/account/sessions/end", here.form("session=zz")).await.status, 404);
}

#[tokio::test]
async fn wrong_passwords_wait_longer_each_and_a_right_one_ends_the_wait() {
    let app = app().await;
    let email = with_password(&app, UserRole::Agent).await;
    for _ in 0..6 {
        assert!(matches!(try_password(&app, &email, "wrong").await, Err(SignInRefusal::Wrong { .. })));
    }
    let locked = try_password(&app, &email, RIGHT).await;
    let Err(SignInRefusal::Locked { until }) = locked else { panic!("{locked:?}") };
    assert_eq!(until.duration_since(app.clock.now()), SignedDuration::from_secs(5));
    let page = post(&app, "/login", format!("email={email}&password={RIGHT}")).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (429, "5"));
    app.pass(6);
    try_password(&app, &email, RIGHT).await.unwrap();
    assert!(matches!(try_password(&app, &email, "wrong").await, Err(SignInRefusal::Wrong { .. })));
    try_password(&app, &email, RIGHT).await.unwrap();
    // One address that tries one password on everybody.
    for number in 0..20 {
        let _ = try_password(&app, &format!("{number}@firm.example"), "wrong").await;
    }
    assert!(matches!(try_password(&app, &email, RIGHT).await, Err(SignInRefusal::Locked { .. })));
    // An hour later twelve of its twenty-one are forgotten, and the next one counts behind the rest; a right one takes one off.
    app.pass(3600);
    assert!(matches!(try_password(&app, "0@firm.example", "wrong").await, Err(SignInRefusal::Wrong { .. })));
    let most = "select max(failures)::bigint from sign_in_failure";
    assert_eq!(app.count(most).await, 21 - 12 + 1);
    try_password(&app, &email, RIGHT).await.unwrap();
    assert_eq!(app.count(most).await, 21 - 12);
    app.pass(24 * 3600 + 1);
    assert!(ripen_desk::people::forget(&app.context).await.unwrap() > 0);
    assert_eq!(app.count("select count(*) from sign_in_failure").await, 0);
}

#[tokio::test]
async fn tries_are_counted_down_for_whoever_asks_and_say_nothing_of_accounts() {
    let app = app().await;
    let email = with_password(&app, UserRole::Agent).await;
    let told = async |email: &str| {
        let page = post(&app, "/login", format!("email={email}&password=wrong")).await;
        page.text.replace(email, "…")
    };
    for left in [None, None, Some("3 more tries"), Some("2 more tries"), Some("1 more try")] {
        let (known, unknown) = (told(&email).await, told("nobody@firm.example").await);
        assert_eq!(known, unknown, "an account that there is not is told the same");
        match left {
            Some(left) => assert!(known.contains(left), "{known}"),
            None => assert!(known.contains("do not go together") && !known.contains("more tr"), "{known}"),
        }
    }
    // Somebody elsewhere has tries of their own to read, and hears nothing of these or of who signs in meanwhile.
    let elsewhere = |password| SignIn { from: "192.0.2.8".to_owned(), ..typed(&email, password) };
    let tried = sign_in(&actions(&app), &elsewhere("wrong")).await;
    assert!(matches!(tried, Err(SignInRefusal::Wrong { left: None })), "{tried:?}");
    app.pass(60);
    sign_in(&actions(&app), &elsewhere(RIGHT)).await.unwrap();
    let page = told(&email).await;
    assert!(page.contains("do not go together") && !page.contains("more tr"), "{page}");
    // Whoever signed in here begins anew.
    post(&app, "/login", format!("email={email}&password={RIGHT}")).await;
    for _ in 0..2 {
        assert!(!told(&email).await.contains("more tr"));
    }
    assert!(told(&email).await.contains("3 more tries"));
}

#[tokio::test]
async fn a_password_set_by_an_admin_ends_tokens_and_a_user_has_fifty_at_most() {
    let app = app().await;
    let user = app.user(UserRole::Agent, None).await;
    let actor = Actor::user(user.id, "lee", UserRole::Agent, None);
    let add = AddUserToken { name: "dialer".to_owned() };
    // One is there from the beginning.
    for _ in 0..49 {
        actions(&app).run(&actor, &add).await.unwrap();
    }
    let more = actions(&app).run(&actor, &add).await;
    assert!(matches!(more, Err(Refusal::Conflict { code: "too_many", .. })));
    let browser = app.browser(user.id).await;
    app.pass(1);
    let request =
        SetPassword { user: user.id, chosen: Password::typed(RIGHT), but: None, by_link: None, time_zone: None };
    set(&actions(&app), &Actor::operator("dana"), &request).await.unwrap();
    assert_eq!(app.count("select count(*) from user_token where revoked_at is null").await, 0);
    assert_eq!(app.page(&browser, "/account").await.status, 303);
    actions(&app).run(&actor, &add).await.unwrap();
}

#[tokio::test]
async fn of_many_wrong_passwords_at_once_only_the_free_ones_are_looked_at() {
    let app = app().await;
    let email = with_password(&app, UserRole::Agent).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (actions, email) = (actions(&app), email.clone());
        tries.spawn(async move { sign_in(&actions, &typed(&email, "wrong")).await.map(|_| ()) });
    }
    let looked_at = tries.join_all().await.iter().filter(|one| matches!(one, Err(SignInRefusal::Wrong { .. }))).count();
    // Five are free and the sixth locks; one more may be under way beside each.
    assert!((6..=8).contains(&looked_at), "{looked_at}");
}

#[tokio::test]
async fn a_pause_ends_sessions_tokens_and_links_and_the_last_admin_stays() {
    let app = app().await;
    let (actions, dana) = (actions(&app), Actor::operator("dana"));
    let (admin, agent) = (app.user(UserRole::Admin, None).await.id, app.user(UserRole::Agent, None).await.id);
    let (of_admin, of_agent) = (app.browser(admin).await, app.browser(agent).await);
    let json = ("content-type", "application/json");
    let session = [("cookie", of_agent.cookie.as_str()), ("x-csrf-token", of_agent.csrf.as_str()), json];
    let made = app.send("POST", "/api/v1/tokens", &session, "{\"name\": \"dialer\"}").await;
    assert_eq!(app.send("POST", "/api/v1/tokens", &[session[0], json], "{}").await.status, 403, "no token of the form");
    let token = format!("Bearer {}", made.json()["token"].as_str().unwrap());
    let me = app.send("GET", "/api/v1/me", &[("authorization", &token)], "").await;
    assert_eq!(me.json()["id"], agent.to_string());
    let link = app.key.user_token(agent, app.clock.now());
    app.pass(2);
    assert_eq!(app.submit(&of_admin, &format!("/users/{agent}/state"), of_admin.form("pause=true")).await.status, 303);
    assert_eq!(app.page(&of_agent, "/account").await.status, 303);
    assert_eq!(app.send("GET", "/api/v1/me", &[("authorization", &token)], "").await.status, 401);
    assert_eq!(app.send("GET", &format!("/welcome/{link}"), &[], "").await.status, 410);
    // Another one who is invited and chose no password yet cannot sign in: their mail may never have come.
    let invited = AddUser {
        email: "invited@firm.example".to_owned(),
        name: None,
        role: UserRole::Admin,
        client: None,
        password: None,
        time_zone: None,
    };
    let invited = actions.run(&dana, &invited).await.unwrap();
    sqlx::query("update user_account set password = 'x', password_at = created_at where id = $1")
        .bind(admin.uuid())
        .execute(&app.pool)
        .await
        .unwrap();
    // Let in again, whoever has the lost laptop is not.
    app.pass(2);
    assert_eq!(app.submit(&of_admin, &format!("/users/{agent}/state"), of_admin.form("pause=false")).await.status, 303);
    assert_eq!(app.send("GET", "/api/v1/me", &[("authorization", &token)], "").await.status, 401);
    assert_eq!(app.page(&of_agent, "/account").await.status, 303);
    let last = app.submit(&of_admin, &format!("/users/{admin}/state"), of_admin.form("pause=true")).await;
    assert_eq!(last.status, 409);
    let paused = SetUser { is_paused: Some(true), ..SetUser::of(invited) };
    actions.run(&dana, &paused).await.unwrap();
    assert!(last.text.contains("only admin"), "{}", last.text);
    let broker = SetUser { client: Some("nobody".to_owned()), ..SetUser::of(agent) };
    assert!(matches!(actions.run(&dana, &broker).await, Err(Refusal::Invalid(_))));
}

#[tokio::test]
async fn an_invitation_chooses_a_password_once_and_for_three_days() {
    let app = app().await;
    let request = AddUser {
        email: "New@Firm.example".to_owned(),
        name: None,
        role: UserRole::Agent,
        client: None,
        password: None,
        time_zone: None,
    };
    let user = actions(&app).run(&Actor::operator("dana"), &request).await.unwrap();
    assert_eq!(app.count("select count(*) from notice where kind = 'user_invited' and client_id is null").await, 1);
    let link = format!("/welcome/{}", app.key.user_token(user, app.pass(1)));
    let page = app.send("GET", &link, &[("accept", "text/html")], "").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("new@firm.example"), "{}", page.text);
    let weak = post(&app, &link, "chosen=new".to_owned()).await;
    assert_eq!(weak.status, 422);
    assert!(weak.text.contains("at least 10 characters"), "{}", weak.text);
    app.pass(1);
    let done = post(&app, &link, format!("chosen={RIGHT}")).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/"));
    let cookie = done.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(app.send("GET", "/account", &[("cookie", &cookie)], "").await.status, 200);
    for again in [app.send("GET", &link, &[], "").await, post(&app, &link, format!("chosen={RIGHT}")).await] {
        assert_eq!(again.status, 410);
        assert!(again.text.contains("/forgotten"), "{}", again.text);
    }
    try_password(&app, "new@firm.example", RIGHT).await.unwrap();
    let late = format!("/welcome/{}", app.key.user_token(user, app.pass(1)));
    app.pass(3 * 24 * 3600);
    assert_eq!(app.send("GET", &late, &[], "").await.status, 410);
    assert_eq!(app.send("GET", "/welcome/00", &[], "").await.status, 404);
}

#[tokio::test]
async fn who_is_invited_says_by_which_clock_they_read_times() {
    let app = app().await;
    let operator = Actor::operator("dana");
    let new = |email: &str, zone: Option<&str>| AddUser {
        email: email.to_owned(),
        name: None,
        role: UserRole::Agent,
        client: None,
        password: None,
        time_zone: zone.map(str::to_owned),
    };
    let nowhere = actions(&app).run(&operator, &new("lee@firm.example", Some("Mars/Olympus"))).await;
    assert!(matches!(&nowhere, Err(Refusal::Invalid(errors)) if errors[0].field == "time_zone"), "{nowhere:?}");
    let shown = async |path: &str, browsers: &str| {
        let page = app.send("GET", path, &[("cookie", browsers)], "").await.text;
        page.split("name=\"time_zone\"")
            .nth(1)
            .and_then(|rest| rest.split("value=\"").nth(1)?.split('"').next().map(str::to_owned))
    };
    let placed = actions(&app).run(&operator, &new("kim@firm.example", Some("Asia/Tokyo"))).await.unwrap();
    let link = format!("/welcome/{}", app.key.user_token(placed, app.pass(1)));
    assert_eq!(shown(&link, "ripen_zone=Pacific/Auckland").await.unwrap(), "Asia/Tokyo", "what the admin said");
    let lee = actions(&app).run(&operator, &new("lee@firm.example", None)).await.unwrap();
    let link = format!("/welcome/{}", app.key.user_token(lee, app.pass(1)));
    assert_eq!(shown(&link, "ripen_zone=Pacific/Auckland").await.unwrap(), "Pacific/Auckland", "else their browser's");
    assert_eq!(shown(&link, "ripen_zone=nowhere").await.unwrap(), "");

    app.pass(1);
    let wrong = post(&app, &link, "chosen=short&time_zone=Mars/Olympus".to_owned()).await;
    assert_eq!(wrong.status, 422);
    for says in ["a password has at least", "is no time zone", "value=\"Mars/Olympus\""] {
        assert!(wrong.text.contains(says), "{says}: {}", wrong.text);
    }
    assert_eq!(post(&app, &link, format!("chosen={RIGHT}&time_zone=Europe/Paris")).await.status, 303);
    let zone = "select json_build_array(time_zone) from user_account where id = $1";
    assert_eq!(app.row(zone, lee.uuid()).await, serde_json::json!(["Europe/Paris"]));
    assert_eq!(app.count("select count(*) from audit where action = 'user.set'").await, 1);
    // Who chooses another password has said it before, and is asked for nothing else.
    let link = format!("/welcome/{}", app.key.user_token(lee, app.pass(1)));
    assert_eq!(shown(&link, "ripen_zone=Pacific/Auckland").await, None);
    app.pass(1);
    assert_eq!(post(&app, &link, "chosen=twelve red trains".to_owned()).await.status, 303);
    assert_eq!(app.row(zone, lee.uuid()).await, serde_json::json!(["Europe/Paris"]));
}

#[tokio::test]
async fn who_forgot_is_mailed_once_in_a_while_and_nobody_learns_who_has_an_account() {
    let app = app().await;
    let email = with_password(&app, UserRole::Agent).await;
    let answers = [
        post(&app, "/forgotten", format!("email={email}")).await,
        post(&app, "/forgotten", "email=x@y.z".to_owned()).await,
    ];
    assert_eq!(answers[0].text, answers[1].text);
    assert_eq!((answers[0].status.as_u16(), answers[1].status.as_u16()), (200, 200));
    let mails = async || app.count("select count(*) from notice where kind = 'user_reset'").await;
    let limit = std::time::Duration::from_secs(30);
    until("the mail is owed", limit, async || (mails().await == 1).then_some(())).await;
    ripen_actions::user_link::forgotten(&actions(&app), &email).await.unwrap();
    assert_eq!(mails().await, 1, "asked for again at once");
    app.pass(601);
    ripen_actions::user_link::forgotten(&actions(&app), &email.to_uppercase()).await.unwrap();
    assert_eq!(mails().await, 2);
}

#[tokio::test]
async fn a_browser_reads_refusals_as_pages_and_a_program_as_problems() {
    let app = app().await;
    let agent = app.browser(app.user(UserRole::Agent, None).await.id).await;
    for path in ["/users", "/nowhere", "/users/x/state/y"] {
        let page = app.page(&agent, path).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (404, "text/html; charset=utf-8"), "{path}");
        assert!(page.text.contains("There is nothing here") && page.text.contains("href=\"/\""), "{}", page.text);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("style-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        let problem = app.send("GET", path, &[("cookie", &agent.cookie)], "").await;
        assert_eq!(problem.problem(), "not-found", "{path}");
    }
    let form = app.submit(&agent, "/logout", "csrf=x".to_owned()).await;
    assert_eq!((form.status.as_u16(), form.header("content-type")), (403, "text/html; charset=utf-8"));
    let api = app.send("GET", "/api/v1/nowhere", &[("accept", "text/html")], "").await;
    assert_eq!(api.problem(), "not-found");
}
