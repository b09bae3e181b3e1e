//! What happens to a lead after its client has it: news, slips that are taken back, persons who must be left alone.

use std::time::Duration;

use jiff::SignedDuration;
use ripen_domain::{
    delivery::{EventDetail, LeadUpdate},
    id::DeliveryId,
};
use ripen_runtime::clock::Clock;
use ripen_store::{
    delivery::{
        event::Event,
        lease::{LeaseRequest, MailRoom},
    },
    slot::SlotPlace,
};
use ripen_testkit::{
    receiver::{Behaviour, Received},
    wait::until,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    LIMIT,
    audit::delivered,
    scenario::{Plan, Scenario},
};

/// A client with a rep and two webhooks, of which the first asks for all news and the second for none.
async fn scenario(undo_s: &str) -> Scenario {
    let all = "lead.matured,lead.updated,lead.recalled,lead.suppressed,lead.outcome";
    let plan = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", undo_s);
    let plan = plan.webhook("/all", &[], &["--events", all]).webhook("/few", &[], &["--events", "lead.matured"]);
    plan.rep("Dana Hill").serve().await
}

/// Posts an enquiry of the person and waits until it is decided.
async fn enquire(scenario: &Scenario, days: i64, decisions: i64) -> String {
    scenario.enquire("Casey", json!({"timeframe_days": days})).await;
    scenario.decided(decisions).await;
    scenario.lead_of("Casey").await
}

async fn recall(scenario: &Scenario, lead: &str) -> Value {
    scenario.recall(lead, "wrong button").await
}

/// What the first webhook was told of this kind.
async fn told(scenario: &Scenario, event: &str) -> Received {
    let told = || scenario.receiver.received().into_iter().find(|one| one.json()["type"] == event);
    until(event, LIMIT, || async { told() }).await
}

