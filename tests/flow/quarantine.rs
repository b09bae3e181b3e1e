//! What is kept and not worked is seen, let go or given up; and who is told grades.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

/// Posts a form as a program that wants JSON, and returns the arrival's id.
async fn form(scenario: &Scenario, fields: &[(&str, &str)]) -> String {
    let url = format!("{}/v1/in/{}", scenario.process.url, scenario.source.token);
    let body = fields.iter().map(|(name, value)| format!("{name}={}", value.replace('@', "%40"))).collect::<Vec<_>>();
    let request = client().post(url).header(ACCEPT, "application/json");
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.join("&"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 202);
    answer.json::<Value>().await.unwrap()["arrival"].as_str().unwrap().to_owned()
}

async fn waiting(scenario: &Scenario, count: usize) -> Vec<Value> {
    until("the quarantine is as expected", LIMIT, || async {
        let listed = scenario.installation.json(&["quarantine", "list"]).await;
        listed.as_array().filter(|rows| rows.len() == count).cloned()
    })
    .await
}

/// What the source is told of an arrival, once it is stored.
async fn status(scenario: &Scenario, arrival: &str) -> Value {
    let url = format!("{}/v1/arrivals/{arrival}", scenario.process.url);
    until("the arrival is stored", LIMIT, || async {
        let answer = client().get(&url).bearer_auth(&scenario.source.key).send().await.unwrap();
        if answer.status().is_success() { answer.json::<Value>().await.ok() } else { None }
    })
    .await
}

async fn graded(scenario: &Scenario, arrival: &str) -> Value {
    until("the arrival is graded", LIMIT, || async {
        Some(status(scenario, arrival).await).filter(|status| status["status"] == "graded")
    })
    .await
}

#[tokio::test]
async fn what_a_person_lets_go_is_worked_with_its_time_and_what_is_dropped_stays_on_record() {
    let scenario = Plan::new().await.serve().await;
    let trapped = |email: &'static str| [("email", email), ("first_name", "Casey"), ("_hp", "filled")];
    let first = form(&scenario, &trapped("casey@example.com")).await;
    let second = form(&scenario, &trapped("spam@example.com")).await;
    let nobody = form(&scenario, &[("first_name", "Robin"), ("_hp", "x")]).await;
    let rows = waiting(&scenario, 3).await;
    assert_eq!(
        (&rows[0]["arrival"], &rows[0]["reason"], &rows[0]["contact"]),
        (&json!(first), &json!("honeypot"), &json!("casey@example.com"))
    );
    let page = scenario.installation.json(&["quarantine", "list", "--after", &first, "--limit", "1"]).await;
    assert_eq!(page[0]["arrival"], json!(second), "the next page begins behind the one before");
    let shown = scenario.installation.json(&["quarantine", "show", &first]).await;
    assert!(shown["body"].as_str().unwrap().contains("casey%40example.com"), "{shown}");

    let said = scenario.refused(&["quarantine", "release", &nobody]).await;
    assert!(said.contains("nobody to work with"), "{said}");
    let rehearsed = scenario.installation.json(&["quarantine", "release", "--reason", "honeypot", "--dry-run"]).await;
    assert_eq!((&rehearsed["released"], &rehearsed["unusable"]), (&json!(2), &json!([])));
    let done = scenario.installation.json(&["quarantine", "release", &first, "--why", "rang us"]).await;
    assert_eq!(done["released"], 1);
    let status_now = graded(&scenario, &first).await;
    let received = shown["received_at"].as_str().unwrap();
    assert_eq!(status_now["received_at"].as_str().unwrap(), received, "with its original time");
    let again = scenario.refused(&["quarantine", "release", &first]).await;
    assert!(again.contains("no quarantined arrival"), "{again}");

    scenario.installation.json(&["quarantine", "drop", &second, "--why", "spam"]).await;
    waiting(&scenario, 1).await;
    let kept = status(&scenario, &second).await;
    assert_eq!((&kept["status"], &kept["reason"]), (&json!("quarantined"), &json!("honeypot")));
    let audit = scenario.installation.json(&["audit", "list", "--object", &second]).await;
    assert_eq!((&audit[0]["action"], &audit[0]["after"]["why"]), (&json!("quarantine.drop"), &json!("spam")));
    assert_eq!(scenario.installation.count("select count(*) from lead").await, 1, "nobody else became a lead");
}

