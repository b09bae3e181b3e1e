//! Who is told when something does not move: leads go by mail while a webhook fails, reps are reminded, the firm hears of it.

use ripen_testkit::{
    mailbox::Mailbox,
    receiver::{Behaviour, Receiver},
    wait::until,
};
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, audit::delivered, load::post, process::Process};

struct Ground {
    installation: Installation,
    source: Source,
    receiver: Receiver,
    mailbox: Mailbox,
    process: Process,
}

impl Ground {
    async fn new() -> Self {
        let mut installation = Installation::new(Kind::Local).await;
        let mailbox = Mailbox::start().await;
        installation.set("MAIL__URL", &mailbox.url());
        installation.set("MAIL__ALERTS", "firm@example.com");
        installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "50");
        installation.set("DISPATCHER__RETRY_SCHEDULE_S", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1");
        installation.set("DISPATCHER__CIRCUIT_PAUSE_S", "1");
        installation.set("DISPATCHER__CIRCUIT_LONGEST_PAUSE_S", "1");
        installation.set("DISPATCHER__FALLBACK_AFTER_S", "1");
        installation.set("DISPATCHER__REMIND_EVERY_S", "1");
        let source = installation.client("acme").await;
        installation.activate(CRITERIA).await;
        let receiver = Receiver::start().await;
        let url = receiver.url("/hook");
        let add = ["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private", "--name", "CRM"];
        installation.json(&add).await;
        let process = installation.serve("").await;
        Self { installation, source, receiver, mailbox, process }
    }

    async fn lead(&self, name: &str) {
        let body =
            json!({"email": format!("{name}@example.com"), "first_name": name, "answers": {"timeframe_days": 1}});
        post(&self.process.url, &self.source, &body).await.unwrap();
    }

    /// Subjects of the mails to this address.
    fn mails(&self, to: &str) -> Vec<String> {
        let all = self.mailbox.received();
        let theirs = all.iter().filter(|mail| mail.to.iter().any(|one| one.contains(to)));
        theirs.map(|mail| mail.header("Subject")).collect()
    }

    async fn mailed(&self, to: &str, part: &str, count: usize) {
        until(&format!("{count} mails to {to} with {part:?}"), LIMIT, || async {
            (self.mails(to).iter().filter(|subject| subject.contains(part)).count() == count).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_webhook_fails_its_leads_go_by_mail_once_and_later_there_too() {
    let ground = Ground::new().await;
    ground.installation.json(&["client", "set", "acme", "--fallback", "office@example.com"]).await;
    ground.receiver.set("/hook", Behaviour::Status(500));
    for name in ["one", "two"] {
        ground.lead(name).await;
    }
    ground.mailed("office@", "A lead: one", 1).await;
    ground.mailed("office@", "A lead: two", 1).await;
    ground.mailed("office@", "CRM fails", 1).await;
    ground.mailed("firm@", "CRM fails (acme)", 1).await;
    ground.receiver.clear();
    ground.receiver.set("/hook", Behaviour::Status(204));
    delivered(&ground.installation).await;
    assert_eq!(ground.receiver.distinct_ids(), 2, "the webhook has them too when it works again");
    ground.lead("three").await;
    delivered(&ground.installation).await;
    assert_eq!(ground.mails("office@").iter().filter(|subject| subject.contains("A lead")).count(), 2);
    assert_eq!(ground.mails("firm@").len(), 1, "it is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_endpoint_is_told_of_again_after_it_was_enabled() {
    let ground = Ground::new().await;
    ground.receiver.set("/hook", Behaviour::Status(410));
    ground.lead("one").await;
    ground.mailed("firm@", "CRM was disabled", 1).await;
    let endpoint = ground.installation.json(&["endpoint", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    ground.installation.json(&["endpoint", "resume", &endpoint]).await;
    ground.lead("two").await;
    ground.mailed("firm@", "CRM was disabled", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_nobody_touched_is_told_to_its_rep_and_then_to_the_firm() {
    let ground = Ground::new().await;
    ground.installation.json(&["rep", "add", "Dana Hill", "--client", "acme", "--email", "dana@example.com"]).await;
    for name in ["one", "two"] {
        ground.lead(name).await;
    }
    delivered(&ground.installation).await;
    ground.mailed("dana@", "A lead", 2).await;
    assert_eq!(ground.installation.json(&["lead", "untouched"]).await, json!([]));
    let shown = ground.installation.json(&["lead", "list", "--email", "two@example.com"]).await;
    let shown = ground.installation.json(&["lead", "show", shown[0]["lead"].as_str().unwrap()]).await;
    let delivery = shown["deliveries"][0]["delivery"].as_str().unwrap();
    ground.installation.json(&["outcome", "add", delivery, "accepted"]).await;
    let back =
        "update delivery set created_at = created_at - interval '50 hours', ended_at = ended_at - interval '50 hours'";
    sqlx::query(back).execute(ground.installation.pool()).await.unwrap();
    ground.mailed("dana@", "one is waiting", 1).await;
    ground.mailed("firm@", "acme: an A lead nobody touched", 1).await;
    assert!(
        !ground.mails("dana@").iter().any(|subject| subject.contains("two is waiting")),
        "of that one something was said"
    );
    let listed = ground.installation.json(&["lead", "untouched", "--client", "acme"]).await;
    assert!(listed.as_array().unwrap().iter().all(|one| one["person"] == "one"), "{listed:#}");
    let output = ground.installation.run(&["lead", "untouched", "--client", "nobody"]).await;
    assert_eq!(output.status.code(), Some(1));
}
