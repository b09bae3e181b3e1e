//! Old zone names, days without a time, postal codes out of spreadsheets, agreed hours.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, posters::post, process::Process};

/// Looked at again on a date of the person's own.
const ON_A_DATE: &str = "name = 'test'\n[[question]]\nid = 'call_again_on'\nask = '?'\ntype = 'date'\n\
    [[rule]]\nid = 'r'\nwhen = 'lead.enquiries > 3'\npoints = 70\nbecause = 'r'\n[grades]\nA = 70\nB = 40\n\
    [requalify]\nB = '30d'\nC = '30d'\non = 'answers.call_again_on'\n";

async fn decided(installation: &Installation, count: i64) {
    until("they are decided", LIMIT, || async {
        (installation.count("select count(*) from decision").await == count).then_some(())
    })
    .await;
}

async fn text(installation: &Installation, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(installation.pool()).await.unwrap()
}

async fn serve(criteria: &str) -> (Installation, Source, Process) {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(criteria).await;
    let process = installation.serve("").await;
    (installation, source, process)
}

#[tokio::test(flavor = "multi_thread")]
async fn old_zone_names_are_read_on_a_machine_without_zone_files() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let empty = installation.folder().join("no zones");
    std::fs::create_dir(&empty).unwrap();
    let mut command = installation.command(&["serve"]);
    command.env("TZDIR", &empty);
    let process = Process::start(command).await;
    let zones =
        ["Asia/Calcutta", "America/Buenos_Aires", "Europe/Kiev", "Etc/GMT-8", "America/Indianapolis", "GMT+0530"];
    let leads: Vec<Value> = (1..)
        .zip(zones)
        .map(|(n, zone)| json!({"external_id": format!("c22-{n}"), "email": format!("z{n}@example.com"), "time_zone": zone}))
        .collect();
    post(&process.url, &source, &json!(leads)).await.unwrap();
    decided(&installation, 6).await;
    let known: Vec<Option<String>> =
        sqlx::query_scalar("select time_zone from person order by email").fetch_all(installation.pool()).await.unwrap();
    let known: Vec<_> = known.iter().map(Option::as_deref).collect();
    assert_eq!(known, [&zones[..5], &[]].concat().into_iter().map(Some).chain([None]).collect::<Vec<_>>());
    let flagged = "select external_id from arrival where 'time_zone_unknown' = any(flags)";
    assert_eq!(text(&installation, flagged).await, "c22-6");
    let eight_ahead = "select to_char(p.due_at at time zone 'Asia/Shanghai', 'HH24:MI') from promise p join lead l on l.id = p.lead_id \
        join person n on n.id = l.person_id where n.email = 'z4@example.com'";
    assert_eq!(text(&installation, eight_ahead).await, "09:00", "eight hours ahead of UTC");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_honolulu_begins_with_its_first_calling_hour() {
    let (installation, source, process) = serve(ON_A_DATE).await;
    let lead = json!({"external_id": "c37-hi", "email": "day3@example.com", "phone": "808-555-0120",
        "time_zone": "Pacific/Honolulu", "answers": {"call_again_on": "2027-04-12"}});
    post(&process.url, &source, &lead).await.unwrap();
    decided(&installation, 1).await;
    let due = "select to_char(due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from promise";
    assert_eq!(text(&installation, due).await, "2027-04-12 19:00", "nine in Honolulu");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_of_whom_nothing_is_known_falls_due_when_all_of_the_country_may_be_called() {
    let (installation, source, process) = serve(CRITERIA).await;
    post(&process.url, &source, &json!({"email": "b@example.com", "answers": {"timeframe_days": 200}})).await.unwrap();
    decided(&installation, 1).await;
    let due = "select to_char(due_at at time zone 'Pacific/Honolulu', 'HH24:MI') from promise";
    assert_eq!(text(&installation, due).await, "09:00", "the last of the country's zones to open");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postal_code_out_of_a_spreadsheet_is_the_one_that_was_meant() {
    let (installation, source, process) = serve(CRITERIA).await;
    let codes = [json!(2134), json!("2134"), json!("021341234"), json!("60134.0"), json!(60134.0), json!("60134-1234")];
    let leads: Vec<_> =
        (0..).zip(&codes).map(|(n, code)| json!({"email": format!("p{n}@example.com"), "postal_code": code})).collect();
    post(&process.url, &source, &json!(leads)).await.unwrap();
    decided(&installation, 6).await;
    let kept: Vec<String> = sqlx::query_scalar("select postal_code from person order by email")
        .fetch_all(installation.pool())
        .await
        .unwrap();
    assert_eq!(kept, ["02134", "02134", "02134-1234", "60134", "60134", "60134-1234"]);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreed_hour_stays_when_the_rules_of_its_zone_change() {
    let (installation, source, process) = serve(CRITERIA).await;
    let lead = json!({"external_id": "c39", "name": "Ora Example", "phone": "312-555-0142", "postal_code": "60601",
        "email": "ora@example.com", "answers": {"timeframe_days": 200}});
    post(&process.url, &source, &lead).await.unwrap();
    decided(&installation, 1).await;
    let listed = installation.json(&["lead", "list", "--email", "ora@example.com"]).await;
    let id = listed[0]["lead"].as_str().unwrap();
    let moved = ["promise", "move", id, "--to", "2031-04-14T14:30", "--why", "rang back", "--agreed"];
    installation.json(&moved).await;
    let shown = installation.json(&["promise", "list", "--before", "2032-01-01"]).await;
    assert_eq!(shown[0]["time"], "2031-04-14 14:30 America/Chicago", "{shown:#}");
    assert_eq!((&shown[0]["zone"], &shown[0]["due_at"]), (&json!("America/Chicago"), &json!("2031-04-14T19:30:00Z")));
    assert_eq!(process.stop().await, Some(0));
    // As a process would have written it whose rules knew of no summer time.
    let older = "update promise set due_at = due_at + interval '1 hour' where agreed";
    sqlx::query(older).execute(installation.pool()).await.unwrap();
    let process = installation.serve("").await;
    until("the instant follows the hour", LIMIT, || async {
        let due = "select count(*) from promise where agreed and due_at = '2031-04-14T19:30:00Z'";
        (installation.count(due).await == 1).then_some(())
    })
    .await;
    let shown = installation.json(&["lead", "show", id]).await;
    let agreed = shown["promises"].as_array().unwrap().iter().find(|one| one["agreed"] == true).unwrap();
    assert_eq!(agreed["time"], "2031-04-14 14:30 America/Chicago");
    assert_eq!(process.stop().await, Some(0));
}
