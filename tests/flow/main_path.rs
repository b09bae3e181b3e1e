//! The whole path, on both transports: in by HTTP, graded, out by webhook and e-mail, once.

use ripen_testkit::{
    mailbox::Mailbox,
    receiver::{Behaviour, Receiver},
    wait::until,
};
use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, audit::delivered, posters::post, process::client};

#[tokio::test(flavor = "multi_thread")]
async fn an_a_lead_comes_out_on_the_local_transport() {
    whole_path(Kind::Local).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_a_lead_comes_out_on_rabbitmq() {
    whole_path(Kind::Rabbit).await;
}

async fn whole_path(kind: Kind) {
    let mut installation = Installation::new(kind).await;
    let mailbox = Mailbox::start().await;
    installation.set("MAIL__URL", &mailbox.url());
    let source = installation.client("acme").await;
    let other = installation.client("other").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let hook = installation
        .json(&["endpoint", "add", "--client", "acme", "--webhook", &receiver.url("/hook"), "--allow-private"])
        .await;
    installation.json(&["rep", "add", "Sam Rep", "--client", "acme", "--email", "sam@acme.example"]).await;
    let process = installation.serve("").await;

    let lead = json!({"external_id": "B-17", "first_name": "Casey", "last_name": "Smith", "email": "casey@example.com",
                      "phone": "(415) 555-0100", "answers": {"timeframe_days": "45"}, "notes": "Wants a garden."});
    let (status, first) = post(&process.url, &source, &lead).await.unwrap();
    assert_eq!((status, &first["status"]), (202, &json!("received")));
    let (_, again) = post(&process.url, &source, &lead).await.unwrap();
    assert_eq!(first["arrival"], again["arrival"], "the same key and body is the same arrival");
    post(&process.url, &source, &json!({"email": "later@example.com", "answers": {"timeframe_days": 200}}))
        .await
        .unwrap();

    receiver.wait_for(1, LIMIT).await;
    signed_and_whole(&receiver, hook["secret"].as_str().unwrap());
    mailbox.wait_for(1, LIMIT).await;
    let mail = &mailbox.received()[0];
    assert_eq!(mail.to, ["sam@acme.example"]);
    assert!(mail.header("Subject").contains("Casey"), "{}", mail.header("Subject"));

    let status = graded(&process.url, &source, first["arrival"].as_str().unwrap()).await;
    assert_eq!(status["status"], "graded");
    has_it(&installation, receiver.received()[0].json()["data"]["lead"]["id"].as_str().unwrap()).await;
    let (code, _) = status_of(&process.url, &other, first["arrival"].as_str().unwrap()).await;
    assert_eq!(code, 404, "another client's source cannot see it");
    delivered(&installation).await;
    assert_eq!((receiver.count(), mailbox.received().len()), (1, 1), "once, and B leads never");
    assert_eq!(installation.count("select count(*) from arrival").await, 2);
    assert_eq!(process.stop().await, Some(0));
}

/// `lead show` says who has the lead, once the mail's delivery is recorded.
async fn has_it(installation: &Installation, lead: &str) {
    delivered(installation).await;
    let shown = installation.json(&["lead", "show", lead]).await;
    let reps: Vec<_> = shown["holders"].as_array().unwrap().iter().filter(|one| one["is_rep"] == true).collect();
    assert_eq!(reps.len(), 1, "{shown:#}");
    assert_eq!(reps[0]["holder"], "Sam Rep");
    assert!(shown["holder"].as_str().unwrap().contains("Sam Rep") && shown["held_since"].is_string(), "{shown:#}");
}

/// The payload is complete and carries a signature that the public recipe verifies.
fn signed_and_whole(receiver: &Receiver, secret: &str) {
    let post = &receiver.received()[0];
    let webhook = standardwebhooks::Webhook::new(secret).unwrap();
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, post.header(name).parse().unwrap());
    }
    webhook.verify(&post.body, &headers).expect("the signature verifies");
    let event = post.json();
    let data = &event["data"];
    assert_eq!((&event["type"], &data["grade"]), (&json!("lead.matured"), &json!("A")));
    assert_eq!(data["delivery"], post.header("webhook-id"));
    assert_eq!(data["lead"]["phone"], "+14155550100");
    assert_eq!(
        data["reasons"],
        json!([{"rule": "soon", "points": 70, "because": "Wants to move within three months"}])
    );
    assert_eq!(data["answers"], json!({"timeframe_days": 45}));
    assert_eq!(data["notes"][0]["text"], "Wants a garden.");
    assert_eq!(data["source"], json!({"name": "Web site", "channel": "web_form"}));
    assert_eq!(data["criteria"], json!({"name": "test", "version": 1}));
}

