//! What becomes of delivered leads: said by webhook answer, by a client's program, behind a link, by staff and from a file; and
//! a returned lead back at the desk.

use std::process::Output;

use jiff::{SignedDuration, Timestamp};
use ripen_runtime::clock::Clock;
use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    audit::delivered,
    process::client,
    scenario::{Plan, Scenario},
};

const RETURNED: &str = r#"{"outcome": "returned", "reason": "No budget"}"#;

/// A client with a webhook.
async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().set("QUALIFIER__SWEEP_INTERVAL_MS", "50").set("QUALIFIER__UNDO_S", "0");
    plan.webhook("/hook", &[], &[]).serve().await
}

/// Posts an A lead and returns what the webhook received.
async fn matured(scenario: &Scenario, email: &str) -> Value {
    let before = scenario.receiver.count();
    scenario.post(&json!({"email": email, "answers": {"timeframe_days": 30}})).await;
    scenario.receiver.wait_for(before + 1, LIMIT).await;
    delivered(&scenario.installation).await;
    scenario.receiver.received()[before].json()["data"].clone()
}

async fn shown(scenario: &Scenario, data: &Value) -> Value {
    scenario.installation.json(&["lead", "show", data["lead"]["id"].as_str().unwrap()]).await
}

/// Waits until the lead is as wanted.
async fn becomes(scenario: &Scenario, what: &str, data: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    until(what, LIMIT, || async {
        let lead = shown(scenario, data).await;
        wanted(&lead).then_some(lead)
    })
    .await
}

