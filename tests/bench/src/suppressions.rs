//! Do-not-contact lists: how long one of a million takes to come in, once more, and to be asked about.

use std::{fmt::Write as _, time::Instant};

use crate::{
    Options,
    report::{Aim, Report, note},
    stage::{Kind, Services, Stage},
};

/// A list of a national register should not be waited for.
const SECONDS: f64 = 60.0;

/// The first number of an area that can be dialled.
const FIRST: u64 = 2_000_000;

/// Runs the benchmark with a list of so many rows, each an address and a number by turns.
pub async fn run(options: &Options, rows: u64) -> Report {
    let services = Services::start(&[Kind::Local]).await;
    let mut report = Report::new("suppressions");
    let stage = Stage::new(&services, Kind::Local, &options.set).await;
    stage.set_up(None).await;
    let file = stage.file("register.csv", &list(rows));
    let import = ["suppress", "import", file.as_str(), "--country", "US", "--why", "the register of the benchmark"];
    for (what, added) in [("new", rows), ("known already", 0)] {
        note(&format!("{rows} rows, {what}"));
        let begun = Instant::now();
        let done = stage.json(&import).await;
        let took = begun.elapsed().as_secs_f64();
        assert_eq!(done["added"], added, "{done}");
        report.aimed(format!("{rows} rows, {what}"), took, "s", Aim::Below(SECONDS));
    }
    let begun = Instant::now();
    let check = stage.json(&["suppress", "check", "--email", "1@example.com"]).await;
    assert_eq!(check["suppressed"], true, "{check}");
    report.add("one of them is asked about", begun.elapsed().as_secs_f64() * 1000.0, "ms");
    stage.end().await;
    report
}

fn list(rows: u64) -> String {
    let mut text = String::from("email,phone\n");
    for row in 0..rows {
        if row % 2 == 0 {
            writeln!(text, ",+1212{:07}", FIRST + row).expect("a text takes text");
        } else {
            writeln!(text, "{row}@example.com,").expect("a text takes text");
        }
    }
    text
}
