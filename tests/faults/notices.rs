//! The process is killed while a mail beside deliveries is on its way: it is sent again under the same name, and once in
//! effect.

use jiff::SignedDuration;
use ripen_runtime::clock::Clock;
use ripen_testkit::{
    mailbox::{Mailbox, Reply},
    wait::until,
};
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, always_open, audit::delivered, posters::post};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_on_its_way_when_the_process_died_is_sent_again_under_its_name() {
    let mut installation = Installation::new(Kind::Local).await;
    always_open(&mut installation);
    let mailbox = Mailbox::start().await;
    for (key, value) in [
        ("DISPATCHER__SWEEP_INTERVAL_MS", "50"),
        ("DISPATCHER__TIMEOUT_S", "20"),
        ("DISPATCHER__LEASE_S", "21"),
        ("MAIL__URL", &mailbox.url()),
        ("MAIL__FROM", "Ripen <ripen@example.com>"),
    ] {
        installation.set(key, value);
    }
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    installation.json(&["rep", "add", "Dana Hill", "--client", "acme", "--email", "dana@example.com"]).await;
    let process = installation.serve("").await;
    let body = json!({"email": "casey@example.com", "first_name": "Casey", "answers": {"timeframe_days": 5}});
    post(&process.url, &source, &body).await.unwrap();
    mailbox.wait_for(1, LIMIT).await;
    delivered(&installation).await;

    mailbox.set(Reply::Hang);
    let lead = installation.json(&["lead", "list", "--email", "casey@example.com"]).await;
    let lead = lead[0]["lead"].as_str().unwrap();
    let at = (Clock::system().now() + SignedDuration::from_hours(30)).to_string();
    let booked = installation.run(&["appointment", "slots", "--lead", lead, "--rep", "Dana Hill", "--json"]).await;
    let slots: serde_json::Value = serde_json::from_slice(&booked.stdout).unwrap();
    let later =
        slots.as_array().unwrap().iter().filter_map(|slot| slot["starts_at"].as_str()).find(|slot| *slot > &*at);
    installation.json(&["appointment", "book", lead, "--rep", "Dana Hill", "--at", later.unwrap()]).await;
    let under_way = "select count(*) from notice where state = 'pending' and lease is not null and attempts = 1";
    until("the mail is on its way", LIMIT, || async { (installation.count(under_way).await == 1).then_some(()) }).await;
    process.kill9().await;

    mailbox.set(Reply::Accept);
    let sooner = "update notice set leased_until = clock_timestamp() where lease is not null";
    sqlx::query(sooner).execute(installation.pool()).await.unwrap();
    let process = installation.serve("").await;
    let mails = mailbox.wait_for(2, LIMIT).await;
    let sent = "select count(*) from notice where kind = 'appointment_booked' and state = 'sent' and attempts = 2";
    until("it is recorded", LIMIT, || async { (installation.count(sent).await == 1).then_some(()) }).await;
    let id: uuid::Uuid = sqlx::query_scalar("select id from notice where kind = 'appointment_booked'")
        .fetch_one(installation.pool())
        .await
        .unwrap();
    let id = ripen_domain::id::NoticeId::from_uuid(id).to_string();
    assert!(mails[1].header("message-id").contains(&id), "{} names {id}", mails[1].header("message-id"));
    assert!(mails[1].header("subject").starts_with("Appointment: Casey"));
    assert_eq!(process.stop().await, Some(0));
    assert_eq!(mailbox.received().len(), 2, "once in effect");
}
