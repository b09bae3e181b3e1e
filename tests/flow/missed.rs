//! What a client fetches because its endpoint keeps failing, and what it can still read of a lead that was taken back.

use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

/// A client whose webhook fails; its circuit opens after three failures.
async fn failing() -> (Scenario, String) {
    let plan =
        Plan::new().await.set("DISPATCHER__CIRCUIT_FAILURES", "3").set("DISPATCHER__RETRY_SCHEDULE_S", "1,1,1,1,1,1,1");
    let plan = plan.set("DISPATCHER__CIRCUIT_PAUSE_S", "60").set("DISPATCHER__CIRCUIT_LONGEST_PAUSE_S", "60");
    let scenario =
        plan.set("HTTP__PUBLIC_URL", "https://ripen.example").webhook("/crm", &["--name", "CRM"], &[]).serve().await;
    scenario.receiver.set("/crm", Behaviour::Status(500));
    scenario.enquire("first", json!({"timeframe_days": 1})).await;
    until("the circuit opens", LIMIT, || async {
        let open = "select count(*) from endpoint where probe_at is not null";
        (scenario.installation.count(open).await == 1).then_some(())
    })
    .await;
    let token = scenario.installation.json(&["client", "token", "add", "acme", "--name", "CRM"]).await;
    let token = token["token"].as_str().unwrap().to_owned();
    (scenario, token)
}

