//! Outcomes said by a client's program: what is refused and why, and what follows for the lead.

use serde_json::{Value, json};

use crate::harness::{App, Client, Sent, app};

async fn says(app: &App, client: &Client, sent: Sent, body: Value) -> u16 {
    app.pass(1);
    let answer = app.say(client, sent.delivery, &body).await;
    assert!(answer.status.is_success() || !answer.problem().is_empty());
    answer.status.as_u16()
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_its_fields_and_changes_nothing() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    for (body, fields) in [
        (json!({}), vec!["/outcome"]),
        (json!({"outcome": "sold"}), vec!["/outcome"]),
        (json!({"outcome": 1, "amount": []}), vec!["/outcome", "/amount"]),
        (json!({"outcome": "won"}), vec!["/amount", "/currency"]),
        (json!({"outcome": "won", "amount": "-5", "currency": "US"}), vec!["/amount", "/currency"]),
        (json!({"outcome": "won", "amount": "12.500,00", "currency": "EUR"}), vec!["/amount"]),
        (json!({"outcome": "returned"}), vec!["/reason"]),
        (json!({"outcome": "lost", "reason": "  "}), vec!["/reason"]),
        (json!({"outcome": "not_yet"}), vec!["/date"]),
        (json!({"outcome": "not_yet", "date": "31.12.2027"}), vec!["/date"]),
    ] {
        let answer = app.say(&acme, sent.delivery, &body).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "invalid-outcome"), "{body}");
        let pointers: Vec<_> =
            answer.json()["errors"].as_array().unwrap().iter().map(|one| one["pointer"].clone()).collect();
        assert_eq!(pointers, fields, "{body}");
    }
    for (body, rule) in [
        (json!({"outcome": "not_yet", "date": "2020-01-01"}), "is past"),
        (json!({"outcome": "not_yet", "date": "2300-01-01"}), "ten years"),
    ] {
        let answer = app.say(&acme, sent.delivery, &body).await;
        assert_eq!(answer.problem(), "outcome-refused");
        assert!(answer.text.contains(rule), "{}", answer.text);
    }
    let path = format!("/v1/deliveries/{}/outcomes", sent.delivery);
    let token = format!("Bearer {}", acme.token);
    let json = [("authorization", token.as_str()), ("content-type", "application/json")];
    for (headers, body, code) in [
        (&json[..], "{\"outcome\": ", "malformed-body"),
        (&json[..], "[]", "malformed-body"),
        (&json[..], "\u{0}", "malformed-body"),
        (&json[..1], "{\"outcome\": \"accepted\"}", "unsupported-media-type"),
    ] {
        assert_eq!(app.send("POST", &path, headers, body).await.problem(), code, "{body}");
    }
    let large = format!("{{\"outcome\": \"lost\", \"reason\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(app.send("POST", &path, &json, large).await.problem(), "body-too-large");
    assert_eq!(app.send("PUT", &path, &json, "{}").await.problem(), "method-not-allowed");
    assert_eq!(app.count("select count(*) from outcome").await, 0);
    assert_eq!(app.lead(sent).await["stage"], "lead");
}

#[tokio::test]
async fn the_same_outcome_again_changes_nothing_and_a_correction_keeps_what_went_before() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let lost = json!({"outcome": "lost", "reason": "Went elsewhere"});
    assert_eq!(says(&app, &acme, sent, lost.clone()).await, 201);
    assert_eq!(says(&app, &acme, sent, lost).await, 200);
    let closed = app.lead(sent).await;
    assert_eq!((&closed["stage"], &closed["closed"]), (&json!("closed"), &json!("lost: Went elsewhere")));
    assert_eq!(closed["promises"], json!([]));

    let won = json!({"outcome": "won", "amount": 12500, "currency": "usd", "reason": "came back"});
    assert_eq!(says(&app, &acme, sent, won.clone()).await, 201);
    assert_eq!(says(&app, &acme, sent, won).await, 200);
    let customer = app.lead(sent).await;
    assert_eq!((&customer["stage"], &customer["closed"]), (&json!("customer"), &Value::Null));
    assert_eq!((&customer["amount"], &customer["currency"]), (&json!(12500), &json!("USD")));
    let whole = app.get(&acme, &format!("/v1/deliveries/{}", sent.delivery)).await.json();
    let outcomes = whole["outcomes"].as_array().unwrap();
    assert_eq!((&whole["outcome"], outcomes.len()), (&json!("won"), 2));
    assert_eq!(
        (&outcomes[1]["amount"], &outcomes[1]["currency"], &outcomes[1]["how"], &outcomes[1]["by"]),
        (&json!("12500.00"), &json!("USD"), &json!("api"), &json!("CRM"))
    );

    assert_eq!(says(&app, &acme, sent, json!({"outcome": "accepted"})).await, 201);
    let open = app.lead(sent).await;
    assert_eq!((&open["stage"], &open["amount"], &open["regrade"]), (&json!("lead"), &Value::Null, &json!(true)));
    assert_eq!(open["promises"], json!([["outcome", "scheduled", false]]));
}