#[tokio::test]
async fn what_the_pause_of_a_source_kept_is_worked_when_it_ends() {
    let scenario = Plan::new().await.set("INTAKE__SOURCE_CACHE_S", "0").serve().await;
    let source = scenario.source.id.clone();
    scenario.installation.json(&["source", "pause", &source]).await;
    let kept = form(&scenario, &[("email", "casey@example.com"), ("answers.timeframe_days", "30")]).await;
    let again = form(&scenario, &[("email", "casey@example.com"), ("answers.timeframe_days", "30")]).await;
    let trapped = form(&scenario, &[("email", "bot@example.com"), ("_hp", "x")]).await;
    let tested = form(&scenario, &[("email", "test@example.com"), ("test", "on")]).await;
    let before = form(&scenario, &[("email", "before@example.com")]).await;
    waiting(&scenario, 5).await;
    // As a version before kept a test of a paused source.
    let marked = "update arrival set submission = submission::jsonb || '{\"test\": true}'::jsonb
        where submission ->> 'email' = 'before@example.com'";
    sqlx::query(marked).execute(scenario.installation.pool()).await.unwrap();
    scenario.installation.json(&["source", "resume", &source]).await;
    assert_eq!(graded(&scenario, &kept).await["grade"], "A");
    // The same again within minutes is the same: a double click stays one enquiry, also over a pause.
    assert_eq!(graded(&scenario, &again).await["lead"], graded(&scenario, &kept).await["lead"]);
    let left = waiting(&scenario, 3).await;
    let left: Vec<_> = left.iter().map(|row| (row["arrival"].clone(), row["reason"].clone())).collect();
    let stays = [(trapped, "honeypot"), (tested, "test"), (before, "source_paused")];
    assert_eq!(left, stays.map(|(arrival, reason)| (json!(arrival), json!(reason))), "what is kept for another reason");
    assert_eq!(scenario.installation.count("select arrivals::bigint from lead").await, 1);
    assert_eq!(scenario.installation.count("select count(*) from arrival where released_at is not null and dropped_at is null and state = 'quarantined'").await, 0);
}

#[tokio::test]
async fn what_a_pause_kept_is_the_same_as_a_retry_under_its_key() {
    let scenario = Plan::new().await.set("INTAKE__SOURCE_CACHE_S", "0").serve().await;
    let source = scenario.source.id.clone();
    // A form's plug-in, which tries again until it is answered.
    let post = async |key: &str, name: &str| {
        let url = format!("{}/v1/leads", scenario.process.url);
        let request = client().post(url).bearer_auth(&scenario.source.key).header("Idempotency-Key", key);
        let request =
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(ACCEPT, "application/json");
        let request = request.body(format!("first_name={name}&email={name}%40example.com"));
        request.send().await.unwrap().error_for_status().unwrap();
    };
    // Its answer was lost, and the source paused before the retry.
    post("k1", "Casey").await;
    scenario.lead_of("Casey").await;
    scenario.installation.json(&["source", "pause", &source]).await;
    post("k1", "Casey").await;
    post("k2", "Robin").await;
    waiting(&scenario, 2).await;
    scenario.installation.json(&["source", "resume", &source]).await;
    scenario.lead_of("Robin").await;
    waiting(&scenario, 0).await;
    post("k2", "Robin").await;
    post("k1", "Casey").await;
    post("k3", "Last").await;
    scenario.lead_of("Last").await;
    let open = "select count(*) from arrival where state = 'quarantined' and dropped_at is null";
    until("all is worked", LIMIT, || async { (scenario.installation.count(open).await == 0).then_some(()) }).await;
    assert_eq!(scenario.installation.count("select sum(arrivals)::bigint from lead").await, 3, "each counts once");
    // Another body under the key is a mistake, as ever.
    post("k2", "Mallory").await;
    assert_eq!(waiting(&scenario, 1).await[0]["reason"], "key_reused");
}

