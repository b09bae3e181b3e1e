//! From the first start to a page: the admin that is shown once, and somebody who is invited by mail and chooses a password.

use reqwest::StatusCode;
use ripen_testkit::wait::until;

use crate::{
    cases::unquoted,
    harness::{
        LIMIT,
        process::client,
        scenario::{Plan, Scenario},
    },
};

async fn sign_in(scenario: &Scenario, email: &str, password: &str) -> reqwest::Response {
    let form = format!("email={email}&password={}", password.replace(' ', "+"));
    let request = client().post(format!("{}/login", scenario.process.url)).body(form);
    request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
}

fn cookie(answer: &reqwest::Response) -> String {
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_shown_once_and_who_is_invited_by_mail_chooses_a_password() {
    let scenario = Plan::new().await.mail_server().set("FIRM__NAME", "Lakefront Leads").serve().await;
    // Shown after the greeting, and so perhaps after the first request that was answered.
    let said = until("the first admin", LIMIT, async || {
        let said = scenario.process.said();
        said.contains("shown this once; change it under Account").then_some(said)
    })
    .await;
    let shown = |name: &str| {
        // The greeting before it has a line of mails too.
        let admin = said.split("sign in").nth(1).unwrap_or_default();
        let line = admin.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap_or_else(|| panic!("{said}"));
        line.split_whitespace().next().unwrap().to_owned()
    };
    let admin = sign_in(&scenario, &shown("mail "), &shown("password ")).await;
    assert_eq!(admin.status(), StatusCode::SEE_OTHER);
    let users = client().get(format!("{}/users", scenario.process.url)).header("cookie", cookie(&admin));
    assert_eq!(users.send().await.unwrap().status(), StatusCode::OK);

    let ripen = &scenario.installation;
    let lee = ["user", "add", "lee@firm.example", "--role", "manager", "--invite", "--zone"];
    let nowhere = scenario.refused(&[&lee[..], &["Mars/Olympus"]].concat()).await;
    assert!(nowhere.contains("is no time zone"), "{nowhere}");
    let added = ripen.json(&[&lee[..], &["America/Chicago"]].concat()).await;
    assert_eq!(added["invited"], "lee@firm.example", "{added}");
    let mail = scenario.mail("You can sign in at the desk").await;
    let text = unquoted(&mail);
    assert!(text.contains("the desk of Lakefront Leads"), "{text}");
    let at = text.find("/welcome/").unwrap_or_else(|| panic!("{text}"));
    let path: String = text[at..].chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '/').collect();
    let page = format!("{}{path}", scenario.process.url);
    let chosen = client().post(&page).body("chosen=eleven+blue+boats");
    let chosen = chosen.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!(chosen.status(), StatusCode::SEE_OTHER, "{}", chosen.text().await.unwrap());
    assert_eq!(client().get(&page).send().await.unwrap().status(), StatusCode::GONE, "once");
    let lee = sign_in(&scenario, "lee@firm.example", "eleven blue boats").await;
    let get = async |path: &str| {
        let request = client().get(format!("{}{path}", scenario.process.url)).header("cookie", cookie(&lee));
        request.send().await.unwrap()
    };
    let users = get("/users").await;
    assert_eq!(users.status(), StatusCode::OK, "managers pause people");
    let users = users.text().await.unwrap();
    assert!(users.contains("lee@firm.example") && !users.contains("name=\"role\""), "admins alone add people: {users}");
    assert!(get("/account").await.text().await.unwrap().contains("value=\"America/Chicago\""));
    assert!(get("/audit").await.text().await.unwrap().contains("user.mail_link"));
    let refused = scenario.refused(&["user", "invite", "lee@firm.example"]).await;
    assert!(refused.contains("have a password already"), "{refused}");
    ripen.json(&["user", "pause", "lee@firm.example"]).await;
    assert_eq!(get("/audit").await.status(), StatusCode::SEE_OTHER, "signed out");
    scenario.process.stop().await;
}
