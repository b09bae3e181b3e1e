//! Deliveries that end badly: the lead goes to somebody else and people are told, whether the mail server refuses at once, reports
//! it later, or refuses the firm itself.

use reqwest::StatusCode;
use ripen_testkit::{
    mailbox::{MailStep, Reply},
    receiver::Behaviour,
    wait::until,
};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

const TURNS: &str = "about = \"They take turns\"\nmode = \"round_robin\"\nrecipients = [\"Dana Hill\", \"Lee Park\"]\n";
pub const DANA_FIRST: &str =
    "about = \"Dana\"\nmode = \"round_robin\"\nrecipients = [\"Dana Hill\"]\nfallback = [\"Lee Park\"]\n";

/// Mails to read, and a firm that is told.
pub async fn plan() -> Plan {
    let plan = Plan::new().await.mail_server().set("MAIL__ALERTS", "firm@example.com");
    plan.set("DISPATCHER__RETRY_SCHEDULE_S", "1").set("DISPATCHER__CIRCUIT_PAUSE_S", "1")
}

/// An A lead.
pub async fn enquire(scenario: &Scenario, name: &str) {
    scenario.enquire(name, json!({"timeframe_days": 1})).await;
}

fn subjects(scenario: &Scenario, to: &str) -> Vec<String> {
    let all = scenario.mailbox.received();
    let theirs = all.iter().filter(|mail| mail.to.iter().any(|one| one.starts_with(to)));
    theirs.map(|mail| mail.header("Subject")).collect()
}

pub async fn mailed(scenario: &Scenario, to: &str, part: &str) {
    until(&format!("a mail to {to} with {part:?}"), LIMIT, || async {
        subjects(scenario, to).iter().any(|subject| subject.contains(part)).then_some(())
    })
    .await;
}

