//! Mail servers that hang, are away or take their time: they hold up no webhook, use up no attempt, and get no mail twice.

use std::{collections::BTreeSet, time::Duration};

use ripen_testkit::{mailbox::Reply, wait::until};
use serde_json::json;

use crate::harness::{
    Installation, Kind, LIMIT,
    audit::delivered,
    scenario::{Plan, Scenario},
};

/// A client with a webhook and an office that gets mails, both told of every lead.
async fn plan() -> Plan {
    plan_on(Kind::Local).await
}

async fn plan_on(kind: Kind) -> Plan {
    let plan = Plan::on(kind).await.always_open().mail_server().webhook("/hook", &[], &[]);
    plan.office("Office", "office@example.com").set("DISPATCHER__WORKERS", "2").set("MAIL__CONVERSATIONS", "2")
}

async fn leads(scenario: &Scenario, count: usize) {
    for n in 0..count {
        scenario.post(&json!({"email": format!("m{n}@example.com"), "answers": {"timeframe_days": 5}})).await;
    }
}

fn message_ids(scenario: &Scenario) -> BTreeSet<String> {
    scenario.mailbox.received().iter().map(|mail| mail.header("message-id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_hangs_holds_up_mail_alone_and_uses_up_no_attempt() {
    const LEADS: usize = 8;
    let scenario = plan().await.set("MAIL__TIMEOUT_S", "8").serve().await;
    scenario.mailbox.set(Reply::Hang);
    leads(&scenario, LEADS).await;
    scenario.receiver.wait_for(LEADS, LIMIT).await;
    until("people can see it", LIMIT, || async {
        let (status, ready) = scenario.process.get("/readyz").await;
        (status == 200 && ready.contains("the mail server takes no mail")).then_some(())
    })
    .await;
    let (_, metrics) = scenario.process.get("/metrics").await;
    assert!(metrics.contains("ripen_mail_circuit_open 1"), "{metrics}");
    let said = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                where e.kind = 'email' and d.state = 'pending' and d.reason like 'the mail server takes no mail%'";
    until("mail says what it waits for", LIMIT, || async {
        (scenario.installation.count(said).await > 0).then_some(())
    })
    .await;
    let spent = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                 where e.kind = 'email' and (d.state <> 'pending' and d.state <> 'leased' or d.state = 'pending' and d.attempts > d.excused)";
    assert_eq!(scenario.installation.count(spent).await, 0, "no attempt counts");

    scenario.mailbox.set(Reply::Accept);
    delivered(&scenario.installation).await;
    assert_eq!((scenario.mailbox.received().len(), message_ids(&scenario).len()), (LEADS, LEADS));
    until("nobody is alarmed any more", LIMIT, || async {
        (!scenario.process.get("/readyz").await.1.contains("the mail server takes no mail")).then_some(())
    })
    .await;
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_takes_its_time_gets_each_mail_once() {
    const LEADS: usize = 6;
    // Slower than an attempt by webhook may be, and slower than a lease lasts where nobody makes it longer.
    let plan = plan().await.set("DISPATCHER__TIMEOUT_S", "4").set("DISPATCHER__LEASE_S", "9");
    let scenario = plan.set("DISPATCHER__OFFER_S", "1").serve().await;
    scenario.mailbox.set(Reply::Slow(Duration::from_secs(12)));
    leads(&scenario, LEADS).await;
    scenario.receiver.wait_for(LEADS, LIMIT).await;
    delivered(&scenario.installation).await;
    assert_eq!((scenario.mailbox.received().len(), message_ids(&scenario).len()), (LEADS, LEADS));
    let most = "select max(attempts)::bigint from delivery";
    assert_eq!(scenario.installation.count(most).await, 1);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_mails_of_two_processes_at_once_by_a_server_that_takes_its_time_are_one_each() {
    const LEADS: usize = 64;
    // Sixteen conversations, each of which outlasts the lease that nobody makes longer: by then the others offer what is not settled.
    let plan = plan_on(Kind::Rabbit).await.set("DISPATCHER__TIMEOUT_S", "4").set("DISPATCHER__LEASE_S", "9");
    let scenario = plan.set("DISPATCHER__OFFER_S", "1").set("MAIL__CONVERSATIONS", "8").serve().await;
    let other = scenario.installation.serve("dispatcher").await;
    scenario.mailbox.set(Reply::Slow(Duration::from_secs(10)));
    leads(&scenario, LEADS).await;
    scenario.receiver.wait_for(LEADS, LIMIT).await;
    delivered(&scenario.installation).await;
    assert_eq!((scenario.mailbox.received().len(), message_ids(&scenario).len()), (LEADS, LEADS));
    let most =
        "select max(d.attempts)::bigint from delivery d join endpoint e on e.id = d.endpoint_id where e.kind = 'email'";
    assert_eq!(scenario.installation.count(most).await, 1);
    assert_eq!((scenario.process.stop().await, other.stop().await), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_stopped_while_the_mail_server_hangs_ends_in_time_and_gives_its_leases_back() {
    let scenario = plan().await.set("MAIL__TIMEOUT_S", "300").set("LIFECYCLE__STOP_TIMEOUT_S", "6").serve().await;
    scenario.mailbox.set(Reply::Hang);
    leads(&scenario, 1).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    let mail =
        "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id where e.kind = 'email' and d.state";
    until("a mail is under way", LIMIT, || async {
        let leased: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{mail} = 'leased'")))
            .fetch_one(scenario.installation.pool())
            .await
            .unwrap();
        (leased == 1).then_some(())
    })
    .await;
    assert_eq!(scenario.process.stop().await, Some(0), "within its time to stop");
    let spent: String = sqlx::query_scalar(
        "select concat_ws(' ', d.state, d.attempts - d.excused, d.lease is null, d.due_at <= now()) from delivery d
         join endpoint e on e.id = d.endpoint_id where e.kind = 'email'",
    )
    .fetch_one(scenario.installation.pool())
    .await
    .unwrap();
    assert_eq!(spent, "pending 0 t t", "whoever is next sends it at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_server_has_whole_is_waited_for_by_a_process_that_stops() {
    let scenario = plan().await.set("LIFECYCLE__STOP_TIMEOUT_S", "60").serve().await;
    scenario.mailbox.set(Reply::Slow(Duration::from_secs(5)));
    leads(&scenario, 1).await;
    scenario.mailbox.wait_for(1, LIMIT).await;
    assert_eq!(scenario.process.stop().await, Some(0));
    let said = mailed(&scenario.installation).await;
    assert!(said.starts_with("delivered 1"), "{said}");
    assert_eq!(scenario.mailbox.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_broken_off_after_the_server_has_it_says_that_it_is_perhaps_there_twice() {
    let plan = plan().await.set("MAIL__TIMEOUT_S", "300");
    let scenario = plan.set("LIFECYCLE__STOP_TIMEOUT_S", "6").serve().await;
    scenario.mailbox.set(Reply::Slow(Duration::from_secs(600)));
    leads(&scenario, 1).await;
    scenario.mailbox.wait_for(1, LIMIT).await;
    assert_eq!(scenario.process.stop().await, Some(0), "within its time to stop");
    let said = mailed(&scenario.installation).await;
    assert!(said.starts_with("pending 0 ") && said.ends_with("perhaps twice"), "{said}");
}

/// State, attempts that count, and what is said, of the one mail.
async fn mailed(installation: &Installation) -> String {
    let sql = "select concat_ws(' ', d.state, d.attempts - d.excused, d.reason) from delivery d
               join endpoint e on e.id = d.endpoint_id where e.kind = 'email'";
    sqlx::query_scalar(sql).fetch_one(installation.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_learns_of_the_mail_server_keeps_the_mail_of_the_others() {
    let scenario = plan_on(Kind::Rabbit).await.set("MAIL__TIMEOUT_S", "2").serve().await;
    let other = scenario.installation.serve("dispatcher").await;
    // As a process that sent three mails in vain leaves it.
    let away = "insert into mail_circuit (failures, failing_since, probe_at, why)
                values (3, now(), now() + interval '1 hour', 'no answer')";
    sqlx::query(away).execute(scenario.installation.pool()).await.unwrap();
    for process in [&scenario.process, &other] {
        until("it is known everywhere", LIMIT, || async {
            process.get("/readyz").await.1.contains("the mail server takes no mail").then_some(())
        })
        .await;
    }
    leads(&scenario, 2).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    let waits =
        "select count(*) from delivery where state = 'pending' and reason like 'the mail server takes no mail%'";
    until("mail waits", LIMIT, || async { (scenario.installation.count(waits).await == 2).then_some(()) }).await;
    assert!(scenario.mailbox.received().is_empty());
    let soon = "update mail_circuit set probe_at = now()";
    sqlx::query(soon).execute(scenario.installation.pool()).await.unwrap();
    until("all mail goes out", LIMIT, || async {
        // Again and again: until a process has seen it, mail is put off until the date of before.
        sqlx::query("update delivery set due_at = now() where state = 'pending' and due_at > now()")
            .execute(scenario.installation.pool())
            .await
            .unwrap();
        (scenario.mailbox.received().len() == 2).then_some(())
    })
    .await;
    for process in [&scenario.process, &other] {
        until("and that it is there again", LIMIT, || async {
            (!process.get("/readyz").await.1.contains("the mail server takes no mail")).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_recipient_to_whom_the_server_says_what_is_no_answer_stops_nobody_elses_mail() {
    let plan = Plan::new().await.always_open().mail_server().set("DISPATCHER__RETRY_SCHEDULE_S", "1,1,1,1");
    let scenario = plan.office("One", "one@example.com").office("Two", "two@example.com").serve().await;
    scenario.mailbox.refuse("one@example.com", "garbage answer");
    leads(&scenario, 3).await;
    let dead = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                where e.address = 'one@example.com' and d.state = 'dead' and d.reason like '%cannot be read: garbage answer%'";
    until("it is that delivery's fault", LIMIT, || async {
        (scenario.installation.count(dead).await == 3).then_some(())
    })
    .await;
    scenario.mailbox.wait_for(3, LIMIT).await;
    let (_, ready) = scenario.process.get("/readyz").await;
    assert!(!ready.contains("takes no mail") && !ready.contains("all mail waits"), "{ready}");
    let (_, metrics) = scenario.process.get("/metrics").await;
    assert!(metrics.contains("ripen_mail_circuit_total{change=\"opened\"} 0"), "{metrics}");
}
