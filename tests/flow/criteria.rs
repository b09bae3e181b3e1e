//! Criteria from the first draft to a new version, and the questions people ask about a grade.

use serde_json::{Value, json};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, audit::delivered, posters::post};
use ripen_domain::id::DecisionId;
use ripen_testkit::wait::until;

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// An installation with these leads decided: days until they want to move.
async fn decided(days: &[Value]) -> (Installation, Source) {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    for (number, days) in days.iter().enumerate() {
        let lead = json!({"email": format!("lead{number}@example.com"), "answers": {"timeframe_days": days}});
        post(&process.url, &source, &lead).await.unwrap();
    }
    until("all are decided", LIMIT, || async {
        let decided = installation.count("select count(*) from decision").await;
        (usize::try_from(decided).unwrap() == days.len()).then_some(())
    })
    .await;
    delivered(&installation).await;
    assert_eq!(process.stop().await, Some(0));
    (installation, source)
}

fn draft(installation: &Installation, name: &str, document: &str) -> String {
    let path = installation.folder().join(name);
    std::fs::write(&path, document).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn forge(installation: &Installation, decision: &str, receipt: Vec<u8>) {
    let id: DecisionId = decision.parse().unwrap();
    let forged = sqlx::query("update decision set receipt = $2 where id = $1").bind(id.uuid()).bind(receipt);
    assert_eq!(forged.execute(installation.pool()).await.unwrap().rows_affected(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_rests_on_a_back_test_of_itself() {
    let (installation, _) = decided(&[json!(45), json!(100), json!(100), json!(300)]).await;
    installation.json(&["client", "set", "acme", "--capacity", "2"]).await;
    let wider = draft(&installation, "wider.toml", &CRITERIA.replace("<= 90", "<= 120").replace("> 90", "> 120"));
    let refused = installation.run(&["criteria", "activate", &wider]).await;
    assert!(!refused.status.success() && text(&refused).contains("criteria backtest"), "{}", text(&refused));

    let found = installation.json(&["criteria", "backtest", &wider]).await;
    assert_eq!((&found["leads"], &found["decisions"], &found["same"]), (&json!(4), &json!(4), &json!(2)), "{found}");
    assert!(found["flows"].as_array().unwrap().contains(&json!(["B", "A", 2])), "{found}");
    let acme = &found["a_leads"]["acme"];
    assert_eq!((&acme["before"], &acme["after"]), (&json!(1), &json!(3)));
    assert_eq!((&acme["capacity"], &acme["over_before"], &acme["over_after"]), (&json!(2), &json!(0), &json!(1)));
    let backtest = found["id"].as_str().unwrap();

    let said = installation.run(&["criteria", "activate", &wider, "--backtest", backtest, "--dry-run"]).await;
    assert!(text(&said).contains("2 of 4 open leads change grade: B → A 2"), "{}", text(&said));
    let dry = installation.json(&["criteria", "activate", &wider, "--backtest", backtest, "--dry-run"]).await;
    assert_eq!((&dry["version"], &dry["change"], &dry["dry_run"]), (&json!(2), &json!(2), &json!(true)), "{dry}");
    let active = "select count(*) from criteria_event";
    assert_eq!(installation.count(active).await, 1, "it is undone at its end");
    let other = draft(&installation, "other.toml", &CRITERIA.replace("<= 90", "<= 119").replace("> 90", "> 119"));
    let refused = installation.run(&["criteria", "activate", &other, "--backtest", backtest]).await;
    assert!(!refused.status.success() && text(&refused).contains("another document"), "{}", text(&refused));
    let switched = installation.json(&["criteria", "activate", &wider, "--backtest", backtest]).await;
    assert_eq!(switched["version"], 2);

    let first = draft(&installation, "first.toml", CRITERIA);
    assert_eq!(installation.json(&["criteria", "activate", &first]).await["version"], 1, "a return needs none");
    let events = "select count(*) from criteria_event where by <> '' and (backtest_id is not null or what = 'retired' or criteria_id in (select id from criteria where version = 1))";
    assert_eq!(installation.count(events).await, 5, "each switch is noted with who did it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_test_knows_nothing_that_came_later() {
    let (installation, source) = decided(&[json!(300)]).await;
    let process = installation.serve("").await;
    let news = json!({"email": "lead0@example.com", "answers": {"timeframe_days": 45}});
    post(&process.url, &source, &news).await.unwrap();
    until("it is decided again", LIMIT, || async {
        (installation.count("select count(*) from decision").await == 2).then_some(())
    })
    .await;
    assert_eq!(process.stop().await, Some(0));
    let same = draft(&installation, "same.toml", &format!("{CRITERIA}\n# the same\n"));
    let found = installation.json(&["criteria", "backtest", &same]).await;
    assert_eq!((&found["decisions"], &found["same"]), (&json!(2), &json!(2)), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grade_is_explained_and_replayed() {
    let (installation, _) = decided(&[json!(200), json!(null), json!("soon")]).await;
    let listed = installation.json(&["decision", "list", "--email", "LEAD0@example.com"]).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["grade"]), (1, &json!("B")), "{listed}");
    let id = listed[0]["decision"].as_str().unwrap();
    let shown = text(&installation.run(&["decision", "show", id]).await);
    for part in ["Grade B", "What counted", "What would make it an A", "What happens next", "is looked at again on"] {
        assert!(shown.contains(part), "{part} in:\n{shown}");
    }
    let unknown =
        text(&installation.run(&["decision", "list", "--email", "lead1@example.com", "--at", "2100-01-01"]).await);
    assert!(unknown.contains("not known: timeframe_days"), "{unknown}");
    let unused =
        text(&installation.run(&["decision", "list", "--email", "lead2@example.com", "--at", "2100-01-01"]).await);
    assert!(unused.contains("Answers that did not count"), "{unused}");
    let early = installation.run(&["decision", "list", "--email", "lead0@example.com", "--at", "2001-01-01"]).await;
    assert!(text(&early).contains("no decision about this person was made by 2001-01-01"), "{}", text(&early));

    let all = installation.json(&["decision", "replay", "--all"]).await;
    assert_eq!((&all["same"], &all["differ"]), (&json!(3), &json!(0)));
    assert_eq!(installation.json(&["decision", "replay", id]).await["same"], 1);
    let at_rest = installation.count("select avg(octet_length(receipt))::bigint from decision").await;
    assert!((50..350).contains(&at_rest), "receipts are kept compressed: {at_rest} bytes");
    let strays = installation.count("select count(*) from decision_default").await;
    assert_eq!(strays, 0, "decisions lie in their month");
    let kept = text(&installation.run(&["decision", "show", id, "--json"]).await);
    forge(&installation, id, kept.trim().replace("\"score\":", "\"score\":1").into_bytes()).await;
    let forged = installation.run(&["decision", "replay", "--all"]).await;
    assert_eq!(forged.status.code(), Some(1));
    assert!(text(&forged).contains(&format!("{id} differs: its criteria")), "{}", text(&forged));
    forge(&installation, id, vec![0x28, 0xb5, 0x2f, 0xfd, 7]).await;
    let damaged = installation.run(&["decision", "replay", "--all"]).await;
    assert_eq!(damaged.status.code(), Some(1));
    let because = format!("{id} differs: a stored value is not understood: the receipt of {id}: its bytes are damaged");
    assert!(text(&damaged).contains(&because), "{}", text(&damaged));
    let shown = installation.run(&["decision", "show", id]).await;
    assert!(!shown.status.success() && text(&shown).contains("its bytes are damaged"), "{}", text(&shown));
}
