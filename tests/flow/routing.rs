//! To whom A leads go: turns, hours, capacity and vacation of a client's reps, and why.

use std::collections::BTreeMap;

use jiff::{ToSpan, tz::TimeZone};
use ripen_runtime::clock::Clock;
use ripen_testkit::{
    receiver::{Received, Receiver},
    wait::until,
};
use serde_json::{Value, json};

use crate::harness::{Installation, Kind, LIMIT, Source, load::post, process::Process};

/// One answer gives the score of an A.
const SCORED: &str = r#"name = "default"
[[question]]
id = "score"
ask = "How good is it?"
type = "number"
[[question]]
id = "language"
ask = "Which language?"
type = "choice"
choices = ["en", "es"]
[[rule]]
id = "good"
when = "answers.score >= 60"
points = 60
because = "Good"
[[rule]]
id = "better"
when = "answers.score >= 80"
points = 20
because = "Better"
[[rule]]
id = "best"
when = "answers.score >= 90"
points = 10
because = "Best"
[grades]
A = 50
B = 20
"#;

const TURNS: &str = r#"about = "They take turns"
mode = "round_robin"
recipients = ["Dana Hill", "Lee Park", "Sam Ortiz"]
fallback = ["Office"]
wait_at_most = "1d"

[[rule]]
id = "spanish"
when = "answers.language == 'es'"
because = "Prefers Spanish"
recipients = ["Sam Ortiz"]
"#;

struct Ground {
    installation: Installation,
    source: Source,
    receiver: Receiver,
    process: Process,
}

impl Ground {
    /// A client with a webhook for the team, three reps and an office, and a server that sweeps quickly.
    async fn new() -> Self {
        let mut installation = Installation::new(Kind::Local).await;
        installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
        installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "100");
        let source = installation.client("acme").await;
        installation.activate(SCORED).await;
        let receiver = Receiver::start().await;
        let url = receiver.url("/hook");
        installation
            .json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private", "--name", "CRM"])
            .await;
        for (name, email) in [("Dana Hill", "dana"), ("Lee Park", "lee"), ("Sam Ortiz", "sam")] {
            let email = format!("{email}@example.com");
            installation.json(&["rep", "add", name, "--client", "acme", "--email", &email]).await;
        }
        let office = ["endpoint", "add", "--client", "acme", "--email", "office@example.com", "--name", "Office"];
        installation.json(&office).await;
        let process = installation.serve("").await;
        Self { installation, source, receiver, process }
    }

    async fn route(&self, document: &str) -> Value {
        let file = self.installation.folder().join("routing.toml");
        std::fs::write(&file, document).unwrap();
        self.installation.json(&["route", "set", file.to_str().unwrap(), "--client", "acme"]).await
    }

    async fn rep(&self, name: &str, change: &[&str]) -> Value {
        self.installation.json(&[&["rep", "set", name, "--client", "acme"], change].concat()).await
    }

    async fn post(&self, name: &str, answers: Value) {
        let body = json!({"email": format!("{name}@example.com"), "answers": answers});
        let (status, _) = post(&self.process.url, &self.source, &body).await.unwrap();
        assert_eq!(status, 202);
    }

    async fn lead(&self, name: &str) -> String {
        let email = format!("{name}@example.com");
        until("the lead is there", LIMIT, || async {
            let listed = self.installation.json(&["lead", "list", "--email", &email]).await;
            listed[0]["lead"].as_str().map(str::to_owned)
        })
        .await
    }

    async fn matured(&self, count: i64) {
        until("all matured", LIMIT, || async {
            (self.installation.count("select count(*) from maturation").await == count).then_some(())
        })
        .await;
    }

    async fn explained(&self, lead: &str, more: &[&str]) -> String {
        let said = self.installation.json(&[&["route", "explain", lead], more].concat()).await;
        said["explanation"].as_str().unwrap().to_owned()
    }

    async fn held(&self) -> i64 {
        self.installation.count("select count(*) from delivery where state = 'held' and endpoint_id is null").await
    }
}

