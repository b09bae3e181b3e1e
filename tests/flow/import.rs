//! `ripen import`: a file goes in, twice, and through a kill.

use std::{collections::BTreeSet, fmt::Write as _};

use ripen_testkit::{mailbox::Mailbox, receiver::Receiver, wait::until};
use serde_json::Value;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, audit::once_each};

/// Deliveries that a killed process can have in flight, and repeat under their ids.
const IN_FLIGHT: usize = 256;

const FLAGS: [&str; 8] = [
    "--map",
    "answers.timeframe_days=Days",
    "--map",
    "channel=Channel",
    "--set",
    "email={Id}@example.com",
    "--replace",
    "channel:Insta=social",
];

fn file(installation: &Installation, rows: usize) -> String {
    let mut text = String::from("Id,Days,Channel,Campaign\n");
    for n in 0..rows {
        writeln!(text, "L{n},{},{},spring", (n % 40) * 10, ["Insta", "vendor"][n % 2]).unwrap();
    }
    let path = installation.folder().join("leads.csv");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn import(installation: &Installation, source: &Source, path: &str) -> Value {
    installation.json(&[&["import", path, "--source", &source.id], FLAGS.as_slice()].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_makes_no_new_lead() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let path = file(&installation, 500);
    let first = import(&installation, &source, &path).await;
    assert_eq!((&first["rows"], &first["received"], &first["refused"]), (&500.into(), &500.into(), &0.into()));
    let second = import(&installation, &source, &path).await;
    assert_eq!((&second["received"], &second["repeated"]), (&0.into(), &500.into()));
    assert_eq!(installation.count("select count(*) from lead").await, 500);
    assert_eq!(installation.count("select count(*) from lead where channel = 'social'").await, 250);
    assert_eq!(installation.count("select count(*) from lead where grade = 'A'").await, 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_cannot_be_read_are_reported_before_and_after_they_are_sent() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let path = installation.folder().join("leads.csv");
    // One id for all that names nothing: none of the rows waits for the decision of the one before.
    let rows = "Id,Days,Channel,Lead ID\nL1,when it suits,vendor,{{lead.id}}\nL2,30,vendor,{{lead.id}}\nL3,perhaps,vendor,{{lead.id}}\n";
    std::fs::write(&path, rows).unwrap();
    let path = path.to_str().unwrap();
    let flags = ["--map", "external_id=Lead ID"];
    let command = [&["import", path, "--source", &source.id], FLAGS.as_slice(), flags.as_slice()].concat();
    let expected = [("external_id", "field_unusable", vec![2, 3, 4]), ("timeframe_days", "no_number", vec![2, 4])];
    for dry_run in [true, false] {
        let more: &[&str] = if dry_run { &["--dry-run"] } else { &[] };
        let report = installation.json(&[command.as_slice(), more].concat()).await;
        assert_eq!(report["received"], 3, "{report}");
        let told: Vec<_> = report["flags"].as_array().unwrap().iter().collect();
        assert_eq!(told.len(), expected.len(), "{report}");
        for (flag, (field, code, lines)) in told.into_iter().zip(&expected) {
            assert_eq!((flag["field"].as_str(), flag["flag"].as_str()), (Some(*field), Some(*code)));
            assert_eq!(flag["first_lines"], serde_json::json!(lines));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_under_one_id_are_told_and_what_is_no_id_joins_none() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let path = installation.folder().join("strangers.csv");
    let mut rows = String::from("external_id,first_name,last_name,email,phone\n");
    let ids = ["acc-9", "acc-9", "acc-9", "#DIV/0!", "#DIV/0!", "true", "true", "lead_id", "lead_id"];
    let names = [
        "Ann Amber",
        "Bob Brook",
        "Cid Crane",
        "Dan Drake",
        "Eve Elder",
        "Fay Finch",
        "Gil Grove",
        "Hal Heath",
        "Ida Ives",
    ];
    for (number, (id, name)) in ids.into_iter().zip(names).enumerate() {
        let (first, last) = name.split_once(' ').unwrap();
        writeln!(rows, "{id},{first},{last},{first}@example.com,(415) 555-010{number}").unwrap();
    }
    std::fs::write(&path, rows).unwrap();
    for more in [["--dry-run"].as_slice(), &[]] {
        let flagged = installation.folder().join(format!("flagged{}.csv", more.len()));
        let command =
            ["import", path.to_str().unwrap(), "--source", &source.id, "--flagged", flagged.to_str().unwrap()];
        let report = installation.json(&[command.as_slice(), more].concat()).await;
        assert_eq!((&report["received"], &report["amended"]), (&7.into(), &2.into()), "{report}");
        let told: Vec<_> =
            report["flags"].as_array().unwrap().iter().map(|flag| (&flag["flag"], &flag["rows"])).collect();
        let (another, unusable) = ("another_person".into(), "field_unusable".into());
        assert_eq!(told, [(&another, &2.into()), (&unusable, &6.into())], "{report}");
        let written = std::fs::read_to_string(&flagged).unwrap();
        let lines: Vec<_> = written.lines().filter(|line| line.contains("another_person")).collect();
        assert!(lines.len() == 2 && lines[0].contains("Brook") && lines[1].contains("Crane"), "{written}");
    }
    assert_eq!(installation.count("select count(*) from lead").await, 7);
}

/// Rows of the imports that are killed, and how many of them are A.
const ROWS: usize = 2000;
const A_ROWS: usize = 500;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_in_the_middle_loses_and_doubles_nothing_on_the_embedded_default() {
    killed_and_run_again(Installation::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_in_the_middle_loses_and_doubles_nothing_on_rabbitmq() {
    killed_and_run_again(Installation::new(Kind::Rabbit).await).await;
}

/// Kills an import when the first leads are out, runs it again at once, and waits for the last delivery of both kinds.
async fn killed_and_run_again(mut installation: Installation) {
    let (receiver, mailbox) = (Receiver::start().await, Mailbox::start().await);
    for (key, value) in
        [("MAIL__URL", mailbox.url().as_str()), ("DISPATCHER__LEASE_S", "15"), ("DISPATCHER__TIMEOUT_S", "5")]
    {
        installation.set(key, value);
    }
    for key in ["DISPATCHER__OFFER_S", "QUALIFIER__OFFER_S"] {
        installation.set(key, "5");
    }
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    installation
        .json(&["endpoint", "add", "--client", "acme", "--webhook", &receiver.url("/hook"), "--allow-private"])
        .await;
    installation.json(&["rep", "add", "Sam Rep", "--client", "acme", "--email", "sam@acme.example"]).await;
    let path = file(&installation, ROWS);
    let arguments = [&["import", path.as_str(), "--source", &source.id], FLAGS.as_slice()].concat();
    let mut killed = installation.command(&arguments).spawn().unwrap();
    receiver.wait_for(1, LIMIT).await;
    killed.start_kill().unwrap();
    let report = import(&installation, &source, &path).await;
    killed.wait().await.unwrap();
    assert_eq!((&report["rows"], &report["refused"]), (&ROWS.into(), &0.into()), "{report}");
    let process = installation.serve("").await;
    let mails = || mailbox.received().iter().map(|mail| mail.header("Message-ID")).collect::<BTreeSet<_>>().len();
    until("the last A lead came out both ways", LIMIT * 2, || async {
        (receiver.distinct_ids() == A_ROWS && mails() == A_ROWS).then_some(())
    })
    .await;
    let again = import(&installation, &source, &path).await;
    assert_eq!((&again["received"], &again["repeated"]), (&0.into(), &ROWS.into()), "{again}");
    assert_eq!(process.stop().await, Some(0));
    assert_eq!((receiver.distinct_ids(), mails()), (A_ROWS, A_ROWS), "and nothing more");
    once_each(&receiver, A_ROWS, IN_FLIGHT);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_are_refused_with_their_line() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    let path = installation.folder().join("bad.csv");
    std::fs::write(&path, "email;phone\nok@example.com;\nnot an address;12\n;+1 415 555 0100\n").unwrap();
    let output = installation.run(&["import", path.to_str().unwrap(), "--source", &source.id, "--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["received"], &report["refused"]), (&2.into(), &1.into()));
    assert_eq!(report["refused_rows"][0]["line"], 3);
}
