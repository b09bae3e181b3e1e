//! Several deliveries of one lead, which several reps speak of: a sale is the lead's, and taken back only where it was said.

use serde_json::{Value, json};

use crate::harness::{App, Client, Sent, app};

/// Another delivery of the same maturation, by another endpoint; of a later maturation where `later`.
async fn another(app: &App, client: &Client, sent: Sent, later: bool) -> Sent {
    let now = jiff_sqlx::ToSqlx::to_sqlx(app.pass(1));
    let sql = "with e as (
          insert into endpoint (id, client_id, kind, url, created_at)
          values (gen_random_uuid(), $2, 'webhook', 'https://y.example/', $4) returning id
        ), m as (
          insert into maturation (id, lead_id, client_id, decision_id, at)
          select gen_random_uuid(), lead_id, client_id, gen_random_uuid(), $4 from maturation where $3 and lead_id = $5 limit 1 returning id
        )
        insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, state, attempts, due_at, offered_until,
                              created_at, ended_at)
        select gen_random_uuid(), d.client_id, d.lead_id, coalesce((select id from m), d.maturation_id), e.id, d.event, 'delivered', 1,
               $4, $4, $4, $4
        from delivery d cross join e where d.id = $1 returning id";
    let query = sqlx::query_scalar::<_, uuid::Uuid>(sql).bind(sent.delivery.uuid()).bind(client.id.uuid());
    let id = query.bind(later).bind(now).bind(sent.lead).fetch_one(&app.pool).await.unwrap();
    let other = Sent { delivery: ripen_domain::id::DeliveryId::from_uuid(id), lead: sent.lead };
    app.freeze(&app.pool, client, other).await;
    other
}

async fn says(app: &App, client: &Client, sent: Sent, body: Value) -> (u16, String) {
    app.pass(1);
    let answer = app.say(client, sent.delivery, &body).await;
    (answer.status.as_u16(), answer.text)
}

#[tokio::test]
async fn a_sale_is_not_taken_back_by_what_is_said_of_another_delivery() {
    let won = json!({"outcome": "won", "amount": "12500", "currency": "USD"});
    for later in [false, true] {
        let app = app().await;
        let acme = app.client("acme").await;
        let first = app.sent(&acme).await;
        let second = another(&app, &acme, first, later).await;
        assert_eq!(says(&app, &acme, second, json!({"outcome": "lost"})).await.0, 201);
        assert_eq!(app.lead(first).await["stage"], "closed");
        assert_eq!(says(&app, &acme, first, won.clone()).await.0, 201);
        for outcome in ["lost", "accepted", "returned", "not_yet"] {
            let said = json!({"outcome": outcome, "reason": "no budget", "date": "2027-04"});
            let said = if outcome == "lost" { json!({"outcome": "lost", "reason": "no budget"}) } else { said };
            let (status, text) = says(&app, &acme, second, said.clone()).await;
            assert!(status == 409 && text.contains("won for 12,500 USD"), "{outcome}, later: {later}: {text}");
            let mut meant = said;
            meant["confirm"] = json!(true);
            assert_eq!(says(&app, &acme, second, meant).await.0, 201, "{outcome}");
            let lead = app.lead(first).await;
            assert_eq!((&lead["stage"], &lead["amount"]), (&json!("customer"), &json!(12500)), "{outcome}");
        }
        // Where it was said it is taken back, once that is confirmed.
        let lost = json!({"outcome": "lost", "confirm": true});
        assert_eq!(says(&app, &acme, first, lost).await.0, 201);
        assert_eq!(app.lead(first).await["stage"], "closed", "later: {later}");
    }
}

#[tokio::test]
async fn what_is_said_of_a_lead_that_goes_on_as_another_is_said_of_that_one() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (ended, goes_on) = (app.sent(&acme).await, app.sent(&acme).await);
    let close = "update lead set stage = 'closed', closed_at = created_at, closed_reason = $2 where id = $1";
    let why = format!("goes on as {}", ripen_domain::id::LeadId::from_uuid(goes_on.lead));
    sqlx::query(close).bind(ended.lead).bind(why).execute(&app.pool).await.unwrap();
    let same = "update lead set person_id = (select person_id from lead where id = $1) where id = $2";
    sqlx::query(same).bind(ended.lead).bind(goes_on.lead).execute(&app.pool).await.unwrap();
    let won = json!({"outcome": "won", "amount": "12500", "currency": "USD"});
    assert_eq!(says(&app, &acme, ended, won).await.0, 201);
    let lead = app.lead(goes_on).await;
    assert_eq!((&lead["stage"], &lead["amount"], &lead["promises"]), (&json!("customer"), &json!(12500), &json!([])));
    assert_eq!(app.lead(ended).await["stage"], "closed");
    let (status, text) = says(&app, &acme, goes_on, json!({"outcome": "lost"})).await;
    assert!(status == 409 && text.contains("won for 12,500 USD"), "{text}");
    assert_eq!(says(&app, &acme, ended, json!({"outcome": "lost", "confirm": true})).await.0, 201);
    assert_eq!(app.lead(goes_on).await["stage"], "closed");
}

/// Whoever closes a lead by hand may use any words.
#[tokio::test]
async fn a_lead_that_was_closed_in_such_words_is_not_another_one() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (ended, other) = (app.sent(&acme).await, app.sent(&acme).await);
    let close = "update lead set stage = 'closed', closed_at = created_at, closed_reason = $2, closed_code = 'closed' where id = $1";
    let why = format!("goes on as {}", ripen_domain::id::LeadId::from_uuid(other.lead));
    sqlx::query(close).bind(ended.lead).bind(why).execute(&app.pool).await.unwrap();
    says(&app, &acme, ended, json!({"outcome": "won", "amount": "12500", "currency": "USD", "confirm": true})).await;
    assert_ne!(app.lead(other).await["stage"], "customer");
}

#[tokio::test]
async fn a_colleague_of_whoever_sold_it_is_not_asked_to_accept_it() {
    let app = app().await;
    let acme = app.client("acme").await;
    let first = app.sent(&acme).await;
    let second = another(&app, &acme, first, false).await;
    let page = async || {
        let path = format!("/o/{}", app.key.token(second.delivery, app.clock.now()));
        app.send("GET", &path, &[("accept", "text/html")], "").await.text
    };
    assert!(page().await.contains("Accept it"));
    assert_eq!(says(&app, &acme, first, json!({"outcome": "won"})).await.0, 201);
    assert!(!page().await.contains("Accept it"));
}
