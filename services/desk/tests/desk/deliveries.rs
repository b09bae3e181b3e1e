//! What was sent, read again: only one's own, in an order without gaps or repeats.

use std::collections::BTreeSet;

use ripen_domain::{actor::Actor, id::DeliveryId};
use serde_json::{Value, json};

use crate::harness::{App, Client, app};

async fn ids(app: &App, client: &Client, query: &str) -> (Vec<String>, Value) {
    let page = app.get(client, &format!("/v1/deliveries?{query}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let page = page.json();
    let id = |one: &Value| one["delivery"].as_str().unwrap().to_owned();
    (page["deliveries"].as_array().unwrap().iter().map(id).collect(), page)
}

#[tokio::test]
async fn a_client_reads_what_was_sent_to_it_and_nothing_else() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let (one, theirs) = (app.sent(&acme).await, app.sent(&other).await);
    let unsent = app.owed(&acme).await;
    let (listed, page) = ids(&app, &acme, "").await;
    assert_eq!(listed, [one.delivery.to_string()]);
    assert_eq!((&page["next"], &page["more"]), (&json!(one.delivery), &json!(false)));
    let first = &page["deliveries"][0];
    assert_eq!(
        (&first["state"], &first["kind"], &first["attempts"]),
        (&json!("delivered"), &json!("webhook"), &json!(1))
    );
    assert_eq!(first["payload"]["data"]["lead"]["phone"], "+14155550100");
    assert_eq!(first["outcome"], Value::Null);

    let whole = app.get(&acme, &format!("/v1/deliveries/{}", one.delivery)).await.json();
    assert_eq!((&whole["delivery"], &whole["outcomes"]), (&json!(one.delivery), &json!([])));
    let nobody = DeliveryId::from_uuid(uuid::Uuid::from_u128(7));
    for id in [theirs.delivery, unsent.delivery, nobody] {
        assert_eq!(app.get(&acme, &format!("/v1/deliveries/{id}")).await.problem(), "not-found");
        assert_eq!(app.get(&acme, &format!("/v1/deliveries?after={id}")).await.problem(), "invalid-parameter");
        assert_eq!(app.say(&acme, id, &json!({"outcome": "accepted"})).await.problem(), "not-found");
    }
    for id in ["7", "lead_00000000000000000000000000", "%F0%9F%8F%A1", "dlv_"] {
        assert_eq!(app.get(&acme, &format!("/v1/deliveries/{id}")).await.problem(), "not-found");
    }
    for query in ["after=7", "limit=0", "limit=1000", "since=soon"] {
        assert_eq!(app.get(&acme, &format!("/v1/deliveries?{query}")).await.problem(), "invalid-parameter");
    }
}

#[tokio::test]
async fn links_that_were_ended_are_made_anew_for_who_reads_the_delivery_and_stay_ended() {
    let app = app().await;
    let acme = app.client("acme").await;
    let owed = app.owed(&acme).await;
    let link = format!("/o/{}", app.key.token(owed.delivery, app.clock.now()));
    let old = format!("https://ripen.example{link}");
    let payload = json!({"type": "lead.matured", "data": {"delivery": owed.delivery, "lead": {}, "outcome_url": old}});
    let freeze = "insert into delivery_body (delivery_id, client_id, at, body) values ($1, $2, $3, $4)";
    let query = sqlx::query(freeze).bind(owed.delivery.uuid()).bind(acme.id.uuid());
    let query = query.bind(jiff_sqlx::ToSqlx::to_sqlx(app.clock.now())).bind(payload.to_string().into_bytes());
    query.execute(&app.pool).await.unwrap();
    let url = |of: &Value| of["payload"]["data"]["outcome_url"].as_str().unwrap().to_owned();
    let one = format!("/v1/deliveries/{}", owed.delivery);
    assert_eq!(url(&app.get(&acme, &one).await.json()), old, "as it was sent");

    let mut tx = app.store.begin().await.unwrap();
    tx.delivery_links_end(acme.scope(), owed.delivery, app.pass(10)).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    app.pass(10);
    let new = url(&app.get(&acme, &one).await.json());
    assert_ne!(new, old);
    assert_eq!(url(&ids(&app, &acme, "").await.1["deliveries"][0]), new, "in the list too");
    let path = new.strip_prefix("https://ripen.example").unwrap();
    assert_eq!(app.send("GET", path, &[], "").await.status, 200);
    assert_eq!(app.send("GET", &link, &[], "").await.status, 410);
}

#[tokio::test]
async fn what_is_held_says_why_and_until_when_and_not_who_it_is() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let (late, early) = (app.owed(&acme).await, app.owed(&acme).await);
    app.owed(&other).await;
    let hold = "update delivery set state = 'held', endpoint_id = null, reason = 'no rep is free', due_at = '2026-11-24T15:00:00Z'";
    sqlx::query(hold).execute(&app.pool).await.unwrap();
    sqlx::query("update lead set score = 90 where id = $1").bind(early.lead).execute(&app.pool).await.unwrap();
    let answer = app.get(&acme, "/v1/deliveries/held").await;
    let page = answer.json();
    let held = page["held"].as_array().unwrap();
    let ids: Vec<_> = held.iter().map(|one| one["delivery"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, [early.delivery.to_string(), late.delivery.to_string()], "the best first");
    assert_eq!((&held[0]["reason"], &held[0]["until"]), (&json!("no rep is free"), &json!("2026-11-24T15:00:00Z")));
    assert_eq!((&held[0]["score"], &page["more"]), (&json!(90), &json!(false)));
    assert!(!answer.text.contains("casey"), "{}", answer.text);
    for (change, why) in [
        (
            "update delivery set reason = 'the endpoint is disabled', reason_code = 'undated'",
            "the endpoint is disabled",
        ),
        ("update client set state = 'paused'", "the client is paused"),
    ] {
        sqlx::query(change).execute(&app.pool).await.unwrap();
        let page = app.get(&acme, "/v1/deliveries/held").await.json();
        let one = &page["held"][0];
        assert_eq!((&one["reason"], &one["until"]), (&json!(why), &json!(null)), "somebody has to do something first");
    }
    let first = app.get(&acme, "/v1/deliveries/held?limit=1").await.json();
    assert_eq!((&first["next"], &first["more"]), (&json!(early.delivery), &json!(true)));
    let second = app.get(&acme, &format!("/v1/deliveries/held?after={}", early.delivery)).await.json();
    assert_eq!((&second["held"][0]["delivery"], &second["more"]), (&json!(late.delivery), &json!(false)));
    assert_eq!(app.get(&acme, "/v1/deliveries/held?limit=0").await.problem(), "invalid-parameter");
    assert_eq!(app.send("GET", "/v1/deliveries/held", &[], "").await.problem(), "unauthenticated");
}

#[tokio::test]
async fn only_a_token_that_was_not_revoked_opens_anything() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let path = format!("/v1/deliveries/{}", sent.delivery);
    for headers in [vec![], vec![("authorization", "Bearer ct_0")], vec![("authorization", "Basic dTpw")]] {
        assert_eq!(app.send("GET", &path, &headers, "").await.problem(), "unauthenticated");
        assert_eq!(app.send("GET", "/v1/deliveries", &headers, "").await.problem(), "unauthenticated");
        let say = app.send("POST", &format!("{path}/outcomes"), &headers, "{\"outcome\": \"accepted\"}").await;
        assert_eq!(say.problem(), "unauthenticated");
        assert!(say.header("www-authenticate").starts_with("Bearer"));
    }
    let scope = Actor::operator("Kim").scope();
    let mut tx = app.store.begin().await.unwrap();
    tx.client_token_revoke(scope, acme.token_id, app.clock.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.get(&acme, &path).await.problem(), "unauthenticated");
    assert_eq!(app.store.client_tokens(scope, acme.id).await.unwrap()[0].revoked_at, Some(app.clock.now()));
    assert_eq!(app.count("select count(*) from outcome").await, 0);
}

