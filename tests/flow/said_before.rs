//! What was said before what is known, and what is said in the quarantine: by many senders of one person.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    audit::delivered,
    process::client,
    scenario::{Plan, Scenario},
};

async fn shown(scenario: &Scenario, told: &Value) -> Value {
    scenario.installation.json(&["lead", "show", told["lead"].as_str().unwrap()]).await
}

fn flags(told: &Value, code: &str) -> Vec<String> {
    let all = told["flags"].as_array().cloned().unwrap_or_default();
    all.iter().filter(|flag| flag["code"] == code).map(|flag| flag["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_enquiry_of_last_year_puts_down_nothing_that_is_known_since() {
    let scenario = Plan::new().await.serve().await;
    let enquiry = |id: &str, more: Value| {
        let mut body = json!({"external_id": id, "first_name": "Dag", "email": "dag@example.com"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let today = scenario.told(None, &enquiry("new-1", json!({"phone": "+14155550101"}))).await;
    scenario
        .touch(today["lead"].as_str().unwrap(), &["--disposition", "answered", "--answer", "timeframe_days=10"])
        .await;
    scenario.decided(2).await;
    let old = json!({"last_name": "Maiden", "submitted_at": "2025-03-01T09:00:00Z", "postal_code": "60134", "answers": {"timeframe_days": 300}});
    let old = scenario.told(None, &enquiry("old-1", old)).await;
    assert_eq!(flags(&old, "older_than_known"), ["name", "timeframe_days"], "{old:#}");
    let stands = async || {
        let lead = shown(&scenario, &today).await;
        (lead["grade"].clone(), lead["name"].clone(), lead["phone"].clone(), lead["answers"][0]["answer"].clone())
    };
    let known = (json!("A"), json!("Dag"), json!("+14155550101"), json!(10));
    assert_eq!(stands().await, known);
    let filled = "select count(*) from person where postal_code = '60134'";
    assert_eq!(scenario.installation.count(filled).await, 1, "what nobody said since is heard");
    // Nor does a correction of it.
    let corrected = json!({"last_name": "Maiden", "submitted_at": "2025-03-02T09:00:00Z", "postal_code": "60135", "phone": "+14155550102",
                           "answers": {"timeframe_days": 400}});
    scenario.told(None, &enquiry("old-1", corrected)).await;
    assert_eq!(stands().await, known);
    let filled = "select count(*) from person where postal_code = '60135'";
    assert_eq!(scenario.installation.count(filled).await, 1, "it corrects what it said itself");
    // What is said later counts, whoever says it.
    scenario.told(None, &enquiry("new-2", json!({"answers": {"timeframe_days": 20}}))).await;
    assert_eq!(stands().await.3, 20);
}

#[tokio::test]
async fn of_two_enquiries_of_one_list_the_later_said_counts_and_ages_from_then() {
    let scenario = Plan::new().await.serve().await;
    let row = |id: &str, at: &str, days: i64| json!({"external_id": id, "email": "casey@example.com", "submitted_at": at, "answers": {"timeframe_days": days}});
    let rows = json!([row("1", "2026-01-20", 100), row("2", "2026-01-01", 200), row("3", "2026-01-20", 150)]);
    let sent = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
    sent.json(&rows).send().await.unwrap().error_for_status().unwrap();
    until("all are worked", LIMIT, || async {
        (scenario.installation.count("select count(*) from arrival where state = 'graded'").await == 3).then_some(())
    })
    .await;
    let newest = "select (value::text)::bigint from answer order by at desc limit 1";
    assert!([100, 150].contains(&scenario.installation.count(newest).await));
    let dated = "select count(*) from answer where at < timestamptz '2026-01-22'";
    assert_eq!(scenario.installation.count(dated).await, 3, "said then, and not when the list came");
    assert_eq!(scenario.installation.count("select count(distinct at) from answer").await, 3, "none by chance");
}

#[tokio::test]
async fn a_wish_in_a_body_that_is_quarantined_is_heard_and_a_source_of_which_all_is_quarantined_is_told_of() {
    let plan = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0");
    let scenario = plan.webhook("/hook", &[], &["--events", "lead.matured,lead.suppressed"]).serve().await;
    let body = |more: Value| {
        let mut body = json!({"email": "rk@example.com", "phone": "+14155550101", "answers": {"timeframe_days": 10}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let first = scenario.told(Some("k1"), &body(json!({}))).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    let second = scenario.told(Some("k1"), &body(json!({"do_not_contact": true}))).await;
    assert_eq!(second["reason"], "key_reused");
    until("the lead is closed", LIMIT, || async {
        (shown(&scenario, &first).await["stage"] == "closed").then_some(())
    })
    .await;
    for named in [["--email", "rk@example.com"], ["--phone", "+14155550101"]] {
        let checked = scenario.installation.json(&[&["suppress", "check"][..], &named].concat()).await;
        assert_eq!(checked["suppressed"], true, "{checked:#}");
    }
    scenario.receiver.wait_for(2, LIMIT).await;

    let note = async || String::from_utf8_lossy(&scenario.installation.run(&["doctor"]).await.stdout).into_owned();
    assert!(!note().await.contains("all that came last is quarantined"));
    for number in 0..5 {
        scenario.told(Some("k1"), &body(json!({"notes": format!("other {number}")}))).await;
    }
    assert!(note().await.contains("all that came last is quarantined"), "{}", note().await);
}

/// The client lost the first lead of the person and has a second one, whose enquiry named no number.
#[tokio::test]
async fn what_a_correction_of_a_lost_lead_says_is_told_to_who_has_the_persons_open_one() {
    let plan = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0");
    let scenario = plan.webhook("/hook", &[], &["--events", "lead.matured,lead.updated"]).serve().await;
    let body = |id: &str, phone: Option<&str>, note: &str| {
        let mut body = json!({"external_id": id, "name": "Jade Kern", "email": "jade@example.com", "notes": note,
                              "answers": {"timeframe_days": 10}});
        body.as_object_mut().unwrap().extend(phone.map(|phone| ("phone".to_owned(), json!(phone))));
        body
    };
    scenario.told(None, &body("R7", Some("+14155550821"), "")).await;
    let received = scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let former = received[0].json()["data"]["delivery"].as_str().unwrap().to_owned();
    scenario.installation.json(&["outcome", "add", &former, "lost", "--reason", "Withdrew"]).await;
    scenario.told(None, &body("R8", None, "")).await;
    let received = scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let open = received[1].json()["data"].clone();
    assert_eq!(open["lead"]["phone"], "+14155550821");

    let corrected = scenario.told(None, &body("R7", Some("+14155550822"), "")).await;
    assert_ne!(corrected["lead"], open["lead"]["id"], "it stays on its lead");
    let received = scenario.receiver.wait_for(3, LIMIT).await;
    let updated = received[2].json();
    assert_eq!((&updated["type"], &updated["data"]["delivery"]), (&json!("lead.updated"), &open["delivery"]));
    assert_eq!(updated["data"]["lead"]["phone"], "+14155550822");
    let change = json!({"field": "phone", "before": "+14155550821", "after": "+14155550822"});
    assert!(updated["data"]["update"]["changes"].as_array().unwrap().contains(&change), "{updated:#}");
    // What says nothing else of the person is no news of that lead.
    scenario.told(None, &body("R7", Some("+14155550822"), "in the evening")).await;
    delivered(&scenario.installation).await;
    let owed = "select count(*) from delivery where event = 'lead.updated'";
    assert_eq!(scenario.installation.count(owed).await, 1);
}
