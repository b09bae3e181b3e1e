//! First to claim: a lead on offer to several, of whom one gets it.

use ripen_testkit::{
    receiver::{Behaviour, Receiver},
    wait::until,
};
use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, load::post, process::Process, process::client};

const RACE: &str = r#"mode = "first_to_claim"
recipients = ["Dana Hill", "Lee Park"]
claim_within = "10m"
fallback = ["Office"]
owner = "CRM"
"#;

struct Ground {
    installation: Installation,
    source: Source,
    receiver: Receiver,
    process: Process,
}

impl Ground {
    /// Two reps with mail, the team's CRM and its office as webhooks.
    async fn new(document: &str) -> Self {
        let mut installation = Installation::new(Kind::Local).await;
        installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
        installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "100");
        installation.set("HTTP__PUBLIC_URL", "https://ripen.example");
        let source = installation.client("acme").await;
        installation.activate(CRITERIA).await;
        let receiver = Receiver::start().await;
        for (name, path) in [("CRM", "/crm"), ("Office", "/office")] {
            let url = receiver.url(path);
            let add = ["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private", "--name", name];
            let added = installation.json(&add).await;
            if name == "Office" || document.contains("[\"CRM\"") {
                installation.json(&["endpoint", "set", added["id"].as_str().unwrap(), "--by-name"]).await;
            }
        }
        for (name, email) in [("Dana Hill", "dana@example.com"), ("Lee Park", "lee@example.com")] {
            installation.json(&["rep", "add", name, "--client", "acme", "--email", email]).await;
        }
        let file = installation.folder().join("routing.toml");
        std::fs::write(&file, document).unwrap();
        installation.json(&["route", "set", file.to_str().unwrap(), "--client", "acme"]).await;
        let process = installation.serve("").await;
        Self { installation, source, receiver, process }
    }

    async fn post(&self) {
        let body = json!({"email": "casey@example.com", "first_name": "Casey", "phone": "+1 415 555 0100",
                          "answers": {"timeframe_days": 10}});
        post(&self.process.url, &self.source, &body).await.unwrap();
    }

    /// Deliveries of an event that were sent: ids in the form that people see, and bodies.
    async fn sent(&self, event: &str, count: usize) -> Vec<(String, Value)> {
        let sql = "select d.id, b.body from delivery d join delivery_body b on b.delivery_id = d.id
                   where d.event = $1 and d.state in ('delivered', 'filed') order by d.id";
        until(event, LIMIT, || async {
            let rows: Vec<(uuid::Uuid, Vec<u8>)> =
                sqlx::query_as(sql).bind(event).fetch_all(self.installation.pool()).await.unwrap();
            let shown = |(id, body): (uuid::Uuid, Vec<u8>)| {
                (ripen_domain::id::DeliveryId::from_uuid(id).to_string(), serde_json::from_slice(&body).unwrap())
            };
            (rows.len() == count).then(|| rows.into_iter().map(shown).collect())
        })
        .await
    }

    async fn say(&self, delivery: &str, outcome: &[&str]) -> (bool, String) {
        let output = self.installation.run(&[&["outcome", "add", delivery], outcome].concat()).await;
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepts_first_has_it_and_nobody_else_learns_whom_to_call() {
    let ground = Ground::new(RACE).await;
    ground.post().await;
    let offers = ground.sent("lead.offered", 2).await;
    for (_, body) in &offers {
        let text = body.to_string();
        assert!(!["casey@", "Casey", "4155550100"].iter().any(|secret| text.contains(secret)), "{text}");
        assert_eq!(body["data"]["answers"]["timeframe_days"], 10);
    }
    assert_eq!(ground.receiver.count(), 0, "the team's webhook is told when somebody has it");
    let who = |body: &Value| body["data"]["assigned_to"]["name"].as_str().unwrap().to_owned();
    let url = offers[0].1["data"]["outcome_url"].as_str().unwrap();
    let page = url.replace("https://ripen.example", &ground.process.url);
    let shown = client().get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("Take it") && !shown.contains("casey@"), "{shown}");
    let taken = client().post(&page).body("outcome=accepted&seen=0").send().await.unwrap();
    assert_eq!(taken.status().as_u16(), 200, "{}", taken.text().await.unwrap());

    let matured = ground.sent("lead.matured", 2).await;
    assert!(matured.iter().all(|(_, body)| who(body) == offers[0].1["data"]["offered_to"]["name"]), "{matured:?}");
    assert!(matured.iter().all(|(_, body)| body["data"]["lead"]["email"] == "casey@example.com"));
    let crm = ground.receiver.wait_for(1, LIMIT).await;
    assert_eq!((crm.len(), crm[0].path.as_str()), (1, "/crm"), "{crm:?}");
    let told = ground.sent("lead.taken", 1).await;
    assert!(!told[0].1.to_string().contains("casey@"));
    let (won, why) = ground.say(&offers[1].0, &["accepted"]).await;
    assert!(!won && why.contains("Somebody else took this lead"), "{why}");
    let (again, _) = ground.say(&offers[0].0, &["accepted"]).await;
    assert!(again, "who has it may say so again");
    ground.sent("lead.matured", 2).await;
    let said = "select count(*) from maturation where routing like '%Taken by%'";
    assert_eq!(ground.installation.count(said).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_accept_at_once_one_wins() {
    let ground = Ground::new(RACE).await;
    ground.post().await;
    let offers = ground.sent("lead.offered", 2).await;
    let links: Vec<_> = offers.iter().map(|(_, body)| body["data"]["outcome_url"].as_str().unwrap()).collect();
    let pages: Vec<_> = links.iter().map(|url| url.replace("https://ripen.example", &ground.process.url)).collect();
    let tries = (0..24).map(|n| {
        let page = pages[n % 2].clone();
        async move { (n % 2, client().post(page).body("outcome=accepted").send().await.unwrap().status().as_u16()) }
    });
    let answers = futures::future::join_all(tries).await;
    let winners: std::collections::BTreeSet<_> =
        answers.iter().filter(|(_, status)| *status == 200).map(|(who, _)| *who).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(who, status)| winners.contains(who) == (*status == 200)), "{answers:?}");
    ground.sent("lead.matured", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_pass_the_fallback_is_asked_and_when_nobody_takes_it_the_owner_has_it() {
    let ground = Ground::new(RACE).await;
    ground.receiver.set("/office", Behaviour::Status(200));
    ground.post().await;
    for (offer, _) in ground.sent("lead.offered", 2).await {
        let (passed, why) = ground.say(&offer, &["returned", "--reason", "busy"]).await;
        assert!(passed, "{why}");
    }
    let offers = ground.sent("lead.offered", 3).await;
    assert_eq!(ground.receiver.wait_for(1, LIMIT).await[0].path, "/office");
    let (late, why) = ground.say(&offers[0].0, &["accepted"]).await;
    assert!(!late && why.contains("not offered to you"), "{why}");

    sqlx::query("update claim set until = until - interval '1 hour'")
        .execute(ground.installation.pool())
        .await
        .unwrap();
    sqlx::query("update delivery set due_at = due_at - interval '1 hour' where endpoint_id is null")
        .execute(ground.installation.pool())
        .await
        .unwrap();
    let received = ground.receiver.wait_for(2, LIMIT).await;
    assert_eq!((received[1].path.as_str(), &received[1].json()["type"]), ("/crm", &json!("lead.matured")));
    let returned = "select count(*) from outcome";
    assert_eq!(ground.installation.count(returned).await, 0, "to pass is no outcome of the lead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_takes_an_offer_by_its_answer() {
    let ground = Ground::new(&RACE.replace("[\"Dana Hill\", \"Lee Park\"]", "[\"CRM\", \"Office\"]")).await;
    let accepting =
        Behaviour::StatusWith { status: 200, headers: Vec::new(), body: r#"{"outcome":"accepted"}"#.into() };
    ground.receiver.set("/office", accepting);
    ground.post().await;
    ground.sent("lead.matured", 1).await;
    let last = ground.receiver.received().into_iter().find(|one| one.json()["type"] == "lead.matured").unwrap();
    assert_eq!((last.path.as_str(), &last.json()["data"]["lead"]["first_name"]), ("/office", &json!("Casey")));
    ground.sent("lead.taken", 1).await;
}