#[tokio::test]
async fn paging_has_no_gaps_and_no_repeats_while_more_is_sent() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (mut all, mut read, mut after) = (BTreeSet::new(), Vec::new(), String::new());
    for round in 0..6 {
        for _ in 0..5 {
            all.insert(app.sent(&acme).await.delivery.to_string());
        }
        for _ in 0..=round % 3 {
            let (page, whole) = ids(&app, &acme, &format!("limit=4&after={after}")).await;
            read.extend(page);
            after = whole["next"].as_str().unwrap().to_owned();
        }
    }
    loop {
        let (page, whole) = ids(&app, &acme, &format!("limit=4&after={after}")).await;
        read.extend(page);
        after = whole["next"].as_str().unwrap().to_owned();
        if whole["more"] == json!(false) {
            break;
        }
    }
    assert_eq!(read.len(), 30);
    assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), all);
    assert!(ids(&app, &acme, &format!("after={after}")).await.0.is_empty());
}

#[tokio::test]
async fn what_becomes_visible_late_still_comes_after_what_was_read() {
    let app = app().await;
    let acme = app.client("acme").await;
    let late = app.owed(&acme).await;
    let early = app.sent(&acme).await;
    let mut tx = app.pool.begin().await.unwrap();
    app.freeze(&mut *tx, &acme, late).await;
    let (read, page) = ids(&app, &acme, "").await;
    assert_eq!(read, [early.delivery.to_string()], "the other is not committed yet");
    tx.commit().await.unwrap();
    let (read, _) = ids(&app, &acme, &format!("after={}", page["next"].as_str().unwrap())).await;
    assert_eq!(read, [late.delivery.to_string()], "an older id is not skipped");
    // A delivery that is known from its webhook can be read on from too.
    let newest = app.sent(&acme).await;
    assert!(ids(&app, &acme, &format!("after={}", newest.delivery)).await.0.is_empty());
}

#[tokio::test]
async fn readers_at_the_same_time_see_the_same_order() {
    let app = app().await;
    let acme = app.client("acme").await;
    for _ in 0..20 {
        app.sent(&acme).await;
    }
    let read = || ids(&app, &acme, "");
    let (a, b, c, d) = tokio::join!(read(), read(), read(), read());
    assert!(a.0.len() == 20 && a.0 == b.0 && b.0 == c.0 && c.0 == d.0);
}

#[tokio::test]
async fn what_was_missed_since_a_time_is_found() {
    let app = app().await;
    let acme = app.client("acme").await;
    app.sent(&acme).await;
    let since = app.pass(3600);
    let missed = app.sent(&acme).await;
    let query = format!("since={since}").replace(':', "%3A");
    assert_eq!(ids(&app, &acme, &query).await.0, [missed.delivery.to_string()]);
}
