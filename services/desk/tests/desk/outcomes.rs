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
        (json!({"outcome": "won", "amount": "5"}), vec!["/currency"]),
        (json!({"outcome": "won", "confirm": "yes"}), vec!["/confirm"]),
        (json!({"outcome": "won", "happened_at": "03/04/05/06"}), vec!["/happened_at"]),
        (json!({"outcome": "won", "amount": "-5", "currency": "US"}), vec!["/amount", "/currency"]),
        (json!({"outcome": "won", "amount": "12.500", "currency": "EUR"}), vec!["/amount"]),
        (json!({"outcome": "returned"}), vec!["/reason"]),
        (json!({"outcome": "not_yet"}), vec!["/date"]),
        (json!({"outcome": "lost", "amount": "5", "currency": "USD"}), vec!["/amount"]),
        (json!({"outcome": "accepted", "amount": 5}), vec!["/amount"]),
        (json!({"outcome": "not_yet", "date": "someday"}), vec!["/date"]),
        (json!({"outcome": "won", "amont": "5", "currency": "USD"}), vec!["/amont"]),
        (json!({"outcome": 1, "a/b": "5"}), vec!["/outcome", "/a~1b"]),
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
    let mistyped = app.say(&acme, sent.delivery, &json!({"outcome": "won", "amont": "5"})).await;
    assert!(mistyped.text.contains("did you mean 'amount'?"), "{}", mistyped.text);
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
    for (body, pointer) in [
        (r#"{"outcome": "won", "outcome": "lost"}"#, "/outcome"),
        (r#"{"outcome": "won", "amount": 5, "currency": "USD", "amount": 6}"#, "/amount"),
    ] {
        let answer = app.send("POST", &path, &json, body).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "invalid-outcome"), "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
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

    app.pass(1);
    let refused = app.say(&acme, sent.delivery, &json!({"outcome": "accepted"})).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "outcome-unconfirmed"));
    assert!(refused.text.contains("won for 12,500 USD"), "{}", refused.text);
    assert_eq!(app.lead(sent).await["stage"], "customer");
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "accepted", "correct": true})).await, 201);
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
    let late = json!({"outcome": "returned", "reason": "NO budget"});
    let refused = app.say(&acme, other.delivery, &late).await;
    assert!(refused.problem() == "outcome-refused" && refused.text.contains("within 14 days"), "{}", refused.text);
    let untouched = app.lead(other).await;
    assert_eq!((&untouched["returned"], &untouched["regrade"]), (&json!(false), &json!(false)));
    sqlx::query("update client set return_days = 15").execute(&app.pool).await.unwrap();
    assert_eq!(says(&app, &acme, other, late).await, 201);
    let spelled = "select to_json(reason) from outcome where delivery_id = $1";
    assert_eq!(app.row(spelled, other.delivery.uuid()).await, json!("No budget"), "as the rules spell it");
}

#[tokio::test]
async fn not_yet_waits_for_the_clients_date_and_accepting_it_again_ends_the_wait() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "not_yet", "date": "2027-04"})).await, 201);
    let lead = app.lead(sent).await;
    assert_eq!((&lead["returned"], &lead["promises"]), (&json!(true), &json!([["requalify", "scheduled", false]])));
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
    // Whoever says "lost" after "won" has to confirm it.
    assert!([a, b, c, d].iter().all(|answer| answer.status.is_success() || answer.problem() == "outcome-unconfirmed"));
    let numbers = "select json_agg(number order by number) from outcome where delivery_id = $1";
    let numbers = app.row(numbers, sent.delivery.uuid()).await;
    assert!(numbers == json!([1]) || numbers == json!([1, 2]), "{numbers}");
    assert_eq!(app.lead(sent).await["promises"], json!([]));
}