fn types_at(scenario: &Scenario, path: &str) -> Vec<String> {
    let at = scenario.receiver.received().into_iter().filter(|one| one.path == path);
    at.map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_enquiry_of_a_delivered_lead_is_told_to_who_has_it_and_asks() {
    let scenario = scenario("0").await;
    enquire(&scenario, 10, 1).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    enquire(&scenario, 5, 2).await;
    let updated = told(&scenario, "lead.updated").await;
    let first = scenario.receiver.received().into_iter().find(|one| one.path == updated.path).unwrap();
    let (before, after) = (first.json(), updated.json());
    assert_eq!(before["data"]["delivery"], after["data"]["delivery"], "it names what it is about");
    assert_ne!(first.header("webhook-id"), updated.header("webhook-id"));
    assert_eq!((&before["data"]["arrivals"], &after["data"]["arrivals"]), (&json!(1), &json!(2)));
    assert_eq!(after["data"]["answers"]["timeframe_days"], 5);
    delivered(&scenario.installation).await;
    assert_eq!(types_at(&scenario, "/few"), ["lead.matured"]);
    let mails = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                 where e.kind = 'email' and d.event = 'lead.updated' and d.state = 'filed'";
    assert_eq!(scenario.installation.count(mails).await, 1, "the rep has a mail of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_known_gives_beside_is_told_and_what_was_replaced_is_not() {
    let scenario = scenario("0").await;
    let body = |phone: &str, email: &str, days: i64| json!({"name": "Bea Hill", "phone": phone, "email": email, "answers": {"timeframe_days": days}});
    let (first, second) = ("+14155550611", "+14155550612");
    scenario.post(&body(first, "bea@example.com", 10)).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    scenario.post(&body(second, "bea@example.com", 9)).await;
    let updated = told(&scenario, "lead.updated").await.json();
    let data = &updated["data"];
    assert_eq!((&data["lead"]["phone"], &data["lead"]["other_phones"]), (&json!(first), &json!([second])));
    let change = json!({"field": "other_phones", "before": null, "after": [second]});
    assert!(data["update"]["changes"].as_array().unwrap().contains(&change), "{data:#}");
    scenario.post(&body(second, "bea.new@example.com", 8)).await;
    let told_so = || async {
        let all = scenario.receiver.received();
        all.into_iter().find(|one| one.json()["data"]["lead"]["other_emails"] == json!(["bea.new@example.com"]))
    };
    until("the new address is told", LIMIT, told_so).await;
    let lead = data["lead"]["id"].as_str().unwrap();
    let shown = async || scenario.installation.json(&["lead", "show", lead]).await["also_reached"].clone();
    let also = shown().await;
    let has = |also: &Value, way: &str, value: &str| also.as_array().unwrap().iter().any(|one| one[way] == value);
    assert!(has(&also, "phone", second) && has(&also, "email", "bea.new@example.com"), "{also:#}");
    assert!(!has(&also, "phone", first), "{also:#}");

    // A slip that its sender put right is nobody's further address.
    let vendor = |email: &str| json!({"external_id": "B-1", "name": "Casey Hill", "email": email, "answers": {"timeframe_days": 10}});
    scenario.post(&vendor("casey@exmaple.com")).await;
    scenario.post(&vendor("casey@example.com")).await;
    let right = || async {
        let all = scenario.receiver.received();
        all.into_iter().find(|one| one.json()["data"]["lead"]["email"] == "casey@example.com")
    };
    let right = until("the right address is told", LIMIT, right).await.json();
    assert_eq!(right["data"]["lead"]["other_emails"], Value::Null, "{right:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_can_be_taken_back_before_anybody_has_it() {
    let scenario = scenario("3600").await;
    let lead = enquire(&scenario, 200, 1).await;
    scenario.touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=10"]).await;
    scenario.decided(2).await;
    let waits = "select count(*) from delivery where state = 'pending' and reason like 'can be taken back%'";
    assert_eq!(scenario.installation.count(waits).await, 3);
    assert_eq!(recall(&scenario, &lead).await, json!({"lead": lead, "stopped": 3, "told": 0}));
    scenario.decided(3).await;
    let shown = scenario.installation.json(&["lead", "show", &lead]).await;
    assert_eq!(shown["grade"], "B", "{shown:#}");
    let last = shown["promises"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["state"], &last["from"]), (&json!("work"), &json!("Kim")));
    assert_eq!(scenario.receiver.count(), 0);
    let again = scenario.installation.run(&["lead", "recall", &lead, "--why", "again"]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing to take back"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_said_waits_although_an_enquiry_makes_the_lead_an_a() {
    let scenario = scenario("3600").await;
    let lead = enquire(&scenario, 200, 1).await;
    scenario.touch(&lead, &["--disposition", "answered", "--note", "Secret"]).await;
    scenario.decided(2).await;
    enquire(&scenario, 10, 3).await;
    scenario.matured(1).await;
    let waits = "select count(*) from delivery where event = 'lead.matured' and state = 'pending'
                 and reason like 'can be taken back%' and undo_until > now() + interval '50 minutes' and due_at >= undo_until";
    assert_eq!(scenario.installation.count(waits).await, 3);
    assert_eq!(scenario.receiver.count(), 0);
    assert_eq!(recall(&scenario, &lead).await, json!({"lead": lead, "stopped": 3, "told": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_enquiry_just_after_a_conversation_tells_nothing_before_that_can_be_taken_back_no_more() {
    let scenario = scenario("3600").await;
    let lead = enquire(&scenario, 10, 1).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    scenario.touch(&lead, &["--disposition", "answered", "--note", "Secret"]).await;
    scenario.decided(2).await;
    enquire(&scenario, 4, 3).await;
    let owed = "select count(*) from delivery where event = 'lead.updated' and cause in (select id from arrival)";
    until("it is owed", LIMIT, || async { (scenario.installation.count(owed).await == 2).then_some(()) }).await;
    let early = "select count(*) from delivery where event = 'lead.updated' and cause in (select id from arrival)
                 and (state <> 'pending' or due_at < now() + interval '50 minutes')";
    assert_eq!(scenario.installation.count(early).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_arrives_as_an_a_does_not_wait_and_is_recalled_afterwards() {
    let scenario = scenario("3600").await;
    let lead = enquire(&scenario, 10, 1).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    assert_eq!(recall(&scenario, &lead).await, json!({"lead": lead, "stopped": 0, "told": 2}));
    let recalled = told(&scenario, "lead.recalled").await.json();
    assert_eq!(
        (&recalled["data"]["reason"], &recalled["data"]["lead"]["name"]),
        (&json!("wrong button"), &json!("Casey"))
    );
    assert!(!recalled.to_string().contains("casey@example.com"), "how to reach the person is told no more: {recalled}");
    delivered(&scenario.installation).await;
    assert_eq!(types_at(&scenario, "/few"), ["lead.matured"]);
    scenario.decided(2).await;
    assert_eq!(scenario.installation.json(&["lead", "show", &lead]).await["grade"], "B");
    scenario.touch(&lead, &["--disposition", "answered"]).await;
    scenario.decided(3).await;
    until("it matures again", LIMIT, || async {
        (scenario.installation.count("select count(*) from maturation").await == 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_learn_of_a_person_to_be_left_alone_and_of_outcomes() {
    let scenario = scenario("0").await;
    let lead = enquire(&scenario, 10, 1).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let shown = scenario.installation.json(&["lead", "show", &lead]).await;
    let delivery = shown["deliveries"][0]["delivery"].as_str().unwrap();
    scenario.installation.json(&["outcome", "add", delivery, "accepted"]).await;
    let outcome = told(&scenario, "lead.outcome").await.json();
    assert_eq!(outcome["data"]["outcome"]["outcome"], "accepted");
    scenario.touch(&lead, &["--disposition", "do_not_contact"]).await;
    let suppressed = told(&scenario, "lead.suppressed").await.json();
    assert!(suppressed["data"]["reason"].as_str().unwrap().contains("asked not to be contacted"));
    delivered(&scenario.installation).await;
    assert_eq!(types_at(&scenario, "/few"), ["lead.matured", "lead.suppressed"]);
    let news = "select id::text from delivery where event = 'lead.suppressed' limit 1";
    let id: String = sqlx::query_scalar(news).fetch_one(scenario.installation.pool()).await.unwrap();
    let id = DeliveryId::from_uuid(id.parse().unwrap()).to_string();
    let refused = scenario.installation.run(&["outcome", "add", &id, "accepted"]).await;
    assert_eq!(refused.status.code(), Some(1), "an outcome is about what handed the lead over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_in_the_first_attempt_or_told_after_it_however_the_two_meet() {
    let scenario = scenario("3600").await;
    let lead = enquire(&scenario, 200, 1).await;
    scenario.touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=10"]).await;
    scenario.decided(2).await;
    let pool = scenario.installation.pool();
    let later = Clock::system().now() + SignedDuration::from_hours(2);
    scenario.process.stop().await;
    let store = scenario.installation.store(4);
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from delivery").fetch_all(pool).await.unwrap();
    let ids: Vec<_> = ids.into_iter().map(DeliveryId::from_uuid).collect();
    let claim = |lease| LeaseRequest {
        deliveries: &ids,
        lease: Uuid::from_u128(lease),
        lasts: Duration::from_secs(30),
        busy: &[],
        places: &[SlotPlace::ALONE],
        mail: MailRoom::ANY,
        kept_until: later,
    };
    let news = |cause| Event {
        lead: lead.parse().unwrap(),
        detail: EventDetail::Updated(LeadUpdate::default()),
        cause: Uuid::from_u128(cause),
        mailed: true,
        unasked: false,
        due_at: later,
    };

    let mut batch = store.begin().await.unwrap();
    assert_eq!(batch.enqueue(&[news(1)], later).await.unwrap(), 0, "nobody has it yet");
    let claimed = store.deliveries_lease(&claim(1), later, |_| b"{}".to_vec()).await.unwrap();
    assert!(claimed.ready.is_empty(), "a body frozen now would not say what is being written");
    batch.commit().await.unwrap();

    let mut lease = pool.begin().await.unwrap();
    let leased =
        "update delivery set state = 'leased', attempts = 1, lease = id, leased_until = now() + interval '1 minute'";
    sqlx::query(leased).execute(&mut *lease).await.unwrap();
    let told = {
        let (store, news) = (store.clone(), news(2));
        tokio::spawn(async move {
            let mut batch = store.begin().await.unwrap();
            let told = batch.enqueue(&[news], later).await.unwrap();
            batch.commit().await.unwrap();
            told
        })
    };
    scenario.installation.until_a_session_waits().await;
    lease.commit().await.unwrap();
    assert_eq!(told.await.unwrap(), 2, "the webhook that asks for news and the rep's mail are told");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desk_learns_of_a_delivered_lead_is_told_until_the_lead_is_taken_back() {
    let scenario = scenario("0").await;
    let lead = enquire(&scenario, 10, 1).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let learned = ["--disposition", "answered", "--answer", "timeframe_days=20", "--note", "Prefers mornings"];
    scenario.touch(&lead, &learned).await;
    let updated = told(&scenario, "lead.updated").await.json()["data"].clone();
    let changed = json!([{"field": "answers.timeframe_days", "before": 10, "after": 20}]);
    assert_eq!(updated["update"], json!({"kind": "conversation", "by": "Kim", "changes": changed}));
    assert_eq!(
        (&updated["answers"]["timeframe_days"], &updated["notes"][0]["text"]),
        (&json!(20), &json!("Prefers mornings"))
    );
    scenario.touch(&lead, &["--disposition", "no_answer"]).await;
    delivered(&scenario.installation).await;
    recall(&scenario, &lead).await;
    told(&scenario, "lead.recalled").await;
    scenario
        .touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=300", "--note", "Not for them"])
        .await;
    delivered(&scenario.installation).await;
    let updates = "select count(*) from delivery where event = 'lead.updated'";
    assert_eq!(scenario.installation.count(updates).await, 2, "the webhook and the rep's mail, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_ask_hear_of_deliveries_given_up_and_of_endpoints_disabled() {
    let plan = Plan::new().await.set("DISPATCHER__RETRY_SCHEDULE_S", "1");
    let plan = plan.webhook("/refuses", &[], &["--events", "lead.matured"]);
    let scenario = plan.webhook("/asks", &[], &["--events", "delivery.dead,endpoint.disabled"]).serve().await;
    let (installation, receiver) = (&scenario.installation, &scenario.receiver);
    let refuses = [Behaviour::Status(500), Behaviour::Status(500), Behaviour::Status(410)];
    receiver.set("/refuses", Behaviour::Sequence(refuses.to_vec()));
    let told = async |event: &str| {
        let told = || receiver.received().into_iter().find(|one| one.path == "/asks" && one.json()["type"] == event);
        until(event, LIMIT, || async { told() }).await.json()["data"].clone()
    };
    scenario.enquire("robin", json!({"timeframe_days": 1})).await;
    let dead = told("delivery.dead").await;
    assert_eq!(dead["attempts"], 2);
    assert_eq!(dead["reason"], "gave up after 2 attempts: answered 500");
    let listed = installation.json(&["delivery", "list", "--state", "dead"]).await;
    assert_eq!((&listed[0]["id"], &listed[0]["lead"]), (&dead["delivery"], &dead["lead"]["id"]));
    assert!(!dead.to_string().contains("robin"), "who asks for alarms may not have the lead: {dead}");

    scenario.enquire("casey", json!({"timeframe_days": 1})).await;
    let disabled = told("endpoint.disabled").await;
    assert_eq!(disabled["reason"], "answered 410 Gone");
    let shown = installation.json(&["endpoint", "show", disabled["endpoint"].as_str().unwrap()]).await;
    assert_eq!((&shown["state"], &shown["to"]), (&json!("disabled"), &json!(receiver.url("/refuses"))), "{shown:#}");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivered_lead_that_is_graded_down_is_told_so_once_and_can_still_be_taken_back() {
    let scenario = scenario("0").await;
    let lead = enquire(&scenario, 10, 1).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    scenario.touch(&lead, &["--disposition", "answered", "--answer", "timeframe_days=300"]).await;
    scenario.decided(2).await;
    let updated = told(&scenario, "lead.updated").await.json()["data"].clone();
    assert_eq!((&updated["grade"], &updated["lead"]["id"]), (&json!("B"), &json!(lead)));
    let changes = json!([{"field": "grade", "before": "A", "after": "B"},
                         {"field": "answers.timeframe_days", "before": 10, "after": 300}]);
    assert_eq!(updated["update"], json!({"kind": "grade", "changes": changes}));
    delivered(&scenario.installation).await;
    let withdrawn = "select count(*) from delivery where event = 'lead.updated' and state = 'withdrawn'";
    assert_eq!(scenario.installation.count(withdrawn).await, 2, "what was said is in the one message");
    assert_eq!(types_at(&scenario, "/all"), ["lead.matured", "lead.updated"]);
    assert_eq!(types_at(&scenario, "/few"), ["lead.matured"], "who does not ask is not told");
    let mails = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                 where e.kind = 'email' and d.event = 'lead.updated' and d.state = 'filed'";
    assert_eq!(scenario.installation.count(mails).await, 1, "the rep has a mail of it");

    assert_eq!(recall(&scenario, &lead).await, json!({"lead": lead, "stopped": 0, "told": 2}));
    told(&scenario, "lead.recalled").await;
    let again = scenario.installation.run(&["lead", "recall", &lead, "--why", "again"]).await;
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing to take back"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gave_a_lead_back_is_not_told_that_it_is_no_a_any_more() {
    let scenario = scenario("0").await;
    let lead = enquire(&scenario, 10, 1).await;
    let matured = told(&scenario, "lead.matured").await.json()["data"].clone();
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let delivery = matured["delivery"].as_str().unwrap();
    scenario.installation.json(&["outcome", "add", delivery, "returned", "--reason", "no budget"]).await;
    scenario.decided(2).await;
    delivered(&scenario.installation).await;
    assert_eq!(scenario.installation.json(&["lead", "show", &lead]).await["grade"], "B");
    let updates = "select count(*) from delivery where event = 'lead.updated'";
    assert_eq!(scenario.installation.count(updates).await, 0);
    let recall = scenario.installation.run(&["lead", "recall", &lead, "--why", "x"]).await;
    assert!(String::from_utf8_lossy(&recall.stderr).contains("nothing to take back"), "nobody has it");
}

/// Waits until so many bodies are worked: several of one lead may be one decision.
async fn taken_in(scenario: &Scenario, count: i64) {
    let graded = "select count(*) from arrival where state = 'graded'";
    until("all are taken in", LIMIT, || async { (scenario.installation.count(graded).await == count).then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_once_and_what_only_looks_otherwise_is_none() {
    let scenario = scenario("0").await;
    let body = |phone: &str, answers: Value| json!({"external_id": "V-1", "name": "Casey Hill", "email": "casey@example.com", "phone": phone, "answers": answers});
    let first = json!({"timeframe_days": "10"});
    scenario.post(&body("+14155550701", first)).await;
    let matured = told(&scenario, "lead.matured").await.json();
    assert_eq!(matured["data"]["answers"], json!({"timeframe_days": 10}));
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    // The same as a number: nothing changed, and nobody is told anything.
    let typed = json!({"timeframe_days": 10});
    scenario.post(&body("+14155550701", typed.clone())).await;
    taken_in(&scenario, 2).await;
    delivered(&scenario.installation).await;
    assert_eq!(types_at(&scenario, "/all"), ["lead.matured"]);
    let mails = "select count(*) from delivery where event = 'lead.updated' and state in ('delivered', 'filed')";
    assert_eq!(scenario.installation.count(mails).await, 0);
    for phone in ["+14155550702", "+14155550703"] {
        scenario.post(&body(phone, typed.clone())).await;
    }
    taken_in(&scenario, 4).await;
    delivered(&scenario.installation).await;
    let all = scenario.receiver.received().into_iter().filter(|one| one.path == "/all").map(|one| one.json());
    let changes = all.filter(|one| one["type"] == "lead.updated").flat_map(|one| {
        let update = &one["data"]["update"]["changes"];
        update.as_array().unwrap().iter().filter(|one| one["field"] == "phone").cloned().collect::<Vec<_>>()
    });
    // In one message or in two, each change once, from what was told last.
    let changes: Vec<_> = changes.map(|one| (one["before"].clone(), one["after"].clone())).collect();
    let mut before = json!("+14155550701");
    for (from, to) in &changes {
        assert_eq!(*from, before, "{changes:?}");
        before = to.clone();
    }
    assert_eq!(before, json!("+14155550703"), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_corrected_before_it_came_is_no_further_number() {
    let scenario = scenario("0").await;
    let body = |phone: &str, email: &str, at: &str| {
        json!({"external_id": "V-2", "name": "Casey Hill", "email": email, "phone": phone,
        "submitted_at": at, "answers": {"timeframe_days": 10}})
    };
    scenario.post(&body("+14155550712", "two@example.com", "2026-03-01T12:00:00Z")).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    scenario.post(&body("+14155550711", "one@example.com", "2026-03-01T11:00:00Z")).await;
    taken_in(&scenario, 2).await;
    delivered(&scenario.installation).await;
    assert_eq!(types_at(&scenario, "/all"), ["lead.matured"], "nothing is new");
    let lead = scenario.receiver.received()[0].json()["data"]["lead"]["id"].as_str().unwrap().to_owned();
    let shown = scenario.installation.json(&["lead", "show", &lead]).await;
    // The desk reads what a correction replaced as nothing that anybody says now.
    let ways = shown["also_reached"].as_array().unwrap();
    assert!(ways.iter().all(|way| way["said_at"].is_null()), "{shown:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_follows_the_lead_that_was_not_taken_yet_whatever_the_endpoint_asks_for() {
    let plan =
        Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0").set("DISPATCHER__RETRY_SCHEDULE_S", "3,1,1,1");
    let scenario = plan.webhook("/few", &[], &["--events", "lead.matured"]).serve().await;
    let body = |phone: &str| json!({"external_id": "V-3", "name": "Casey Hill", "phone": phone, "answers": {"timeframe_days": 10}});
    scenario.receiver.set("/few", Behaviour::Sequence(vec![Behaviour::Status(500), Behaviour::Status(204)]));
    scenario.post(&body("+14155550721")).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    scenario.post(&body("+14155550722")).await;
    let updated = told(&scenario, "lead.updated").await.json();
    assert_eq!(updated["data"]["lead"]["phone"], "+14155550722");
    let kinds = types_at(&scenario, "/few");
    assert_eq!(kinds, ["lead.matured", "lead.matured", "lead.updated"], "behind the lead itself, whose bytes stay");
}
