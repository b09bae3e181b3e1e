//! `ripen import`: a file goes in, twice, and through a kill.

use std::fmt::Write as _;

use serde_json::Value;

use crate::harness::{CRITERIA, Installation, Kind, Source};

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
async fn an_import_killed_in_the_middle_goes_on_where_it_stopped() {
    let installation = Installation::new(Kind::Rabbit).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let path = file(&installation, 3000);
    let arguments = [&["import", path.as_str(), "--source", &source.id], FLAGS.as_slice()].concat();
    let mut killed = installation.command(&arguments).spawn().unwrap();
    ripen_testkit::wait::until("some are stored", crate::harness::LIMIT, || async {
        (installation.count("select count(*) from arrival").await > 0).then_some(())
    })
    .await;
    killed.start_kill().unwrap();
    killed.wait().await.unwrap();
    let report = import(&installation, &source, &path).await;
    assert_eq!(report["rows"], 3000);
    assert_eq!(installation.count("select count(*) from lead").await, 3000);
    assert_eq!(installation.count("select count(*) from arrival").await, 3000);
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