#[tokio::test]
async fn a_plain_outcome_is_taken_with_its_own_date_and_without_an_amount() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    app.pass(1);
    let won = app.say(&acme, sent.delivery, &json!({"outcome": "Won", "happened_at": "2026-11-22"})).await;
    assert_eq!(won.status, 201, "{}", won.text);
    let outcome = &won.json()["outcome"];
    assert_eq!((&outcome["happened_at"], &outcome["amount"]), (&json!("2026-11-22T06:00:00Z"), &Value::Null));
    let lead = app.lead(sent).await;
    assert_eq!((&lead["stage"], &lead["amount"]), (&json!("customer"), &Value::Null), "unknown is not 0");
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "won"})).await, 200, "it says no more than before");
    let other = app.sent(&acme).await;
    assert_eq!(says(&app, &acme, other, json!({"outcome": "lost"})).await, 201);
    assert_eq!(app.lead(other).await["closed"], "lost");
}

#[tokio::test]
async fn a_date_that_cannot_be_is_refused_also_where_the_rest_was_said_before() {
    let app = app().await;
    let acme = app.client("acme").await;
    for outcome in ["won", "lost"] {
        let sent = app.sent(&acme).await;
        assert_eq!(says(&app, &acme, sent, json!({"outcome": outcome})).await, 201);
        for date in ["2027-06-01", "1900-01-01", "2020-01-01", "2027-06-01T10:00:00Z"] {
            let said = json!({"outcome": outcome, "happened_at": date});
            let refused = app.say(&acme, sent.delivery, &said).await;
            assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "outcome-refused"), "{date}");
        }
    }
}

#[tokio::test]
async fn what_is_not_said_anew_is_kept() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let newest = async || {
        let whole = app.get(&acme, &format!("/v1/deliveries/{}", sent.delivery)).await.json();
        whole["outcomes"].as_array().unwrap().last().unwrap().clone()
    };
    let day = json!({"outcome": "won", "happened_at": "2026-11-22", "reason": "a referral"});
    assert_eq!(says(&app, &acme, sent, day).await, 201);
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "won", "amount": 500, "currency": "USD"})).await, 201);
    let (at, why) = (json!("2026-11-22T06:00:00Z"), json!("a referral"));
    let said = newest().await;
    assert_eq!((&said["happened_at"], &said["amount"], &said["reason"]), (&at, &json!("500.00"), &why), "{said}");
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "won", "happened_at": "2026-11-23"})).await, 201);
    let said = newest().await;
    let next = json!("2026-11-23T06:00:00Z");
    assert_eq!((&said["happened_at"], &said["amount"], &said["currency"]), (&next, &json!("500.00"), &json!("USD")));
    assert_eq!(app.lead(sent).await["amount"], 500);
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "won", "amount": 500, "currency": "USD"})).await, 200);
}

#[tokio::test]
async fn what_was_won_or_lost_before_the_person_enquired_is_asked_back_and_more_than_a_year_before_it_is_refused() {
    let app = app().await;
    let acme = app.client("acme").await;
    for outcome in ["lost", "won"] {
        let sent = app.sent(&acme).await;
        let said = json!({"outcome": outcome, "happened_at": "2026-03-04"});
        let asked = app.say(&acme, sent.delivery, &said).await;
        assert_eq!((asked.status.as_u16(), asked.problem().as_str()), (409, "outcome-unconfirmed"), "{}", asked.text);
        assert!(asked.text.contains(&format!("{outcome} on 2026-03-04")), "{}", asked.text);
        let never = json!({"outcome": outcome, "happened_at": "2025-11-01", "confirm": true});
        let refused = app.say(&acme, sent.delivery, &never).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "outcome-refused"), "{}", refused.text);
        let meant = json!({"outcome": outcome, "happened_at": "2026-03-04", "confirm": true});
        assert_eq!(says(&app, &acme, sent, meant).await, 201);
        // Within two days days and clocks may differ.
        let other = app.sent(&acme).await;
        assert_eq!(says(&app, &acme, other, json!({"outcome": outcome, "happened_at": "2026-11-22"})).await, 201);
    }
}