/// The only delivery to this address, once it is in this state.
pub async fn in_state(scenario: &Scenario, to: &str, state: &str) -> Value {
    until(&format!("the delivery to {to} is {state}"), LIMIT, || async {
        let listed = scenario.installation.json(&["delivery", "list", "--state", state]).await;
        listed.as_array().unwrap().iter().find(|one| one["to"].as_str().is_some_and(|at| at.starts_with(to))).cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_refuses_goes_to_the_next_rep_and_the_third_in_a_row_disables_it() {
    let plan = plan().await.rep("Dana Hill").rep("Lee Park").routing(TURNS);
    let scenario = plan.client(&["--fallback", "office@example.com"]).serve().await;
    scenario.mailbox.refuse("dana@example.com", "550 5.1.1 <dana@example.com> does not exist here");
    let mut leads = 0;
    until("Dana's address is disabled", LIMIT, || {
        leads += 1;
        let name = format!("person{leads}");
        let scenario = &scenario;
        async move {
            enquire(scenario, &name).await;
            mailed(scenario, "lee@", &name).await;
            let listed = scenario.installation.json(&["endpoint", "list"]).await;
            listed.to_string().contains("three mails in a row came back").then_some(())
        }
    })
    .await;
    mailed(&scenario, "firm@", "could not be delivered").await;
    mailed(&scenario, "office@", "could not be delivered").await;
    mailed(&scenario, "firm@", "was disabled").await;
    let dead = scenario.installation.json(&["delivery", "list", "--state", "dead"]).await;
    assert_eq!(dead.as_array().unwrap().len(), 3, "{dead:#}");
    let given = "select coalesce(sum(g.leads), 0)::bigint from given g join rep r on r.id = g.recipient_id where r.name = 'Dana Hill'";
    assert_eq!(scenario.installation.count(given).await, 0, "what came back takes no place in the day");
    assert_eq!(scenario.installation.json(&["lead", "untouched"]).await, json!([]), "Lee has them, since a moment ago");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_counts_for_nothing_against_its_address_and_the_lead_goes_on() {
    let scenario = plan().await.rep("Dana Hill").rep("Lee Park").routing(DANA_FIRST).serve().await;
    scenario.mailbox.refuse("dana@example.com", "552 5.2.2 mailbox full");
    for name in ["one", "two", "three", "four"] {
        enquire(&scenario, name).await;
        mailed(&scenario, "lee@", name).await;
    }
    let bounced = "select count(*) from delivery where bounced_at is not null";
    assert_eq!(scenario.installation.count(bounced).await, 0);
    let disabled = "select count(*) from endpoint where state = 'disabled'";
    assert_eq!(scenario.installation.count(disabled).await, 0);

    // Dana could not be given it and Lee has it: what is new is Lee's alone, or both would call.
    scenario.enquire("one", json!({"timeframe_days": 2})).await;
    mailed(&scenario, "lee@", "omething new").await;
    let told = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                where d.event = 'lead.updated' and e.address = 'dana@example.com'";
    assert_eq!(scenario.installation.count(told).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rep_could_not_be_mailed_goes_on_although_a_webhook_of_the_team_has_it() {
    let plan = plan().await.rep("Dana Hill").rep("Lee Park").webhook("/hook", &["--name", "CRM"], &[]);
    let scenario = plan.routing(DANA_FIRST).serve().await;
    scenario.mailbox.refuse("dana@example.com", "552 5.2.2 mailbox full");
    enquire(&scenario, "one").await;
    mailed(&scenario, "lee@", "A lead: one").await;
    mailed(&scenario, "firm@", "one Example could not be delivered").await;
    assert_eq!(scenario.installation.json(&["lead", "untouched"]).await, json!([]), "Lee has it, since a moment ago");

    scenario.mailbox.refuse("lee@example.com", "552 5.2.2 mailbox full");
    enquire(&scenario, "two").await;
    let listed = until("nobody is reached", LIMIT, || async {
        let listed = scenario.installation.json(&["lead", "untouched"]).await;
        listed.as_array().is_some_and(|all| !all.is_empty()).then_some(listed)
    })
    .await;
    assert!(listed[0]["not_delivered"].as_str().is_some_and(|why| why.contains("5.2.2")), "{listed:#}");
    in_state(&scenario, "lee@", "dead").await;
    let told = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                where e.kind = 'webhook' and d.event = 'lead.matured'";
    assert_eq!(scenario.installation.count(told).await, 2, "the CRM has each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_sender_is_refused_all_mail_waits_and_then_goes_out_by_itself() {
    for (step, words) in
        [(MailStep::Sender, "550 5.7.1 account suspended"), (MailStep::Recipient, "554 5.7.1 Relay access denied")]
    {
        // Two recipients: what is said to one alone has nobody else wait.
        let scenario = plan().await.rep("Dana Hill").rep("Lee Park").routing(TURNS).serve().await;
        scenario.mailbox.set(Reply::Say(step, words));
        for name in ["one", "two"] {
            enquire(&scenario, name).await;
        }
        until("readyz says so", LIMIT, || async {
            let (status, text) = scenario.process.get("/readyz").await;
            (status == 200 && text.contains("all mail waits") && text.contains("5.7.1")).then_some(())
        })
        .await;
        until("it was probed again", LIMIT, || async {
            let probed = "select count(*) from mail_refusal where probe_at > since + interval '3 seconds'";
            (scenario.installation.count(probed).await == 1).then_some(())
        })
        .await;
        let counted =
            "select count(*) from delivery where state not in ('pending', 'leased') or attempts - excused > 1";
        assert_eq!(scenario.installation.count(counted).await, 0, "nothing is given up, whatever the schedule says");
        let doctor = scenario.installation.run(&["doctor"]).await;
        assert!(String::from_utf8_lossy(&doctor.stdout).contains("refuses the sender since"));
        let metrics = scenario.process.get("/metrics").await.1;
        assert!(metrics.contains("ripen_mail_refused 1"), "{metrics}");
        scenario.mailbox.set(Reply::Accept);
        for name in ["one", "two"] {
            until("whoever has the lead is mailed", LIMIT, || async {
                let to = |rep| subjects(&scenario, rep).iter().any(|subject| subject.contains(name));
                (to("dana@") || to("lee@")).then_some(())
            })
            .await;
        }
        mailed(&scenario, "firm@", "refuses our mail").await;
        let (_, text) = until("readyz has forgotten it", LIMIT, || async {
            let said = scenario.process.get("/readyz").await;
            (!said.1.contains("all mail waits")).then_some(said)
        })
        .await;
        assert!(text.contains("\"ready\":true"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_once_it_was_sent_and_to_everybody_is_nobodys_fault_and_nothing_dies() {
    const ALL: &str = "about = \"Each has theirs\"\nmode = \"round_robin\"\nrecipients = [\"Dana Hill\", \"Lee Park\", \"Robin Vale\"]\n";
    let plan =
        plan().await.set("DISPATCHER__RETRY_SCHEDULE_S", "600").rep("Dana Hill").rep("Lee Park").rep("Robin Vale");
    let scenario = plan.routing(ALL).serve().await;
    // By no word of which it is known that it is about the sender.
    scenario.mailbox.set(Reply::Say(MailStep::Content, "554 5.7.1 rejected by policy"));
    for name in ["one", "two", "three"] {
        enquire(&scenario, name).await;
    }
    until("people can see it", LIMIT, || async {
        let (status, text) = scenario.process.get("/readyz").await;
        (status == 200 && text.contains("all mail waits") && text.contains("rejected by policy")).then_some(())
    })
    .await;
    let spent = "select count(*) from delivery where state not in ('pending', 'leased') or attempts - excused > 1";
    assert_eq!(scenario.installation.count(spent).await, 0, "nothing is given up");
    scenario.mailbox.set(Reply::Accept);
    // As some minutes later, for those that were tried before it was known.
    let soon = "update delivery set due_at = now() where state = 'pending' and due_at > now() and reason like 'refused after it was sent%'";
    until("everybody is mailed", LIMIT, || async {
        sqlx::query(soon).execute(scenario.installation.pool()).await.unwrap();
        let delivered = "select count(*) from delivery where event = 'lead.matured' and state = 'delivered'";
        (scenario.installation.count(delivered).await == 3).then_some(())
    })
    .await;
    mailed(&scenario, "firm@", "refuses our mail").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_recipient_refuses_once_it_was_sent_is_tried_once_more_and_then_goes_on() {
    let plan = plan().await.set("DISPATCHER__RETRY_SCHEDULE_S", "600").rep("Dana Hill").rep("Lee Park");
    let scenario = plan.routing(DANA_FIRST).serve().await;
    scenario.mailbox.set(Reply::Say(MailStep::Content, "554 5.7.1 rejected by policy"));
    enquire(&scenario, "one").await;
    let waits = "select count(*) from delivery where state = 'pending' and attempts = 1 and reason like 'refused after it was sent%'";
    until("it is to be tried once more", LIMIT, || async {
        (scenario.installation.count(waits).await == 1).then_some(())
    })
    .await;
    // As some minutes later.
    let soon = "update delivery set due_at = now() where state = 'pending' and due_at > now() and reason like 'refused after it was sent%'";
    sqlx::query(soon).execute(scenario.installation.pool()).await.unwrap();
    in_state(&scenario, "dana@", "dead").await;
    scenario.mailbox.set(Reply::Accept);
    until("Lee has it", LIMIT, || async {
        sqlx::query(soon).execute(scenario.installation.pool()).await.unwrap();
        subjects(&scenario, "lee@").iter().any(|subject| subject.contains("A lead: one")).then_some(())
    })
    .await;
    assert_eq!(scenario.installation.count("select count(*) from mail_refusal").await, 0, "nobody else waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_takes_nothing_for_too_long_loses_its_lead_to_the_next_rep() {
    let plan = plan().await.set("DISPATCHER__RETRY_SCHEDULE_S", "1,600,600").set("DISPATCHER__FALLBACK_AFTER_S", "2");
    let scenario = plan.rep("Dana Hill").rep("Lee Park").routing(DANA_FIRST).serve().await;
    scenario.mailbox.refuse("dana@example.com", "452 4.2.2 mailbox full");
    enquire(&scenario, "one").await;
    mailed(&scenario, "lee@", "A lead: one").await;
    let dead = in_state(&scenario, "dana@", "dead").await;
    assert!(
        dead["reason"].as_str().is_some_and(|why| why.contains("took no mail for too long") && why.contains("4.2.2")),
        "{dead:#}"
    );
    mailed(&scenario, "firm@", "one Example could not be delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_at_which_the_sender_is_refused_stops_nobody_elses_mail_for_long() {
    let scenario = plan().await.rep("Dana Hill").rep("Lee Park").routing(TURNS).serve().await;
    // What the provider of one recipient says of the firm's relay: nobody else's does.
    scenario.mailbox.refuse("dana@example.com", "550 5.7.1 Service unavailable, client host is on our blocklist");
    let mut leads = 0_i64;
    until("Dana's mails are given up", LIMIT, || {
        leads += 1;
        let (count, name) = (leads, format!("person{leads}"));
        let scenario = &scenario;
        async move {
            enquire(scenario, &name).await;
            until("every mail was tried", LIMIT, || async {
                let untried = "select count(*) from delivery where event = 'lead.matured' and attempts = 0";
                let owed = "select count(distinct lead_id) from delivery where event = 'lead.matured'";
                (scenario.installation.count(owed).await == count && scenario.installation.count(untried).await == 0)
                    .then_some(())
            })
            .await;
            let dead = scenario.installation.json(&["delivery", "list", "--state", "dead"]).await;
            dead.to_string().contains("while other mails are taken").then_some(())
        }
    })
    .await;
    // Whichever of the two had it first, Lee has them all.
    for lead in 1..=leads {
        mailed(&scenario, "lee@", &format!("person{lead}")).await;
    }
    until("mail goes out", LIMIT, || async {
        (scenario.installation.count("select count(*) from mail_refusal").await == 0).then_some(())
    })
    .await;
    let alerts = "select count(*) from notice where kind = 'mail_refused'";
    assert!(scenario.installation.count(alerts).await <= 2, "once an hour at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_a_crm_does_not_take_goes_to_the_fallback_or_waits_where_the_client_wants_it() {
    let plan = plan().await.webhook("/hook", &["--name", "CRM"], &[]);
    let scenario = plan.client(&["--fallback", "office@example.com"]).serve().await;
    let sequence = [Behaviour::Status(422), Behaviour::Status(204), Behaviour::Status(413)];
    scenario.receiver.set("/hook", Behaviour::Sequence(sequence.to_vec()));
    enquire(&scenario, "one").await;
    mailed(&scenario, "office@", "A lead: one").await;
    mailed(&scenario, "firm@", "one Example could not be delivered").await;
    enquire(&scenario, "two").await;
    until("the CRM has the second", LIMIT, || async {
        let listed = scenario.installation.json(&["delivery", "list", "--state", "delivered"]).await;
        (listed.as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    scenario.installation.json(&["client", "set", "acme", "--when-dead", "wait"]).await;
    enquire(&scenario, "three").await;
    mailed(&scenario, "firm@", "three Example could not be delivered").await;
    assert!(!subjects(&scenario, "office@").iter().any(|subject| subject.contains("A lead: three")));
    let listed = scenario.installation.json(&["lead", "untouched", "--client", "acme"]).await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed:#}");
    assert!(listed[0]["not_delivered"].as_str().is_some_and(|why| why.contains("413")), "{listed:#}");
    scenario.receiver.set("/hook", Behaviour::Status(204));
    scenario.installation.json(&["delivery", "replay", listed[0]["delivery"].as_str().unwrap()]).await;
    until("nobody is missing it any more", LIMIT, || async {
        let dead = scenario.installation.json(&["delivery", "list", "--state", "dead"]).await;
        (dead.as_array().unwrap().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_a_crm_does_not_take_one_after_another_go_on_each_and_two_are_no_failure() {
    let first =
        "about = \"First\"\nmode = \"round_robin\"\nrecipients = [\"First CRM\"]\nfallback = [\"Second CRM\"]\n";
    let plan = plan().await.webhook("/first", &["--name", "First CRM"], &[]);
    let scenario = plan.webhook("/second", &["--name", "Second CRM"], &[]).routing(first).serve().await;
    scenario.receiver.set("/first", Behaviour::Status(422));
    let failing = "select count(*) from endpoint where failing_since is not null";
    for (leads, name) in [(1, "one"), (2, "two"), (3, "three")] {
        assert_eq!(scenario.installation.count(failing).await, 0, "before {name}");
        enquire(&scenario, name).await;
        until(&format!("the second CRM has {name}"), LIMIT, || async {
            let had = "select count(*) from delivery where state = 'delivered'";
            (scenario.installation.count(had).await == leads).then_some(())
        })
        .await;
        let refused = scenario.installation.json(&["delivery", "list", "--state", "dead"]).await;
        assert_eq!(i64::try_from(refused.as_array().unwrap().len()), Ok(leads), "{refused:#}");
    }
    until("three in a row are a failure", LIMIT, || async {
        (scenario.installation.count(failing).await == 1).then_some(())
    })
    .await;
}

pub fn report(action: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: bounces@example.com\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; dana@example.com\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b--\r\n"
    )
}

pub async fn post(scenario: &Scenario, token: &str, kind: &str, mail: String) -> (StatusCode, Value) {
    let url = format!("{}/v1/bounces/{token}", scenario.process.url);
    let answer = client().post(url).header("content-type", kind).body(mail).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_comes_back_later_is_a_dead_delivery_and_a_delay_is_noted() {
    let plan = plan().await.set("MAIL__RETURN_PATH", "bounces+{token}@example.com");
    let scenario = plan.rep("Dana Hill").rep("Lee Park").routing(DANA_FIRST).serve().await;
    enquire(&scenario, "one").await;
    let mail = scenario.mail("A lead: one").await;
    let token = mail.from.strip_prefix("bounces+").and_then(|rest| rest.strip_suffix("@example.com")).unwrap();
    let delivered = in_state(&scenario, "dana@", "delivered").await;
    let id = delivered["id"].as_str().unwrap();

    let last = if token.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &token[..token.len() - 1]);
    for wrong in ["x", &forged, &token[2..]] {
        assert_eq!(post(&scenario, wrong, "message/rfc822", report("failed", "5.1.1")).await.0, StatusCode::NOT_FOUND);
    }
    let (status, _) = post(&scenario, token, "text/plain", report("failed", "5.1.1")).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (_, said) =
        post(&scenario, token, "message/rfc822", "Subject: I am away\r\n\r\nBack on Monday.\r\n".to_owned()).await;
    assert_eq!((&said["delivery"], &said["taken_as"]), (&json!(id), &json!("nothing")));

    let (_, said) = post(&scenario, token, "message/rfc822", report("delayed", "4.4.1")).await;
    assert_eq!(said["taken_as"], "noted");
    let shown = scenario.installation.json(&["delivery", "show", id]).await;
    assert_eq!((&shown["state"], &shown["tried"][0]["report"]), (&json!("delivered"), &json!("delayed 4.4.1")));

    // Mail servers may write an address in capitals.
    let (status, said) = post(&scenario, &token.to_uppercase(), "message/rfc822", report("failed", "5.1.1")).await;
    assert_eq!((status, &said["taken_as"]), (StatusCode::OK, &json!("failed")));
    let dead = in_state(&scenario, "dana@", "dead").await;
    assert!(dead["reason"].as_str().is_some_and(|why| why.contains("came back") && why.contains("5.1.1")), "{dead:#}");
    mailed(&scenario, "lee@", "A lead: one").await;
    mailed(&scenario, "firm@", "one Example could not be delivered").await;
    let (_, again) = post(&scenario, token, "message/rfc822", report("failed", "5.1.1")).await;
    assert_eq!(again["taken_as"], "noted", "the same again changes nothing");
    let told = "select count(*) from audit where action = 'delivery.came_back' and client_id is not null";
    assert_eq!(scenario.installation.count(told).await, 1, "the audit tells of it once");
}

/// What a mail's return path names.
pub async fn token_of(scenario: &Scenario, subject: &str) -> String {
    let mail = scenario.mail(subject).await;
    let token = mail.from.strip_prefix("bounces+").and_then(|rest| rest.strip_suffix("@example.com"));
    token.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_report_that_the_sender_is_refused_has_all_mail_wait_once_a_second_address_says_so() {
    let plan = plan().await.set("MAIL__RETURN_PATH", "bounces+{token}@example.com");
    // Nothing goes out by itself before it is looked at.
    let plan = plan.set("DISPATCHER__CIRCUIT_PAUSE_S", "3600");
    let scenario = plan.rep("Dana Hill").rep("Lee Park").routing(TURNS).serve().await;
    for name in ["one", "two"] {
        enquire(&scenario, name).await;
    }
    let (one, two) = (token_of(&scenario, "A lead: one").await, token_of(&scenario, "A lead: two").await);
    for rep in ["dana@", "lee@"] {
        in_state(&scenario, rep, "delivered").await;
    }
    let refused = || report("failed", "5.7.26").replace("Final-Recipient: rfc822; dana@example.com\r\n", "");
    let (_, said) = post(&scenario, &one, "message/rfc822", refused()).await;
    assert_eq!(said["taken_as"], "waits");
    assert_eq!(scenario.installation.count("select count(*) from mail_refusal").await, 0, "one mailbox stops nobody");
    let (_, said) = post(&scenario, &two, "message/rfc822", refused()).await;
    assert_eq!(said["taken_as"], "waits");
    until("people can see it", LIMIT, || async {
        let (status, text) = scenario.process.get("/readyz").await;
        (status == 200 && text.contains("all mail waits") && text.contains("5.7.26")).then_some(())
    })
    .await;
    let dead = "select count(*) from delivery where state = 'dead' or bounced_at is not null";
    assert_eq!(scenario.installation.count(dead).await, 0, "it is nobody's fault but the firm's");
    // As an hour later.
    let soon = "update mail_refusal set probe_at = now()";
    sqlx::query(soon).execute(scenario.installation.pool()).await.unwrap();
    sqlx::query("update delivery set due_at = now() where state = 'pending'")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    for rep in ["dana@", "lee@"] {
        in_state(&scenario, rep, "delivered").await;
    }
    mailed(&scenario, "firm@", "refuses our mail").await;
    assert!(!subjects(&scenario, "firm@").iter().any(|subject| subject.contains("could not be delivered")));

    // Said of the same mail again it is the receiver who does not want it.
    let (_, said) = post(&scenario, &one, "message/rfc822", refused()).await;
    assert_eq!(said["taken_as"], "failed");
    mailed(&scenario, "firm@", "one Example could not be delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_return_paths_from_the_mail_server_keep_out_no_right_one() {
    let plan = plan().await.set("MAIL__RETURN_PATH", "bounces+{token}@example.com");
    let scenario = plan.set("LIMITS__WRONG_TOKENS_PER_MINUTE", "2").rep("Dana Hill").serve().await;
    enquire(&scenario, "one").await;
    let token = token_of(&scenario, "A lead: one").await;
    in_state(&scenario, "dana@", "delivered").await;
    let mut refused = Vec::new();
    for wrong in 0..5 {
        refused.push(post(&scenario, &format!("x{wrong}"), "message/rfc822", report("failed", "5.1.1")).await.0);
    }
    assert_eq!(refused.last(), Some(&StatusCode::TOO_MANY_REQUESTS), "{refused:?}");
    let (status, said) = post(&scenario, &token, "message/rfc822", report("failed", "5.1.1")).await;
    assert_eq!((status, &said["taken_as"]), (StatusCode::OK, &json!("failed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_refuses_one_mail_later_ends_that_delivery_and_stops_nobodys_mail() {
    let plan = plan().await.set("MAIL__RETURN_PATH", "bounces+{token}@example.com");
    let scenario = plan.rep("Dana Hill").rep("Lee Park").routing(DANA_FIRST).serve().await;
    enquire(&scenario, "one").await;
    let token = token_of(&scenario, "A lead: one").await;
    in_state(&scenario, "dana@", "delivered").await;
    let (_, said) = post(&scenario, &token, "message/rfc822", report("failed", "5.7.1")).await;
    assert_eq!(said["taken_as"], "failed");
    mailed(&scenario, "lee@", "A lead: one").await;
    assert_eq!(scenario.installation.count("select count(*) from mail_refusal").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_the_fallback_refuses_as_well_is_told_of_once() {
    let scenario = plan().await.rep("Dana Hill").client(&["--fallback", "office@example.com"]).serve().await;
    for address in ["dana@example.com", "office@example.com"] {
        scenario.mailbox.refuse(address, "550 5.1.1 no such user");
    }
    enquire(&scenario, "one").await;
    mailed(&scenario, "firm@", "one Example could not be delivered").await;
    until("both are given up and followed up", LIMIT, || async {
        let done = "select count(*) from delivery where state = 'dead' and followed_up_at is not null";
        (scenario.installation.count(done).await == 2).then_some(())
    })
    .await;
    until("nothing more is owed", LIMIT, || async {
        (scenario.installation.count("select count(*) from notice where state = 'pending'").await == 0).then_some(())
    })
    .await;
    // In one mail, or on a busy machine, where the fallback refuses only after the time in which both are told together, in one each.
    let told = subjects(&scenario, "firm@").len();
    assert!((1..=2).contains(&told), "{:?}", subjects(&scenario, "firm@"));
}
