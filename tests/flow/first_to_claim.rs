//! First to claim: a lead on offer to several, of whom one gets it.

use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

const RACE: &str = r#"mode = "first_to_claim"
recipients = ["Dana Hill", "Lee Park"]
claim_within = "10m"
fallback = ["Office"]
owner = "CRM"
"#;

/// Two reps with mail, the team's CRM and its office as webhooks; the CRM is by name where the document names it.
async fn scenario(document: &str) -> Scenario {
    let plan = Plan::new().await.set("HTTP__PUBLIC_URL", "https://ripen.example");
    let crm: &[&str] = if document.contains("[\"CRM\"") { &["--by-name"] } else { &[] };
    let plan = plan.webhook("/crm", &["--name", "CRM"], crm).webhook("/office", &["--name", "Office"], &["--by-name"]);
    plan.rep("Dana Hill").rep("Lee Park").routing(document).serve().await
}

async fn enquire(scenario: &Scenario) {
    let body = json!({"email": "casey@example.com", "first_name": "Casey", "phone": "+1 415 555 0100",
                      "answers": {"timeframe_days": 10}});
    scenario.post(&body).await;
}

/// Deliveries of an event that were sent: ids in the form that people see, and bodies.
async fn sent(scenario: &Scenario, event: &str, count: usize) -> Vec<(String, Value)> {
    let sql = "select d.id, b.body from delivery d join delivery_body b on b.delivery_id = d.id
               where d.event = $1 and d.state in ('delivered', 'filed') order by d.id";
    until(event, LIMIT, || async {
        let rows: Vec<(uuid::Uuid, Vec<u8>)> =
            sqlx::query_as(sql).bind(event).fetch_all(scenario.installation.pool()).await.unwrap();
        let shown = |(id, body): (uuid::Uuid, Vec<u8>)| {
            (ripen_domain::id::DeliveryId::from_uuid(id).to_string(), serde_json::from_slice(&body).unwrap())
        };
        (rows.len() == count).then(|| rows.into_iter().map(shown).collect())
    })
    .await
}

