//! Cases 15, 16, 22, 32, 37: yes and no, choices, amounts, dates and zones as people and programs write them.

use serde_json::{Value, json};

use super::{Front, text, unquoted};

/// The answer to a question that a lead has now.
fn answer<'l>(lead: &'l Value, question: &str) -> &'l Value {
    let answers = lead["answers"].as_array().unwrap().iter();
    answers.into_iter().find(|one| one["question"] == question).map_or(&Value::Null, |one| &one["answer"])
}

#[tokio::test(flavor = "multi_thread")]
async fn c15_a_ticked_box_says_yes() {
    let front = Front::new().await;
    let stored = front
        .post_form(
            "external_id=c15&first_name=Sasha&email=sasha%40example.com&phone=415-555-0155&answers.timeframe_days=20\
             &answers.budget=450000&answers.preapproved=on",
        )
        .await;
    let lead = front.lead(&stored).await;
    assert_eq!((&lead["grade"], &lead["score"], answer(&lead, "preapproved")), (&json!("A"), &json!(80), &json!(true)));
    assert_eq!(front.payload(&stored).await["answers"]["preapproved"], true);
    let mut bodies = Vec::new();
    for (n, word) in ["off", "Y", "t", "x", "checked", "Sí", "N", "F"].iter().enumerate() {
        bodies.push(json!({"email": format!("y{n}@example.com"), "answers": {"preapproved": word}}));
    }
    let stored = front.post(&Value::from(bodies).to_string()).await;
    let expected = [false, true, true, true, true, true, false, false];
    for (arrival, expected) in stored.iter().zip(expected) {
        assert_eq!(answer(&front.lead(arrival).await, "preapproved"), &json!(expected));
    }
}

const WANTS: &str = r#"
name = "wants"
about = "Which choices were ticked"

[[question]]
id = "wants"
ask = "What are you looking for?"
type = "choices"
choices = ["condo", "house", "land"]

[[rule]]
id = "house"
when = "'house' in answers.wants"
points = 70
because = "Wants a house"

[grades]
A = 70
B = 25
confirm_within = "30d"

[requalify]
B = "30d"
C = "90d"
rounds = 6
"#;

#[tokio::test(flavor = "multi_thread")]
async fn answers_count_wherever_their_sender_puts_them() {
    let front = Front::new().await;
    let stored = front
        .post(
            r#"[{"email": "a1@example.com", "answers.budget": 450000, "answers.timeframe_days": 20, "answers.preapproved": true},
                {"email": "a2@example.com", "budget": 450000, "timeframe_days": 20, "preapproved": true},
                {"email": "a3@example.com", "budget": 450000, "answers": {"timeframe_days": 20, "preapproved": true}},
                {"email": "a4@example.com", "Budget": 450000}]"#,
        )
        .await;
    for one in &stored[..3] {
        assert_eq!((&one["grade"], one["flags"].as_array().map_or(0, Vec::len)), (&json!("A"), 0), "{one:#}");
    }
    let told = json!({"field": "Budget", "code": "unknown_field", "said": "450000", "meant": "answers.budget"});
    assert_eq!(stored[3]["flags"], json!([told]));
    let form =
        front.post_form("email=a5@example.com&answers_budget=450000&timeframe_days=20&answers[preapproved]=yes").await;
    assert_eq!(form["grade"], "A", "{form:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c16_several_ticked_boxes_are_several_choices_and_an_unknown_one_is_named() {
    let front = Front::graded_by(WANTS).await;
    let form =
        front.post_form("external_id=c16-1&email=t1%40example.com&answers.wants=condo&answers.wants=house").await;
    let stored = front
        .post(
            r#"[{"external_id": "c16-2", "email": "t2@example.com", "answers": {"wants": "condo;house"}},
                {"external_id": "c16-3", "email": "t3@example.com", "answers": {"wants": ["condo", "house"]}},
                {"external_id": "c16-4", "email": "t4@example.com", "answers": {"wants": ["condo", "castle"]}},
                {"external_id": "c16-5", "email": "t5@example.com", "answers": {"wnats": "house"}}]"#,
        )
        .await;
    for arrival in [&form, &stored[0], &stored[1]] {
        let lead = front.lead(arrival).await;
        assert_eq!((&lead["grade"], answer(&lead, "wants")), (&json!("A"), &json!(["condo", "house"])));
    }
    let unknown = json!([{"field": "wants", "code": "unknown_choice", "said": "castle"}]);
    assert_eq!((&stored[2]["flags"], &front.lead(&stored[2]).await["flags"]), (&unknown, &unknown));
    let question = json!([{"field": "wnats", "code": "unknown_question", "said": "house", "meant": "wants"}]);
    assert_eq!(stored[3]["flags"], question);
}

