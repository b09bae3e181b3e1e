//! What of a list is not understood, or must not be worked: said in the report, written down, and found again.

use std::fs;

use serde_json::json;

use super::{Desk, all_received, counts};
use crate::harness::{
    CRITERIA,
    workbook::{Sheet, row, workbook},
};

#[tokio::test(flavor = "multi_thread")]
async fn who_must_not_be_contacted_is_counted_and_not_worked() {
    let desk = Desk::new().await;
    desk.installation.activate(CRITERIA).await;
    let list = "Email,Do Not Call,Status,timeframe_days\nd1@example.com,Yes,,20\nd2@example.com,No,DNC,20\nd3@example.com,No,new,20\n";
    for flags in [&["--dry-run"][..], &[]] {
        let report = desk.import("dnc.csv", list, flags).await;
        assert_eq!(counts(&report), all_received(3));
        let flagged = report["flags"].as_array().unwrap().iter().filter(|flag| flag["flag"] == "do_not_contact");
        let flagged: Vec<_> = flagged.map(|flag| (flag["field"].clone(), flag["rows"].clone())).collect();
        assert_eq!(flagged, [(json!("Status"), json!(1)), (json!("do_not_contact"), json!(1))]);
        // Called as the question is: it answers it.
        assert!(!report["unfilled_answers"].to_string().contains("timeframe_days"), "{report}");
    }
    assert_eq!(desk.installation.count("select count(*) from suppression").await, 2);
    assert_eq!(desk.installation.count("select count(*) from lead where stage <> 'closed'").await, 1);
    assert_eq!(desk.installation.count("select count(*) from answer where question = 'timeframe_days'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_formula_that_was_never_computed_is_told_with_its_words() {
    let desk = Desk::new().await;
    let rows = [
        row(1, &["Email", "answers.budget", "Notes"]),
        row(2, &["f1@example.com", "=2*225000", "=A2"]),
        row(3, &["f2@example.com", "#450000", "plain"]),
    ];
    let book = workbook(&[Sheet { name: "Leads", is_hidden: false, rows: rows.concat() }]);
    let flagged = desk.installation.folder().join("flagged.csv");
    for dry in [&["--dry-run"][..], &[]] {
        let report = desk.import("book.xlsx", &book, &[&["--flagged", flagged.to_str().unwrap()], dry].concat()).await;
        assert_eq!(counts(&report), all_received(2));
        let told =
            report["flags"].as_array().unwrap().iter().map(|flag| {
                (flag["field"].clone(), flag["flag"].clone(), flag["said"][0].clone(), flag["rows"].clone())
            });
        let expected = [("budget", "=2*225000"), ("notes", "=A2")];
        let expected = expected.map(|(field, said)| (json!(field), json!("no_stored_value"), json!(said), json!(1)));
        assert_eq!(told.collect::<Vec<_>>(), expected, "{report}");
        let written = fs::read_to_string(&flagged).unwrap();
        assert!(written.contains("budget: no_stored_value (=2*225000)"), "{written}");
    }
    assert_eq!(desk.leads(&["--flag", "no_stored_value"]).await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_stands_twice_is_flagged_once_in_the_dry_run_as_in_the_run() {
    let desk = Desk::new().await;
    let flagged = desk.installation.folder().join("twice.csv");
    let list = "external_id,Email,Do Not Call\n1,d1@example.com,Yes\n1,d1@example.com,Yes\n2,d2@example.com,No\n3,d3@example.com,Yes\n";
    let mut told = Vec::new();
    for dry in [&["--dry-run"][..], &[]] {
        let report = desk.import("list.csv", list, &[&["--flagged", flagged.to_str().unwrap()], dry].concat()).await;
        let flags = report["flags"].as_array().unwrap().iter().filter(|flag| flag["flag"] == "do_not_contact");
        let rows: Vec<_> = flags.map(|flag| (flag["rows"].clone(), flag["first_lines"].clone())).collect();
        told.push((counts(&report), rows, fs::read_to_string(&flagged).unwrap()));
    }
    assert_eq!(told[0], told[1]);
    let (counts, rows, _) = &told[0];
    assert_eq!((&counts["received"], &counts["repeated"]), (&json!(3), &json!(1)));
    assert_eq!(rows.iter().map(|(rows, _)| rows).collect::<Vec<_>>(), [&json!(2)], "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plus_of_a_number_format_is_read_and_told_where_it_cannot_be() {
    let desk = Desk::new().await;
    let rows = [
        row(1, &["Email", "Phone"]),
        row(2, &["p1@example.com", "^4930901820"]),
        row(3, &["p2@example.com", "~4930901820"]),
    ];
    let book = workbook(&[Sheet { name: "Leads", is_hidden: false, rows: rows.concat() }]);
    let report = desk.import("plus.xlsx", &book, &[]).await;
    assert_eq!(counts(&report), all_received(2));
    // In the United States, where the source is: German by its plus alone.
    let phones =
        desk.texts("select coalesce(submission->>'phone', '') from arrival order by submission->>'email'").await;
    assert_eq!(phones[0], "+4930901820", "{report}");
    let told = report["flags"].as_array().unwrap().iter().find(|flag| flag["flag"] == "number_format").unwrap();
    assert_eq!((&told["field"], &told["rows"]), (&json!("phone"), &json!(1)), "{report}");
    assert_eq!(told["said"][0], "4930901820 shown as [>some]\"+\"0;0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_another_encoding_is_guessed_and_each_row_of_it_flagged() {
    let desk = Desk::new().await;
    // `email,name`, `Иван Петров` and `Анна Смирнова` in Windows-1251.
    let list = b"email,name\ng1@example.com,\xc8\xe2\xe0\xed \xcf\xe5\xf2\xf0\xee\xe2\n\
        g2@example.com,\xc0\xed\xed\xe0 \xd1\xec\xe8\xf0\xed\xee\xe2\xe0\ng3@example.com,Plain\n";
    let report = desk.import("cyrillic.csv", &list[..], &[]).await;
    assert_eq!(counts(&report), all_received(3));
    let flag = &report["flags"][0];
    assert_eq!((&flag["field"], &flag["flag"], &flag["rows"]), (&json!("name"), &json!("encoding_guessed"), &json!(2)));
    assert_eq!(report["file"]["encoding"], "windows-1251 in 2 row(s) that are no UTF-8");
    let names = desk.texts("select coalesce(submission->>'name', '') from arrival order by submission->>'email'").await;
    assert_eq!(names, ["Иван Петров", "Анна Смирнова", "Plain"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_understood_is_said_written_down_and_found_again() {
    let desk = Desk::new().await;
    desk.installation.activate(CRITERIA).await;
    let flagged = desk.installation.folder().join("flagged.csv");
    let list = "Email;Channel;Timeframe\nw1@example.com;Trade Show;30\nw2@example.com;web;30\nw3@example.com;radio;30\nw4@example.com;web;30\n";
    let report = desk.import("channels.csv", list, &["--flagged", flagged.to_str().unwrap()]).await;
    assert_eq!(counts(&report), all_received(4));
    let channel = &report["flags"][0];
    assert_eq!(
        (&channel["flag"], &channel["rows"], &channel["said"]),
        (&json!("channel_unknown"), &json!(3), &json!(["web", "radio"]))
    );
    assert!(channel["do"].as_str().unwrap().starts_with("--replace 'channel:web=web_form'"), "{report}");
    assert!(
        report["likely_answers"][0].as_str().unwrap().contains("--map 'answers.timeframe_days=Timeframe'"),
        "{report}"
    );
    let unfilled = report["unfilled_answers"].to_string();
    assert!(
        unfilled.contains("no column fills answers.timeframe_days (") && unfilled.contains(" points)"),
        "{unfilled}"
    );
    let written = fs::read_to_string(&flagged).unwrap();
    assert!(written.starts_with("flagged_line;flagged_row;flagged_because;Email;Channel;Timeframe\n"), "{written}");
    assert_eq!(written.matches("channel_unknown (web)").count(), 2, "{written}");
    assert_eq!(desk.installation.count("select count(*) from lead where channel = 'trade_show'").await, 1);
    let all = desk.leads(&["--client", "acme", "--source", &desk.source.id]).await;
    assert_eq!(all.as_array().unwrap().len(), 4);
    assert_eq!(desk.leads(&["--flag", "channel_unknown"]).await.as_array().unwrap().len(), 3);
    assert_eq!(desk.leads(&["--flag", "no_number"]).await, json!([]));
    // Page by page each comes once.
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    while seen.len() <= 4 {
        let from = after.as_deref().map(|after| vec!["--after", after]).unwrap_or_default();
        let page = desk.leads(&[&["--limit", "3"], from.as_slice()].concat()).await;
        let leads: Vec<_> =
            page.as_array().unwrap().iter().map(|lead| lead["lead"].as_str().unwrap().to_owned()).collect();
        let Some(last) = leads.last() else { break };
        after = Some(last.clone());
        seen.extend(leads);
    }
    let expected: Vec<_> =
        all.as_array().unwrap().iter().map(|lead| lead["lead"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, expected);
}