async fn status_of(url: &str, source: &Source, arrival: &str) -> (u16, Value) {
    let answer = client().get(format!("{url}/v1/arrivals/{arrival}")).bearer_auth(&source.key).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn graded(url: &str, source: &Source, arrival: &str) -> Value {
    until("the arrival is stored", LIMIT, || async {
        let (code, status) = status_of(url, source, arrival).await;
        (code == 200).then_some(status)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_webhook_is_tried_again_under_the_same_id_and_gone_disables_it() {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("DISPATCHER__RETRY_SCHEDULE_S", "1,1,1");
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    receiver.set(
        "/hook",
        Behaviour::Sequence(vec![
            Behaviour::Status(500),
            Behaviour::Status(503),
            Behaviour::Status(200),
            Behaviour::Status(410),
        ]),
    );
    let url = receiver.url("/hook");
    let endpoint =
        installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    let process = installation.serve("").await;
    let hot = |mail: &str| json!({"email": mail, "answers": {"timeframe_days": 1}});
    post(&process.url, &source, &hot("one@example.com")).await.unwrap();
    receiver.wait_for(3, LIMIT).await;
    delivered(&installation).await;
    assert_eq!(receiver.distinct_ids(), 1, "one webhook-id over all attempts");
    assert_eq!(installation.count("select count(*) from attempt").await, 3);

    post(&process.url, &source, &hot("two@example.com")).await.unwrap();
    receiver.wait_for(4, LIMIT).await;
    let id = endpoint["id"].as_str().unwrap();
    until("the endpoint is disabled", LIMIT, || async {
        (installation.json(&["endpoint", "show", id]).await["state"] == "disabled").then_some(())
    })
    .await;
    until("its delivery is held", LIMIT, || async {
        (installation.count("select count(*) from delivery where state = 'held'").await == 1).then_some(())
    })
    .await;
    receiver.set("/hook", Behaviour::Status(200));
    installation.json(&["endpoint", "resume", id]).await;
    receiver.wait_for(5, LIMIT).await;
    delivered(&installation).await;
    assert_eq!(receiver.distinct_ids(), 2);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_a_lead_without_an_endpoint_waits_for_one() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    post(&process.url, &source, &json!({"email": "a@example.com", "answers": {"timeframe_days": 1}})).await.unwrap();
    until("it is held", LIMIT, || async {
        (installation.count("select count(*) from delivery where state = 'held'").await == 1).then_some(())
    })
    .await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    receiver.wait_for(1, LIMIT).await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_form_is_thanked_and_its_double_click_is_one_arrival() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    let process = installation.serve("").await;
    let body = "email=casey%40example.com&first_name=%F0%9F%8F%A1+Casey&answers.timeframe_days=30";
    for _ in 0..2 {
        let request = client().post(format!("{}/v1/in/{}", process.url, source.token)).body(body);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        let thanks = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(!thanks.contains("casey"), "posted values are never in the address: {thanks}");
    }
    until("both are through", LIMIT, || async {
        (installation.count("select count(*) from arrival_seen").await == 2
            && installation.count("select count(*) from spool").await == 0)
            .then_some(())
    })
    .await;
    assert_eq!(installation.count("select count(*) from arrival").await, 1);
    assert_eq!(process.stop().await, Some(0));
}
