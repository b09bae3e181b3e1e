//! Numbers of one person by several enquiries: each corrects what it said itself, and nothing of what another one says.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    scenario::{Plan, Scenario},
};

async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0");
    plan.webhook("/all", &[], &["--events", "lead.matured,lead.updated"]).serve().await
}

fn body(id: &str, email: &str, phone: &str) -> Value {
    json!({"external_id": id, "name": "Nia Stone", "email": email, "phone": phone, "answers": {"timeframe_days": 10}})
}

/// The number that the lead's person has, and those that people are told beside it.
async fn numbers(scenario: &Scenario, told: &Value) -> (Value, Vec<Value>) {
    let lead = scenario.installation.json(&["lead", "show", told["lead"].as_str().unwrap()]).await;
    let beside = lead["also_reached"].as_array().unwrap().iter().filter(|way| !way["said_at"].is_null());
    let beside = beside.map(|way| way["phone"].clone()).filter(|phone| !phone.is_null()).collect();
    (lead["phone"].clone(), beside)
}

/// Waits until the client is told so.
async fn told(scenario: &Scenario, phone: &str, others: &Value) {
    let is_told = || async {
        let all = scenario.receiver.received();
        let lead = all
            .iter()
            .map(|one| one.json()["data"]["lead"].clone())
            .find(|lead| lead["phone"] == phone && lead["other_phones"] == *others);
        lead.map(drop)
    };
    until("the client is told", LIMIT, is_told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_takes_away_no_number_that_another_enquiry_brought() {
    let scenario = scenario().await;
    let (vendor, list) = (scenario.source.clone(), scenario.installation.source("acme", "List").await);
    let nia = |id: &str, phone: &str| body(id, "nia@example.com", phone);
    let first = scenario.told_decided(&vendor, None, &nia("Y1", "+14155550761")).await;
    scenario.told_decided(&list, None, &nia("Y2", "+14155550762")).await;
    scenario.told_decided(&list, None, &nia("Y2", "+14155550763")).await;
    assert_eq!(numbers(&scenario, &first).await, (json!("+14155550761"), vec![json!("+14155550763")]));
    told(&scenario, "+14155550761", &json!(["+14155550763"])).await;
    scenario.told_decided(&vendor, None, &nia("Y1", "+14155550764")).await;
    assert_eq!(numbers(&scenario, &first).await, (json!("+14155550764"), vec![json!("+14155550763")]));
    told(&scenario, "+14155550764", &json!(["+14155550763"])).await;
    // What the other has already is said once.
    scenario.told_decided(&list, None, &nia("Y2", "+14155550764")).await;
    assert_eq!(numbers(&scenario, &first).await, (json!("+14155550764"), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_are_one_each_senders_correction_is_of_what_it_said() {
    let scenario = scenario().await;
    let source = scenario.source.clone();
    let first = scenario.told_decided(&source, None, &body("X1", "nia@example.com", "+14155550751")).await;
    let second = scenario.told_decided(&source, None, &body("X2", "n.stone@example.com", "+14155550752")).await;
    let (one, other) = (first["lead"].as_str().unwrap(), second["lead"].as_str().unwrap());
    scenario.installation.json(&["person", "same", one, other, "--why", "said so"]).await;
    scenario.told_decided(&source, None, &body("X2", "n.stone@example.com", "+14155550753")).await;
    assert_eq!(numbers(&scenario, &first).await, (json!("+14155550751"), vec![json!("+14155550753")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_a_correction_replaced_is_told_again_once_its_person_gives_it_again() {
    let scenario = scenario().await;
    let source = scenario.source.clone();
    let (mistaken, right) = ("+14155550621", "+14155550622");
    let first = scenario.told_decided(&source, None, &body("J1", "nia@example.com", mistaken)).await;
    scenario.told_decided(&source, None, &body("J1", "nia@example.com", right)).await;
    assert_eq!(numbers(&scenario, &first).await, (json!(right), Vec::new()));
    let again =
        json!({"name": "Nia Stone", "email": "nia@example.com", "phone": mistaken, "notes": "my number is this one"});
    scenario.told_decided(&source, None, &again).await;
    assert_eq!(numbers(&scenario, &first).await, (json!(right), vec![json!(mistaken)]));
    told(&scenario, right, &json!([mistaken])).await;
}
