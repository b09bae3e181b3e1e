//! An id that comes with another person: only what its sender said is that person's, whatever others said, did or asked for.

use ripen_testkit::{receiver::Received, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    Kind, LIMIT, Source,
    audit::delivered,
    scenario::{Plan, Scenario},
};

fn body(id: &str, name: &str, phone: &str, answers: Value) -> Value {
    let email = format!("{}@example.com", name.split(' ').next().unwrap().to_lowercase());
    json!({"external_id": id, "name": name, "email": email, "phone": phone, "answers": answers})
}

fn cara(id: &str, answers: Value) -> Value {
    body(id, "Cara Edit", "+17205550101", answers)
}

fn otto(id: &str, answers: Value) -> Value {
    body(id, "Otto Other", "+17205550102", answers)
}

async fn show(scenario: &Scenario, lead: &Value) -> Value {
    scenario.installation.json(&["lead", "show", lead.as_str().unwrap()]).await
}

fn answer(lead: &Value, question: &str) -> Option<Value> {
    let all = lead["answers"].as_array().unwrap();
    all.iter().find(|one| one["question"] == question).map(|one| one["answer"].clone())
}

fn is_flagged(lead: &Value) -> bool {
    lead["flags"].as_array().unwrap().iter().any(|flag| flag["code"] == "another_person")
}

/// The leads that are found by an address.
async fn found(scenario: &Scenario, email: &str) -> Vec<Value> {
    let listed = scenario.installation.json(&["lead", "list", "--email", email]).await;
    listed.as_array().unwrap().iter().map(|lead| lead["lead"].clone()).collect()
}

/// Two sources of one client.
async fn two_vendors() -> (Scenario, Source, Source) {
    vendors_on(Kind::Local).await
}

async fn vendors_on(kind: Kind) -> (Scenario, Source, Source) {
    let scenario = Plan::on(kind).await.always_open().set("QUALIFIER__SWEEP_INTERVAL_MS", "50").serve().await;
    let other = scenario.installation.source("acme", "Vendor").await;
    let first = scenario.source.clone();
    (scenario, first, other)
}

