//! Cases 42 and 43: what receivers of webhooks answer. Each 2xx is a delivery whatever its body, and `Retry-After` is read in every
//! form that it has.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_runtime::clock::Clock;
use ripen_testkit::{receiver::Behaviour, wait::until};
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    audit::delivered,
    scenario::{Plan, Scenario},
};

/// A pause so long that nothing is tried again while a case is looked at.
const PAUSE_S: i64 = 3600;

/// A client with a webhook, tried again after this.
async fn scenario(pause_s: i64) -> Scenario {
    let plan = Plan::new().await.always_open().set("DISPATCHER__CIRCUIT_FAILURES", "1000");
    plan.set("DISPATCHER__RETRY_SCHEDULE_S", &pause_s.to_string()).webhook("/hook", &[], &[]).serve().await
}

fn answering(status: u16, headers: &[(&str, &str)], body: &str) -> Behaviour {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Behaviour::StatusWith { status, headers, body: body.to_owned().into() }
}

/// Posts an A lead that is answered like this, and waits for its one attempt; `delivery show` of it.
async fn attempted(scenario: &Scenario, name: &str, behaviour: Behaviour) -> Value {
    scenario.receiver.set("/hook", behaviour);
    let before = scenario.receiver.count();
    scenario.post(&json!({"email": format!("{name}@example.com"), "answers": {"timeframe_days": 30}})).await;
    let received = scenario.receiver.wait_for(before + 1, LIMIT).await;
    let id = received[before].json()["data"]["delivery"].as_str().unwrap().to_owned();
    until("the attempt is recorded", LIMIT, || async {
        let shown = scenario.installation.json(&["delivery", "show", &id]).await;
        (shown["tried"].as_array().is_some_and(|tried| !tried.is_empty())).then_some(shown)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn c42_a_2xx_with_any_body_is_one_delivery_and_what_is_no_outcome_is_seen() {
    // What is tried again is so in a second.
    let scenario = scenario(1).await;
    let json = "application/json";
    let answers = [
        (204, "", ""),
        (200, json, ""),
        (200, "text/html", "<html><body>Thank you</body></html>"),
        (202, json, r#"{"outcome":"#),
        (200, json, r#""ok""#),
        (200, json, r#"{"outcome":"maybe"}"#),
        (201, json, r#"{"id":17,"status":"created"}"#),
        (200, json, r#"{"outcome":{"name":"accepted"}}"#),
        (200, json, r#"[{"outcome":"accepted"}]"#),
        (200, json, r#"{"Outcome":"accepted"}"#),
    ];
    for (n, (status, content_type, body)) in answers.into_iter().enumerate() {
        let headers: Vec<_> =
            (!content_type.is_empty()).then_some(("content-type", content_type)).into_iter().collect();
        let shown = attempted(&scenario, &format!("c42n{n}"), answering(status, &headers, body)).await;
        let id = shown["id"].as_str().unwrap();
        assert_eq!((&shown["state"], &shown["tried"][0]["status"]), (&json!("delivered"), &json!(status)), "{shown:#}");
        assert_eq!(shown["tried"][0]["answer"].as_str().unwrap_or_default(), body, "people see what was said");
        if body.to_lowercase().contains("outcome") {
            until("it is said why it is no outcome", LIMIT, || async {
                let shown = scenario.installation.json(&["delivery", "show", id]).await;
                shown["answer_refused"].is_string().then_some(())
            })
            .await;
        }
    }
    // One that is refused once comes again: so would any of these by now.
    let again = Behaviour::Sequence(vec![Behaviour::Status(503), Behaviour::Status(204)]);
    attempted(&scenario, "c42again", again).await;
    delivered(&scenario.installation).await;
    let ids = answers.len() + 1;
    assert_eq!(
        (scenario.receiver.count(), scenario.receiver.distinct_ids()),
        (ids + 1, ids),
        "one POST each, but for it"
    );
    assert_eq!(scenario.installation.count("select count(*) from outcome").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn c43_retry_after_is_read_in_every_form_and_never_for_longer_than_a_day() {
    let scenario = scenario(PAUSE_S).await;
    let wished = Timestamp::from_second(Clock::system().now().as_second() + 3 * PAUSE_S).unwrap();
    let date = |format: &str, at: Timestamp| at.to_zoned(TimeZone::UTC).strftime(format).to_string();
    let imf = "%a, %d %b %Y %H:%M:%S GMT";
    let past = wished.checked_sub(SignedDuration::from_hours(5)).unwrap();
    for (n, value) in
        [date(imf, wished), date("%A, %d-%b-%y %H:%M:%S GMT", wished), date("%a %b %e %H:%M:%S %Y", wished)]
            .iter()
            .enumerate()
    {
        let shown = attempted(&scenario, &format!("c43d{n}"), answering(429, &[("retry-after", value)], "")).await;
        let due: Timestamp = shown["due"].as_str().unwrap().parse().unwrap();
        assert_eq!(due, wished, "{value:?}: {shown:#}");
    }
    let waits = |shown: &Value| {
        let at: Timestamp = shown["tried"][0]["at"].as_str().unwrap().parse().unwrap();
        let due: Timestamp = shown["due"].as_str().unwrap().parse().unwrap();
        due.duration_since(at).as_secs()
    };
    let own = PAUSE_S * 89 / 100..=PAUSE_S * 111 / 100;
    let past = date(imf, past);
    for (n, value) in [past.as_str(), "-5", "12.5", "soon", "", "0"].iter().enumerate() {
        let shown = attempted(&scenario, &format!("c43a{n}"), answering(429, &[("retry-after", value)], "")).await;
        assert!(own.contains(&waits(&shown)), "{value:?}: as if absent, {shown:#}");
    }
    let shown = attempted(&scenario, "c43long", answering(503, &[("retry-after", "9999999999")], "")).await;
    assert!((24 * 3600 - 1..=24 * 3600).contains(&waits(&shown)), "a day and no more: {shown:#}");
    let id = shown["id"].as_str().unwrap();
    let before = scenario.receiver.count();
    scenario.receiver.set("/hook", Behaviour::Status(200));
    scenario.installation.json(&["delivery", "retry", id]).await;
    scenario.receiver.wait_for(before + 1, LIMIT).await;
    until("a person need not wait for it", LIMIT, || async {
        let shown = scenario.installation.json(&["delivery", "show", id]).await;
        (shown["state"] == "delivered").then_some(())
    })
    .await;
    assert_eq!(scenario.receiver.count(), before + 1, "and nothing else was tried in between");
}
