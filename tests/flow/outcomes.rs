//! What becomes of delivered leads: said by webhook answer, by a client's program, behind a link, by staff and from a file; and
//! a returned lead back at the desk.

use std::process::Output;

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
    assert_eq!(shown(&scenario, &one).await["won"], "9000.00 USD");
    assert_eq!(shown(&scenario, &two).await["won"], "12500.50 EUR");

    let foreign = ["outcome", "import", file.to_str().unwrap(), "--client", "other", "--json"];
    let report: Value = serde_json::from_slice(&scenario.installation.run(&foreign).await.stdout).unwrap();
    assert_eq!((&report["recorded"], &report["unmatched"]), (&json!(0), &json!(5)), "{report:#}");

    let lost =
        scenario.installation.json(&["outcome", "add", delivery, "lost", "--reason", "Withdrew", "--by", "Kim"]).await;
    assert_eq!((&lost["outcome"], &lost["how"], &lost["by"]), (&json!("lost"), &json!("command"), &json!("Kim")));
    let refused = scenario.installation.run(&["outcome", "add", delivery, "won"]).await;
    assert!(!refused.status.success() && text(&refused).contains("--amount"), "{}", text(&refused));
    assert_eq!(shown(&scenario, &one).await["closed"], "lost: Withdrew");
    assert_eq!(scenario.process.stop().await, Some(0));
}