/// Waits until every lead is decided by what is on it.
async fn settled(scenario: &Scenario) {
    until("all is decided", LIMIT, || async {
        (scenario.installation.count("select count(*) from regrade").await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_vendor_that_names_another_takes_its_own_words_along_and_nobody_elses() {
    let (scenario, one, other) = two_vendors().await;
    let first = scenario.told_decided(&one, None, &cara("3", json!({"timeframe_days": 20, "kitchen": "old"}))).await;
    let second = scenario.told_decided(&other, None, &cara("9", json!({"budget": 90_000}))).await;
    assert_eq!(first["lead"], second["lead"], "one person, one lead");
    let moved = scenario.told_decided(&one, None, &otto("3", json!({"timeframe_days": 30}))).await;
    assert_ne!(moved["lead"], first["lead"]);
    settled(&scenario).await;

    let (of_cara, of_otto) = (show(&scenario, &first["lead"]).await, show(&scenario, &moved["lead"]).await);
    assert_eq!((&of_cara["name"], &of_cara["email"]), (&json!("Cara Edit"), &json!("cara@example.com")));
    assert_eq!(answer(&of_cara, "budget"), Some(json!(90_000)));
    assert_eq!((answer(&of_cara, "timeframe_days"), answer(&of_cara, "kitchen")), (None, None), "{of_cara:#}");
    assert!(of_cara["grade"] != "A" && !is_flagged(&of_cara), "{of_cara:#}");
    assert_eq!((&of_otto["name"], &of_otto["grade"]), (&json!("Otto Other"), &json!("A")));
    assert_eq!((answer(&of_otto, "timeframe_days"), answer(&of_otto, "budget")), (Some(json!(30)), None));
    assert_eq!(answer(&of_otto, "kitchen"), Some(json!("old")), "it did not take that back");
    assert!(is_flagged(&of_otto), "{of_otto:#}");
    // Whoever is found there is who was meant, and stays so.
    assert_eq!(found(&scenario, "cara@example.com").await, [first["lead"].clone()]);
    assert_eq!(found(&scenario, "otto@example.com").await, [moved["lead"].clone()]);
    let again = json!({"name": "Cara Edit", "email": "cara@example.com", "notes": "me again"});
    assert_eq!(scenario.told_decided(&other, None, &again).await["lead"], first["lead"]);
    let credited = "select count(*) from lead l join source s on s.id = l.source_id
                    join person p on p.id = l.person_id where s.name = 'Vendor' and p.name = 'Cara Edit'";
    assert_eq!(scenario.installation.count(credited).await, 1);
    // Each goes on correcting its own.
    scenario.told_decided(&one, None, &otto("3", json!({"timeframe_days": 200}))).await;
    scenario.told_decided(&other, None, &cara("9", json!({"budget": 95_000}))).await;
    settled(&scenario).await;
    // A question that the script does not ask is flagged, and replaces nothing.
    for (lead, question, expected) in [(&moved, "timeframe_days", json!(200)), (&first, "budget", json!(90_000))] {
        until("the correction is there", LIMIT, async || {
            (answer(&show(&scenario, &lead["lead"]).await, question) == Some(expected.clone())).then_some(())
        })
        .await;
    }
    assert_eq!(scenario.installation.count("select count(*) from person").await, 2);
    assert!(scenario.installation.run(&["doctor"]).await.status.success());
}

#[tokio::test]
async fn a_sender_that_meant_somebody_who_is_known_leaves_no_lead_behind() {
    let (scenario, one, other) = two_vendors().await;
    let of_cara = scenario.told_decided(&other, None, &cara("9", json!({"budget": 90_000}))).await;
    let mistaken = scenario.told_decided(&one, None, &otto("3", json!({"timeframe_days": 200}))).await;
    assert_ne!(mistaken["lead"], of_cara["lead"]);
    let meant = scenario.told_decided(&one, None, &cara("3", json!({}))).await;
    assert_eq!(meant["lead"], of_cara["lead"]);
    settled(&scenario).await;
    let lead = show(&scenario, &of_cara["lead"]).await;
    assert_eq!((answer(&lead, "budget"), answer(&lead, "timeframe_days")), (Some(json!(90_000)), Some(json!(200))));
    assert_eq!(show(&scenario, &mistaken["lead"]).await["stage"], "closed");
    assert_eq!(scenario.installation.count("select max(arrivals)::bigint from lead").await, 2);
    assert_eq!(scenario.installation.count("select count(*) from person").await, 2);
}

#[tokio::test]
async fn what_the_desk_did_stays_with_whom_it_spoke() {
    let (scenario, one, _) = two_vendors().await;
    let first = scenario.told_decided(&one, None, &cara("3", json!({"timeframe_days": 200}))).await;
    scenario.touch(first["lead"].as_str().unwrap(), &["--disposition", "answered"]).await;
    let moved = scenario.told_decided(&one, None, &otto("3", json!({"timeframe_days": 20}))).await;
    assert_ne!(moved["lead"], first["lead"]);
    settled(&scenario).await;
    let of_cara = show(&scenario, &first["lead"]).await;
    assert_eq!((&of_cara["name"], &of_cara["stage"]), (&json!("Cara Edit"), &json!("contact")));
    assert_eq!(show(&scenario, &moved["lead"]).await["grade"], "A");
    let corrected = scenario.told_decided(&one, None, &otto("3", json!({"timeframe_days": 200}))).await;
    assert_eq!(corrected["lead"], moved["lead"], "it corrects what it said last");
}

#[tokio::test]
async fn who_asked_not_to_be_contacted_asked_for_nobody_else() {
    let (scenario, one, _) = two_vendors().await;
    let first = scenario.told_decided(&one, None, &cara("3", json!({"timeframe_days": 20}))).await;
    scenario.touch(first["lead"].as_str().unwrap(), &["--disposition", "do_not_contact"]).await;
    settled(&scenario).await;
    let moved = scenario.told_decided(&one, None, &otto("3", json!({"timeframe_days": 30}))).await;
    let of_otto = show(&scenario, &moved["lead"]).await;
    assert_eq!((&of_otto["grade"], &of_otto["stage"]), (&json!("A"), &json!("lead")), "{of_otto:#}");
    let is_suppressed = async |email: &str| {
        scenario.installation.json(&["suppress", "check", "--email", email]).await["suppressed"].clone()
    };
    assert_eq!(is_suppressed("cara@example.com").await, true);
    assert_eq!(is_suppressed("otto@example.com").await, false);
}

#[tokio::test]
async fn a_lead_that_one_sender_alone_spoke_of_is_the_other_persons_and_reached_as_they_are() {
    let (scenario, one, other) = two_vendors().await;
    let first = scenario.told_decided(&one, None, &cara("3", json!({"timeframe_days": 20}))).await;
    let renamed = scenario.told_decided(&one, None, &otto("3", json!({"timeframe_days": 30}))).await;
    assert_eq!(renamed["lead"], first["lead"], "it is the correction that it was sent as");
    let lead = show(&scenario, &first["lead"]).await;
    assert_eq!((&lead["name"], &lead["phone"]), (&json!("Otto Other"), &json!("+17205550102")));
    assert!(is_flagged(&lead));
    // Cara was a mistake of theirs, or nobody that is known: she is not reached where Otto is.
    let enquires = scenario.told_decided(&other, None, &cara("9", json!({"timeframe_days": 20}))).await;
    assert_ne!(enquires["lead"], first["lead"]);
    scenario.touch(first["lead"].as_str().unwrap(), &["--disposition", "do_not_contact"]).await;
    settled(&scenario).await;
    assert_eq!(show(&scenario, &enquires["lead"]).await["grade"], "A");
}

#[tokio::test]
async fn an_id_that_was_used_again_is_told_whatever_is_known_of_the_two() {
    let (scenario, one, _) = two_vendors().await;
    for (id, before, after, is_another) in [
        (
            "mail",
            json!({"name": "Dora One", "email": "r1@example.com"}),
            json!({"name": "Emil Two", "email": "r2@example.com"}),
            true,
        ),
        (
            "number",
            json!({"name": "Fay One", "phone": "+17205550111"}),
            json!({"name": "Gil Two", "phone": "+17205550112"}),
            true,
        ),
        (
            "parts",
            json!({"first_name": "Ida", "last_name": "One", "email": "r3@example.com"}),
            json!({"first_name": "Jon", "last_name": "Two", "email": "r4@example.com"}),
            true,
        ),
        (
            "either",
            json!({"name": "Kim One", "email": "r5@example.com"}),
            json!({"name": "Lou Two", "phone": "+17205550113"}),
            true,
        ),
        (
            "typo",
            json!({"name": "Max One", "email": "r6@exmaple.com"}),
            json!({"name": "Max One", "email": "r6@example.com"}),
            false,
        ),
        (
            "name",
            json!({"name": "Ned One", "email": "r7@example.com"}),
            json!({"name": "Ole Two", "email": "r7@example.com"}),
            false,
        ),
    ] {
        let with_id = |mut body: Value| {
            body["external_id"] = json!(id);
            body
        };
        let first = scenario.told_decided(&one, None, &with_id(before)).await;
        let second = scenario.told_decided(&one, None, &with_id(after)).await;
        assert_eq!(second["lead"], first["lead"], "{id}");
        assert_eq!(is_flagged(&show(&scenario, &first["lead"]).await), is_another, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_with_ids_that_were_used_before_takes_nobodys_lead() {
    // Of several processes, so that the import may run beside the server.
    let (scenario, one, other) = vendors_on(Kind::Rabbit).await;
    let path = scenario.installation.folder().join("list.csv");
    let import = async |rows: &str| {
        std::fs::write(&path, format!("external_id,name,email,phone\n{rows}\n")).unwrap();
        scenario.installation.json(&["import", path.to_str().unwrap(), "--source", &one.id]).await
    };
    import("3,Cara Edit,cara@example.com,+1 720 555 0101").await;
    let of_cara = scenario.told_decided(&other, None, &cara("9", json!({"budget": 90_000}))).await["lead"].clone();
    let report = import("3,Otto Other,otto@example.com,+1 720 555 0102").await;
    assert_eq!(report["amended"], 1, "{report:#}");
    assert_eq!(report["flags"][0]["flag"], "another_person", "{report:#}");
    assert_eq!(found(&scenario, "cara@example.com").await, std::slice::from_ref(&of_cara));
    assert_eq!(show(&scenario, &of_cara).await["name"], "Cara Edit");
    let of_otto = found(&scenario, "otto@example.com").await;
    assert!(of_otto.len() == 1 && of_otto[0] != of_cara);
}

/// With a webhook that asks for these events.
async fn with_webhook(events: &[&str]) -> Scenario {
    let plan = Plan::new().await.always_open().set("QUALIFIER__SWEEP_INTERVAL_MS", "50").set("QUALIFIER__UNDO_S", "0");
    plan.webhook("/hook", events, &[]).serve().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_lead_that_is_somebody_elses_is_told_so_whatever_they_ask_for() {
    let scenario = with_webhook(&[]).await;
    let source = scenario.source.clone();
    scenario.told_decided(&source, None, &cara("3", json!({"timeframe_days": 20}))).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    scenario.told_decided(&source, None, &otto("3", json!({"timeframe_days": 20}))).await;
    let told = scenario.receiver.wait_for(2, LIMIT).await[1].json();
    assert_eq!((&told["type"], &told["data"]["lead"]["phone"]), (&json!("lead.updated"), &json!("+17205550102")));
    let changes = told["data"]["update"]["changes"].as_array().unwrap();
    let number = changes.iter().find(|change| change["field"] == "phone").unwrap();
    assert_eq!(number["before"], "+17205550101", "{told:#}");
    delivered(&scenario.installation).await;
    // What is new of the person is told to nobody who did not ask.
    scenario.told_decided(&source, None, &otto("4", json!({"timeframe_days": 21}))).await;
    settled(&scenario).await;
    delivered(&scenario.installation).await;
    assert_eq!(scenario.receiver.count(), 2);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_lead_of_two_who_are_told_apart_again_is_told_what_is_not_theirs() {
    let scenario = with_webhook(&["--events", "lead.matured,lead.updated"]).await;
    let source = scenario.source.clone();
    let first = scenario.told_decided(&source, None, &cara("3", json!({"timeframe_days": 20}))).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let other = scenario.told_decided(&source, None, &otto("4", json!({"timeframe_days": 900}))).await;
    let (one, two) = (first["lead"].as_str().unwrap(), other["lead"].as_str().unwrap());
    scenario.installation.json(&["person", "same", one, two, "--why", "one desk"]).await;
    settled(&scenario).await;
    scenario.told_decided(&source, None, &otto("5", json!({"timeframe_days": 22}))).await;
    let told = scenario.receiver.wait_for(2, LIMIT).await[1].json();
    assert!(told["data"]["lead"].to_string().contains("+17205550102"), "{told:#}");
    delivered(&scenario.installation).await;
    scenario.installation.json(&["person", "unmerge", one, "--why", "two people"]).await;
    settled(&scenario).await;
    let told = until("who has the lead is told", LIMIT, async || {
        let received = scenario.receiver.received();
        received.iter().map(Received::json).find(|told| told["data"]["update"]["kind"] == "corrected")
    })
    .await;
    assert_eq!((&told["type"], &told["data"]["lead"]["id"]), (&json!("lead.updated"), &first["lead"]));
    let person = &told["data"]["lead"];
    assert!(person["phone"] == "+17205550101" && !person.to_string().contains("+17205550102"), "{told:#}");
    assert_eq!(scenario.process.stop().await, Some(0));
}