#[tokio::test(flavor = "multi_thread")]
async fn c22_old_zone_names_are_known() {
    let front = Front::new().await;
    let zones =
        ["Asia/Calcutta", "America/Buenos_Aires", "Europe/Kiev", "Etc/GMT-8", "America/Indianapolis", "GMT+0530"];
    let leads = zones.iter().enumerate().map(|(n, zone)| {
        json!({"external_id": format!("c22-{n}"), "email": format!("z{n}@example.com"), "time_zone": zone,
               "submitted_at": "2026-11-20 10:00"})
    });
    let stored = front.post(&leads.collect::<Value>().to_string()).await;
    for (arrival, zone) in stored.iter().zip(zones).take(5) {
        assert_eq!((&arrival["flags"], &front.submission(arrival).await["time_zone"]), (&Value::Null, &json!(zone)));
    }
    assert_eq!(
        front.submission(&stored[3]).await["submitted_at"],
        "2026-11-20T02:00:00Z",
        "Etc/GMT-8 is eight hours ahead"
    );
    assert_eq!(stored[5]["flags"], json!([{"field": "time_zone", "code": "time_zone_unknown", "said": "GMT+0530"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn c32_amounts_are_read_as_they_are_written_there_or_shown() {
    let front = Front::new().await;
    let table = [
        (json!("450000"), json!(450_000), ""),
        (json!("450,000"), json!(450_000), ""),
        (json!("$450,000"), json!(450_000), ""),
        (json!("$450K"), json!(450_000), ""),
        // Nothing that a decision could read as 450.
        (json!("450.000"), json!(null), "unclear_number"),
        (json!("450.000,00"), json!(450_000), ""),
        (json!("450 000"), json!(450_000), ""),
        (json!("€ 450.000,-"), json!(450_000), ""),
        (json!("$400,000 to $500,000"), json!("$400,000 to $500,000"), "no_number"),
        (json!("400000+"), json!("400000+"), "no_number"),
        (json!("1,12"), json!("1,12"), "unclear_number"),
        (json!(0), json!(0), ""),
        (json!("0"), json!(0), ""),
        (json!(""), json!(null), ""),
        (json!("about half a million"), json!("about half a million"), "no_number"),
    ];
    let leads = table.iter().enumerate().map(|(n, (budget, ..))| {
        json!({"external_id": format!("c32-{n}"), "email": format!("n{n}@example.com"), "answers": {"budget": budget}})
    });
    let stored = front.post(&leads.collect::<Value>().to_string()).await;
    for (arrival, (given, kept, code)) in stored.iter().zip(&table) {
        let lead = front.lead(arrival).await;
        assert_eq!(answer(&lead, "budget"), kept, "{given}");
        let flag =
            if code.is_empty() { Value::Null } else { json!([{"field": "budget", "code": code, "said": given}]) };
        assert_eq!(arrival["flags"], flag, "{given}");
    }
    let german = r#"[{"email": "g1@example.com", "country": "DE", "answers": {"budget": "450.000"}},
        {"email": "g2@example.com", "locale": "de-AT", "answers": {"budget": "€ 450.000,-"}},
        {"email": "g3@example.com", "country": "DE", "answers": {"budget": "1,12"}}]"#;
    let stored = front.post(german).await;
    let mut read = Vec::new();
    for arrival in &stored {
        read.push(answer(&front.lead(arrival).await, "budget").clone());
    }
    assert_eq!(json!(read), json!([450_000, 450_000, 1.12]));
}

#[tokio::test(flavor = "multi_thread")]
async fn c32_what_was_not_understood_is_seen_by_who_gets_the_lead() {
    let front = Front::new().await;
    let stored = front
        .post(
            r#"{"email": "ann@example.com", "first_name": "Ann", "phone": "415-555-0177 / 415-555-0178",
                "answers": {"timeframe_days": 20, "preapproved": "on", "budget": "about half a million"},
                "channel": "referral"}"#,
        )
        .await;
    let flags = json!([{"field": "budget", "code": "no_number", "said": "about half a million"},
                       {"field": "phone", "code": "second_phone", "said": "+14155550178"}]);
    assert_eq!(front.lead(&stored[0]).await["flags"], flags);
    assert_eq!(front.payload(&stored[0]).await["lead"]["flags"], flags);
    let mail = front.scenario.mail("A lead: Ann").await;
    let said = unquoted(&mail);
    assert_eq!(said.matches("no number (about half a million)").count(), 2, "as text and as HTML: {said}");
    // What is not understood never hides what is known, and a later answer ends the flag.
    front.post(r#"{"email": "ann@example.com", "first_name": "Ann", "answers": {"budget": "450,000"}}"#).await;
    front.post(r#"{"email": "ann@example.com", "first_name": "Ann", "answers": {"preapproved": "perhaps"}}"#).await;
    let lead = front.lead(&stored[0]).await;
    assert_eq!((answer(&lead, "budget"), answer(&lead, "preapproved")), (&json!(450_000), &json!(true)));
    let fields: Vec<_> = lead["flags"].as_array().unwrap().iter().map(|flag| text(&flag["field"])).collect();
    assert_eq!(fields, ["phone", "preapproved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c37_a_day_without_a_time_is_the_same_instant_however_it_comes() {
    let front = Front::new().await;
    let json_body = r#"{"external_id": "c37-json", "email": "day2@example.com", "time_zone": "America/Chicago", "submitted_at": "2026-11-20"}"#;
    let mut instants = vec![front.post(json_body).await.remove(0)];
    instants.push(front.post(r#"{"email": "day4@example.com", "submitted_at": "11/20/2026"}"#).await.remove(0));
    instants.push(front.post(r#"{"email": "day5@example.com", "submitted_at": 46346}"#).await.remove(0));
    for arrival in &instants {
        assert_eq!(front.submission(arrival).await["submitted_at"], "2026-11-20T06:00:00Z");
    }
    let path = front.scenario.installation.folder().join("day.csv");
    std::fs::write(
        &path,
        "external_id,email,time_zone,submitted_at\nc37-csv,day1@example.com,America/Chicago,2026-11-20\n",
    )
    .unwrap();
    let (source, url) = (&front.scenario.source, &front.scenario.process.url);
    let beside = ["import", path.to_str().unwrap(), "--source", &source.id, "--server", url, "--key-env", "KEY"];
    let imported = front.scenario.installation.command(&beside).env("KEY", &source.key).output().await.unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    front.scenario.decided(4).await;
    let sql = "select count(*) from arrival where external_id in ('c37-csv', 'c37-json') and submitted_at = '2026-11-20T06:00:00Z'";
    assert_eq!(front.scenario.installation.count(sql).await, 2);
}

/// By hours that close: a day in Honolulu begins when people there may be called.
#[tokio::test(flavor = "multi_thread")]
async fn c37b_a_day_falls_due_at_the_first_calling_hour_where_the_person_is() {
    let front = Front::in_calling_hours().await;
    let stored = front
        .post(
            r#"{"external_id": "c37-hi", "email": "day3@example.com", "phone": "808-555-0120", "time_zone": "Pacific/Honolulu",
                "answers": {"call_again_on": "2027-04-12"}}"#,
        )
        .await;
    let lead = front.lead(&stored[0]).await;
    let due = text(&lead["promises"][0]["due_at"]);
    // Nine in the morning there.
    assert_eq!(due, "2027-04-12T19:00:00Z");
}