#[tokio::test]
async fn a_key_that_came_with_another_body_is_let_go_as_an_arrival_of_its_own() {
    let scenario = Plan::new().await.serve().await;
    let post = async |email: &str| {
        let url = format!("{}/v1/leads", scenario.process.url);
        let request = client().post(url).bearer_auth(&scenario.source.key).header("Idempotency-Key", "k1");
        request.json(&json!({"email": email})).send().await.unwrap().error_for_status().unwrap();
    };
    post("casey@example.com").await;
    post("robin@example.com").await;
    let rows = waiting(&scenario, 1).await;
    assert_eq!((&rows[0]["reason"], &rows[0]["contact"]), (&json!("key_reused"), &json!("robin@example.com")));
    scenario.installation.json(&["quarantine", "release", rows[0]["arrival"].as_str().unwrap()]).await;
    scenario.lead_of("Robin").await;
    // A retry of either body is what it was.
    post("robin@example.com").await;
    post("casey@example.com").await;
    scenario.enquire("Last", json!({})).await;
    scenario.lead_of("Last").await;
    assert_eq!(scenario.installation.count("select count(*) from lead").await, 3);
    waiting(&scenario, 0).await;
}

#[tokio::test]
async fn a_test_under_a_key_that_came_with_another_test_stays_a_test() {
    let scenario = Plan::new().await.serve().await;
    for email in ["casey@example.com", "robin@example.com"] {
        let url = format!("{}/v1/leads", scenario.process.url);
        let request = client().post(url).bearer_auth(&scenario.source.key).header("Idempotency-Key", "k1");
        request.json(&json!({"email": email, "test": true})).send().await.unwrap().error_for_status().unwrap();
    }
    let reasons: Vec<_> = waiting(&scenario, 2).await.iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(reasons, ["test", "test"]);
}

#[tokio::test]
async fn grades_are_told_to_who_has_the_key_unless_the_firm_says_otherwise() {
    let scenario = Plan::new().await.set("INTAKE__SOURCE_CACHE_S", "0").serve().await;
    let ask = async |by_key: bool, name: &str| {
        let path = if by_key { "/v1/leads".to_owned() } else { format!("/v1/in/{}", scenario.source.token) };
        let mut request = client().post(format!("{}{path}", scenario.process.url)).header("Prefer", "wait=10");
        if by_key {
            request = request.bearer_auth(&scenario.source.key);
        }
        let body = json!({"email": format!("{name}@example.com"), "answers": {"timeframe_days": 30}});
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        answer.json::<Value>().await.unwrap()
    };
    assert_eq!(ask(true, "one").await["grade"], "A");
    let by_address = ask(false, "two").await;
    assert_eq!((&by_address["status"], &by_address["grade"]), (&json!("graded"), &Value::Null));
    scenario.installation.json(&["source", "set", &scenario.source.id, "--sees-grade"]).await;
    assert_eq!(ask(false, "three").await["grade"], "A");
    scenario.installation.json(&["source", "set", &scenario.source.id, "--sees-grade", "no"]).await;
    let denied = ask(true, "four").await;
    assert_eq!(denied["grade"], Value::Null);
    let told = status(&scenario, denied["arrival"].as_str().unwrap()).await;
    assert_eq!((&told["status"], &told["grade"]), (&json!("graded"), &Value::Null));
}

#[tokio::test]
async fn a_wish_that_an_intake_of_a_version_before_did_not_hear_is_heard_once_its_arrival_is_worked() {
    let scenario = Plan::new().await.serve().await;
    let trapped = form(&scenario, &[("email", "casey@example.com"), ("first_name", "Casey"), ("_hp", "filled")]).await;
    waiting(&scenario, 1).await;
    // As such a version kept it: among the sender's own fields, and not flagged.
    sqlx::query(
        "update arrival set submission = submission::jsonb || '{\"extra\": {\"Do Not Call\": \"yes\"}}'::jsonb",
    )
    .execute(scenario.installation.pool())
    .await
    .unwrap();
    let check = async || {
        let check = ["suppress", "check", "--email", "casey@example.com", "--client", "acme"];
        scenario.installation.json(&check).await["suppressed"].clone()
    };
    assert_eq!(check().await, false);
    scenario.installation.json(&["quarantine", "release", &trapped]).await;
    graded(&scenario, &trapped).await;
    assert_eq!(check().await, true);
}