#[tokio::test]
async fn a_return_opens_the_lead_for_the_desk_and_one_outside_the_rules_is_refused_with_the_rule() {
    let app = app().await;
    let acme = app.client("acme").await;
    let returned = app.sent(&acme).await;
    assert_eq!(says(&app, &acme, returned, json!({"outcome": "returned", "reason": "No budget"})).await, 201);
    let lead = app.lead(returned).await;
    assert_eq!((&lead["stage"], &lead["returned"], &lead["regrade"]), (&json!("lead"), &json!(true), &json!(true)));
    assert_eq!(lead["promises"], json!([["requalify", "work", true]]));
    let said = "select json_build_array(why, from_whom) from promise where lead_id = $1 and state = 'work'";
    assert_eq!(app.row(said, returned.lead).await, json!(["the client returned it: No budget", "ACME"]));

    sqlx::query("update client set return_reasons = '{Wrong number,No budget}'").execute(&app.pool).await.unwrap();
    let other = app.sent(&acme).await;
    let refused = app.say(&acme, other.delivery, &json!({"outcome": "returned", "reason": "rude"})).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "outcome-refused"));
    assert!(refused.text.contains("Wrong number; No budget"), "{}", refused.text);
    app.pass(14 * 24 * 3600 + 1);
    let late = json!({"outcome": "returned", "reason": "wrong number"});
    let refused = app.say(&acme, other.delivery, &late).await;
    assert!(refused.problem() == "outcome-refused" && refused.text.contains("within 14 days"), "{}", refused.text);
    let untouched = app.lead(other).await;
    assert_eq!((&untouched["returned"], &untouched["regrade"]), (&json!(false), &json!(false)));
    sqlx::query("update client set return_days = 15").execute(&app.pool).await.unwrap();
    assert_eq!(says(&app, &acme, other, late).await, 201);
    let spelled = "select to_json(reason) from outcome where delivery_id = $1";
    assert_eq!(app.row(spelled, other.delivery.uuid()).await, json!("Wrong number"), "as the rules spell it");
}

#[tokio::test]
async fn not_yet_waits_for_the_clients_date_and_accepting_it_again_ends_the_wait() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "not_yet", "date": "2027-04"})).await, 201);
    let lead = app.lead(sent).await;
    assert_eq!((&lead["returned"], &lead["promises"]), (&json!(true), &json!([["requalify", "scheduled", true]])));
    let due =
        "select to_json(due_at at time zone 'America/Chicago') from promise where lead_id = $1 and state = 'scheduled'";
    assert_eq!(app.row(due, sent.lead).await, json!("2027-04-01T09:00:00"), "when people may be called there");
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "not_yet", "date": "2027-04"})).await, 200);
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "accepted"})).await, 201);
    let lead = app.lead(sent).await;
    assert_eq!((&lead["returned"], &lead["promises"]), (&json!(false), &json!([["outcome", "scheduled", false]])));
    let ended = "select json_agg(state order by generation) from promise where lead_id = $1";
    assert_eq!(app.row(ended, sent.lead).await, json!(["kept", "dropped", "scheduled"]));
}

#[tokio::test]
async fn outcomes_said_at_the_same_time_are_numbered_one_after_the_other() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let lost = json!({"outcome": "lost", "reason": "x"});
    let won = json!({"outcome": "won", "amount": "1", "currency": "USD"});
    let say = |body| app.say(&acme, sent.delivery, body);
    let (a, b, c, d) = tokio::join!(say(&lost), say(&won), say(&lost), say(&won));
    assert!([a, b, c, d].iter().all(|answer| answer.status.is_success()));
    let numbers = "select json_agg(number order by number) from outcome where delivery_id = $1";
    let numbers = app.row(numbers, sent.delivery.uuid()).await;
    assert!(numbers == json!([1, 2]) || numbers == json!([1, 2, 3]) || numbers == json!([1, 2, 3, 4]), "{numbers}");
    assert_eq!(app.lead(sent).await["promises"], json!([]));
}