fn rep_of(received: &Received) -> String {
    received.json()["data"]["assigned_to"]["name"].as_str().unwrap_or("nobody").to_owned()
}

fn email_of(received: &Received) -> String {
    received.json()["data"]["lead"]["email"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_reps_take_turns_under_a_burst_and_the_webhook_names_who_has_it() {
    let ground = Ground::new().await;
    let set = ground.route(TURNS).await;
    assert_eq!(
        (&set["version"], &set["rules"]),
        (&json!(1), &json!(["spanish (round_robin)", "default (round_robin)"]))
    );
    let names: Vec<_> = (0..61).map(|n| format!("p{n}")).collect();
    futures::future::join_all(names.iter().map(|name| ground.post(name, json!({"score": 60})))).await;
    let received = ground.receiver.wait_for(61, LIMIT).await;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &received {
        *counts.entry(rep_of(one)).or_default() += 1;
    }
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["Dana Hill", "Lee Park", "Sam Ortiz"]);
    assert!(counts.values().all(|count| (20..=21).contains(count)), "{counts:?}");
    let mails = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id where e.kind = 'email'";
    assert_eq!(ground.installation.count(mails).await, 61, "each rep has a mail of theirs, and the office none");

    ground.post("es", json!({"score": 60, "language": "es"})).await;
    let last = &ground.receiver.wait_for(62, LIMIT).await[61];
    assert_eq!(rep_of(last), "Sam Ortiz");
    let lead = ground.lead("es").await;
    let said = ground.explained(&lead, &[]).await;
    assert!(said.starts_with("Rule spanish (round_robin): Prefers Spanish\nGoes to Sam Ortiz\n"), "{said}");
    assert!(said.contains("Dana Hill: is not named by the rule"), "{said}");
    let elsewhere = ground.lead("p0").await;
    let said = ground.explained(&elsewhere, &["--now"]).await;
    assert!(said.contains("could take it, but it was the turn of"), "{said}");
    assert!(said.contains("spanish: not known: answers.language"), "{said}");
    let reps = ground.installation.json(&["rep", "list", "--client", "acme"]).await;
    let given: i64 = reps.as_array().unwrap().iter().map(|rep| rep["given_today"].as_i64().unwrap()).sum();
    assert_eq!(given, 62);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_a_days_capacity_leads_are_held_and_the_best_go_first() {
    let ground = Ground::new().await;
    ground.route(TURNS).await;
    ground.installation.json(&["client", "set", "acme", "--capacity", "2"]).await;
    for (place, score) in [60, 60, 70, 90, 80].into_iter().enumerate() {
        ground.post(&format!("p{place}"), json!({"score": score})).await;
        ground.matured(i64::try_from(place).unwrap() + 1).await;
    }
    ground.receiver.wait_for(2, LIMIT).await;
    assert_eq!(ground.held().await, 3);
    let lead = ground.lead("p3").await;
    let said = ground.explained(&lead, &[]).await;
    assert!(said.contains("Held until") && said.contains("the client has had the 2 leads a day may bring"), "{said}");
    let shown = ground.installation.json(&["lead", "show", &lead]).await;
    let held = &shown["deliveries"][0];
    assert_eq!((&held["state"], &held["endpoint"]), (&json!("held"), &Value::Null));
    assert_eq!(held["reason"], "the client has had the 2 leads a day may bring");
    assert!(held["due_at"].as_str().unwrap() > &*Clock::system().now().to_string(), "{held}");

    ground.installation.json(&["client", "set", "acme", "--capacity", "4"]).await;
    let received = ground.receiver.wait_for(4, LIMIT).await;
    let mut released: Vec<_> = received[2..].iter().map(email_of).collect();
    released.sort();
    assert_eq!(released, ["p3@example.com", "p4@example.com"], "90 and 80 go before 70");
    assert_eq!(ground.held().await, 1);
    ground.installation.json(&["client", "set", "acme", "--capacity", "0"]).await;
    ground.receiver.wait_for(5, LIMIT).await;
    assert_eq!((ground.held().await, ground.receiver.distinct_ids()), (0, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_is_passed_over_and_when_all_are_the_fallback_stands_in() {
    let ground = Ground::new().await;
    ground.route(TURNS).await;
    let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
    let back = today.checked_add(20.days()).unwrap().to_string();
    let dana = ground.rep("Dana Hill", &["--away-until", &back]).await;
    assert_eq!(dana["away"], format!("is away, back on {back}"));
    ground.rep("lee@example.com", &["--capacity", "0"]).await;
    ground.post("first", json!({"score": 60})).await;
    assert_eq!(rep_of(&ground.receiver.wait_for(1, LIMIT).await[0]), "Sam Ortiz");

    ground.rep("Sam Ortiz", &["--pause"]).await;
    ground.post("second", json!({"score": 60})).await;
    ground.matured(2).await;
    let lead = ground.lead("second").await;
    let said = ground.explained(&lead, &[]).await;
    assert!(said.contains("Goes to Office (fallback)"), "{said}");
    assert!(said.contains("Dana Hill: is away, back on") && said.contains("Sam Ortiz: is paused"), "{said}");

    let soon = today.checked_add(1.days()).unwrap().to_string();
    ground.rep("Sam Ortiz", &["--away-until", &soon]).await;
    ground.rep("Sam Ortiz", &["--time-zone", "Pacific/Kiritimati"]).await;
    let zone = ground.rep("Sam Ortiz", &["--away-until", &today.checked_add(2.days()).unwrap().to_string()]).await;
    assert_eq!(zone["time_zone"], "Pacific/Kiritimati");
    ground.route(&TURNS.replace("\"1d\"", "\"3d\"")).await;
    ground.post("third", json!({"score": 60})).await;
    ground.matured(3).await;
    assert_eq!(ground.held().await, 1, "Sam is back before it has waited too long");
    ground.rep("Sam Ortiz", &["--resume"]).await;
    let received = ground.receiver.wait_for(2, LIMIT).await;
    assert_eq!((rep_of(&received[1]), email_of(&received[1])), ("Sam Ortiz".into(), "third@example.com".into()));
    assert_eq!(ground.held().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_mistakes_is_refused_and_the_one_in_force_stays() {
    let ground = Ground::new().await;
    ground.route(TURNS).await;
    let file = ground.installation.folder().join("bad.toml");
    std::fs::write(&file, "mode = \"round_robbin\"\nrecipients = [\"Dana Hil\"]\n").unwrap();
    for verb in ["check", "set"] {
        let output = ground.installation.run(&["route", verb, file.to_str().unwrap(), "--client", "acme"]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("1:8") && said.contains("round_robin") && said.contains("Dana Hill"), "{said}");
    }
    let listed = ground.installation.json(&["route", "list", "--client", "acme"]).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["active"]), (1, &json!(true)));
    for hours in ["mon-fri 9-18", "mon-fri 18:00-09:00", "xyz 09:00-10:00"] {
        let output = ground.installation.run(&["rep", "set", "Dana Hill", "--client", "acme", "--hours", hours]).await;
        assert_eq!(output.status.code(), Some(1), "{hours}");
    }
    ground.installation.json(&["route", "remove", "--client", "acme"]).await;
    ground.post("all", json!({"score": 60})).await;
    until("everybody has it", LIMIT, || async {
        let sent = "select count(*) from delivery where state in ('delivered', 'filed')";
        (ground.installation.count(sent).await == 5).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_could_take_goes_to_every_endpoint_that_appears() {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "100");
    let source = installation.client("acme").await;
    installation.activate(SCORED).await;
    let process = installation.serve("").await;
    for n in 0..3 {
        let body = json!({"email": format!("p{n}@example.com"), "answers": {"score": 60}});
        post(&process.url, &source, &body).await.unwrap();
    }
    until("all are held", LIMIT, || async {
        let held = "select count(*) from delivery where state = 'held' and reason like '%no enabled endpoint%'";
        (installation.count(held).await == 3).then_some(())
    })
    .await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    receiver.wait_for(3, LIMIT).await;
    assert_eq!(receiver.distinct_ids(), 3);
    assert_eq!(installation.count("select count(*) from delivery").await, 3);
}
