//! Who is told when something does not move: leads go by mail while a webhook fails, reps are reminded, the firm hears of it.

use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::json;

use crate::harness::{
    LIMIT,
    audit::delivered,
    scenario::{Plan, Scenario},
};

/// A webhook whose failures are soon told of, and mails to read.
async fn scenario() -> Scenario {
    scenario_with(&[]).await
}

/// The same, with these settings of the dispatcher.
async fn scenario_with(more: &[(&str, &str)]) -> Scenario {
    let plan = Plan::new().await.mail_server().set("MAIL__ALERTS", "firm@example.com");
    let plan = plan.set("DISPATCHER__SWEEP_INTERVAL_MS", "50").webhook("/hook", &["--name", "CRM"], &[]);
    let settings = [
        ("RETRY_SCHEDULE_S", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"),
        ("CIRCUIT_PAUSE_S", "1"),
        ("CIRCUIT_LONGEST_PAUSE_S", "1"),
        ("FALLBACK_AFTER_S", "1"),
        ("REMIND_EVERY_S", "1"),
    ];
    let settings = settings.iter().chain(more);
    settings.fold(plan, |plan, (key, value)| plan.set(&format!("DISPATCHER__{key}"), value)).serve().await
}

/// An A lead.
async fn enquire(scenario: &Scenario, name: &str) {
    scenario.enquire(name, json!({"timeframe_days": 1})).await;
}

/// Subjects of the mails to this address.
fn mails(scenario: &Scenario, to: &str) -> Vec<String> {
    let all = scenario.mailbox.received();
    let theirs = all.iter().filter(|mail| mail.to.iter().any(|one| one.contains(to)));
    theirs.map(|mail| mail.header("Subject")).collect()
}

async fn mailed(scenario: &Scenario, to: &str, part: &str, count: usize) {
    until(&format!("{count} mails to {to} with {part:?}"), LIMIT, || async {
        (mails(scenario, to).iter().filter(|subject| subject.contains(part)).count() == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_webhook_fails_its_leads_go_by_mail_once_and_later_there_too() {
    let scenario = scenario().await;
    scenario.installation.json(&["client", "set", "acme", "--fallback", "office@example.com"]).await;
    scenario.receiver.set("/hook", Behaviour::Status(500));
    for name in ["one", "two"] {
        enquire(&scenario, name).await;
    }
    mailed(&scenario, "office@", "A lead: one", 1).await;
    mailed(&scenario, "office@", "A lead: two", 1).await;
    mailed(&scenario, "office@", "CRM fails", 1).await;
    mailed(&scenario, "firm@", "CRM fails (acme)", 1).await;
    scenario.receiver.clear();
    scenario.receiver.set("/hook", Behaviour::Status(204));
    delivered(&scenario.installation).await;
    assert_eq!(scenario.receiver.distinct_ids(), 2, "the webhook has them too when it works again");
    enquire(&scenario, "three").await;
    delivered(&scenario.installation).await;
    assert_eq!(mails(&scenario, "office@").iter().filter(|subject| subject.contains("A lead")).count(), 2);
    assert_eq!(mails(&scenario, "firm@").len(), 1, "it is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_endpoint_is_told_of_again_after_it_was_enabled() {
    let scenario = scenario().await;
    scenario.receiver.set("/hook", Behaviour::Status(410));
    enquire(&scenario, "one").await;
    mailed(&scenario, "firm@", "CRM was disabled", 1).await;
    let endpoint = scenario.installation.json(&["endpoint", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    scenario.installation.json(&["endpoint", "resume", &endpoint]).await;
    enquire(&scenario, "two").await;
    mailed(&scenario, "firm@", "CRM was disabled", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_nobody_touched_is_told_to_its_rep_and_then_to_the_firm() {
    let scenario = scenario().await;
    scenario.installation.json(&["rep", "add", "Dana Hill", "--client", "acme", "--email", "dana@example.com"]).await;
    for name in ["one", "two"] {
        enquire(&scenario, name).await;
    }
    delivered(&scenario.installation).await;
    mailed(&scenario, "dana@", "A lead", 2).await;
    assert_eq!(scenario.installation.json(&["lead", "untouched"]).await, json!([]));
    let shown = scenario.installation.json(&["lead", "list", "--email", "two@example.com"]).await;
    let shown = scenario.installation.json(&["lead", "show", shown[0]["lead"].as_str().unwrap()]).await;
    let delivery = shown["deliveries"][0]["delivery"].as_str().unwrap();
    scenario.installation.json(&["outcome", "add", delivery, "accepted"]).await;
    let back =
        "update delivery set created_at = created_at - interval '50 hours', ended_at = ended_at - interval '50 hours',
                       first_delivered_at = first_delivered_at - interval '50 hours'";
    sqlx::query(back).execute(scenario.installation.pool()).await.unwrap();
    mailed(&scenario, "dana@", "one Example is waiting", 1).await;
    mailed(&scenario, "firm@", "acme: an A lead nobody touched", 1).await;
    assert!(
        !mails(&scenario, "dana@").iter().any(|subject| subject.contains("two Example is waiting")),
        "of that one something was said"
    );
    let listed = scenario.installation.json(&["lead", "untouched", "--client", "acme"]).await;
    assert!(listed.as_array().unwrap().iter().all(|one| one["person"] == "one Example"), "{listed:#}");
    let output = scenario.installation.run(&["lead", "untouched", "--client", "nobody"]).await;
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_disabled_has_its_old_and_new_leads_mailed() {
    let scenario = scenario().await;
    scenario.installation.json(&["client", "set", "acme", "--fallback", "office@example.com"]).await;
    scenario.receiver.set("/hook", Behaviour::Status(410));
    enquire(&scenario, "one").await;
    mailed(&scenario, "office@", "A lead: one", 1).await;
    mailed(&scenario, "office@", "CRM was disabled", 1).await;
    // The client has no endpoint that works by now, so that this one is owed to none.
    enquire(&scenario, "two").await;
    mailed(&scenario, "office@", "A lead: two", 1).await;
    assert_eq!(mails(&scenario, "office@").iter().filter(|subject| subject.contains("A lead")).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fallback_the_firm_still_hears_of_what_was_disabled() {
    let scenario = scenario_with(&[("FALLBACK_AFTER_S", "0")]).await;
    scenario.installation.json(&["client", "set", "acme", "--fallback", "office@example.com"]).await;
    scenario.receiver.set("/hook", Behaviour::Status(410));
    enquire(&scenario, "one").await;
    mailed(&scenario, "firm@", "CRM was disabled", 1).await;
    assert!(!mails(&scenario, "office@").iter().any(|subject| subject.contains("A lead")), "mails of leads are off");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_reminders_the_firm_still_hears_of_what_nobody_touched() {
    let scenario = scenario_with(&[("REMIND_AFTER_H", "0")]).await;
    scenario.installation.json(&["rep", "add", "Dana Hill", "--client", "acme", "--email", "dana@example.com"]).await;
    enquire(&scenario, "one").await;
    mailed(&scenario, "dana@", "A lead", 1).await;
    delivered(&scenario.installation).await;
    let back =
        "update delivery set created_at = created_at - interval '50 hours', ended_at = ended_at - interval '50 hours',
                       first_delivered_at = first_delivered_at - interval '50 hours'";
    sqlx::query(back).execute(scenario.installation.pool()).await.unwrap();
    mailed(&scenario, "firm@", "acme: an A lead nobody touched", 1).await;
    assert!(!mails(&scenario, "dana@").iter().any(|subject| subject.contains("is waiting")), "reminders are off");
}
