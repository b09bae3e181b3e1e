//! What happens to a lead after its client has it: news, slips that are taken back, persons who must be left alone.

use std::time::Duration;

use jiff::SignedDuration;
use ripen_domain::{
    delivery::{EventDetail, LeadUpdate},
    id::DeliveryId,
};
use ripen_runtime::clock::Clock;
use ripen_store::{
    Store,
    delivery::{event::News, lease::Claim},
};
use ripen_testkit::{
    receiver::{Behaviour, Received, Receiver},
    wait::until,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    CRITERIA, Installation, Kind, LIMIT, Source, always_open, audit::delivered, load::post, process::Process,
};

struct Ground {
    installation: Installation,
    source: Source,
    receiver: Receiver,
    process: Process,
}

impl Ground {
    /// A client with a rep and two webhooks, of which the first asks for all news and the second for none.
    async fn new(undo_s: &str) -> Self {
        let mut installation = Installation::new(Kind::Local).await;
        always_open(&mut installation);
        installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
        installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "100");
        installation.set("QUALIFIER__UNDO_S", undo_s);
        let source = installation.client("acme").await;
        installation.activate(CRITERIA).await;
        let receiver = Receiver::start().await;
        for (name, events) in
            [("all", "lead.matured,lead.updated,lead.recalled,lead.suppressed,lead.outcome"), ("few", "lead.matured")]
        {
            let url = receiver.url(&format!("/{name}"));
            let added =
                installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
            installation.json(&["endpoint", "set", added["id"].as_str().unwrap(), "--events", events]).await;
        }
        installation.json(&["rep", "add", "Dana Hill", "--client", "acme", "--email", "dana@example.com"]).await;
        let process = installation.serve("").await;
        Self { installation, source, receiver, process }
    }

    /// Posts an enquiry of the person and waits until it is decided.
    async fn enquire(&self, days: i64, decisions: i64) -> String {
        let body = json!({"email": "b@example.com", "first_name": "Casey", "answers": {"timeframe_days": days}});
        post(&self.process.url, &self.source, &body).await.unwrap();
        self.decided(decisions).await;
        let listed = self.installation.json(&["lead", "list", "--email", "b@example.com"]).await;
        listed[0]["lead"].as_str().unwrap().to_owned()
    }

    async fn decided(&self, count: i64) {
        until("it is decided", LIMIT, || async {
            (self.installation.count("select count(*) from decision").await >= count).then_some(())
        })
        .await;
    }

    async fn touch(&self, lead: &str, more: &[&str]) {
        self.installation.json(&[&["lead", "touch", lead, "--by", "Kim"], more].concat()).await;
    }

    async fn recall(&self, lead: &str) -> Value {
        self.installation.json(&["lead", "recall", lead, "--why", "wrong button", "--by", "Kim"]).await
    }

    /// What the first webhook was told of this kind.
    async fn told(&self, event: &str) -> Received {
        let told = || self.receiver.received().into_iter().find(|one| one.json()["type"] == event);
        until(event, LIMIT, || async { told() }).await
    }

    fn types_at(&self, path: &str) -> Vec<String> {
        let at = self.receiver.received().into_iter().filter(|one| one.path == path);
        at.map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_enquiry_of_a_delivered_lead_is_told_to_who_has_it_and_asks() {
    let ground = Ground::new("0").await;
    ground.enquire(10, 1).await;
    ground.receiver.wait_for(2, LIMIT).await;
    delivered(&ground.installation).await;
    ground.enquire(5, 2).await;
    let updated = ground.told("lead.updated").await;
    let first = ground.receiver.received().into_iter().find(|one| one.path == updated.path).unwrap();
    let (before, after) = (first.json(), updated.json());
    assert_eq!(before["data"]["delivery"], after["data"]["delivery"], "it names what it is about");
    assert_ne!(first.header("webhook-id"), updated.header("webhook-id"));
    assert_eq!((&before["data"]["arrivals"], &after["data"]["arrivals"]), (&json!(1), &json!(2)));
    assert_eq!(after["data"]["answers"]["timeframe_days"], 5);
    delivered(&ground.installation).await;
    assert_eq!(ground.types_at("/few"), ["lead.matured"]);
    let mails = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                 where e.kind = 'email' and d.event = 'lead.updated' and d.state = 'filed'";
    assert_eq!(ground.installation.count(mails).await, 1, "the rep has a mail of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_can_be_taken_back_before_anybody_has_it() {
    let ground = Ground::new("3600").await;
    let lead = ground.enquire(200, 1).await;
    ground.touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=10"]).await;
    ground.decided(2).await;
    let waits = "select count(*) from delivery where state = 'pending' and reason like 'can be taken back%'";
    assert_eq!(ground.installation.count(waits).await, 3);
    assert_eq!(ground.recall(&lead).await, json!({"lead": lead, "stopped": 3, "told": 0}));
    ground.decided(3).await;
    let shown = ground.installation.json(&["lead", "show", &lead]).await;
    assert_eq!(shown["grade"], "B", "{shown:#}");
    let last = shown["promises"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["state"], &last["from"]), (&json!("work"), &json!("Kim")));
    assert_eq!(ground.receiver.count(), 0);
    let again = ground.installation.run(&["lead", "recall", &lead, "--why", "again"]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing to take back"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_arrives_as_an_a_does_not_wait_and_is_recalled_afterwards() {
    let ground = Ground::new("3600").await;
    let lead = ground.enquire(10, 1).await;
    ground.receiver.wait_for(2, LIMIT).await;
    delivered(&ground.installation).await;
    assert_eq!(ground.recall(&lead).await, json!({"lead": lead, "stopped": 0, "told": 2}));
    let recalled = ground.told("lead.recalled").await.json();
    assert_eq!(
        (&recalled["data"]["reason"], &recalled["data"]["lead"]["name"]),
        (&json!("wrong button"), &json!("Casey"))
    );
    assert!(!recalled.to_string().contains("b@example.com"), "how to reach the person is told no more: {recalled}");
    delivered(&ground.installation).await;
    assert_eq!(ground.types_at("/few"), ["lead.matured"]);
    ground.decided(2).await;
    assert_eq!(ground.installation.json(&["lead", "show", &lead]).await["grade"], "B");
    ground.touch(&lead, &["--disposition", "answered"]).await;
    ground.decided(3).await;
    until("it matures again", LIMIT, || async {
        (ground.installation.count("select count(*) from maturation").await == 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_learn_of_a_person_to_be_left_alone_and_of_outcomes() {
    let ground = Ground::new("0").await;
    let lead = ground.enquire(10, 1).await;
    ground.receiver.wait_for(2, LIMIT).await;
    delivered(&ground.installation).await;
    let shown = ground.installation.json(&["lead", "show", &lead]).await;
    let delivery = shown["deliveries"][0]["delivery"].as_str().unwrap();
    ground.installation.json(&["outcome", "add", delivery, "accepted"]).await;
    let outcome = ground.told("lead.outcome").await.json();
    assert_eq!(outcome["data"]["outcome"]["outcome"], "accepted");
    ground.touch(&lead, &["--disposition", "do_not_contact"]).await;
    let suppressed = ground.told("lead.suppressed").await.json();
    assert!(suppressed["data"]["reason"].as_str().unwrap().contains("asked not to be contacted"));
    delivered(&ground.installation).await;
    assert_eq!(ground.types_at("/few"), ["lead.matured"]);
    let news = "select id::text from delivery where event = 'lead.suppressed' limit 1";
    let id: String = sqlx::query_scalar(news).fetch_one(ground.installation.pool()).await.unwrap();
    let id = DeliveryId::from_uuid(id.parse().unwrap()).to_string();
    let refused = ground.installation.run(&["outcome", "add", &id, "accepted"]).await;
    assert_eq!(refused.status.code(), Some(1), "an outcome is about what handed the lead over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_in_the_first_attempt_or_told_after_it_however_the_two_meet() {
    let ground = Ground::new("3600").await;
    let lead = ground.enquire(200, 1).await;
    ground.touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=10"]).await;
    ground.decided(2).await;
    let url: String = ground.installation.env("DATABASE__URL").unwrap();
    let pool = ground.installation.pool();
    let later = Clock::system().now() + SignedDuration::from_hours(2);
    ground.process.stop().await;
    let store = Store::open(&url, 4).unwrap();
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from delivery").fetch_all(pool).await.unwrap();
    let ids: Vec<_> = ids.into_iter().map(DeliveryId::from_uuid).collect();
    let claim = |lease| Claim {
        deliveries: &ids,
        lease: Uuid::from_u128(lease),
        lasts: Duration::from_secs(30),
        busy: &[],
        kept_until: later,
    };
    let news = |cause| News {
        lead: lead.parse().unwrap(),
        detail: EventDetail::Updated(LeadUpdate::default()),
        cause: Uuid::from_u128(cause),
        mailed: true,
        due_at: later,
    };

    let mut batch = store.begin().await.unwrap();
    assert_eq!(batch.tell(&[news(1)], later).await.unwrap(), 0, "nobody has it yet");
    let claimed = store.deliveries_lease(&claim(1), later, |_| b"{}".to_vec()).await.unwrap();
    assert!(claimed.ready.is_empty(), "a body frozen now would not say what is being written");
    batch.commit().await.unwrap();

    let mut lease = pool.begin().await.unwrap();
    let leased =
        "update delivery set state = 'leased', attempts = 1, lease = id, leased_until = now() + interval '1 minute'";
    sqlx::query(leased).execute(&mut *lease).await.unwrap();
    let told = {
        let (store, news) = (store.clone(), news(2));
        tokio::spawn(async move {
            let mut batch = store.begin().await.unwrap();
            let told = batch.tell(&[news], later).await.unwrap();
            batch.commit().await.unwrap();
            told
        })
    };
    ground.installation.until_a_session_waits().await;
    lease.commit().await.unwrap();
    assert_eq!(told.await.unwrap(), 2, "the webhook that asks for news and the rep's mail are told");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desk_learns_of_a_delivered_lead_is_told_until_the_lead_is_taken_back() {
    let ground = Ground::new("0").await;
    let lead = ground.enquire(10, 1).await;
    ground.receiver.wait_for(2, LIMIT).await;
    delivered(&ground.installation).await;
    let learned = ["--disposition", "answered", "--answer", "timeframe_days=20", "--note", "Prefers mornings"];
    ground.touch(&lead, &learned).await;
    let updated = ground.told("lead.updated").await.json()["data"].clone();
    assert_eq!(updated["update"], json!({"kind": "conversation", "by": "Kim"}));
    assert_eq!(
        (&updated["answers"]["timeframe_days"], &updated["notes"][0]["text"]),
        (&json!(20), &json!("Prefers mornings"))
    );
    ground.touch(&lead, &["--disposition", "no_answer"]).await;
    delivered(&ground.installation).await;
    ground.recall(&lead).await;
    ground.told("lead.recalled").await;
    ground
        .touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=300", "--note", "Not for them"])
        .await;
    delivered(&ground.installation).await;
    let updates = "select count(*) from delivery where event = 'lead.updated'";
    assert_eq!(ground.installation.count(updates).await, 2, "the webhook and the rep's mail, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_ask_hear_of_deliveries_given_up_and_of_endpoints_disabled() {
    let mut installation = Installation::new(Kind::Local).await;
    for (key, value) in [("SWEEP_INTERVAL_MS", "100"), ("RETRY_SCHEDULE_S", "1")] {
        installation.set(&format!("DISPATCHER__{key}"), value);
    }
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let refuses = [Behaviour::Status(500), Behaviour::Status(500), Behaviour::Status(410)];
    receiver.set("/refuses", Behaviour::Sequence(refuses.to_vec()));
    let mut ids = Vec::new();
    for (name, events) in [("refuses", "lead.matured"), ("asks", "delivery.dead,endpoint.disabled")] {
        let url = receiver.url(&format!("/{name}"));
        let added =
            installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
        ids.push(added["id"].as_str().unwrap().to_owned());
        installation.json(&["endpoint", "set", &ids[ids.len() - 1], "--events", events]).await;
    }
    let process = installation.serve("").await;
    let told = async |event: &str| {
        let told = || receiver.received().into_iter().find(|one| one.path == "/asks" && one.json()["type"] == event);
        until(event, LIMIT, || async { told() }).await.json()["data"].clone()
    };
    let lead = |name: &str| json!({"email": format!("{name}@example.com"), "first_name": name, "answers": {"timeframe_days": 1}});
    post(&process.url, &source, &lead("robin")).await.unwrap();
    let dead = told("delivery.dead").await;
    assert_eq!(dead["attempts"], 2);
    assert_eq!(dead["reason"], "gave up after 2 attempts: answered 500");
    let listed = installation.json(&["delivery", "list", "--state", "dead"]).await;
    assert_eq!((&listed[0]["id"], &listed[0]["lead"]), (&dead["delivery"], &dead["lead"]["id"]));
    assert!(!dead.to_string().contains("robin"), "who asks for alarms may not have the lead: {dead}");

    post(&process.url, &source, &lead("casey")).await.unwrap();
    let disabled = told("endpoint.disabled").await;
    assert_eq!((&disabled["endpoint"], &disabled["reason"]), (&json!(ids[0]), &json!("answered 410 Gone")));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_a_delivered_lead_no_a_is_not_told_as_an_update() {
    let ground = Ground::new("0").await;
    let lead = ground.enquire(10, 1).await;
    ground.receiver.wait_for(2, LIMIT).await;
    delivered(&ground.installation).await;
    ground.touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=300"]).await;
    ground.decided(2).await;
    delivered(&ground.installation).await;
    let withdrawn = "select count(*) from delivery where event = 'lead.updated' and state = 'withdrawn'";
    assert_eq!(ground.installation.count(withdrawn).await, 2, "reps see A leads only");
    assert_eq!(ground.types_at("/all"), ["lead.matured"]);
}