async fn say(scenario: &Scenario, token: &str, data: &Value, outcome: &Value) -> u16 {
    let url = format!("{}/v1/deliveries/{}/outcomes", scenario.process.url, data["delivery"].as_str().unwrap());
    let request = client().post(url).bearer_auth(token).header("content-type", "application/json");
    request.body(outcome.to_string()).send().await.unwrap().status().as_u16()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn open_promises(lead: &Value) -> Vec<Value> {
    lead["promises"].as_array().unwrap().iter().filter(|one| one["ended"].is_null()).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returned_lead_is_work_for_the_desk_and_b_until_somebody_has_spoken_to_the_person() {
    let scenario = scenario().await;
    let data = matured(&scenario, "b@example.com").await;
    let token = scenario.installation.json(&["client", "token", "add", "acme", "--name", "CRM"]).await;
    let token = token["token"].as_str().unwrap();
    let listed =
        client().get(format!("{}/v1/deliveries", scenario.process.url)).bearer_auth(token).send().await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed["deliveries"][0]["delivery"], data["delivery"]);
    assert_eq!(listed["deliveries"][0]["payload"]["data"], data, "the payload as it was sent");

    assert_eq!(say(&scenario, token, &data, &json!({"outcome": "returned", "reason": "Wrong number"})).await, 201);
    let lead = becomes(&scenario, "it is a B", &data, |lead| lead["grade"] == "B").await;
    let open = open_promises(&lead);
    assert_eq!((open.len(), &open[0]["state"]), (1, &json!("work")), "{lead:#}");
    assert_eq!(open[0]["why"], "the client returned it: Wrong number");
    assert_eq!((&lead["outcomes"][0]["outcome"], &lead["outcomes"][0]["by"]), (&json!("returned"), &json!("CRM")));
    let work = scenario.installation.json(&["promise", "list", "--client", "acme"]).await;
    assert_eq!(work[0]["lead"], data["lead"]["id"]);

    let id = data["lead"]["id"].as_str().unwrap();
    scenario.post(&json!({"email": "b@example.com", "answers": {"timeframe_days": 10}})).await;
    scenario.decided(3).await;
    let lead = shown(&scenario, &data).await;
    assert_eq!((&lead["grade"], open_promises(&lead).len()), (&json!("B"), 1), "a new enquiry is no conversation");

    let touch = ["lead", "touch", id, "--disposition", "answered", "--answer", "timeframe_days=20"];
    scenario.installation.json(&touch).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    delivered(&scenario.installation).await;
    let again = scenario.receiver.received()[1].json()["data"].clone();
    assert_ne!(again["delivery"], data["delivery"], "another maturation, another delivery");
    assert_eq!(
        say(&scenario, token, &again, &json!({"outcome": "won", "amount": "12500.00", "currency": "USD"})).await,
        201
    );
    let lead = shown(&scenario, &data).await;
    assert_eq!((&lead["stage"], &lead["won"]), (&json!("customer"), &json!("12500.00 USD")));
    assert_eq!((open_promises(&lead).len(), lead["outcomes"].as_array().unwrap().len()), (0, 2), "{lead:#}");
    assert!(scenario.installation.run(&["doctor"]).await.status.success());
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_endpoint_gives_back_is_delivered_to_no_other_that_did_not_take_it_yet() {
    let plan = Plan::new().await.always_open().set("DISPATCHER__RETRY_SCHEDULE_S", "1,1,1,1,1,1,1,1,1,1");
    let scenario = plan.webhook("/hook", &[], &[]).webhook("/other", &[], &[]).serve().await;
    let returned = Behaviour::StatusWith { status: 200, headers: Vec::new(), body: RETURNED.into() };
    // The first one's answer waits until the other was tried.
    scenario.receiver.set("/hook", Behaviour::Status(503));
    scenario.receiver.set("/other", Behaviour::Status(503));
    scenario.post(&json!({"email": "b@example.com", "answers": {"timeframe_days": 30}})).await;
    until("both were tried", LIMIT, || async {
        let all = scenario.receiver.received();
        ["/hook", "/other"].iter().all(|path| all.iter().any(|one| one.path == *path)).then_some(())
    })
    .await;
    scenario.receiver.set("/hook", returned);
    until("the other is withdrawn", LIMIT, || async {
        let over = "select count(*) from delivery where event = 'lead.matured' and state = 'withdrawn'";
        (scenario.installation.count(over).await == 1).then_some(())
    })
    .await;
    scenario.receiver.set("/other", Behaviour::Status(204));
    scenario.receiver.set("/hook", Behaviour::Status(204));
    // Another lead reaches both: what would have been tried again was by then.
    scenario.post(&json!({"email": "c@example.com", "answers": {"timeframe_days": 30}})).await;
    until("the second lead is there", LIMIT, || async {
        let all = scenario.receiver.received().into_iter().filter(|one| one.path == "/other");
        all.into_iter().any(|one| one.json()["data"]["lead"]["email"] == "c@example.com").then_some(())
    })
    .await;
    delivered(&scenario.installation).await;
    // The first lead at the first endpoint, the second at both: an attempt that was under way was refused, and is over.
    let delivered = "select count(*) from delivery where event = 'lead.matured' and first_delivered_at is not null";
    assert_eq!(scenario.installation.count(delivered).await, 3);
    let withdrawn = "select count(*) from delivery where event = 'lead.matured' and state = 'withdrawn'";
    assert_eq!(scenario.installation.count(withdrawn).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_come_by_answer_and_by_link() {
    let scenario = scenario().await;
    scenario.receiver.set("/hook", Behaviour::Status(200));
    let data = matured(&scenario, "link@example.com").await;
    let link = data["outcome_url"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/o/", scenario.process.url)), "{link}");
    let page = client().get(link).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    assert_eq!(scenario.installation.count("select count(*) from outcome").await, 0);
    let form = |body: &'static str| {
        client().post(link).header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    for body in ["seen=0&outcome=lost&reason=Went+elsewhere", "seen=0&outcome=lost&reason=Went+elsewhere"] {
        assert_eq!(form(body).await.unwrap().status().as_u16(), 200);
    }
    let lead = shown(&scenario, &data).await;
    assert_eq!((&lead["stage"], &lead["closed"]), (&json!("closed"), &json!("lost: Went elsewhere")));
    assert_eq!((lead["outcomes"].as_array().unwrap().len(), &lead["outcomes"][0]["how"]), (1, &json!("link")));

    scenario.receiver.set("/hook", Behaviour::StatusWith { status: 200, headers: Vec::new(), body: RETURNED.into() });
    let data = matured(&scenario, "answer@example.com").await;
    let lead = becomes(&scenario, "the answer is recorded", &data, |lead| lead["grade"] == "B").await;
    assert_eq!((&lead["outcomes"][0]["how"], &lead["outcomes"][0]["reason"]), (&json!("answer"), &json!("No budget")));
    assert_eq!(open_promises(&lead)[0]["state"], "work");
    assert_eq!(scenario.installation.count("select count(*) from outcome_answer").await, 0);

    // Whoever sent it died before it was recorded: it is a row since the attempt, and the sweep finds it.
    scenario.receiver.set("/hook", Behaviour::Status(200));
    let data = matured(&scenario, "left@example.com").await;
    let left = r#"insert into outcome_answer (delivery_id, at, said)
        select id, now() - interval '1 minute', '{"outcome": "accepted"}' from delivery order by id desc limit 1"#;
    sqlx::query(left).execute(scenario.installation.pool()).await.unwrap();
    let lead = becomes(&scenario, "the sweep records it", &data, |lead| lead["outcomes"] != json!([])).await;
    assert_eq!((&lead["outcomes"][0]["outcome"], &lead["grade"]), (&json!("accepted"), &json!("A")));

    scenario.receiver.set("/hook", Behaviour::StatusWith { status: 200, headers: Vec::new(), body: RETURNED.into() });
    scenario.installation.json(&["client", "set", "acme", "--return-reason", "Wrong number"]).await;
    let data = matured(&scenario, "refused@example.com").await;
    let lead =
        becomes(&scenario, "the answer is refused", &data, |lead| lead["deliveries"][0]["answer_refused"].is_string())
            .await;
    assert!(lead["deliveries"][0]["answer_refused"].as_str().unwrap().contains("Wrong number"), "{lead:#}");
    assert_eq!((&lead["grade"], &lead["outcomes"]), (&json!("A"), &json!([])));
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_clients_books_know_is_imported_once() {
    let scenario = scenario().await;
    scenario.installation.client("other").await;
    let (one, two) = (matured(&scenario, "one@example.com").await, matured(&scenario, "two@example.com").await);
    let file = scenario.installation.folder().join("sales.csv");
    let delivery = one["delivery"].as_str().unwrap();
    let rows = format!(
        "Delivery,E-mail,Phone,Outcome,Amount,Currency,Reason\n\
         {delivery},,,lost,,,Price\n{delivery},,,won,9000,USD,\n,TWO@example.com,,Won,\"12500.50\",eur,\n\
         ,nobody@example.com,,won,1,USD,\n,,,won,1,USD,\n,two@example.com,,won,lots,USD,\n,one@example.com,,returned,,,\n"
    );
    std::fs::write(&file, rows).unwrap();
    let import = ["outcome", "import", file.to_str().unwrap(), "--client", "acme", "--json"];
    let dry = scenario.installation.run(&[&import[..], &["--dry-run"]].concat()).await;
    assert_eq!(scenario.installation.count("select count(*) from outcome").await, 0, "{}", text(&dry));
    let first = scenario.installation.run(&import).await;
    assert_eq!(first.status.code(), Some(1), "{}", text(&first));
    let report: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(
        (&report["recorded"], &report["unmatched"], &report["refused"]),
        (&json!(3), &json!(2), &json!(2)),
        "{report:#}"
    );
    let lines: Vec<_> = report["left"].as_array().unwrap().iter().map(|one| one["line"].clone()).collect();
    assert_eq!(lines, [5, 6, 7, 8]);
    let second = scenario.installation.run(&import).await;
    let report: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!((&report["recorded"], &report["repeated"]), (&json!(0), &json!(3)), "{report:#}");
    // The file says two things of the first lead: the later one counts.
    assert_eq!(
        (&report["noted"][0]["line"], &report["noted"][0]["noted"]),
        (&json!(2), &json!("superseded")),
        "{report:#}"
    );
    assert_eq!(report["noted"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(shown(&scenario, &one).await["won"], "9000.00 USD");
    assert_eq!(shown(&scenario, &two).await["won"], "12500.50 EUR");

    let foreign = ["outcome", "import", file.to_str().unwrap(), "--client", "other", "--json"];
    let report: Value = serde_json::from_slice(&scenario.installation.run(&foreign).await.stdout).unwrap();
    assert_eq!((&report["recorded"], &report["unmatched"]), (&json!(0), &json!(5)), "{report:#}");

    let lost = ["outcome", "add", delivery, "lost", "--reason", "Withdrew", "--by", "Kim"];
    let asked = scenario.installation.run(&lost).await;
    assert!(!asked.status.success() && text(&asked).contains("takes that sale back"), "{}", text(&asked));
    let lost = scenario.installation.json(&[&lost[..], &["--confirm"]].concat()).await;
    assert_eq!((&lost["outcome"], &lost["how"], &lost["by"]), (&json!("lost"), &json!("command"), &json!("Kim")));
    let refused = scenario.installation.run(&["outcome", "add", delivery, "won", "--amount", "lots"]).await;
    assert!(!refused.status.success() && text(&refused).contains("--amount"), "{}", text(&refused));
    assert_eq!(shown(&scenario, &one).await["closed"], "lost: Withdrew");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_read_where_the_client_is_and_keep_what_the_client_says_they_are() {
    let scenario = scenario().await;
    let (one, two) = (matured(&scenario, "one@example.com").await, matured(&scenario, "two@example.com").await);
    let three = matured(&scenario, "three@example.com").await;
    let price = ["client", "set", "acme", "--country", "DE", "--amounts", "price", "--amount-share", "3"];
    let set = scenario.installation.json(&price).await;
    assert_eq!((&set["amounts"], &set["amount_share"]), (&json!("price"), &json!("3")));
    let wrong = scenario.installation.run(&["client", "set", "acme", "--amount-share", "300"]).await;
    assert!(!wrong.status.success() && text(&wrong).contains("at most 100"), "{}", text(&wrong));
    let file = scenario.installation.folder().join("books.csv");
    let rows = "E-mail;Ergebnis;Betrag;Währung;Datum\n\
        one@example.com;won;12.500;EUR;31.10.2026\ntwo@example.com;lost;;;\nthree@example.com;won;1,50;JPY;\n";
    std::fs::write(&file, rows).unwrap();
    let import = ["outcome", "import", file.to_str().unwrap(), "--client", "acme", "--json", "--confirm"];
    let report: Value = serde_json::from_slice(&scenario.installation.run(&import).await.stdout).unwrap();
    assert_eq!((&report["recorded"], &report["refused"]), (&json!(2), &json!(1)), "{report:#}");
    assert!(report["left"][0]["why"].as_str().unwrap().contains("JPY has none"), "{report:#}");
    let lead = shown(&scenario, &one).await;
    assert_eq!((&lead["won"], &lead["won_is"]), (&json!("12500.00 EUR"), &json!("price")));
    let outcome = &lead["outcomes"][0];
    assert_eq!((&outcome["amount_is"], &outcome["amount_share"]), (&json!("price"), &json!("3")), "{lead:#}");
    assert!(outcome["happened_at"].as_str().unwrap().starts_with("2026-10-3"), "{lead:#}");
    assert_eq!(shown(&scenario, &two).await["closed"], "lost");
    assert_eq!(shown(&scenario, &three).await["outcomes"], json!([]));
    let income = scenario.installation.json(&["client", "set", "acme", "--amounts", "income"]).await;
    assert_eq!((&income["amounts"], &income["amount_share"]), (&json!("income"), &Value::Null));
    let page = client().get(three["outcome_url"].as_str().unwrap()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Your income from the sale"), "{page}");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_enquires_before_the_day_that_the_client_named_is_work_at_once() {
    let scenario = scenario().await;
    let token = scenario.installation.json(&["client", "token", "add", "acme", "--name", "CRM"]).await;
    let token = token["token"].as_str().unwrap().to_owned();
    let one = matured(&scenario, "one@example.com").await;
    let day = Clock::system().now() + SignedDuration::from_hours(24 * 180);
    let not_yet = json!({"outcome": "not_yet", "date": day.to_string().split('T').next().unwrap()});
    assert_eq!(say(&scenario, &token, &one, &not_yet).await, 201);
    let waits = becomes(&scenario, "it is decided", &one, |lead| lead["grade"] == "B").await;
    let [step] = &open_promises(&waits)[..] else { panic!("{waits:#}") };
    assert_eq!((&step["agreed"], &step["state"]), (&json!(false), &json!("scheduled")), "{step:#}");

    scenario
        .post(&json!({"email": "one@example.com", "notes": "We sold our flat", "answers": {"timeframe_days": 5}}))
        .await;
    let is_now = |lead: &Value| {
        let open = open_promises(lead);
        open.len() == 1 && open[0]["why"].as_str().is_some_and(|why| why.contains("before the date"))
    };
    let now = becomes(&scenario, "it is work", &one, is_now).await;
    let due: Timestamp = open_promises(&now)[0]["due"].as_str().unwrap().parse().unwrap();
    assert!(due <= Clock::system().now() + SignedDuration::from_hours(1), "{now:#}");
    assert_eq!(now["grade"], "B", "until somebody has spoken to them");
}
