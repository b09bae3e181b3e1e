//! To whom A leads go: turns, hours, capacity and vacation of a client's reps, and why.

use std::collections::BTreeMap;

use jiff::{ToSpan, tz::TimeZone};
use ripen_runtime::clock::Clock;
use ripen_testkit::{receiver::Received, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    scenario::{Plan, Scenario},
};

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

/// A client with a webhook for the team, three reps and an office.
async fn scenario() -> Scenario {
    let plan = Plan::new().await.criteria(SCORED).webhook("/hook", &["--name", "CRM"], &[]);
    let plan = plan.rep("Dana Hill").rep("Lee Park").rep("Sam Ortiz").office("Office", "office@example.com");
    plan.serve().await
}

async fn explained(scenario: &Scenario, lead: &str, more: &[&str]) -> String {
    let said = scenario.installation.json(&[&["route", "explain", lead], more].concat()).await;
    said["explanation"].as_str().unwrap().to_owned()
}

async fn held(scenario: &Scenario) -> i64 {
    scenario.installation.count("select count(*) from delivery where state = 'held' and endpoint_id is null").await
}

fn rep_of(received: &Received) -> String {
    received.json()["data"]["assigned_to"]["name"].as_str().unwrap_or("nobody").to_owned()
}

fn email_of(received: &Received) -> String {
    received.json()["data"]["lead"]["email"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_reps_take_turns_under_a_burst_and_the_webhook_names_who_has_it() {
    let scenario = scenario().await;
    let set = scenario.route(TURNS).await;
    assert_eq!(
        (&set["version"], &set["rules"]),
        (&json!(1), &json!(["spanish (round_robin)", "default (round_robin)"]))
    );
    let names: Vec<_> = (0..61).map(|n| format!("p{n}")).collect();
    futures::future::join_all(names.iter().map(|name| scenario.enquire(name, json!({"score": 60})))).await;
    let received = scenario.receiver.wait_for(61, LIMIT).await;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &received {
        *counts.entry(rep_of(one)).or_default() += 1;
    }
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["Dana Hill", "Lee Park", "Sam Ortiz"]);
    assert!(counts.values().all(|count| (20..=21).contains(count)), "{counts:?}");
    let mails = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id where e.kind = 'email'";
    assert_eq!(scenario.installation.count(mails).await, 61, "each rep has a mail of theirs, and the office none");

    scenario.enquire("es", json!({"score": 60, "language": "es"})).await;
    let last = &scenario.receiver.wait_for(62, LIMIT).await[61];
    assert_eq!(rep_of(last), "Sam Ortiz");
    let lead = scenario.lead_of("es").await;
    let said = explained(&scenario, &lead, &[]).await;
    assert!(said.starts_with("Rule spanish (round_robin): Prefers Spanish\nGoes to Sam Ortiz\n"), "{said}");
    assert!(said.contains("Dana Hill: is not named by the rule"), "{said}");
    let elsewhere = scenario.lead_of("p0").await;
    let said = explained(&scenario, &elsewhere, &["--now"]).await;
    assert!(said.contains("could take it, but it was the turn of"), "{said}");
    assert!(said.contains("spanish: not known: answers.language"), "{said}");
    let reps = scenario.installation.json(&["rep", "list", "--client", "acme"]).await;
    let given: i64 = reps.as_array().unwrap().iter().map(|rep| rep["given_today"].as_i64().unwrap()).sum();
    assert_eq!(given, 62);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_became_free_goes_to_the_best_that_waits_and_not_to_whoever_is_new() {
    let scenario = scenario().await;
    scenario.route(TURNS).await;
    scenario.installation.json(&["client", "set", "acme", "--capacity", "1"]).await;
    for (place, (name, score)) in [("first", 60), ("better", 90)].into_iter().enumerate() {
        scenario.enquire(name, json!({"score": score})).await;
        scenario.matured(i64::try_from(place).unwrap() + 1).await;
    }
    scenario.receiver.wait_for(1, LIMIT).await;
    assert_eq!(held(&scenario).await, 1);
    // The client is paused: what is held is due and stays, as between a day's beginning and the sweep that finds it.
    scenario.installation.json(&["client", "pause", "acme"]).await;
    scenario.installation.json(&["client", "set", "acme", "--capacity", "2"]).await;
    scenario.enquire("new", json!({"score": 70})).await;
    scenario.matured(3).await;
    assert_eq!(held(&scenario).await, 2, "who is new waits with those that were there");
    scenario.installation.json(&["client", "resume", "acme"]).await;
    let received = scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!(email_of(&received[1]), "better@example.com");
    assert_eq!(held(&scenario).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_a_days_capacity_leads_are_held_and_the_best_go_first() {
    let scenario = scenario().await;
    scenario.route(TURNS).await;
    scenario.installation.json(&["client", "set", "acme", "--capacity", "2"]).await;
    for (place, score) in [60, 60, 70, 90, 80].into_iter().enumerate() {
        scenario.enquire(&format!("p{place}"), json!({"score": score})).await;
        scenario.matured(i64::try_from(place).unwrap() + 1).await;
    }
    scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!(held(&scenario).await, 3);
    let lead = scenario.lead_of("p3").await;
    let said = explained(&scenario, &lead, &[]).await;
    assert!(said.contains("Held until") && said.contains("the client has had the 2 leads a day may bring"), "{said}");
    let shown = scenario.installation.json(&["lead", "show", &lead]).await;
    let delivery = &shown["deliveries"][0];
    assert_eq!((&delivery["state"], &delivery["endpoint"]), (&json!("held"), &Value::Null));
    assert_eq!(delivery["reason"], "the client has had the 2 leads a day may bring");
    assert!(delivery["due_at"].as_str().unwrap() > &*Clock::system().now().to_string(), "{delivery}");

    scenario.installation.json(&["client", "set", "acme", "--capacity", "4"]).await;
    let received = scenario.receiver.wait_for(4, LIMIT).await;
    let mut released: Vec<_> = received[2..].iter().map(email_of).collect();
    released.sort();
    assert_eq!(released, ["p3@example.com", "p4@example.com"], "90 and 80 go before 70");
    assert_eq!(held(&scenario).await, 1);
    scenario.installation.json(&["client", "set", "acme", "--capacity", "0"]).await;
    scenario.receiver.wait_for(5, LIMIT).await;
    assert_eq!((held(&scenario).await, scenario.receiver.distinct_ids()), (0, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_is_passed_over_and_when_all_are_the_fallback_stands_in() {
    let scenario = scenario().await;
    scenario.route(TURNS).await;
    let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
    let back = today.checked_add(20.days()).unwrap().to_string();
    let dana = scenario.rep("Dana Hill", &["--away-until", &back]).await;
    assert_eq!(dana["away"], format!("is away, back on {back}"));
    scenario.rep("lee@example.com", &["--capacity", "0"]).await;
    scenario.enquire("first", json!({"score": 60})).await;
    assert_eq!(rep_of(&scenario.receiver.wait_for(1, LIMIT).await[0]), "Sam Ortiz");

    scenario.rep("Sam Ortiz", &["--pause"]).await;
    scenario.enquire("second", json!({"score": 60})).await;
    scenario.matured(2).await;
    let lead = scenario.lead_of("second").await;
    let said = explained(&scenario, &lead, &[]).await;
    assert!(said.contains("Goes to Office (fallback)"), "{said}");
    assert!(said.contains("Dana Hill: is away, back on") && said.contains("Sam Ortiz: is paused"), "{said}");

    let soon = today.checked_add(1.days()).unwrap().to_string();
    scenario.rep("Sam Ortiz", &["--away-until", &soon]).await;
    scenario.rep("Sam Ortiz", &["--time-zone", "Pacific/Kiritimati"]).await;
    let zone = scenario.rep("Sam Ortiz", &["--away-until", &today.checked_add(2.days()).unwrap().to_string()]).await;
    assert_eq!(zone["time_zone"], "Pacific/Kiritimati");
    scenario.route(&TURNS.replace("\"1d\"", "\"3d\"")).await;
    scenario.enquire("third", json!({"score": 60})).await;
    scenario.matured(3).await;
    assert_eq!(held(&scenario).await, 1, "Sam is back before it has waited too long");
    scenario.rep("Sam Ortiz", &["--resume"]).await;
    let received = scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!((rep_of(&received[1]), email_of(&received[1])), ("Sam Ortiz".into(), "third@example.com".into()));
    assert_eq!(held(&scenario).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_mistakes_is_refused_and_the_one_in_force_stays() {
    let scenario = scenario().await;
    scenario.route(TURNS).await;
    let file = scenario.installation.folder().join("bad.toml");
    std::fs::write(&file, "mode = \"round_robbin\"\nrecipients = [\"Dana Hil\"]\n").unwrap();
    for verb in ["check", "set"] {
        let output = scenario.installation.run(&["route", verb, file.to_str().unwrap(), "--client", "acme"]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("1:8") && said.contains("round_robin") && said.contains("Dana Hill"), "{said}");
    }
    let listed = scenario.installation.json(&["route", "list", "--client", "acme"]).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["active"]), (1, &json!(true)));
    for hours in ["mon-fri 9-18", "mon-fri 18:00-09:00", "xyz 09:00-10:00"] {
        let output =
            scenario.installation.run(&["rep", "set", "Dana Hill", "--client", "acme", "--hours", hours]).await;
        assert_eq!(output.status.code(), Some(1), "{hours}");
    }
    scenario.installation.json(&["route", "remove", "--client", "acme"]).await;
    scenario.enquire("all", json!({"score": 60})).await;
    until("everybody has it", LIMIT, || async {
        let sent = "select count(*) from delivery where state in ('delivered', 'filed')";
        (scenario.installation.count(sent).await == 5).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_could_take_goes_to_every_endpoint_that_appears() {
    let scenario = Plan::new().await.criteria(SCORED).serve().await;
    let installation = &scenario.installation;
    for n in 0..3 {
        scenario.enquire(&format!("p{n}"), json!({"score": 60})).await;
    }
    until("all are held", LIMIT, || async {
        let held = "select count(*) from delivery where state = 'held' and reason like '%no enabled endpoint%'";
        (installation.count(held).await == 3).then_some(())
    })
    .await;
    let url = scenario.receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    scenario.receiver.wait_for(3, LIMIT).await;
    assert_eq!(scenario.receiver.distinct_ids(), 3);
    assert_eq!(installation.count("select count(*) from delivery").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_lead_that_cannot_be_read_keeps_none_of_its_clients_others_from_going_out() {
    let scenario = Plan::new().await.criteria(SCORED).serve().await;
    for (name, score) in [("one", 95), ("two", 85), ("three", 65)] {
        scenario.enquire(name, json!({"score": score})).await;
    }
    scenario.matured(3).await;
    // The best, so that it comes first whenever any is routed.
    let damage =
        "update maturation set at = 'infinity' where lead_id = (select id from lead order by score desc limit 1)";
    sqlx::query(damage).execute(scenario.installation.pool()).await.unwrap();
    let url = scenario.receiver.url("/hook");
    let add = ["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"];
    scenario.installation.json(&add).await;
    until("the others are delivered", LIMIT, || async {
        let sql = "select count(*) from delivery where state = 'delivered'";
        (scenario.installation.count(sql).await == 2).then_some(())
    })
    .await;
    let waits = "select count(*) from delivery where state = 'held' and reason like 'cannot be routed: %'";
    assert_eq!(scenario.installation.count(waits).await, 1);
    let mend = "update maturation set at = clock_timestamp() where at = 'infinity'";
    sqlx::query(mend).execute(scenario.installation.pool()).await.unwrap();
}