#[tokio::test]
async fn a_day_on_which_nobody_may_be_called_is_put_on_the_next_and_said_so() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    app.pass(1);
    let sunday = app.say(&acme, sent.delivery, &json!({"outcome": "not_yet", "date": "2027-04-04"})).await;
    assert_eq!(sunday.status, 201, "{}", sunday.text);
    let said = sunday.json();
    assert!(said["adjusted"].as_str().unwrap().contains("put on 2027-04-05"), "{}", sunday.text);
    assert_eq!(said["outcome"]["not_before"], "2027-04-05T14:00:00Z");
    let again = app.say(&acme, sent.delivery, &json!({"outcome": "not_yet", "date": "2027-04-04"})).await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn an_idempotency_key_answers_the_same_request_the_same_and_refuses_another() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let (sent, theirs) = (app.sent(&acme).await, app.sent(&other).await);
    let say = async |client: &Client, sent: Sent, body: &str, key: &str| {
        app.pass(1);
        let path = format!("/v1/deliveries/{}/outcomes", sent.delivery);
        let token = format!("Bearer {}", client.token);
        let headers =
            [("authorization", token.as_str()), ("content-type", "application/json"), ("idempotency-key", key)];
        app.send("POST", &path, &headers, body.to_owned()).await
    };
    let accepted = r#"{"outcome": "accepted"}"#;
    let first = say(&acme, sent, accepted, "k1").await;
    assert_eq!(first.status, 201, "{}", first.text);
    let lost = say(&acme, sent, r#"{"outcome": "lost"}"#, "k2").await;
    assert_eq!(lost.status, 201, "{}", lost.text);
    let again = say(&acme, sent, r#"{ "outcome":"accepted" }"#, "k1").await;
    assert_eq!((again.status, &again.text), (first.status, &first.text), "though something else was said since");
    assert_eq!(app.lead(sent).await["stage"], "closed");
    let reused = say(&acme, sent, r#"{"outcome": "won"}"#, "k1").await;
    assert_eq!((reused.status.as_u16(), reused.problem().as_str()), (422, "idempotency-key-reused"));
    assert_eq!(say(&other, theirs, r#"{"outcome": "won"}"#, "k1").await.status, 201, "keys are a client's own");
    assert_eq!(say(&acme, sent, accepted, "").await.problem(), "invalid-header");
    app.pass(8 * 24 * 3600);
    assert_eq!(say(&acme, sent, accepted, "k3").await.status, 201);
    let old = "select count(*) from outcome_request where key <> 'k3'";
    assert_eq!(app.count(old).await, 0, "also of a client that calls no more");
}

#[tokio::test]
async fn what_was_asked_back_is_confirmed_under_the_same_key() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let say = async |body: &str, key: &str| {
        app.pass(1);
        let path = format!("/v1/deliveries/{}/outcomes", sent.delivery);
        let token = format!("Bearer {}", acme.token);
        let headers =
            [("authorization", token.as_str()), ("content-type", "application/json"), ("idempotency-key", key)];
        app.send("POST", &path, &headers, body.to_owned()).await
    };
    assert_eq!(say(r#"{"outcome": "won"}"#, "k1").await.status, 201);
    for _ in 0..2 {
        assert_eq!(say(r#"{"outcome": "lost"}"#, "k2").await.problem(), "outcome-unconfirmed");
    }
    let confirmed = r#"{"outcome": "lost", "confirm": true}"#;
    let first = say(confirmed, "k2").await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(say(confirmed, "k2").await.text, first.text, "an answer is kept");
}

#[tokio::test]
async fn a_file_that_is_read_again_says_not_yet_once_also_when_the_day_is_past() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let not_yet = json!({"outcome": "not_yet", "date": "2027-04-05"});
    assert_eq!(says(&app, &acme, sent, not_yet.clone()).await, 201);
    app.pass(200 * 24 * 3600);
    assert_eq!(says(&app, &acme, sent, not_yet).await, 200);
    let ahead = json!({"outcome": "not_yet", "date": "30d"});
    assert_eq!(says(&app, &acme, sent, ahead.clone()).await, 201);
    app.pass(7 * 24 * 3600);
    assert_eq!(says(&app, &acme, sent, ahead).await, 201, "thirty days from now are others each time");
}

#[tokio::test]
async fn what_is_usual_is_counted_once_for_each_lead() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    for amount in [100, 101, 102, 103, 104] {
        let won = json!({"outcome": "won", "amount": amount, "currency": "USD"});
        assert_eq!(says(&app, &acme, sent, won).await, 201);
    }
    let other = app.sent(&acme).await;
    let large = json!({"outcome": "won", "amount": 50_000, "currency": "USD"});
    assert_eq!(says(&app, &acme, other, large).await, 201, "one sale that was corrected is not what sales usually are");
}

#[tokio::test]
async fn the_figure_keeps_its_meaning_and_an_outlier_is_asked_back() {
    let app = app().await;
    let acme = app.client("acme").await;
    sqlx::query("update client set amounts = 'price', amount_share = 3").execute(&app.pool).await.unwrap();
    for amount in ["400,000", "410000", "420000", "430000.00", "440000"] {
        let sent = app.sent(&acme).await;
        assert_eq!(says(&app, &acme, sent, json!({"outcome": "won", "amount": amount, "currency": "USD"})).await, 201);
    }
    let sent = app.sent(&acme).await;
    let large = json!({"outcome": "won", "amount": "42000000", "currency": "USD"});
    let asked = app.say(&acme, sent.delivery, &large).await;
    assert_eq!((asked.status.as_u16(), asked.problem().as_str()), (409, "outcome-unconfirmed"));
    assert!(asked.text.contains("420,000 USD"), "{}", asked.text);
    for (amount, expected) in [("12.50", "12.50 USD is less than"), ("12600", "your share of 3 %")] {
        let little = json!({"outcome": "won", "amount": amount, "currency": "USD"});
        let asked = app.say(&acme, sent.delivery, &little).await;
        assert_eq!((asked.status.as_u16(), asked.problem().as_str()), (409, "outcome-unconfirmed"), "{amount}");
        assert!(asked.text.contains(expected) && asked.text.contains("420,000 USD"), "{}", asked.text);
    }
    assert_eq!(app.lead(sent).await["stage"], "lead");
    let meant = json!({"outcome": "won", "amount": "42000000", "currency": "USD", "confirm": true});
    assert_eq!(says(&app, &acme, sent, meant).await, 201);
    sqlx::query("update client set amounts = 'income', amount_share = null").execute(&app.pool).await.unwrap();
    let whole = app.get(&acme, &format!("/v1/deliveries/{}", sent.delivery)).await.json();
    let outcome = &whole["outcomes"][0];
    assert_eq!((&outcome["amount_is"], &outcome["amount_share"]), (&json!("price"), &json!("3")), "as it was then");
    // Of another kind: what prices usually are says nothing of it.
    let sent = app.sent(&acme).await;
    assert_eq!(says(&app, &acme, sent, json!({"outcome": "won", "amount": "90000000", "currency": "USD"})).await, 201);
}

#[tokio::test]
async fn nothing_is_said_of_a_lead_that_was_taken_back_since() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let now = jiff_sqlx::ToSqlx::to_sqlx(app.pass(1));
    let recall = "update lead set recalled_at = $1, returned_at = $1";
    sqlx::query(recall).bind(now).execute(&app.pool).await.unwrap();
    for outcome in ["accepted", "won", "lost"] {
        let refused = app.say(&acme, sent.delivery, &json!({"outcome": outcome, "confirm": true})).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "outcome-refused"), "{outcome}");
        assert!(refused.text.contains("taken back on 2026-11-23"), "{}", refused.text);
    }
    assert_eq!(app.count("select count(*) from outcome").await, 0);
}
