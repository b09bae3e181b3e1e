//! What came in bulk and who enquires again, as the desk's order reads them: through intake and the qualifier.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

/// Posts one lead, or an array of them, and waits until so many arrivals are worked.
async fn post(scenario: &Scenario, body: Value, arrivals: i64) {
    let request = client().post(format!("{}/v1/leads", scenario.process.url)).bearer_auth(&scenario.source.key);
    request.json(&body).send().await.unwrap().error_for_status().unwrap();
    until("all are worked", LIMIT, || async {
        (scenario.installation.count("select count(*) from arrival where state = 'graded'").await == arrivals)
            .then_some(())
    })
    .await;
}

/// Sets everything that there is three days back.
async fn three_days_pass(scenario: &Scenario) {
    for sql in [
        "update lead set first_arrived_at = first_arrived_at - interval '3 days', last_arrived_at = last_arrived_at - interval '3 days',
                         last_enquiry_at = last_enquiry_at - interval '3 days'",
        "update touch set at = at - interval '3 days'",
    ] {
        sqlx::query(sql).execute(scenario.installation.pool()).await.unwrap();
    }
}

/// Of the person's lead: whether nobody called since the enquiry, and whether that came in bulk.
async fn stands(scenario: &Scenario, name: &str) -> (bool, Option<bool>) {
    let sql = "select l.touches <= l.touches_before, l.in_bulk from lead l join person p on p.id = l.person_id where p.first_name = $1";
    sqlx::query_as(sql).bind(name).fetch_one(scenario.installation.pool()).await.unwrap()
}

fn lead(name: &str, days: i64) -> Value {
    json!({"first_name": name, "email": format!("{name}@example.com"), "answers": {"timeframe_days": days}})
}

#[tokio::test(flavor = "multi_thread")]
async fn who_enquires_again_waits_as_whoever_never_was_called_and_who_came_with_others_does_not_go_first() {
    let scenario = Plan::new().await.serve().await;
    // One that stands alone in an array is one, several are a list whatever the source's channel.
    post(&scenario, json!([lead("Casey", 1)]), 1).await;
    post(&scenario, json!([lead("Robin", 1), lead("Kim", 1)]), 3).await;
    assert_eq!(stands(&scenario, "Casey").await, (true, Some(false)));
    assert_eq!(stands(&scenario, "Robin").await, (true, Some(true)));
    // Who is on a list and asks for themselves the same day waits for the call.
    post(&scenario, lead("Robin", 2), 4).await;
    assert_eq!(stands(&scenario, "Robin").await, (true, Some(false)));

    let touched = scenario.lead_of("Casey").await;
    scenario.installation.json(&["lead", "touch", &touched, "--disposition", "no_answer", "--by", "Kim"]).await;
    assert!(!stands(&scenario, "Casey").await.0);
    post(&scenario, lead("Casey", 2), 5).await;
    assert!(!stands(&scenario, "Casey").await.0, "of one day, it is the same enquiry");
    three_days_pass(&scenario).await;
    post(&scenario, lead("Casey", 3), 6).await;
    assert_eq!(stands(&scenario, "Casey").await, (true, Some(false)), "nobody called since");
    scenario.installation.json(&["lead", "touch", &touched, "--disposition", "no_answer", "--by", "Kim"]).await;
    assert!(!stands(&scenario, "Casey").await.0);
    // Known people on a list of today are a list.
    three_days_pass(&scenario).await;
    post(&scenario, json!([lead("Casey", 4), lead("Robin", 4)]), 8).await;
    assert_eq!(stands(&scenario, "Casey").await, (true, Some(true)));
    assert_eq!(stands(&scenario, "Robin").await, (true, Some(true)));
}
