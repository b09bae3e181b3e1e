//! Who must not be contacted, beyond the lead that somebody said it of: every endpoint that has the person, leads that are over, and
//! a second lead of one number while it waits.

use ripen_testkit::{receiver::Received, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    audit::delivered,
    process::client,
    scenario::{Plan, Scenario},
};

fn plan(plan: Plan) -> Plan {
    plan.always_open().set("QUALIFIER__UNDO_S", "0").set("QUALIFIER__SWEEP_INTERVAL_MS", "50")
}

fn lead(name: &str, phone: &str, email: &str, note: &str) -> Value {
    json!({"name": name, "phone": phone, "email": email, "notes": note, "answers": {"timeframe_days": 20}})
}

async fn lead_of(scenario: &Scenario, email: &str) -> String {
    until("there is a lead", LIMIT, || async {
        let listed = scenario.installation.json(&["lead", "list", "--email", email]).await;
        listed[0]["lead"].as_str().map(str::to_owned)
    })
    .await
}

/// The types of what came to a path, in their order.
fn types(received: &[Received], path: &str) -> Vec<String> {
    let of_path = received.iter().filter(|one| one.path == path);
    of_path.map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_that_ever_had_the_person_is_told_and_not_the_last_alone() {
    // Two name nothing that they ask for; a third one asks for leads alone.
    let plan = plan(Plan::new().await).webhook("/first", &[], &[]).webhook("/second", &[], &[]);
    let scenario = plan.webhook("/old", &["--events", "lead.matured"], &[]).serve().await;
    scenario.post(&lead("Uma Example", "+14155550118", "uma@example.com", "")).await;
    scenario.receiver.wait_for(3, LIMIT).await;
    delivered(&scenario.installation).await;
    let uma = lead_of(&scenario, "uma@example.com").await;
    scenario.touch(&uma, &["--disposition", "do_not_contact"]).await;
    scenario.receiver.wait_for(6, LIMIT).await;
    delivered(&scenario.installation).await;
    let received = scenario.receiver.received();
    for path in ["/first", "/second", "/old"] {
        assert_eq!(types(&received, path), ["lead.matured", "lead.suppressed"], "{path}");
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_clients_of_whom_nobody_is_told_of_a_lead_that_could_not_be_delivered() {
    let scenario = plan(Plan::new().await).webhook("/hook", &[], &[]).rep("Dana Hill").serve().await;
    let note = async || {
        let doctor = scenario.installation.run(&["doctor", "--json"]).await;
        let checks: Value = serde_json::from_slice(&doctor.stdout).unwrap();
        let note = checks.as_array().unwrap().iter().find(|check| check["check"] == "clients");
        note.map(|note| note["found"].as_str().unwrap().to_owned())
    };
    let said = note().await.expect("a webhook and a rep's mailbox tell nobody");
    assert!(said.contains("an endpoint that fails: acme.") && said.contains("--fallback"), "{said}");
    scenario.installation.json(&["client", "set", "acme", "--fallback", "office@example.com"]).await;
    assert_eq!(note().await, None);
    let shown = scenario.installation.json(&["client", "show", "acme"]).await;
    assert_eq!(shown["fallback"], "office@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_after_the_lead_was_won_or_lost_is_not_worked_when_they_enquire_again() {
    let scenario = plan(Plan::new().await).webhook("/hook", &[], &[]).serve().await;
    let ends: [&[&str]; 2] = [&["won", "--amount", "9000", "--currency", "USD"], &["lost", "--reason", "Withdrew"]];
    for (round, outcome) in ends.into_iter().enumerate() {
        let (phone, email) = (format!("+1415555014{round}"), format!("uma{round}@example.com"));
        let before = scenario.receiver.count();
        scenario.post(&lead("Uma Example", &phone, &email, "")).await;
        let received = scenario.receiver.wait_for(before + 1, LIMIT).await;
        delivered(&scenario.installation).await;
        let delivery = received[before].json()["data"]["delivery"].as_str().unwrap().to_owned();
        scenario.installation.json(&[&["outcome", "add", delivery.as_str()], outcome].concat()).await;
        let first = lead_of(&scenario, &email).await;
        scenario.touch(&first, &["--disposition", "do_not_contact"]).await;
        let kept = scenario.installation.json(&["lead", "show", &first]).await;
        assert_eq!(kept["stage"], ["customer", "closed"][round], "what became of it stands");
        let matured = scenario.installation.count("select count(*) from maturation").await;
        // The same person, and the number under another name.
        for (place, name) in ["Uma Example", "Robin Other"].into_iter().enumerate() {
            let decided = scenario.installation.count("select count(*) from decision").await;
            scenario.post(&lead(name, &phone, &format!("again{round}{place}@example.com"), "once more")).await;
            scenario.decided(decided + 1).await;
            let again = lead_of(&scenario, &format!("again{round}{place}@example.com")).await;
            let closed = until("it is closed", LIMIT, || async {
                let shown = scenario.installation.json(&["lead", "show", &again]).await;
                (shown["stage"] == "closed").then_some(shown)
            })
            .await;
            assert_ne!(closed["grade"], "A", "{closed:#}");
        }
        assert_eq!(scenario.installation.count("select count(*) from maturation").await, matured);
        assert_eq!(scenario.installation.json(&["promise", "list"]).await, json!([]));
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

const RACE: &str = "mode = \"first_to_claim\"\nrecipients = [\"Dana Hill\", \"Lee Park\"]\nclaim_within = \"10m\"\nowner = \"Dana Hill\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_a_of_one_number_is_offered_to_nobody_and_takes_no_room_until_it_is_released() {
    let plan = plan(Plan::new().await).set("HTTP__PUBLIC_URL", "https://ripen.example");
    let scenario = plan.client(&["--capacity", "2"]).rep("Dana Hill").rep("Lee Park").routing(RACE).serve().await;
    let offers = "select count(*) from delivery where event = 'lead.offered' and state in ('delivered', 'filed')";
    let offered = |count: i64| {
        let scenario = &scenario;
        async move {
            until("it is offered", LIMIT, || async {
                (scenario.installation.count(offers).await == count).then_some(())
            })
            .await;
        }
    };
    scenario.post(&lead("Paul Example", "415-555-0121", "paul@example.com", "")).await;
    offered(2).await;
    scenario.post(&lead("Xu Example", "415-555-0121", "xu@example.com", "")).await;
    let xu = lead_of(&scenario, "xu@example.com").await;
    let held = until("it is held", LIMIT, || async {
        let shown = scenario.installation.json(&["lead", "show", &xu]).await;
        (shown["deliveries"][0]["state"] == "held").then_some(shown)
    })
    .await;
    assert!(held["deliveries"][0]["reason"].as_str().unwrap().starts_with("perhaps the same person's as lead_"));
    // The day's second place is another's.
    scenario.post(&lead("Quinn Roe", "415-555-0122", "quinn@example.com", "")).await;
    offered(4).await;
    let of_xu = "select count(*) from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
                 where p.email = 'xu@example.com' and d.event = 'lead.offered'";
    assert_eq!(scenario.installation.count(of_xu).await, 0, "nobody was offered it");
    scenario.installation.json(&["client", "set", "acme", "--capacity", "3"]).await;
    let delivery = held["deliveries"][0]["delivery"].as_str().unwrap();
    scenario.installation.json(&["delivery", "release", delivery, "--why", "spoke with both"]).await;
    offered(6).await;
    assert_eq!(scenario.process.stop().await, Some(0));
}

/// A vendor says of a lead that its client has that the person must not be contacted, and of another that nobody knew.
#[tokio::test(flavor = "multi_thread")]
async fn of_whom_a_sender_says_so_nobody_is_contacted_and_who_has_the_lead_is_told() {
    let scenario = plan(Plan::new().await).webhook("/hook", &[], &[]).serve().await;
    scenario.post(&lead("Uma Example", "+14155550118", "uma@example.com", "")).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let mut again = lead("Uma Example", "+14155550118", "uma@example.com", "");
    again["do_not_contact"] = json!(true);
    scenario.post(&again).await;
    let mut other = lead("Vic Other", "+14155550119", "vic@example.com", "");
    other["status"] = json!("DNC");
    scenario.post(&other).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    scenario.decided(3).await;
    delivered(&scenario.installation).await;
    assert_eq!(types(&scenario.receiver.received(), "/hook"), ["lead.matured", "lead.suppressed"]);
    let open = "select count(*) from lead where stage <> 'closed'";
    until("both are closed", LIMIT, || async { (scenario.installation.count(open).await == 0).then_some(()) }).await;
    for (email, field) in [("uma@example.com", "do_not_contact"), ("vic@example.com", "status")] {
        let id = lead_of(&scenario, email).await;
        let shown = scenario.installation.json(&["lead", "show", &id]).await;
        let flags = shown["flags"].as_array().unwrap();
        assert!(flags.iter().any(|flag| flag["field"] == field && flag["code"] == "do_not_contact"), "{flags:?}");
        let check = scenario.installation.json(&["suppress", "check", "--email", email, "--client", "acme"]).await;
        assert_eq!(check["suppressed"], true, "{check:#}");
    }
    // Under the number alone, whoever asks.
    scenario.post(&json!({"name": "Wim Third", "phone": "+14155550119", "answers": {"timeframe_days": 20}})).await;
    scenario.decided(4).await;
    delivered(&scenario.installation).await;
    assert_eq!(scenario.receiver.received().len(), 2, "nothing more goes out");
    assert_eq!(scenario.process.stop().await, Some(0));
}

/// The client has the lead under a number that nobody minds; what comes after it names one that must not be called.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_lead_is_told_once_where_what_arrives_later_names_whom_nobody_may_contact() {
    let scenario = plan(Plan::new().await).webhook("/hook", &[], &["--events", "lead.matured"]).serve().await;
    let body = |id: &str, name: &str, phone: &str, note: &str| {
        let email = format!("{}@example.com", name.split(' ').next().unwrap().to_lowercase());
        let mut body = lead(name, phone, &email, note);
        body["external_id"] = json!(id);
        body
    };
    // Another person, another number of the same one, and a second enquiry.
    let kinds = [("W1", "Robin Other"), ("W1", "Val Example"), ("X1", "Wim Example")];
    for (round, (id, name)) in kinds.into_iter().enumerate() {
        let first = ["Uma Example", "Val Example", "Wim Example"][round];
        let (free, barred) = (format!("+1415555016{round}"), format!("+1415555017{round}"));
        scenario.installation.json(&["suppress", "add", "--phone", &barred, "--why", "rang and asked"]).await;
        let before = scenario.receiver.count();
        scenario.told(None, &body(&format!("W1-{round}"), first, &free, "")).await;
        scenario.receiver.wait_for(before + 1, LIMIT).await;
        delivered(&scenario.installation).await;
        let id = format!("{id}-{round}");
        scenario.told(None, &body(&id, name, &barred, "")).await;
        let received = scenario.receiver.wait_for(before + 2, LIMIT).await;
        assert_eq!(received[before + 1].json()["type"], "lead.suppressed", "{first}, {name}");
        // Nor with whatever comes of them later.
        scenario.told(None, &body(&id, name, &barred, "once more")).await;
        scenario.told(None, &body(&format!("Y-{round}"), name, &barred, "and again")).await;
        delivered(&scenario.installation).await;
        assert_eq!(scenario.receiver.count(), before + 2, "{first}, {name}");
    }
    let open = "select count(*) from lead where stage <> 'closed'";
    until("all are closed", LIMIT, || async { (scenario.installation.count(open).await == 0).then_some(()) }).await;
    let doctor = String::from_utf8_lossy(&scenario.installation.run(&["doctor"]).await.stdout).into_owned();
    assert!(!doctor.contains("was never told"), "{doctor}");
    assert_eq!(scenario.process.stop().await, Some(0));
}

async fn is_suppressed(scenario: &Scenario, way: [&str; 2]) -> bool {
    let check = scenario.installation.json(&[&["suppress", "check"], &way[..], &["--client", "acme"]].concat()).await;
    check["suppressed"] == true
}

/// A second number in the field, one in a field of the sender's own, and a second address: none of them is what the person is known by.
#[tokio::test(flavor = "multi_thread")]
async fn every_number_and_address_that_somebody_left_is_suppressed_with_them() {
    let scenario = plan(Plan::new().await).serve().await;
    let several = |name: &str, who: u8| {
        json!({"name": name, "phone": format!("+1 415 555 011{who} / +1 415 555 012{who}"), "mobile": format!("+1 415 555 013{who}"),
               "email": format!("first{who}@example.com; second{who}@example.com")})
    };
    scenario.post(&several("Uma Example", 1)).await;
    scenario.post(&several("Vic Other", 2)).await;
    let uma = lead_of(&scenario, "first1@example.com").await;
    lead_of(&scenario, "first2@example.com").await;
    scenario.touch(&uma, &["--disposition", "do_not_contact"]).await;
    let mut again = several("Vic Other", 2);
    again["opt_out"] = json!("yes");
    scenario.post(&again).await;
    let closed = "select count(*) from lead where stage = 'closed'";
    until("both are closed", LIMIT, || async { (scenario.installation.count(closed).await == 2).then_some(()) }).await;
    for who in [1, 2] {
        for number in [format!("+1415555011{who}"), format!("+1415555012{who}"), format!("+1415555013{who}")] {
            assert!(is_suppressed(&scenario, ["--phone", &number]).await, "{number}");
        }
        for email in [format!("first{who}@example.com"), format!("second{who}@example.com")] {
            assert!(is_suppressed(&scenario, ["--email", &email]).await, "{email}");
        }
    }
    // What somebody who asked leaves later.
    scenario.post(&json!({"name": "Uma Example", "email": "first1@example.com", "mobile": "+1 415 555 0141"})).await;
    until("it is suppressed too", LIMIT, || async {
        is_suppressed(&scenario, ["--phone", "+14155550141"]).await.then_some(())
    })
    .await;
    assert_eq!(scenario.process.stop().await, Some(0));
}

/// Of somebody who is known: what the form itself names is heard, with the key and with the address alone.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_in_a_form_is_heard_under_what_the_form_names() {
    let scenario = plan(Plan::new().await).webhook("/hook", &[], &[]).serve().await;
    for (round, by_key) in [true, false].into_iter().enumerate() {
        let (email, phone) = (format!("uma{round}@example.com"), format!("+1415555015{round}"));
        let before = scenario.receiver.count();
        scenario.post(&lead("Uma Example", &phone, &email, "")).await;
        scenario.receiver.wait_for(before + 1, LIMIT).await;
        delivered(&scenario.installation).await;
        let (url, source) = (&scenario.process.url, &scenario.source);
        let request = match by_key {
            true => client().post(format!("{url}/v1/leads")).bearer_auth(&source.key),
            false => client().post(format!("{url}/v1/in/{}", source.token)),
        };
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = format!("email=uma{round}%40example.com&do_not_contact=yes");
        let answer = request.header("accept", "application/json").body(body).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        scenario.receiver.wait_for(before + 2, LIMIT).await;
        assert_eq!(scenario.receiver.received()[before + 1].json()["type"], "lead.suppressed");
        let lead = lead_of(&scenario, &email).await;
        until("it is closed", LIMIT, || async {
            (scenario.installation.json(&["lead", "show", &lead]).await["stage"] == "closed").then_some(())
        })
        .await;
        assert!(is_suppressed(&scenario, ["--email", &email]).await);
        assert!(!is_suppressed(&scenario, ["--phone", &phone]).await, "whoever wrote the form may be somebody else");
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}