async fn get(scenario: &Scenario, token: &str, path: &str) -> (u16, Value) {
    let answer = client().get(format!("{}{path}", scenario.process.url)).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn held(scenario: &Scenario, count: i64) {
    until("it is held", LIMIT, || async {
        let held = "select count(*) from delivery where state = 'held' and endpoint_id is not null and attempts = 0";
        (scenario.installation.count(held).await == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_open_circuit_holds_is_read_with_the_bytes_that_are_sent_later() {
    let (scenario, token) = failing().await;
    for name in ["second", "third"] {
        scenario.enquire(name, json!({"timeframe_days": 1})).await;
    }
    held(&scenario, 2).await;
    let listed = scenario.installation.json(&["delivery", "list", "--state", "held"]).await;
    let third = listed[0]["id"].as_str().unwrap();
    let (status, one) = get(&scenario, &token, &format!("/v1/deliveries/{third}")).await;
    assert_eq!((status, &one["state"]), (200, &json!("held")), "{one}");
    let (_, page) = get(&scenario, &token, "/v1/deliveries").await;
    let all = page["deliveries"].as_array().unwrap();
    assert_eq!((all.len(), &page["more"]), (3, &json!(false)), "{page}");
    assert!(all.iter().all(|one| one["payload"]["data"]["outcome_url"].is_string()), "{page}");
    let (_, nothing) =
        get(&scenario, &token, &format!("/v1/deliveries?after={}", page["next"].as_str().unwrap())).await;
    assert_eq!(nothing["deliveries"], json!([]), "nothing comes twice");

    scenario.receiver.set("/crm", Behaviour::Status(200));
    let soon = "update endpoint set probe_at = now() where probe_at is not null";
    sqlx::query(soon).execute(scenario.installation.pool()).await.unwrap();
    sqlx::query("update delivery set due_at = now() where state = 'held'")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    until("all are delivered", LIMIT, || async {
        (scenario.installation.count("select count(*) from delivery where state = 'delivered'").await == 3)
            .then_some(())
    })
    .await;
    for sent in scenario.receiver.received().iter().rev().take(3) {
        let read = all.iter().find(|one| one["delivery"] == sent.header("webhook-id")).unwrap();
        assert_eq!(read["payload"], sent.json());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_recalled_and_then_read_without_contact_data() {
    let (scenario, token) = failing().await;
    let lead = scenario.lead("casey", json!({"timeframe_days": 1})).await;
    held(&scenario, 1).await;
    let (_, before) = get(&scenario, &token, "/v1/deliveries").await;
    assert!(before.to_string().contains("casey@example.com"), "{before}");
    let delivery = before["deliveries"].as_array().unwrap().iter().find(|one| one["lead"] == json!(lead)).unwrap();
    let page = delivery["payload"]["data"]["outcome_url"].as_str().unwrap();
    let page = page.replace("https://ripen.example", &scenario.process.url);
    scenario.recall(&lead, "entered twice").await;
    let (_, after) = get(&scenario, &token, "/v1/deliveries").await;
    let again =
        after["deliveries"].as_array().unwrap().iter().find(|one| one["delivery"] == delivery["delivery"]).unwrap();
    assert!(!again.to_string().contains("casey"), "{again}");
    assert_eq!(again["payload"]["data"]["grade"], "A", "what it was stays on record");
    let shown = client().get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("was taken back") && !shown.contains("casey@example.com"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_handed_over_is_not_read_either() {
    let (scenario, token) = failing().await;
    for name in ["suppressed", "closed", "open"] {
        scenario.enquire(name, json!({"timeframe_days": 1})).await;
    }
    held(&scenario, 3).await;
    // As a lease finds it: marked since, and not withdrawn yet.
    for change in [
        "update person set do_not_contact = true where email = 'suppressed@example.com'",
        "update lead set stage = 'closed', closed_reason = 'asked', closed_at = now() from person p
         where p.id = person_id and p.email = 'closed@example.com'",
    ] {
        sqlx::query(change).execute(scenario.installation.pool()).await.unwrap();
    }
    let (_, page) = get(&scenario, &token, "/v1/deliveries").await;
    let text = page.to_string();
    assert!(text.contains("open@example.com"), "{text}");
    assert!(!text.contains("suppressed@") && !text.contains("closed@"), "{text}");
    let id = "select d.id from delivery d join lead l on l.id = d.lead_id where l.stage = 'closed' and d.event = 'lead.matured'";
    let id: uuid::Uuid = sqlx::query_scalar(id).fetch_one(scenario.installation.pool()).await.unwrap();
    let id = ripen_domain::id::DeliveryId::from_uuid(id);
    assert_eq!(get(&scenario, &token, &format!("/v1/deliveries/{id}")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_somebody_is_among_what_was_missed() {
    let (scenario, token) = failing().await;
    let endpoint = scenario.installation.json(&["endpoint", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    let events = "lead.matured,lead.recalled,lead.suppressed,lead.outcome";
    scenario.installation.json(&["endpoint", "set", &endpoint, "--events", events]).await;
    let lead = scenario.lead("casey", json!({"timeframe_days": 1})).await;
    held(&scenario, 1).await;
    get(&scenario, &token, "/v1/deliveries").await;
    scenario.recall(&lead, "a slip").await;
    scenario.touch(&lead, &["--disposition", "do_not_contact"]).await;
    until("both are held", LIMIT, || async {
        let news =
            "select count(*) from delivery where event in ('lead.recalled', 'lead.suppressed') and state = 'held'";
        (scenario.installation.count(news).await == 2).then_some(())
    })
    .await;
    let (_, page) = get(&scenario, &token, "/v1/deliveries").await;
    let kinds: Vec<_> =
        page["deliveries"].as_array().unwrap().iter().map(|one| one["payload"]["type"].clone()).collect();
    for kind in ["lead.recalled", "lead.suppressed"] {
        assert!(kinds.contains(&json!(kind)), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_an_open_circuit_holds_is_read_while_it_stands() {
    let (scenario, token) = failing().await;
    scenario.enquire("second", json!({"timeframe_days": 1})).await;
    held(&scenario, 1).await;
    // As an offer that nobody took yet.
    let offer = "update delivery set event = 'lead.offered', said = json_build_object('until', $1::text)
                 where state = 'held' and attempts = 0";
    let change = async |until: &str| {
        sqlx::query(offer).bind(until).execute(scenario.installation.pool()).await.unwrap();
        get(&scenario, &token, "/v1/deliveries").await.1.to_string()
    };
    assert!(!change("2020-01-01T00:00:00Z").await.contains("lead.offered"), "it is over");
    let page = change("2099-01-01T00:00:00Z").await;
    assert!(page.contains("lead.offered") && !page.contains("second@example.com"), "{page}");
}
