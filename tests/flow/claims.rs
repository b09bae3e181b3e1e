//! First to claim: a lead on offer to several, of whom one gets it.

use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

const RACE: &str = r#"mode = "first_to_claim"
recipients = ["Dana Hill", "Lee Park"]
claim_within = "10m"
fallback = ["Office"]
owner = "CRM"
"#;

/// Two reps with mail, the team's CRM and its office as webhooks; the CRM is by name where the document names it.
async fn scenario(document: &str) -> Scenario {
    let plan = Plan::new().await.set("HTTP__PUBLIC_URL", "https://ripen.example");
    let crm: &[&str] = if document.contains("[\"CRM\"") { &["--by-name"] } else { &[] };
    let plan = plan.webhook("/crm", &["--name", "CRM"], crm).webhook("/office", &["--name", "Office"], &["--by-name"]);
    plan.rep("Dana Hill").rep("Lee Park").routing(document).serve().await
}

async fn enquire(scenario: &Scenario) {
    let body = json!({"email": "casey@example.com", "first_name": "Casey", "phone": "+1 415 555 0100",
                      "answers": {"timeframe_days": 10}});
    scenario.post(&body).await;
}

/// Deliveries of an event that were sent: ids in the form that people see, and bodies.
async fn sent(scenario: &Scenario, event: &str, count: usize) -> Vec<(String, Value)> {
    let sql = "select d.id, b.body from delivery d join delivery_body b on b.delivery_id = d.id
               where d.event = $1 and d.state in ('delivered', 'filed') order by d.id";
    until(event, LIMIT, || async {
        let rows: Vec<(uuid::Uuid, Vec<u8>)> =
            sqlx::query_as(sql).bind(event).fetch_all(scenario.installation.pool()).await.unwrap();
        let shown = |(id, body): (uuid::Uuid, Vec<u8>)| {
            (ripen_domain::id::DeliveryId::from_uuid(id).to_string(), serde_json::from_slice(&body).unwrap())
        };
        (rows.len() == count).then(|| rows.into_iter().map(shown).collect())
    })
    .await
}

async fn say(scenario: &Scenario, delivery: &str, outcome: &[&str]) -> (bool, String) {
    let output = scenario.installation.run(&[&["outcome", "add", delivery], outcome].concat()).await;
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepts_first_has_it_and_nobody_else_learns_whom_to_call() {
    let scenario = scenario(RACE).await;
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    for (_, body) in &offers {
        let text = body.to_string();
        assert!(!["casey@", "Casey", "4155550100"].iter().any(|secret| text.contains(secret)), "{text}");
        assert_eq!(body["data"]["answers"]["timeframe_days"], 10);
    }
    assert_eq!(scenario.receiver.count(), 0, "the team's webhook is told when somebody has it");
    let who = |body: &Value| body["data"]["assigned_to"]["name"].as_str().unwrap().to_owned();
    let url = offers[0].1["data"]["outcome_url"].as_str().unwrap();
    let page = url.replace("https://ripen.example", &scenario.process.url);
    let shown = client().get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("Take it") && !shown.contains("casey@"), "{shown}");
    let taken = client().post(&page).body("outcome=accepted&seen=0").send().await.unwrap();
    assert_eq!(taken.status().as_u16(), 200, "{}", taken.text().await.unwrap());

    let matured = sent(&scenario, "lead.matured", 2).await;
    assert!(matured.iter().all(|(_, body)| who(body) == offers[0].1["data"]["offered_to"]["name"]), "{matured:?}");
    assert!(matured.iter().all(|(_, body)| body["data"]["lead"]["email"] == "casey@example.com"));
    let crm = scenario.receiver.wait_for(1, LIMIT).await;
    assert_eq!((crm.len(), crm[0].path.as_str()), (1, "/crm"), "{crm:?}");
    let told = sent(&scenario, "lead.taken", 1).await;
    assert!(!told[0].1.to_string().contains("casey@"));
    let (won, why) = say(&scenario, &offers[1].0, &["accepted"]).await;
    assert!(!won && why.contains("Somebody else took this lead"), "{why}");
    let (again, _) = say(&scenario, &offers[0].0, &["accepted"]).await;
    assert!(again, "who has it may say so again");
    sent(&scenario, "lead.matured", 2).await;
    let said = "select count(*) from maturation where routing like '%Taken by%'";
    assert_eq!(scenario.installation.count(said).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_accept_at_once_one_wins() {
    let scenario = scenario(RACE).await;
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    let links: Vec<_> = offers.iter().map(|(_, body)| body["data"]["outcome_url"].as_str().unwrap()).collect();
    let pages: Vec<_> = links.iter().map(|url| url.replace("https://ripen.example", &scenario.process.url)).collect();
    let tries = (0..24).map(|n| {
        let page = pages[n % 2].clone();
        async move { (n % 2, client().post(page).body("outcome=accepted").send().await.unwrap().status().as_u16()) }
    });
    let answers = futures::future::join_all(tries).await;
    let winners: std::collections::BTreeSet<_> =
        answers.iter().filter(|(_, status)| *status == 200).map(|(who, _)| *who).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(who, status)| winners.contains(who) == (*status == 200)), "{answers:?}");
    sent(&scenario, "lead.matured", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_pass_the_fallback_is_asked_and_when_nobody_takes_it_the_owner_has_it() {
    let scenario = scenario(RACE).await;
    scenario.receiver.set("/office", Behaviour::Status(200));
    enquire(&scenario).await;
    for (offer, _) in sent(&scenario, "lead.offered", 2).await {
        let (passed, why) = say(&scenario, &offer, &["returned", "--reason", "busy"]).await;
        assert!(passed, "{why}");
    }
    let offers = sent(&scenario, "lead.offered", 3).await;
    assert_eq!(scenario.receiver.wait_for(1, LIMIT).await[0].path, "/office");
    let (late, why) = say(&scenario, &offers[0].0, &["accepted"]).await;
    assert!(!late && why.contains("not offered to you"), "{why}");

    sqlx::query("update claim set until = until - interval '1 hour'")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    sqlx::query("update delivery set due_at = due_at - interval '1 hour' where endpoint_id is null")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    let received = scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!((received[1].path.as_str(), &received[1].json()["type"]), ("/crm", &json!("lead.matured")));
    let returned = "select count(*) from outcome";
    assert_eq!(scenario.installation.count(returned).await, 0, "to pass is no outcome of the lead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_takes_an_offer_by_its_answer() {
    let scenario = scenario(&RACE.replace("[\"Dana Hill\", \"Lee Park\"]", "[\"CRM\", \"Office\"]")).await;
    let accepting =
        Behaviour::StatusWith { status: 200, headers: Vec::new(), body: r#"{"outcome":"accepted"}"#.into() };
    scenario.receiver.set("/office", accepting);
    enquire(&scenario).await;
    sent(&scenario, "lead.matured", 1).await;
    let last = scenario.receiver.received().into_iter().find(|one| one.json()["type"] == "lead.matured").unwrap();
    assert_eq!((last.path.as_str(), &last.json()["data"]["lead"]["first_name"]), ("/office", &json!("Casey")));
    sent(&scenario, "lead.taken", 1).await;
}
