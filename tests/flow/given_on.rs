//! A lead that could not be delivered to a rep and goes on to somebody else: what the team's programs, which have it beside the rep, are
//! told of that.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use super::bounces::{DANA_FIRST, enquire, in_state, mailed, plan, post, report, token_of};
use crate::harness::{LIMIT, scenario::Scenario};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_beside_a_rep_whose_mail_came_back_is_told_who_has_the_lead_now() {
    let plan = plan().await.set("MAIL__RETURN_PATH", "bounces+{token}@example.com").rep("Dana Hill").rep("Lee Park");
    let plan = plan.webhook("/hook", &["--name", "CRM"], &["--events", "lead.matured,lead.updated"]);
    let plan = plan.client(&["--fallback", "office@example.com"]);
    let scenario = plan.routing(DANA_FIRST).serve().await;
    enquire(&scenario, "one").await;
    let first = told(&scenario, 0).await;
    assert_eq!((&first["type"], &first["data"]["assigned_to"]["name"]), (&json!("lead.matured"), &json!("Dana Hill")));
    in_state(&scenario, "dana@", "delivered").await;

    let token = token_of(&scenario, "A lead: one").await;
    let (_, said) = post(&scenario, &token, "message/rfc822", report("failed", "5.1.1")).await;
    assert_eq!(said["taken_as"], "failed");
    mailed(&scenario, "lee@", "A lead: one").await;
    let second = told(&scenario, 1).await;
    let data = &second["data"];
    assert_eq!((&second["type"], &data["update"]["kind"]), (&json!("lead.updated"), &json!("assigned")), "{second:#}");
    assert_eq!((&data["assigned_to"]["name"], &data["delivery"]), (&json!("Lee Park"), &first["data"]["delivery"]));
    let changes = data["update"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!((&changes[0]["field"], &changes[0]["before"]["name"]), (&json!("assigned_to"), &json!("Dana Hill")));
    let places = "select string_agg(r.name || ' ' || g.leads, ', ') from given g join rep r on r.id = g.recipient_id";
    let places: Option<String> = sqlx::query_scalar(places).fetch_one(scenario.installation.pool()).await.unwrap();
    assert_eq!(places.as_deref(), Some("Lee Park 1"), "Dana's place in the day is free again");

    // Nobody of the team is left: the office has it, and is no rep.
    in_state(&scenario, "lee@", "delivered").await;
    let mails = scenario.mailbox.received();
    let lees = mails.iter().find(|mail| mail.to.iter().any(|to| to.starts_with("lee@"))).unwrap();
    let token = lees.from.strip_prefix("bounces+").and_then(|rest| rest.strip_suffix("@example.com")).unwrap();
    let back = report("failed", "5.1.1").replace("dana@", "lee@");
    assert_eq!(post(&scenario, token, "message/rfc822", back).await.1["taken_as"], "failed");
    mailed(&scenario, "office@", "A lead: one").await;
    let third = told(&scenario, 2).await;
    let data = &third["data"];
    assert_eq!((&data["update"]["kind"], &data["assigned_to"]), (&json!("assigned"), &Value::Null), "{third:#}");
    assert!(data["update"]["with"].is_string(), "{third:#}");
}

/// What the team's webhook was told, in order; waited for.
async fn told(scenario: &Scenario, number: usize) -> Value {
    let call = until(&format!("the webhook is told {} times", number + 1), LIMIT, || async {
        scenario.receiver.received().get(number).cloned()
    })
    .await;
    call.json()
}
