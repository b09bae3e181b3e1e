//! `ripen serve --demo`: somebody new finds every page with something on it, a second start finds the same firm, and A leads come out
//! at the webhook.

use reqwest::header::COOKIE;
use ripen_testkit::wait::until;
use serde_json::Value;

use crate::harness::{
    Installation, LIMIT,
    process::{Process, client},
};

/// Somebody who is signed in at a process.
struct Browser<'p> {
    process: &'p Process,
    cookie: String,
}

impl<'p> Browser<'p> {
    async fn sign_in(process: &'p Process, email: &str, password: &str) -> Self {
        let request =
            client().post(format!("{}/login", process.url)).body(format!("email={email}&password={password}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303, "{email} signs in");
        let set = answer.headers()["set-cookie"].to_str().unwrap();
        Self { process, cookie: set.split(';').next().unwrap().to_owned() }
    }

    async fn page(&self, path: &str) -> String {
        let request = client().get(format!("{}{path}", self.process.url)).header(COOKIE, &self.cookie);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.page(path).await).unwrap()
    }
}

/// Starts it and waits until it has said all that it says by itself.
async fn demonstration(installation: &Installation) -> (Process, String) {
    let process = Process::start(installation.command(&["serve", "--demo"])).await;
    let said = until("the sample leads are graded", LIMIT, || async {
        let said = process.said();
        (said.contains("/r/") || said.contains("stopped:")).then_some(said)
    })
    .await;
    assert!(!said.contains("stopped:"), "{said}");
    (process, said)
}

/// What stands behind a word at the beginning of a line.
fn shown<'s>(said: &'s str, word: &str) -> Vec<&'s str> {
    let line = said.lines().rfind(|line| line.trim_start().starts_with(word));
    line.unwrap_or_else(|| panic!("no {word}: {said}")).split_whitespace().skip(1).collect()
}

/// How many leads an answer or a page leads to.
fn leads_in(page: &str) -> usize {
    page.matches("href=\"/leads/lead_").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_shows_every_page_alive_and_is_not_doubled() {
    let installation = Installation::embedded();
    let (process, said) = demonstration(&installation).await;
    assert!(
        said.contains("A lead at the webhook") && said.contains("4 leads graded, 1 test lead kept apart"),
        "{said}"
    );
    assert!(said.matches("A lead at the webhook").count() <= 4, "what was sent in the past is not printed: {said}");
    let named = said.split("decision show ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let why =
        installation.run(&["decision", "show", named.unwrap_or_else(|| panic!("no decision is named: {said}"))]).await;
    let why = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(why.contains("points"), "the command that is printed says why: {why}");
    let admin = Browser::sign_in(&process, "admin@ripen.localhost", shown(&said, "password")[0]).await;
    every_page_is_alive(&admin).await;
    let clients = installation.json(&["client", "list"]).await;
    assert_eq!(clients.as_array().unwrap().len(), 4, "{clients}");

    let manager = shown(&said, "manager ");
    let manager = Browser::sign_in(&process, manager[0], manager[1]).await;
    for word in ["promised", "new", "due", "rest", "late", "held", "quarantine", "reviews"] {
        let list = manager.json(&format!("/api/v1/queues/{word}")).await;
        let rows = list.as_object().unwrap().values().filter_map(Value::as_array).map(Vec::len).max();
        assert!(rows.is_some_and(|rows| rows > 0), "{word}: {list}");
    }
    let (agent, broker) = (shown(&said, "agent "), shown(&said, "broker "));
    let agent = Browser::sign_in(&process, agent[0], agent[1]).await;
    assert!(agent.page("/work").await.contains("Work"));
    let broker = Browser::sign_in(&process, broker[0], broker[1]).await;
    assert!(leads_in(&broker.page("/leads").await) > 10);
    let rep = said.lines().find_map(|line| line.find("/r/").map(|at| line[at..].trim())).unwrap();
    let (status, page) = process.get(rep).await;
    assert!(status == 200 && page.contains("tel:"), "{page}");

    let firm = firm(&admin).await;
    let cookie = admin.cookie;
    assert_eq!(process.stop().await, Some(0));
    let (process, again) = demonstration(&installation).await;
    assert!(!again.contains("gets its past") && !again.contains("broken off"), "{again}");
    let admin = Browser { process: &process, cookie };
    assert_eq!(self::firm(&admin).await, firm, "a second start does not double it");
    assert_eq!(process.stop().await, Some(0));
}

/// Every lead there is by its id, and who signs in.
async fn firm(admin: &Browser<'_>) -> (Vec<String>, usize) {
    let (mut leads, mut after) = (Vec::new(), String::new());
    loop {
        let page = admin.json(&format!("/api/v1/leads?view=all{after}")).await;
        let rows = page["leads"].as_array().unwrap();
        leads.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    leads.sort_unstable();
    (leads, admin.json("/api/v1/users").await["users"].as_array().unwrap().len())
}

async fn every_page_is_alive(admin: &Browser<'_>) {
    let list = admin.page("/leads").await;
    assert!(leads_in(&list) >= 20, "{list}");
    // Some of them leave no number.
    let mut can_be_called = false;
    for lead in list.split("href=\"/leads/lead_").skip(1).take(10) {
        let lead = lead.split('"').next().unwrap();
        can_be_called |= admin.page(&format!("/leads/lead_{lead}")).await.contains("tel:");
    }
    assert!(can_be_called, "{list}");
    assert!(leads_in(&admin.page("/queues").await) > 5);
    assert!(admin.page("/users").await.matches("@example.org").count() >= 8);
    let audit = admin.page("/audit").await;
    assert!(audit.contains("user.sign_in"), "{audit}");
    assert!(admin.page("/account").await.contains("<form"));
    for stage in ["lead", "contact", "opportunity", "customer", "closed"] {
        let found = admin.json(&format!("/api/v1/leads?view=all&stage={stage}")).await;
        assert!(!found["leads"].as_array().unwrap().is_empty(), "no lead is {stage}");
    }
    let (leads, _) = firm(admin).await;
    assert!(leads.len() > 280, "{}", leads.len());
}
