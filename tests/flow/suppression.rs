//! Suppressions that race a batch, that were there already, and that come in the ways that people write numbers and lists.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    audit::delivered,
    scenario::{Plan, Scenario},
    workbook::{Sheet, row, workbook},
};

pub(super) async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0").set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    let plan = plan.set("QUALIFIER__LOCK_TIMEOUT_MS", "30000").set("DATABASE__LOCK_TIMEOUT_MS", "30000");
    plan.webhook("/hook", &[], &["--events", "lead.matured,lead.suppressed"]).serve().await
}

pub(super) fn a_lead(name: &str, phone: &str) -> Value {
    json!({"name": name, "phone": phone, "answers": {"timeframe_days": 20}})
}

async fn closed(scenario: &Scenario) {
    let open = "select count(*) from lead where stage <> 'closed'";
    until("nothing is open", LIMIT, || async { (scenario.installation.count(open).await == 0).then_some(()) }).await;
    let owed = "select count(*) from delivery where event = 'lead.matured' and state in ('pending', 'held', 'leased')";
    until("nothing is owed", LIMIT, || async { (scenario.installation.count(owed).await == 0).then_some(()) }).await;
}

/// Nothing that a test opens again is looked for any more.
async fn followed(scenario: &Scenario) {
    let left = "select count(*) from suppression_follow";
    until("nobody looks any more", LIMIT, || async { (scenario.installation.count(left).await == 0).then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_batch_commits_a_moment_after_a_suppression_is_closed_too() {
    let scenario = scenario().await;
    // The batch has read who is suppressed and waits to write its decision.
    let mut held = scenario.installation.pool().begin().await.unwrap();
    sqlx::query("lock table decision in share mode").execute(&mut *held).await.unwrap();
    scenario.post(&a_lead("Uma Example", "+14155550118")).await;
    let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '-- lead.write%'
                 and datname = current_database()";
    until("the batch waits", LIMIT, || async { (scenario.installation.count(waits).await > 0).then_some(()) }).await;
    let add = ["suppress", "add", "--phone", "+14155550118", "--why", "rang and asked"];
    let done = scenario.installation.json(&add).await;
    assert_eq!((&done["added"], &done["leads"]), (&json!(1), &json!(0)), "nobody is known yet");
    held.commit().await.unwrap();
    scenario.decided(1).await;
    closed(&scenario).await;
    followed(&scenario).await;
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_of_google_is_one_person_and_one_entry_under_both_its_names() {
    let scenario = scenario().await;
    for email in ["uma@googlemail.com", "Uma@gmail.com"] {
        let lead = json!({"name": "Uma Example", "email": email, "notes": email, "answers": {"timeframe_days": 20}});
        scenario.post(&lead).await;
    }
    let on_leads = "select count(*) from arrival where lead_id is not null";
    until("both are on leads", LIMIT, || async { (scenario.installation.count(on_leads).await == 2).then_some(()) })
        .await;
    assert_eq!(scenario.installation.count("select count(distinct lead_id) from arrival").await, 1);
    let check = ["suppress", "check", "--email", "uma@gmail.com"];
    scenario.installation.json(&["suppress", "add", "--email", "uma@googlemail.com", "--why", "wrote and asked"]).await;
    assert!(scenario.installation.json(&check).await.to_string().contains("wrote and asked"));
    closed(&scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_nevertheless_is_closed_by_the_same_word_once_more() {
    let scenario = scenario().await;
    scenario.post(&a_lead("Uma Example", "+14155550118")).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let add = ["suppress", "add", "--phone", "+14155550118", "--why", "rang and asked"];
    assert_eq!(scenario.installation.json(&add).await["leads"], 1);
    closed(&scenario).await;
    followed(&scenario).await;
    let open = "update lead set stage = 'lead', closed_at = null, closed_reason = null";
    sqlx::query(open).execute(scenario.installation.pool()).await.unwrap();
    let done = scenario.installation.json(&add).await;
    assert_eq!((&done["added"], &done["leads"]), (&json!(0), &json!(1)), "{done:#}");
    closed(&scenario).await;
    let told = "select count(*) from delivery where event = 'lead.suppressed'";
    assert_eq!(scenario.installation.count(told).await, 1, "who has it is told once");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_read_as_the_clients_enquiries_are_and_sheets_need_no_header() {
    let scenario = scenario().await;
    for (text, count) in [
        ("415-555-0133 / 415-555-0199", 2),
        ("+1 415 555 0134 or 415 555 0135", 2),
        ("(415) 555-0136, (415) 555-0137 and (415) 555-0138", 3),
    ] {
        let done = scenario.installation.json(&["suppress", "add", "--phone", text, "--why", "asked"]).await;
        assert_eq!(done["added"], count, "{text}");
    }
    let check = scenario.installation.json(&["suppress", "check", "--phone", "415-555-0199"]).await;
    assert_eq!(check["suppressed"], true);

    let file = scenario.installation.folder().join("register.xlsx");
    let rows = row(1, &["#4155550140", "kim@example.com"]) + &row(2, &["+1 415 555 0141"]);
    let sheet = Sheet { name: "Register", is_hidden: false, rows };
    std::fs::write(&file, workbook(&[sheet])).unwrap();
    let words = ["suppress", "import", file.to_str().unwrap(), "--country", "US", "--why", "the register of May"];
    let done = scenario.installation.json(&words).await;
    assert_eq!((&done["rows"], &done["added"], &done["unreadable"]), (&json!(2), &json!(3), &json!(0)), "{done:#}");
    let check = scenario.installation.json(&["suppress", "check", "--phone", "+14155550140"]).await;
    assert_eq!(check["suppressed"], true, "the first row too");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_reaches_those_who_stand_on_it_and_nobody_else() {
    let scenario = scenario().await;
    for (name, phone) in [("Uma Example", "+14155550118"), ("Val Example", "+14155550119")] {
        scenario.post(&a_lead(name, phone)).await;
    }
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    for (phone, why) in [("+14155550118", "rang on Monday"), ("+14155550119", "rang on Tuesday")] {
        scenario.installation.json(&["suppress", "add", "--phone", phone, "--why", why]).await;
    }
    closed(&scenario).await;
    followed(&scenario).await;
    let open = "update lead set stage = 'lead', closed_at = null, closed_reason = null";
    sqlx::query(open).execute(scenario.installation.pool()).await.unwrap();
    let file = scenario.installation.folder().join("long.csv");
    let rows: String = (0..6_000).map(|row| format!("nobody{row}@example.com,\n")).collect();
    std::fs::write(&file, format!("email,phone\n{rows},+14155550118\n")).unwrap();
    let words = ["suppress", "import", file.to_str().unwrap(), "--why", "the register of May"];
    let done = scenario.installation.json(&words).await;
    assert_eq!((&done["added"], &done["persons"], &done["leads"]), (&json!(6_000), &json!(1), &json!(1)), "{done:#}");
    let listed = "select count(*) from lead where closed_reason like '%rang on Monday%'";
    until("it is closed for the reason of its entry", LIMIT, || async {
        (scenario.installation.count(listed).await == 1).then_some(())
    })
    .await;
    let registered = "select count(*) from lead where closed_reason like '%the register of May%'";
    assert_eq!(scenario.installation.count(registered).await, 0);
    assert_eq!(scenario.process.stop().await, Some(0));
}

/// The lead of whoever has this address.
pub(super) async fn lead_of(scenario: &Scenario, email: &str) -> String {
    let listed = scenario.installation.json(&["lead", "list", "--email", email]).await;
    listed[0]["lead"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wish_of_one_is_that_of_both_when_they_are_made_one() {
    let scenario = scenario().await;
    let told = "select count(*) from delivery where event = 'lead.suppressed'";
    // Whichever of the two was known first, and however it was said.
    for (round, asks, by_touch) in [(0, 0, true), (1, 1, true), (2, 0, false), (3, 1, false)] {
        let emails = ["jones", "smith"].map(|name| format!("{name}{round}@example.com"));
        let mut ids = Vec::new();
        for (place, name) in ["Rita Jones", "Rita Smith"].into_iter().enumerate() {
            let mut lead = a_lead(name, &format!("+14155550{round}{place}9"));
            lead["email"] = json!(emails[place]);
            let matured = "select count(*) from delivery where event = 'lead.matured' and state = 'delivered'";
            let before = scenario.installation.count(matured).await;
            scenario.post(&lead).await;
            until("it is delivered", LIMIT, || async {
                (scenario.installation.count(matured).await > before).then_some(())
            })
            .await;
            ids.push(lead_of(&scenario, &emails[place]).await);
        }
        let why = if by_touch { "the person asked not to be contacted" } else { "rang on Monday" };
        if by_touch {
            scenario.touch(&ids[asks], &["--disposition", "do_not_contact"]).await;
        } else {
            scenario.installation.json(&["suppress", "add", "--email", &emails[asks], "--why", why]).await;
        }
        scenario.installation.json(&["person", "same", &ids[0], &ids[1], "--why", "she married"]).await;
        assert_eq!(scenario.installation.count(told).await, 2 * (round + 1), "who had either is told, at once");
        for email in &emails {
            let check = scenario.installation.json(&["suppress", "check", "--client", "acme", "--email", email]).await;
            assert_eq!(check["suppressed"], true, "{round} {email}: {check:#}");
        }
        let kept: i64 = sqlx::query_scalar("select count(distinct hash) from suppression where reason = $1")
            .bind(why)
            .fetch_one(scenario.installation.pool())
            .await
            .unwrap();
        let of_reason = if by_touch { round + 1 } else { round - 1 };
        assert_eq!(kept, 4 * of_reason, "both addresses and both numbers");
        scenario.post(&json!({"name": "Xu Other", "email": emails[1 - asks], "answers": {"timeframe_days": 20}})).await;
        let strangers = "select count(*) from lead l join person p on p.id = l.person_id
                         where p.name = 'Xu Other' and l.stage = 'closed'";
        until("nobody calls there", LIMIT, || async {
            (scenario.installation.count(strangers).await == round + 1).then_some(())
        })
        .await;
        closed(&scenario).await;
        assert_eq!(scenario.installation.count("select count(*) from maturation").await, 2 * (round + 1));
    }
    assert!(scenario.installation.run(&["doctor"]).await.status.success());
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_is_undone_lifts_no_wish_and_names_what_it_spread() {
    let scenario = scenario().await;
    let mut ids = Vec::new();
    for (place, email) in ["jones@example.com", "smith@example.com"].into_iter().enumerate() {
        let mut lead = a_lead(["Rita Jones", "Rita Smith"][place], &format!("+1415555011{}", 8 + place));
        lead["email"] = json!(email);
        scenario.post(&lead).await;
        scenario.receiver.wait_for(place + 1, LIMIT).await;
        delivered(&scenario.installation).await;
        ids.push(lead_of(&scenario, email).await);
    }
    scenario.touch(&ids[0], &["--disposition", "do_not_contact"]).await;
    scenario.installation.json(&["person", "same", &ids[0], &ids[1], "--why", "looks so"]).await;
    let undo = ["person", "unmerge", ids[0].as_str(), "--why", "sisters"];
    let undone = scenario.installation.json(&undo).await;
    let still = undone["still_suppressed"].as_array().unwrap();
    let of: Vec<_> = still.iter().map(|wish| wish["of"].as_str().unwrap()).collect();
    assert_eq!(of, ["smith@example.com", "+14155550119"], "the sister's, who asked for nothing: {undone:#}");
    assert!(still.iter().all(|wish| wish["person"] == undone["later"]), "{undone:#}");
    let bound = "select count(*) from person where do_not_contact";
    assert_eq!(scenario.installation.count(bound).await, 2, "nothing is lifted by itself");
    let command = "ripen suppress lift --client acme --phone '+14155550119' --why";
    assert!(still[1]["lift"].as_str().unwrap().starts_with(command), "{undone:#}");
    let said =
        "select count(*) from audit where action = 'person.unmerge' and after::text like '%still_suppressed%person_%'";
    assert_eq!(scenario.installation.count(said).await, 1);

    for (option, value) in [("--email", "smith@example.com"), ("--phone", "+14155550119")] {
        let lift = ["suppress", "lift", "--client", "acme", option, value, "--why", "asked for nothing"];
        assert_eq!(scenario.installation.json(&lift).await["lifted"], true);
    }
    assert_eq!(scenario.installation.count(bound).await, 1, "who asked stays as they asked");
    let check = ["suppress", "check", "--client", "acme", "--email", "jones@example.com"];
    assert_eq!(scenario.installation.json(&check).await["suppressed"], true);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_was_lifted_is_nobodys_when_two_are_made_one() {
    let scenario = scenario().await;
    for (name, phone) in [("Rita Jones", "+14155550118"), ("Rita Smith", "+14155550119")] {
        scenario.post(&a_lead(name, phone)).await;
    }
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let lead = |phone: &'static str| {
        let scenario = &scenario;
        async move {
            let listed = scenario.installation.json(&["lead", "list", "--phone", phone]).await;
            listed[0]["lead"].as_str().unwrap().to_owned()
        }
    };
    let (one, other) = (lead("+14155550118").await, lead("+14155550119").await);
    scenario.touch(&one, &["--disposition", "do_not_contact"]).await;
    let lift = ["suppress", "lift", "--client", "acme", "--phone", "+14155550118", "--why", "wrote to us"];
    assert_eq!(scenario.installation.json(&lift).await["lifted"], true);
    scenario.installation.json(&["person", "same", &one, &other, "--why", "she married"]).await;
    assert_eq!(scenario.installation.count("select count(*) from suppression").await, 0);
    assert_eq!(scenario.installation.count("select count(*) from person where do_not_contact").await, 0);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_was_lifted_does_not_come_back_with_another_address() {
    let scenario = scenario().await;
    let mut lead = a_lead("Uma Example", "+14155550118");
    lead["email"] = json!("uma@example.com");
    scenario.post(&lead).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let uma = lead_of(&scenario, "uma@example.com").await;
    scenario.touch(&uma, &["--disposition", "do_not_contact"]).await;
    closed(&scenario).await;
    followed(&scenario).await;
    let both = ["suppress", "lift", "--client", "acme", "--email", "uma@example.com", "--phone", "+14155550118"];
    let lifted = scenario.installation.json(&[&both[..], &["--why", "wrote to us"]].concat()).await;
    assert_eq!((&lifted["persons"], &lifted["still_suppressed"]), (&json!(1), &json!(0)), "counted once: {lifted:#}");
    // Barred since by a list, for the number alone; and reached under a new address.
    scenario.installation.json(&["suppress", "add", "--phone", "+14155550118", "--why", "the register of May"]).await;
    let mut again = a_lead("Uma Example", "+14155550118");
    again["email"] = json!("uma@example.org");
    scenario.post(&again).await;
    let known = "select count(*) from person_identity where value = 'uma@example.org'";
    until("she is reached there", LIMIT, || async { (scenario.installation.count(known).await == 1).then_some(()) })
        .await;
    closed(&scenario).await;
    assert_eq!(scenario.installation.count("select count(*) from suppression").await, 1, "nobody named the others");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_number_that_is_suppressed_is_told_to_nobody() {
    let scenario = scenario().await;
    for number in ["+14155550123", "+14155550118", "+442079460958"] {
        scenario.installation.json(&["suppress", "add", "--phone", number, "--why", "rang and asked"]).await;
    }
    let suppressed = json!([{"field": "phone", "code": "second_suppressed"}]);
    let second = json!([{"field": "phone", "code": "second_phone", "said": "+14155550126"}]);
    let told = |said: &str| {
        json!([{"field": "phone", "code": "second_suppressed"},
                                   {"field": "phone", "code": "second_phone", "said": said}])
    };
    let (third, last_digits) = (told("+14155550137"), told("+14155550139"));
    let cases = [
        (json!(["415-555-0124", "415-555-0123"]), &suppressed),
        (json!("415-555-0171 / 0118"), &suppressed),
        (json!("415-555-0125 / 415-555-0126"), &second),
        (json!("(415) 555-0136, (415) 555-0137 and (415) 555-0118"), &third),
        (json!("415-555-0138 / 0139 / 0118"), &last_digits),
    ];
    let names = ["Ash", "Birch", "Cedar", "Dogwood", "Elm"];
    for (place, (phone, flags)) in cases.into_iter().enumerate() {
        let lead =
            json!({"name": format!("Uma Example {}", names[place]), "phone": phone, "answers": {"timeframe_days": 20}});
        scenario.post(&lead).await;
        scenario.receiver.wait_for(place + 1, LIMIT).await;
        assert_eq!(&scenario.receiver.received()[place].json()["data"]["lead"]["flags"], flags);
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suppressed_number_is_told_to_nobody_whatever_field_it_stood_in() {
    let scenario = scenario().await;
    for number in ["+14155550118", "+442079460958"] {
        scenario.installation.json(&["suppress", "add", "--phone", number, "--why", "rang and asked"]).await;
    }
    scenario.installation.json(&["suppress", "add", "--email", "no@example.com", "--why", "wrote and asked"]).await;
    let cases = [
        // As the person's own number, with a remark or without, it would bar them.
        json!({"phon": "+14155550118"}),
        json!({"phon": "415.555.0118"}),
        json!({"phon": "020 7946 0958", "country": "GB"}),
        json!({"answers": {"timeframe_days": "20", "timeframe": "ask +44 20 7946 0958"}}),
        json!({"time_zone": "no@example.com"}),
    ];
    for (place, case) in cases.into_iter().enumerate() {
        let mut lead = json!({"name": format!("Uma Example {place}"), "email": format!("uma.{place}@example.com"),
                              "answers": {"timeframe_days": 20}});
        lead.as_object_mut().unwrap().extend(case.as_object().unwrap().clone());
        scenario.post(&lead).await;
        scenario.receiver.wait_for(place + 1, LIMIT).await;
        let flags = &scenario.receiver.received()[place].json()["data"]["lead"]["flags"];
        let flags =
            flags.as_array().unwrap_or_else(|| panic!("{case}: {:#}", scenario.receiver.received()[place].json()));
        assert!(flags.iter().any(|flag| flag["code"] == "second_suppressed"), "{case}: {flags:?}");
        assert!(flags.iter().all(|flag| flag["code"] != "second_suppressed" || flag.get("said").is_none()));
        let told = serde_json::to_string(flags).unwrap();
        assert!(!["0118", "0958", "no@", "No@"].iter().any(|part| told.contains(part)), "{case}: {told}");
        let shown = scenario.installation.json(&["lead", "list", "--email", &format!("uma.{place}@example.com")]).await;
        let shown = scenario.installation.json(&["lead", "show", shown[0]["lead"].as_str().unwrap()]).await;
        let told = shown["flags"].to_string();
        assert!(!["0118", "0958", "no@", "No@"].iter().any(|part| told.contains(part)), "{case}: {told}");
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_stands_in_a_field_of_the_senders_own_is_told_to_nobody() {
    let scenario = scenario().await;
    scenario.installation.json(&["suppress", "add", "--phone", "+14155550118", "--why", "rang and asked"]).await;
    for (place, field) in ["mobile", "second_phone", "homePhone"].into_iter().enumerate() {
        let mut lead = a_lead(&format!("Uma Example {place}"), &format!("+1415555013{place}"));
        lead[field] = json!("415-555-0118");
        scenario.post(&lead).await;
        scenario.receiver.wait_for(place + 1, LIMIT).await;
        let told = scenario.receiver.received()[place].json();
        assert_eq!(told["data"]["lead"]["flags"], json!([{"field": field, "code": "second_suppressed"}]), "{told:#}");
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suppressed_number_is_told_to_nobody_in_whatever_words_it_stands() {
    let scenario = scenario().await;
    scenario.installation.json(&["suppress", "add", "--phone", "+14155550118", "--why", "rang and asked"]).await;
    scenario.installation.json(&["suppress", "add", "--email", "no@example.com", "--why", "wrote and asked"]).await;
    let cases = [
        (json!({"answers": {"timeframe_days": 20, "call_again_on": "415-555-0118"}}), "call_again_on"),
        (json!({"answers": {"timeframe_days": 20, "other": [4_155_550_118_u64]}}), "other"),
        (json!({"name": "Zed Quill 4155550118"}), "name"),
        (json!({"first_name": "no@example.com", "last_name": "Quill", "name": null}), "first_name"),
        (json!({"phone_extension": "4155550118"}), "phone_extension"),
        (json!({"notes": "two dogs; ring my sister at (415) 555-0118"}), "notes"),
        (json!({"postal_code": "4155550118"}), "postal_code"),
    ];
    for (place, (case, field)) in cases.into_iter().enumerate() {
        let mut lead = json!({"name": "Uma Example", "email": format!("uma.{place}@example.com"), "phone": format!("+1415555013{place}"),
                              "answers": {"timeframe_days": 20}});
        lead.as_object_mut().unwrap().extend(case.as_object().unwrap().clone());
        scenario.post(&lead).await;
        scenario.receiver.wait_for(place + 1, LIMIT).await;
        let told = scenario.receiver.received()[place].json();
        let words: String = told.to_string().chars().filter(|c| c.is_alphanumeric() || *c == '@').collect();
        assert!(!["5550118", "no@"].iter().any(|part| words.contains(part)), "{told:#}");
        let flags = told["data"]["lead"]["flags"].as_array().unwrap_or_else(|| panic!("{told:#}"));
        let is_told =
            |flag: &Value| flag["field"] == field && flag["code"] == "second_suppressed" && flag.get("said").is_none();
        assert!(flags.iter().any(is_told), "{field}: {flags:?}");
        match field {
            "name" => assert_eq!(told["data"]["lead"]["name"], "Zed Quill"),
            "first_name" => assert_eq!(told["data"]["lead"]["last_name"], "Quill"),
            "notes" => {
                assert!(told["data"]["notes"][0]["text"].as_str().unwrap().starts_with("two dogs; ring my sister at ["))
            }
            _ => {}
        }
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

/// The mailbox is the same, and so is who reads it.
#[tokio::test(flavor = "multi_thread")]
async fn a_suppressed_mailbox_is_met_under_every_spelling_of_its_address() {
    let scenario = scenario().await;
    scenario.post(&json!({"name": "Uma Example", "email": "um.a@gmail.com", "answers": {"timeframe_days": 20}})).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    for email in ["uma@gmail.com", "vic@example.com"] {
        scenario.installation.json(&["suppress", "add", "--email", email, "--why", "wrote and asked"]).await;
    }
    // Known under another spelling: closed, and who has the lead is told.
    scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!(scenario.receiver.received()[1].json()["type"], "lead.suppressed");
    for email in ["u.m.a+x@googlemail.com", "vic+home@example.com"] {
        scenario.post(&json!({"name": "Another Name", "email": email, "answers": {"timeframe_days": 20}})).await;
    }
    scenario.decided(4).await;
    closed(&scenario).await;
    assert_eq!(scenario.receiver.received().len(), 2, "nothing more goes out");
    assert_eq!(scenario.process.stop().await, Some(0));
}

/// Who rang and asked is not called because a form wrote their number in another way.
#[tokio::test(flavor = "multi_thread")]
async fn a_suppressed_number_is_met_by_whatever_its_digits_can_be_read_as() {
    let scenario = scenario().await;
    for number in ["+48512345678", "+4915145678901", "+39331123456", "+494915228817555"] {
        scenario.installation.json(&["suppress", "add", "--phone", number, "--why", "rang and asked"]).await;
    }
    let cases = [
        ("PL", "+48 (0) 512 345 678"),
        ("DE", "4915145678901"),
        // Read as the landline that it most likely is, and as the mobile that somebody may have meant.
        ("IT", "+39 (0) 331 123456"),
        // As an earlier version read and stored it.
        ("DE", "4915228817555"),
    ];
    for (place, (country, phone)) in cases.into_iter().enumerate() {
        let mut lead = a_lead(&format!("Uma Example {place}"), phone);
        lead["country"] = json!(country);
        scenario.post(&lead).await;
    }
    let barred = "select count(*) from person where do_not_contact";
    until("each is barred", LIMIT, || async { (scenario.installation.count(barred).await == 4).then_some(()) }).await;
    closed(&scenario).await;
    assert_eq!(scenario.installation.count("select count(*) from delivery where event = 'lead.matured'").await, 0);
    assert_eq!(scenario.process.stop().await, Some(0));
}
