//! What a rep gets and says beside outcomes: a call in vain, a return that the firm judges, a new link to the list, and mails that
//! name client and firm and say what changed.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::{
    cases::unquoted,
    harness::{
        LIMIT,
        audit::delivered,
        process::client,
        scenario::{CLIENT, Plan, Scenario},
    },
};

async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().mail_server().set("QUALIFIER__UNDO_S", "0");
    let plan = plan.set("FIRM__NAME", "Lakefront Leads").set("MAIL__REPLY_TO", "desk@firm.example");
    plan.rep("Dana Hill").serve().await
}

/// A link of the newest body that has it.
async fn link(scenario: &Scenario, key: &str) -> String {
    let bodies = "select convert_from(body, 'utf8') from delivery_body order by at desc limit 1";
    let body: String = sqlx::query_scalar(bodies).fetch_one(scenario.installation.pool()).await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    body["data"][key].as_str().unwrap().to_owned()
}

async fn post(url: &str, form: &'static str) -> (u16, String) {
    let request = client().post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn delivery(scenario: &Scenario, lead: &str) -> String {
    let shown = scenario.installation.json(&["delivery", "list", "--lead", lead]).await;
    let all = shown.as_array().unwrap();
    all.iter().find(|one| one["event"] == "lead.matured").unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_says_what_is_no_outcome_and_hears_what_the_firm_says_to_a_return() {
    let scenario = scenario().await;
    let lead = scenario.lead("Casey", json!({"timeframe_days": 30})).await;
    let mail = scenario.mail("A lead: Casey").await;
    assert_eq!(mail.header("list-id"), format!("<{CLIENT}.example.com>"), "by slug");
    assert_eq!(mail.header("reply-to"), "desk@firm.example");
    assert!(mail.header("list-unsubscribe").starts_with("<mailto:desk@firm.example"), "{}", mail.data);
    assert!(unquoted(&mail).contains("Sent by Lakefront Leads for"), "{}", unquoted(&mail));
    delivered(&scenario.installation).await;

    let page = link(&scenario, "outcome_url").await;
    assert_eq!(post(&page, "outcome=no_answer").await.0, 200);
    let touches = scenario.installation.json(&["lead", "show", &lead]).await["touches"].clone();
    assert_eq!(
        (&touches[0]["disposition"], &touches[0]["by"]),
        (&json!("no_answer"), &json!("Dana Hill")),
        "{touches}"
    );
    assert_eq!(scenario.installation.count("select count(*) from outcome").await, 0);

    let id = delivery(&scenario, &lead).await;
    assert!(scenario.refused(&["outcome", "uphold", &id, "--why", "x"]).await.contains("is not returned"));
    assert_eq!(post(&page, "outcome=returned&reason=no+budget").await.0, 200);
    let judged = scenario.installation.json(&["outcome", "reject", &id, "--why", "A budget was named"]).await;
    assert_eq!((&judged["outcome"], &judged["verdict"]), (&json!("returned"), &json!("rejected")), "{judged}");
    let told = scenario.mail("Return rejected: Casey").await;
    assert!(unquoted(&told).contains("A budget was named"), "{}", unquoted(&told));
    until("the lead is A again, and nobody's but Dana's", LIMIT, || async {
        let shown = scenario.installation.json(&["lead", "show", &lead]).await;
        (shown["grade"] == "A").then_some(())
    })
    .await;
    assert_eq!(scenario.installation.count("select count(*) from maturation").await, 1, "it is not delivered again");
    let list = link(&scenario, "open_leads_url").await;
    assert!(client().get(&list).send().await.unwrap().text().await.unwrap().contains("Casey"), "it is before the rep");
    let recalled = scenario.recall(&lead, "a slip").await;
    assert_eq!(recalled["told"], 1, "the rep has it, and is told: {recalled}");
    assert!(scenario.refused(&["outcome", "uphold", &id, "--why", "x"]).await.contains("is not returned"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_not_rejected_where_the_rep_cannot_have_the_lead() {
    let scenario = scenario().await;
    let lead = scenario.lead("Casey", json!({"timeframe_days": 30})).await;
    scenario.mail("A lead: Casey").await;
    delivered(&scenario.installation).await;
    let (page, id) = (link(&scenario, "outcome_url").await, delivery(&scenario, &lead).await);
    assert_eq!(post(&page, "outcome=returned&reason=no+budget").await.0, 200);
    scenario.touch(&lead, &["--disposition", "do_not_contact"]).await;
    let no = scenario.refused(&["outcome", "reject", &id, "--why", "A budget was named"]).await;
    assert!(no.contains("asked not to be contacted"), "{no}");
    let judged = "select count(*) from outcome where verdict is not null";
    assert_eq!(scenario.installation.count(judged).await, 0, "nothing of it happened");
    scenario.installation.json(&["outcome", "uphold", &id, "--why", "as they wish"]).await;
    scenario.mail("Return upheld: Casey").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_is_mailed_nothing_of_the_lead_they_had() {
    let scenario = scenario().await;
    scenario.lead("Casey", json!({"timeframe_days": 30})).await;
    scenario.mail("A lead: Casey").await;
    delivered(&scenario.installation).await;
    scenario.rep("Dana Hill", &["--pause"]).await;
    scenario.enquire("Casey", json!({"timeframe_days": 20})).await;
    until("the update is dropped", LIMIT, || async {
        let left = "select count(*) from delivery where event = 'lead.updated' and state = 'withdrawn' and reason = 'its rep has left'";
        (scenario.installation.count(left).await == 1).then_some(())
    })
    .await;
    assert_eq!(scenario.mailbox.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_link_is_mailed_to_the_rep_and_none_works_for_who_left() {
    let scenario = scenario().await;
    scenario.lead("Casey", json!({"timeframe_days": 30})).await;
    scenario.mail("A lead: Casey").await;
    delivered(&scenario.installation).await;
    let (list, page) = (link(&scenario, "open_leads_url").await, link(&scenario, "outcome_url").await);
    assert_eq!(post(&list, "").await.0, 200);
    let mail = scenario.mail("Your new link to your open leads").await;
    assert_eq!(mail.to, ["dana@example.com"]);
    assert!(unquoted(&mail).contains("/r/"), "{}", unquoted(&mail));

    scenario.rep("Dana Hill", &["--pause"]).await;
    for url in [&list, &page] {
        let answer = client().get(url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 410, "{url}");
        assert!(!answer.text().await.unwrap().contains("Casey"));
    }
    scenario.rep("Dana Hill", &["--resume"]).await;
    assert_eq!(client().get(&page).send().await.unwrap().status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_names_what_is_otherwise_than_the_rep_was_told() {
    let scenario = scenario().await;
    scenario.lead("Casey", json!({"timeframe_days": 30})).await;
    scenario.mail("A lead: Casey").await;
    delivered(&scenario.installation).await;
    scenario.enquire("Casey", json!({"timeframe_days": 20})).await;
    let mail = scenario.mail("Something new on your A lead: Casey").await;
    let said = unquoted(&mail);
    assert!(said.contains("30") && said.contains("→ 20"), "{said}");
}