async fn say(scenario: &Scenario, delivery: &str, outcome: &[&str]) -> (bool, String) {
    let output = scenario.installation.run(&[&["outcome", "add", delivery], outcome].concat()).await;
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepts_first_has_it_and_nobody_else_learns_whom_to_call() {
    let scenario = scenario(RACE).await;
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    for (_, body) in &offers {
        let text = body.to_string();
        assert!(!["casey@", "Casey", "4155550100"].iter().any(|secret| text.contains(secret)), "{text}");
        assert_eq!(body["data"]["answers"]["timeframe_days"], 10);
    }
    assert_eq!(scenario.receiver.count(), 0, "the team's webhook is told when somebody has it");
    let who = |body: &Value| body["data"]["assigned_to"]["name"].as_str().unwrap().to_owned();
    let url = offers[0].1["data"]["outcome_url"].as_str().unwrap();
    let page = url.replace("https://ripen.example", &scenario.process.url);
    let shown = client().get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("Take it") && !shown.contains("casey@"), "{shown}");
    let taken = client().post(&page).body("outcome=accepted&seen=0").send().await.unwrap();
    assert_eq!(taken.status().as_u16(), 200, "{}", taken.text().await.unwrap());

    let matured = sent(&scenario, "lead.matured", 2).await;
    assert!(matured.iter().all(|(_, body)| who(body) == offers[0].1["data"]["offered_to"]["name"]), "{matured:?}");
    assert!(matured.iter().all(|(_, body)| body["data"]["lead"]["email"] == "casey@example.com"));
    let crm = scenario.receiver.wait_for(1, LIMIT).await;
    assert_eq!((crm.len(), crm[0].path.as_str()), (1, "/crm"), "{crm:?}");
    let told = sent(&scenario, "lead.taken", 1).await;
    assert!(!["casey@", "Casey"].iter().any(|secret| told[0].1.to_string().contains(secret)), "{}", told[0].1);
    let lost = offers[1].1["data"]["outcome_url"].as_str().unwrap();
    let lost = lost.replace("https://ripen.example", &scenario.process.url);
    let shown = client().get(&lost).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("Somebody else took the lead, ") && !shown.contains("Take it"), "{shown}");
    assert!(!shown.contains("Casey") && !shown.contains(who(&matured[0].1).as_str()), "by whom is not said: {shown}");
    let won = client().get(&page).send().await.unwrap().text().await.unwrap();
    assert!(won.contains("You took this lead") && !won.contains("Take it"), "{won}");
    // The page of the offer leads to the lead's own, and hears what is said of the lead.
    let own = won
        .split("<a class=\"button\" href=\"/o/")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a link to the lead's own page");
    let lead = client().get(format!("{}/o/{own}", scenario.process.url)).send().await.unwrap().text().await.unwrap();
    assert!(lead.contains("casey@example.com"), "{lead}");
    let (lost, why) = say(&scenario, &offers[1].0, &["won"]).await;
    assert!(!lost && why.contains("Somebody else took this lead"), "{why}");
    let (won, why) = say(&scenario, &offers[1].0, &["accepted"]).await;
    assert!(!won && why.contains("Somebody else took this lead"), "{why}");
    let (again, _) = say(&scenario, &offers[0].0, &["accepted"]).await;
    assert!(again, "who has it may say so again");
    sent(&scenario, "lead.matured", 2).await;
    let said = "select count(*) from maturation where routing like '%Taken by%'";
    assert_eq!(scenario.installation.count(said).await, 1);
    let asked = client().post(&page).body("outcome=returned&reason=do_not_contact&seen=0").send().await.unwrap();
    assert_eq!(asked.status().as_u16(), 200, "{}", asked.text().await.unwrap());
    assert_eq!(scenario.installation.count("select count(*) from person where do_not_contact").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_accept_at_once_one_wins() {
    let scenario = scenario(RACE).await;
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    let links: Vec<_> = offers.iter().map(|(_, body)| body["data"]["outcome_url"].as_str().unwrap()).collect();
    let pages: Vec<_> = links.iter().map(|url| url.replace("https://ripen.example", &scenario.process.url)).collect();
    let tries = (0..24).map(|n| {
        let page = pages[n % 2].clone();
        async move { (n % 2, client().post(page).body("outcome=accepted").send().await.unwrap().status().as_u16()) }
    });
    let answers = futures::future::join_all(tries).await;
    let winners: std::collections::BTreeSet<_> =
        answers.iter().filter(|(_, status)| *status == 200).map(|(who, _)| *who).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(who, status)| winners.contains(who) == (*status == 200)), "{answers:?}");
    sent(&scenario, "lead.matured", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_pass_the_fallback_is_asked_and_when_nobody_takes_it_the_owner_has_it() {
    let scenario = scenario(RACE).await;
    scenario.receiver.set("/office", Behaviour::Status(200));
    enquire(&scenario).await;
    for (offer, _) in sent(&scenario, "lead.offered", 2).await {
        let (passed, why) = say(&scenario, &offer, &["returned", "--reason", "busy"]).await;
        assert!(passed, "{why}");
    }
    let offers = sent(&scenario, "lead.offered", 3).await;
    assert_eq!(scenario.receiver.wait_for(1, LIMIT).await[0].path, "/office");
    let (late, why) = say(&scenario, &offers[0].0, &["accepted"]).await;
    assert!(!late && why.contains("not offered to you"), "{why}");

    sqlx::query("update claim set until = until - interval '1 hour'")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    sqlx::query("update delivery set due_at = due_at - interval '1 hour' where endpoint_id is null")
        .execute(scenario.installation.pool())
        .await
        .unwrap();
    let received = scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!((received[1].path.as_str(), &received[1].json()["type"]), ("/crm", &json!("lead.matured")));
    let returned = "select count(*) from outcome";
    assert_eq!(scenario.installation.count(returned).await, 0, "to pass is no outcome of the lead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_takes_an_offer_by_its_answer() {
    let scenario = scenario(&RACE.replace("[\"Dana Hill\", \"Lee Park\"]", "[\"CRM\", \"Office\"]")).await;
    let accepting =
        Behaviour::StatusWith { status: 200, headers: Vec::new(), body: r#"{"outcome":"accepted"}"#.into() };
    scenario.receiver.set("/office", accepting);
    enquire(&scenario).await;
    sent(&scenario, "lead.matured", 1).await;
    let last = scenario.receiver.received().into_iter().find(|one| one.json()["type"] == "lead.matured").unwrap();
    assert_eq!((last.path.as_str(), &last.json()["data"]["lead"]["first_name"]), ("/office", &json!("Casey")));
    sent(&scenario, "lead.taken", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_was_not_taken_in_yet_goes_out_no_more_once_somebody_else_has_the_lead() {
    let both = RACE.replace("[\"Dana Hill\", \"Lee Park\"]", "[\"CRM\", \"Office\"]");
    let scenario = scenario(&both).await;
    scenario.receiver.set("/crm", Behaviour::Status(503));
    enquire(&scenario).await;
    let offer = sent(&scenario, "lead.offered", 1).await.remove(0).0;
    scenario.receiver.wait_for(2, LIMIT).await;
    assert!(say(&scenario, &offer, &["accepted"]).await.0);
    sent(&scenario, "lead.matured", 1).await;
    let states = "select count(*) from delivery where event = 'lead.offered' and state = 'withdrawn' and reason = 'somebody else took it'";
    until("the other offer is withdrawn", LIMIT, || async {
        (scenario.installation.count(states).await == 1).then_some(())
    })
    .await;
    // Whoever may have got it hears that it is gone, and of the offer nothing more, although it answers by now.
    scenario.receiver.set("/crm", Behaviour::Status(204));
    sent(&scenario, "lead.taken", 1).await;
    let told = scenario.receiver.received().into_iter().filter(|one| one.path == "/crm");
    let told: Vec<_> = told.map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect();
    let after = told.iter().position(|kind| kind == "lead.taken").unwrap();
    assert!(told[..after].iter().all(|kind| kind == "lead.offered"), "{told:?}");
    // Once or, where it came before the endpoint answered again, once more.
    assert!(told[after..].iter().all(|kind| kind == "lead.taken"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_never_sent_an_offer_is_not_told_that_somebody_else_took_it() {
    let document =
        RACE.replace("fallback = [\"Office\"]\n", "").replace("owner = \"CRM\"\n", "owner = \"Robin Vale\"\n");
    let plan = Plan::new().await.mail_server().set("HTTP__PUBLIC_URL", "https://ripen.example");
    let plan = plan.rep("Dana Hill").rep("Lee Park").rep("Robin Vale");
    let document = document.replace("\"Lee Park\"]", "\"Lee Park\", \"Robin Vale\"]");
    let scenario = plan.routing(&document).serve().await;
    scenario.mailbox.refuse("dana@example.com", "450 4.2.0 come again later");
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    let tried = "select count(*) from delivery where event = 'lead.offered' and state = 'pending' and attempts > 0 and reason like '%4.2.0%'";
    until("Dana's mailbox put it off", LIMIT, || async {
        (scenario.installation.count(tried).await == 1).then_some(())
    })
    .await;
    let (taken, why) = say(&scenario, &offers[0].0, &["accepted"]).await;
    assert!(taken, "{why}");
    sent(&scenario, "lead.taken", 1).await;
    let told = "select count(*) from delivery d join endpoint e on e.id = d.endpoint_id where d.event = 'lead.taken' and e.address = 'dana@example.com'";
    assert_eq!(scenario.installation.count(told).await, 0, "owed in the transaction of the taking, or never");
}

const WORDS: &str = r#"name = "default"
[[question]]
id = "timeframe_days"
ask = "When?"
type = "number"
[[question]]
id = "kind"
ask = "What kind?"
type = "choice"
choices = ["House", "Flat"]
[[question]]
id = "about"
ask = "What else?"
type = "text"
[[rule]]
id = "soon"
when = "answers.timeframe_days <= 90"
points = 70
because = "Wants to move within three months"
[grades]
A = 50
B = 20
"#;

/// Offers of a lead that says its number in every text it can, by this document.
async fn wordy_offers(document: &str, count: usize) -> (Scenario, Vec<(String, Value)>) {
    let plan = Plan::new().await.set("HTTP__PUBLIC_URL", "https://ripen.example").criteria(WORDS);
    let plan = plan.webhook("/crm", &["--name", "CRM"], &[]).webhook("/office", &["--name", "Office"], &["--by-name"]);
    let scenario = plan.rep("Dana Hill").rep("Lee Park").routing(document).serve().await;
    let body = json!({"email": "casey@example.com", "first_name": "Casey", "phone": "+1 415 555 0100", "postal_code": "60134",
                      "country": "US", "notes": "Casey, call 415 555 0100", "hint": "415-555-0100",
                      "answers": {"timeframe_days": 10, "kind": "house", "about": "ask for Casey, 415 555 0100", "other": "4155550100"}});
    scenario.post(&body).await;
    let offers = sent(&scenario, "lead.offered", count).await;
    (scenario, offers)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_names_what_the_document_says_and_never_words_of_the_person() {
    let (_scenario, offers) = wordy_offers(RACE, 2).await;
    for (_, body) in &offers {
        let text = body.to_string();
        assert!(
            !["Casey", "casey@", "555 0100", "555-0100", "5550100"].iter().any(|secret| text.contains(secret)),
            "{text}"
        );
        let data = &body["data"];
        assert_eq!(data["answers"], json!({"timeframe_days": 10, "kind": "House"}));
        assert_eq!((&data["lead"]["postal_code"], &data["grade"]), (&json!("60134"), &json!("A")));
        assert_eq!(data["reasons"][0]["because"], "Wants to move within three months");
        assert!(data["source"]["channel"].is_string() && data["source"]["name"].is_null(), "{data}");
    }
    let (scenario, offers) =
        wordy_offers(&RACE.replace("claim_within", "offer_shows = [\"source\", \"answers.kind\"]\nclaim_within"), 2)
            .await;
    for (_, body) in &offers {
        let data = &body["data"];
        assert_eq!(data["answers"], json!({"kind": "House"}));
        assert!(data["source"]["name"].is_string() && data["source"]["channel"].is_null(), "{data}");
        assert!(
            data["grade"].is_null() && data["lead"]["postal_code"].is_null() && data["reasons"] == json!([]),
            "{data}"
        );
    }
    let file = scenario.installation.folder().join("asks.toml");
    std::fs::write(&file, RACE.replace("claim_within", "offer_shows = [\"phone\", \"answers.about\"]\nclaim_within"))
        .unwrap();
    let output = scenario.installation.run(&["route", "check", file.to_str().unwrap(), "--client", "acme"]).await;
    assert!(!output.status.success());
    let why = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(why.contains("an offer never names 'phone'") && why.contains("never shows 'about'"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_takes_no_more_offers_than_a_day_may_bring() {
    let scenario = scenario(RACE).await;
    scenario.rep("Dana Hill", &["--capacity", "1"]).await;
    let mut offers = Vec::new();
    for (place, name) in ["one", "two", "three"].into_iter().enumerate() {
        scenario.post(&json!({"email": format!("{name}@example.com"), "answers": {"timeframe_days": 10}})).await;
        // Each by itself: of leads that come together only as many are offered as the day may bring.
        offers = sent(&scenario, "lead.offered", 2 * (place + 1)).await;
    }
    let hers: Vec<_> = offers.iter().filter(|(_, body)| body["data"]["offered_to"]["name"] == "Dana Hill").collect();
    let mut taken = 0;
    for (offer, _) in &hers {
        let (won, why) = say(&scenario, offer, &["accepted"]).await;
        taken += i32::from(won);
        assert!(won || why.contains("Dana Hill has had the 1 leads a day may bring"), "{why}");
    }
    assert_eq!((hers.len(), taken), (3, 1));
    let refused = hers[2].1["data"]["lead"]["id"].clone();
    let (others, _) = offers
        .iter()
        .find(|(_, body)| body["data"]["lead"]["id"] == refused && body["data"]["offered_to"]["name"] == "Lee Park")
        .unwrap();
    let (won, why) = say(&scenario, others, &["accepted"]).await;
    assert!(won, "it stayed on offer to the others: {why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_goes_to_nobody_who_has_left_and_what_is_said_of_its_person_is_no_pass() {
    let scenario = scenario(RACE).await;
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    let of = |name: &str| {
        let found = offers.iter().find(|(_, body)| body["data"]["offered_to"]["name"] == name);
        found.map(|(offer, _)| offer.clone()).unwrap()
    };
    let (hers, his) = (of("Dana Hill"), of("Lee Park"));
    scenario.rep("Dana Hill", &["--pause"]).await;
    let (taken, why) = say(&scenario, &hers, &["accepted"]).await;
    assert!(!taken && why.contains("Dana Hill has left"), "{why}");
    for reason in ["do_not_contact", "wrong_number"] {
        let (passed, why) = say(&scenario, &his, &["returned", "--reason", reason]).await;
        assert!(!passed && why.contains("accept it first"), "{why}");
    }
    let (won, why) = say(&scenario, &his, &["accepted"]).await;
    assert!(won, "it stayed on offer: {why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reps_without_an_endpoint_of_their_own_take_an_offer_by_its_link() {
    let scenario = scenario(RACE).await;
    let endpoints = scenario.installation.json(&["endpoint", "list"]).await;
    for one in endpoints.as_array().unwrap().iter().filter(|one| one["kind"] == "email") {
        scenario.installation.json(&["endpoint", "pause", one["id"].as_str().unwrap()]).await;
    }
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    let names: std::collections::BTreeSet<_> =
        offers.iter().map(|(_, body)| body["data"]["offered_to"]["name"].as_str().unwrap()).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["Dana Hill", "Lee Park"],
        "each has an offer with a link of their own"
    );
    let lee = offers.iter().find(|(_, body)| body["data"]["offered_to"]["name"] == "Lee Park").unwrap();
    let page = lee.1["data"]["outcome_url"].as_str().unwrap().replace("https://ripen.example", &scenario.process.url);
    let taken = client().post(&page).body("outcome=accepted&seen=0").send().await.unwrap();
    assert_eq!(taken.status().as_u16(), 200, "{}", taken.text().await.unwrap());
    let matured = sent(&scenario, "lead.matured", 1).await;
    assert_eq!(matured[0].1["data"]["assigned_to"]["name"], "Lee Park");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_taken_on_another_day_counts_against_that_days_limit_of_the_client() {
    let scenario = scenario(RACE).await;
    enquire(&scenario).await;
    let offers = sent(&scenario, "lead.offered", 2).await;
    // As if it had been offered yesterday: today has had its one lead already.
    sqlx::query("update claim set counted_on = counted_on - 1").execute(scenario.installation.pool()).await.unwrap();
    scenario.installation.json(&["client", "set", "acme", "--capacity", "1"]).await;
    let (taken, said) = say(&scenario, &offers[0].0, &["accepted"]).await;
    assert!(!taken && said.contains("has had the 1 leads a day may bring"), "{said}");
    scenario.installation.json(&["client", "set", "acme", "--capacity", "2"]).await;
    let (taken, said) = say(&scenario, &offers[0].0, &["accepted"]).await;
    assert!(taken, "{said}");
    let given = "select leads::bigint from given g join client c on c.id = g.recipient_id";
    assert_eq!(scenario.installation.count(given).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_an_offer_hears_that_it_ends_and_neither_of_whom_nor_why() {
    for by_recall in [true, false] {
        let scenario = scenario(RACE).await;
        enquire(&scenario).await;
        let offers = sent(&scenario, "lead.offered", 2).await;
        if by_recall {
            let lead = offers[0].1["data"]["lead"]["id"].as_str().unwrap();
            let done = scenario.installation.json(&["lead", "recall", lead, "--why", "entered twice"]).await;
            assert_eq!(done["told"], 2, "{done:#}");
        } else {
            scenario.installation.json(&["suppress", "add", "--email", "casey@example.com", "--why", "asked"]).await;
        }
        for (_, body) in sent(&scenario, "lead.taken", 2).await {
            assert_eq!(body["data"]["withdrawn"], true, "{body}");
            let text = body.to_string();
            assert!(
                !["casey@", "Casey", "entered twice", "asked"].iter().any(|secret| text.contains(secret)),
                "{text}"
            );
        }
    }
}

/// A webhook is one of those whom it is offered to first, another one their fallback.
const UNREACHED: &str = r#"mode = "first_to_claim"
recipients = ["CRM", "Lee Park"]
claim_within = "10m"
fallback = ["Office"]
owner = "Dana Hill"
"#;

/// What a path was sent of this kind: its id.
async fn came(scenario: &Scenario, path: &str, kind: &str) -> String {
    let found = || scenario.receiver.received().into_iter().find(|one| one.path == path && one.json()["type"] == kind);
    until(kind, LIMIT, || async { found() }).await.header("webhook-id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_whose_taker_cannot_be_reached_goes_on_to_the_fallback_and_then_to_the_owner() {
    for fallback_takes_it in [true, false] {
        let scenario = scenario(UNREACHED).await;
        enquire(&scenario).await;
        let offer = came(&scenario, "/crm", "lead.offered").await;
        sent(&scenario, "lead.offered", 2).await;
        // It takes the lead, and not what it is sent of it.
        scenario.receiver.set("/crm", Behaviour::Status(422));
        let (taken, why) = say(&scenario, &offer, &["accepted"]).await;
        assert!(taken, "{why}");
        let asked = came(&scenario, "/office", "lead.offered").await;
        let open = "select count(*) from claim where tier = 'fallback' and taken_by is null";
        assert_eq!(scenario.installation.count(open).await, 1);
        if fallback_takes_it {
            let (taken, why) = say(&scenario, &asked, &["accepted"]).await;
            assert!(taken, "{why}");
            came(&scenario, "/office", "lead.matured").await;
        } else {
            for past in [
                "update claim set until = until - interval '1 hour'",
                "update delivery set due_at = due_at - interval '1 hour' where endpoint_id is null",
            ] {
                sqlx::query(past).execute(scenario.installation.pool()).await.unwrap();
            }
            let matured = sent(&scenario, "lead.matured", 1).await;
            assert_eq!(matured[0].1["data"]["assigned_to"]["name"], "Dana Hill", "the owner has it");
        }
        // It took a place in the day once, whoever has it.
        let given = "select leads::bigint from given g join client c on c.id = g.recipient_id";
        assert_eq!(scenario.installation.count(given).await, 1);
    }
}
