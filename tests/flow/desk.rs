//! What people of the firm do with leads by command: touches, answers, agreed dates, another program.

use jiff::{ToSpan, Zoned, tz::TimeZone};
use ripen_runtime::clock::Clock;
use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, always_open, posters::post, process::Process};

const WAITS: &str = "select count(*) from promise where state = 'work'";

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn today() -> Zoned {
    Clock::system().now().to_zoned(TimeZone::UTC)
}

/// A served installation in which people may be called at any time, with its criteria.
async fn installation() -> (Installation, Source, Process) {
    let mut installation = Installation::new(Kind::Local).await;
    always_open(&mut installation);
    installation.set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    (installation, source, process)
}

/// Posts a lead of a person and waits until it is decided; its id.
async fn lead(installation: &Installation, process: &Process, source: &Source, answers: Value) -> String {
    post(&process.url, source, &json!({"email": "b@example.com", "answers": answers})).await.unwrap();
    until("it is decided", LIMIT, || async {
        (installation.count("select count(*) from decision").await == 1).then_some(())
    })
    .await;
    let listed = installation.json(&["lead", "list", "--email", "b@example.com"]).await;
    listed[0]["lead"].as_str().unwrap().to_owned()
}

async fn decisions(installation: &Installation, count: i64) {
    until("it is decided again", LIMIT, || async {
        (installation.count("select count(*) from decision").await == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_agreed_in_november_stands_until_a_person_moves_it() {
    let (installation, source, process) = installation().await;
    let id = lead(&installation, &process, &source, json!({"timeframe_days": 200})).await;
    let april = today().checked_add(5.months()).unwrap().strftime("%Y-%m").to_string();
    let why = "the lease ends in May";
    let touched = installation
        .json(&[
            "lead",
            "touch",
            &id,
            "--disposition",
            "call_back",
            "--answer",
            "timeframe_days=190",
            "--next",
            &april,
            "--why",
            why,
            "--note",
            "Has a dog",
            "--by",
            "Kim",
        ])
        .await;
    assert_eq!((&touched["answers"], &touched["round_used"]), (&json!(1), &json!(false)));
    decisions(&installation, 2).await;

    let shown = installation.json(&["lead", "show", &id]).await;
    assert_eq!((&shown["stage"], &shown["rounds"]), (&json!("contact"), &json!(0)));
    assert_eq!(shown["touches"].as_array().unwrap().len(), 1);
    let touched_at = shown["touches"][0]["at"].as_str().unwrap();
    assert!(touched_at.parse::<jiff::Timestamp>().is_ok(), "programs get RFC 3339: {touched_at}");
    let notes = shown["notes"].as_array().unwrap();
    assert!(notes.iter().any(|one| one["by"] == "Kim" && one["text"] == "Has a dog"), "{shown:#}");
    assert_eq!((&shown["source"], &shown["channel"]), (&json!("Web site"), &json!("web_form")));
    assert_eq!((&shown["holder"], &shown["held_since"]), (&json!(null), &json!(null)), "it is the desk's");
    let read = text(&installation.run(&["lead", "show", &id]).await);
    assert!(read.contains("Has a dog") && !read.contains(touched_at), "people read civil times: {read}");
    let promises = shown["promises"].as_array().unwrap();
    assert_eq!((&promises[0]["state"], promises.len()), (&json!("moved"), 2), "{shown:#}");
    assert!(promises[0]["ended"].as_str().unwrap().contains("by Kim: agreed with the person: the lease ends in May"));
    assert_eq!(
        (&promises[1]["agreed"], &promises[1]["why"], &promises[1]["from"]),
        (&json!(true), &json!(why), &json!("Kim"))
    );
    assert_eq!(promises[1]["due_at"], touched["next"]);
    assert!(promises[1]["until"].is_string(), "a month is a window");
    let decided = installation.json(&["decision", "list", "--email", "b@example.com"]).await;
    assert_eq!(decided[1]["next"], touched["next"], "the receipt says what was agreed");

    post(&process.url, &source, &json!({"email": "b@example.com", "answers": {"timeframe_days": 210}})).await.unwrap();
    decisions(&installation, 3).await;
    let open = "select count(*) from promise where state = 'scheduled' and agreed";
    assert_eq!(installation.count(open).await, 1, "only a person replaces it");

    installation.json(&["promise", "move", &id, "--to", "30d", "--why", "rang back", "--agreed", "--by", "Lee"]).await;
    let shown = installation.json(&["lead", "show", &id]).await;
    assert!(shown["promises"][1]["ended"].as_str().unwrap().ends_with("by Lee: rang back"), "{shown:#}");
    let ahead = today().checked_add(60.days()).unwrap().date().to_string();
    let listed = installation.json(&["promise", "list", "--before", &ahead, "--client", "acme"]).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert!(installation.run(&["doctor"]).await.status.success());
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_listed_until_somebody_worked_on_it_and_only_fruitless_work_uses_rounds() {
    let (installation, source, process) = installation().await;
    let id = lead(&installation, &process, &source, json!({"timeframe_days": 200})).await;
    sqlx::query("update promise set due_at = now() - interval '1 second'").execute(installation.pool()).await.unwrap();
    until("it is work", LIMIT, || async { (installation.count(WAITS).await == 1).then_some(()) }).await;
    let listed = installation.json(&["promise", "list"]).await;
    assert_eq!(listed[0]["lead"], json!(id));

    let touch = uuid::Uuid::from_u128(7).to_string();
    let call = ["lead", "touch", &id, "--disposition", "no_answer", "--touch", &touch];
    assert_eq!(installation.json(&call).await["round_used"], json!(true));
    assert!(text(&installation.run(&call).await).contains("recorded before"));
    until("it is scheduled again", LIMIT, || async { (installation.count(WAITS).await == 0).then_some(()) }).await;
    let shown = installation.json(&["lead", "show", &id]).await;
    assert_eq!((&shown["rounds"], &shown["touches"][0]["round"]), (&json!(1), &json!(true)));
    let states: Vec<_> = shown["promises"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("kept"), json!("scheduled")]);

    installation.json(&["lead", "touch", &id, "--disposition", "answered", "--answer", "timeframe_days=30"]).await;
    until("it is an A", LIMIT, || async {
        (installation.count("select count(*) from lead where grade = 'A' and rounds = 0").await == 1).then_some(())
    })
    .await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_refused_with_the_reason_and_changes_nothing() {
    let (installation, source, process) = installation().await;
    let id = lead(&installation, &process, &source, json!({"timeframe_days": 200})).await;
    let none = "lead_00000000000000000000000000";
    for (arguments, why) in [
        (
            vec!["lead", "touch", &id, "--disposition", "answered", "--answer", "timeframe_day=3"],
            "did you mean 'timeframe_days'",
        ),
        (vec!["lead", "touch", &id, "--disposition", "answered", "--answer", "timeframe_days=soon"], "is no number"),
        (
            vec!["lead", "touch", &id, "--disposition", "answered", "--answer", "timeframe_days=9999"],
            "is more than 3650",
        ),
        (vec!["lead", "touch", &id, "--disposition", "answered", "--answer", "x"], "QUESTION=VALUE"),
        (vec!["lead", "touch", &id, "--disposition", "call_back", "--next", "2020-01", "--why", "x"], "is past"),
        (vec!["lead", "touch", &id, "--disposition", "call_back", "--next", "soon", "--why", "x"], "is no time"),
        (vec!["lead", "touch", none, "--disposition", "answered"], "no lead"),
        (vec!["promise", "move", &id, "--to", "2020-01-01", "--why", "x"], "is past"),
        (vec!["promise", "move", none, "--to", "30d", "--why", "x"], "no lead"),
    ] {
        let refused = installation.run(&arguments).await;
        assert!(!refused.status.success() && text(&refused).contains(why), "{arguments:?}: {}", text(&refused));
    }
    assert_eq!(installation.count("select count(*) from touch").await, 0);
    sqlx::query("update lead set stage = 'closed', closed_at = now(), closed_reason = 'went cold'")
        .execute(installation.pool())
        .await
        .unwrap();
    let refused = installation.run(&["lead", "touch", &id, "--disposition", "answered"]).await;
    assert!(!refused.status.success() && text(&refused).contains("went cold"), "{}", text(&refused));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_regrades_the_open_leads_of_its_client() {
    let (installation, source, process) = installation().await;
    lead(&installation, &process, &source, json!({"timeframe_days": 200})).await;
    let file = installation.folder().join("mortgage.toml");
    let mortgage = CRITERIA.replace("\"test\"", "\"mortgage\"").replace("<= 90", "<= 365").replace("> 90", "> 365");
    std::fs::write(&file, mortgage).unwrap();
    installation.json(&["criteria", "activate", file.to_str().unwrap()]).await;
    let unknown = installation.run(&["client", "set", "acme", "--program", "morgage"]).await;
    assert!(!unknown.status.success() && text(&unknown).contains("there are: mortgage, test"), "{}", text(&unknown));

    let before = installation.run(&["client", "set", "acme", "--program", "mortgage", "--dry-run"]).await;
    assert!(text(&before).contains("1 of 1 open leads change grade: B → A 1"), "{}", text(&before));
    let dry = installation.json(&["client", "set", "acme", "--program", "mortgage", "--dry-run"]).await;
    let expected = (json!(1), json!("mortgage"), json!(true));
    assert_eq!((&dry["regraded"], &dry["program"], &dry["dry_run"]), (&expected.0, &expected.1, &expected.2), "{dry}");
    let moved = "select count(*) from lead l join program g on g.id = l.program_id where g.name = 'mortgage'";
    assert_eq!(installation.count(moved).await, 0, "it is undone at its end");
    assert_eq!(installation.count("select count(*) from decision").await, 1);
    let set = installation.json(&["client", "set", "acme", "--program", "mortgage", "--capacity", "5"]).await;
    assert_eq!((&set["regraded"], &set["capacity"], &set["program"]), (&json!(1), &json!(5), &json!("mortgage")));
    until("it is an A", LIMIT, || async {
        (installation.count("select count(*) from lead where grade = 'A'").await == 1).then_some(())
    })
    .await;
    let programs = installation.json(&["program", "list"]).await;
    assert_eq!((&programs[0]["clients"], &programs[0]["open_leads"]), (&json!("acme"), &json!(1)));
    assert_eq!(programs[1]["open_leads"], json!(0));
    post(&process.url, &source, &json!({"email": "b@example.com"})).await.unwrap();
    decisions(&installation, 3).await;
    assert_eq!(installation.count("select count(*) from lead").await, 1, "the same lead under the other program");
    assert_eq!(process.stop().await, Some(0));
}
