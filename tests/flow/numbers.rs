//! Numbers that reached somebody else, how often a number is called, and merges that were a mistake.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    audit::delivered,
    scenario::{Plan, Scenario},
};

async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0").set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    let plan = plan.set("QUALIFIER__LOCK_TIMEOUT_MS", "30000").set("DATABASE__LOCK_TIMEOUT_MS", "30000");
    plan.webhook("/hook", &[], &[]).serve().await
}

/// What a person of this name posts, another note each time.
async fn posted(scenario: &Scenario, note: &str, fields: Value) {
    let graded = "select count(*) from arrival where state = 'graded'";
    let before = scenario.installation.count(graded).await;
    let mut body = json!({"notes": note, "answers": {"timeframe_days": 20}});
    fields.as_object().unwrap().iter().for_each(|(field, value)| body[field] = value.clone());
    scenario.post(&body).await;
    until("it is worked", LIMIT, || async { (scenario.installation.count(graded).await > before).then_some(()) }).await;
}

async fn shown(scenario: &Scenario, email: &str) -> Value {
    let listed = scenario.installation.json(&["lead", "list", "--email", email]).await;
    let lead = listed[0]["lead"].as_str().unwrap().to_owned();
    scenario.installation.json(&["lead", "show", &lead]).await
}

const PERSONS: &str = "select count(*) from person";

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_number_is_void_until_a_person_says_otherwise() {
    let scenario = scenario().await;
    let uma = json!({"name": "Uma Example", "phone": "(415) 555-0118", "email": "uma@example.com"});
    posted(&scenario, "first", uma.clone()).await;
    let lead = scenario.lead_of("Uma").await;
    scenario.touch(&lead, &["--disposition", "wrong_number"]).await;
    assert_eq!(shown(&scenario, "uma@example.com").await["phone"], Value::Null);
    posted(&scenario, "second", uma).await;
    assert_eq!(shown(&scenario, "uma@example.com").await["phone"], Value::Null, "it is said again, and is as wrong");
    assert_eq!(scenario.installation.count(PERSONS).await, 1);

    posted(&scenario, "who lives there", json!({"phone": "415-555-0118"})).await;
    assert_eq!(scenario.installation.count(PERSONS).await, 2, "a stranger is nobody's acquaintance");
    let marked = "select count(*) from person_identity where void_at is not null and void_by = 'Kim'";
    assert_eq!(scenario.installation.count(marked).await, 1);
    posted(&scenario, "another", json!({"phone": "415-555-0119", "email": "uma@example.com", "name": "Uma Example"}))
        .await;
    assert_eq!(shown(&scenario, "uma@example.com").await["phone"], "+14155550119", "another number is set");

    let right = ["person", "number", &lead, "415-555-0118", "right", "--why", "he confirmed it"];
    assert_eq!(scenario.installation.json(&right).await["was_known"], false);
    assert_eq!(scenario.installation.json(&right).await["was_known"], true);
    assert_eq!(scenario.installation.count("select count(*) from person_identity where void_at is not null").await, 0);
    let wrong = ["person", "number", &lead, "+14155550119", "wrong", "--why", "a bakery"];
    scenario.installation.json(&wrong).await;
    assert_eq!(shown(&scenario, "uma@example.com").await["phone"], Value::Null);
    let right = ["person", "number", &lead, "+14155550119", "right", "--why", "the bakery is his"];
    scenario.installation.json(&right).await;
    assert_eq!(shown(&scenario, "uma@example.com").await["phone"], "+14155550119");
    let never = ["person", "number", &lead, "+14155550177", "wrong", "--why", "x"];
    assert!(scenario.refused(&never).await.contains("never known by"));
    let audited = "select count(*) from audit where action in ('person.number_right', 'person.number_wrong')";
    assert_eq!(scenario.installation.count(audited).await, 3);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_returned_for_its_number_has_none_any_more() {
    let scenario = scenario().await;
    posted(&scenario, "first", json!({"name": "Ada Lane", "phone": "415-555-0124", "email": "ada@example.com"})).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let delivery = scenario.receiver.received()[0].json()["data"]["delivery"].clone();
    let returned = ["outcome", "add", delivery.as_str().unwrap(), "returned", "--reason", "Wrong number"];
    scenario.installation.json(&returned).await;
    assert_eq!(shown(&scenario, "ada@example.com").await["phone"], Value::Null);
    posted(&scenario, "again", json!({"phone": "415-555-0124"})).await;
    assert_eq!(scenario.installation.count(PERSONS).await, 2);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_correction_nor_an_extension_brings_a_wrong_number_back() {
    let scenario = scenario().await;
    let uma =
        |phone: &str| json!({"external_id": "U-1", "name": "Uma Example", "phone": phone, "email": "uma@example.com"});
    posted(&scenario, "first", uma("(415) 555-0118")).await;
    let lead = scenario.lead_of("Uma").await;
    scenario.touch(&lead, &["--disposition", "wrong_number"]).await;
    posted(&scenario, "corrected", uma("415.555.0118")).await;
    let corrected = shown(&scenario, "uma@example.com").await;
    assert_eq!(corrected["phone"], Value::Null, "the same number again: {corrected:#}");
    let flag = json!({"field": "phone", "code": "wrong_number", "said": "ends in 18"});
    assert_eq!(corrected["flags"], json!([flag]), "{corrected:#}");
    assert_eq!(corrected["void_numbers"][0]["phone"], "+14155550118", "{corrected:#}");
    assert_eq!(corrected["void_numbers"][0]["by"], "Kim", "{corrected:#}");
    let extension = json!({"name": "Uma Example", "phone": "415-555-0118 ext. 5", "email": "uma@example.com"});
    posted(&scenario, "with an extension", extension).await;
    assert_eq!(shown(&scenario, "uma@example.com").await["phone"], Value::Null);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_taken_away_while_a_batch_waits_stays_away() {
    let scenario = scenario().await;
    posted(&scenario, "first", json!({"name": "Uma Example", "phone": "415-555-0118", "email": "uma@example.com"}))
        .await;
    scenario.lead_of("Uma").await;
    // The batch has read the person and waits for the leads.
    let mut held = scenario.installation.pool().begin().await.unwrap();
    sqlx::query("lock table lead in access exclusive mode").execute(&mut *held).await.unwrap();
    let again = json!({"name": "Uma Example", "email": "uma@example.com", "postal_code": "94110", "notes": "again"});
    scenario.post(&again).await;
    let waits =
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '-- lead.try_lock%'
                 and datname = current_database()";
    until("the batch waits", LIMIT, || async { (scenario.installation.count(waits).await > 0).then_some(()) }).await;
    for taken in [
        "update person set phone = null",
        "update person_identity set void_at = now(), void_by = 'Kim' where kind = 'phone'",
    ] {
        sqlx::query(taken).execute(&mut *held).await.unwrap();
    }
    held.commit().await.unwrap();
    let graded = "select count(*) from arrival where state = 'graded'";
    until("it is worked", LIMIT, || async { (scenario.installation.count(graded).await == 2).then_some(()) }).await;
    let known = "select count(*) from person where postal_code = '94110' and phone is null";
    assert_eq!(scenario.installation.count(known).await, 1, "what is new is written, and nothing over the number");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_that_a_client_calls_wrong_is_the_one_that_it_was_sent() {
    let scenario = scenario().await;
    posted(&scenario, "first", json!({"name": "Ada Lane", "phone": "415-555-0124", "email": "ada@example.com"})).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let delivery = scenario.receiver.received()[0].json()["data"]["delivery"].clone();
    for known in [
        "update person set phone = '+14155550125'",
        "insert into person_identity (client_id, kind, value, person_id) select client_id, 'phone', phone, id from person",
    ] {
        sqlx::query(known).execute(scenario.installation.pool()).await.unwrap();
    }
    let returned = ["outcome", "add", delivery.as_str().unwrap(), "returned", "--reason", "Wrong number"];
    scenario.installation.json(&returned).await;
    let shown = shown(&scenario, "ada@example.com").await;
    assert_eq!(shown["phone"], "+14155550125", "{shown:#}");
    assert_eq!(shown["void_numbers"][0]["phone"], "+14155550124", "{shown:#}");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_was_a_mistake_is_undone() {
    let scenario = scenario().await;
    for (email, phone) in [("kim@example.com", "415-555-0141"), ("sam@example.com", "415-555-0142")] {
        posted(&scenario, "first", json!({"name": "Kim Hill", "email": email, "phone": phone})).await;
    }
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let (one, other) = (shown(&scenario, "kim@example.com").await, shown(&scenario, "sam@example.com").await);
    let (one, other) = (one["lead"].as_str().unwrap(), other["lead"].as_str().unwrap());
    scenario.installation.json(&["person", "same", one, other, "--why", "the same name"]).await;
    let open = "select count(*) from lead where stage = 'lead'";
    assert_eq!(scenario.installation.count(open).await, 1);
    posted(&scenario, "since", json!({"name": "Kim Hill", "email": "sam@example.com"})).await;
    let undone = scenario.installation.json(&["person", "unmerge", one, "--why", "mother and daughter"]).await;
    assert_eq!(undone["reopened"], json!([other]), "{undone:#}");
    assert_eq!(scenario.installation.count(open).await, 2);
    assert_eq!(shown(&scenario, "sam@example.com").await["phone"], "+14155550142");
    let led = "select count(*) from person_identity i join person p on p.id = i.person_id where p.merged_into is null";
    assert_eq!(scenario.installation.count(led).await, 4, "each is reached under what is theirs");
    let waits = "select count(*) from lead l where l.stage = 'lead' and l.grade <> 'A'
        and not exists (select from promise p where p.lead_id = l.id and p.state in ('scheduled', 'work'))";
    let asked = "select count(*) from regrade";
    until("both are decided again", LIMIT, || async { (scenario.installation.count(asked).await == 0).then_some(()) })
        .await;
    assert_eq!(scenario.installation.count(waits).await, 0, "every open lead has a next step");
    let again = scenario.refused(&["person", "unmerge", one, "--why", "again"]).await;
    assert!(again.contains("was not merged"), "{again}");
    assert!(scenario.installation.run(&["doctor"]).await.status.success());
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_made_one_with_somebody_is_known_by_that_name_too() {
    let scenario = scenario().await;
    for (name, email, phone) in
        [("Rita Jones", "rj@example.com", "415-555-0141"), ("Rita Smith", "rs@example.com", "415-555-0142")]
    {
        posted(&scenario, "first", json!({"name": name, "email": email, "phone": phone})).await;
    }
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let (one, other) = (shown(&scenario, "rj@example.com").await, shown(&scenario, "rs@example.com").await);
    let (one, other) = (one["lead"].as_str().unwrap(), other["lead"].as_str().unwrap());
    scenario.installation.json(&["person", "same", one, other, "--why", "she married"]).await;
    for (name, email) in [
        ("Rita Smith", "rs@example.com"),
        ("Rita Smith", "rj@example.com"),
        ("Rita Jones", "rs@example.com"),
        ("R. Smith", "rs@example.com"),
    ] {
        posted(&scenario, &format!("{name} of {email}"), json!({"name": name, "email": email})).await;
        assert_eq!(scenario.installation.count(PERSONS).await, 2, "{name} {email}");
    }
    let open = "select count(*) from lead where stage = 'lead'";
    assert_eq!(scenario.installation.count(open).await, 1);
    posted(&scenario, "a relative", json!({"name": "Walter Smith", "email": "rs@example.com"})).await;
    assert_eq!(scenario.installation.count(PERSONS).await, 3);
    scenario.installation.json(&["person", "unmerge", one, "--why", "sisters"]).await;
    posted(&scenario, "since", json!({"name": "Rita Smith", "email": "rj@example.com"})).await;
    assert_eq!(scenario.installation.count(PERSONS).await, 4, "it is hers alone again");
    assert_eq!(scenario.process.stop().await, Some(0));
}
