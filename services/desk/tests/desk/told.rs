//! What pages say of who has a lead, and of what waits for somebody.

use jiff_sqlx::ToSqlx as _;
use ripen_domain::{actor::UserRole, id::LeadId};
use ripen_runtime::random;
use serde_json::{Value, json};

use crate::harness::{App, Browser, Client, Sent, app};

const NO_ENDPOINT: &str = "the client has no enabled endpoint";

/// An A lead that nobody of its client can be given.
async fn held(app: &App, client: &Client) -> Sent {
    let owed = app.owed(client).await;
    let hold =
        "update delivery set state = 'held', reason = $2, reason_code = 'undated', endpoint_id = null where id = $1";
    sqlx::query(hold).bind(owed.delivery.uuid()).bind(NO_ENDPOINT).execute(&app.pool).await.unwrap();
    owed
}

async fn page_of(app: &App, browser: &Browser, sent: Sent, query: &str) -> String {
    app.page(browser, &format!("/leads/{}{query}", LeadId::from_uuid(sent.lead))).await.text
}

#[tokio::test]
async fn an_a_lead_that_nobody_can_be_given_is_not_said_to_be_with_the_client() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (held, owed) = (held(&app, &acme).await, app.owed(&acme).await);
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    let page = page_of(&app, &manager, held, "").await;
    assert!(
        page.contains("has this lead</strong>, since") && page.contains("The client has no enabled endpoint"),
        "{page}"
    );
    assert!(page.contains("It is an A lead that nobody has") && !page.contains("The client has it"), "{page}");
    let page = page_of(&app, &manager, owed, "").await;
    assert!(!page.contains("has this lead</strong>") && page.contains("It is about to be delivered."), "{page}");
    assert!(!page.contains("The client has it"), "{page}");
    let sent = app.sent(&acme).await;
    let page = page_of(&app, &manager, sent, "").await;
    assert!(page.contains("The client has it") && !page.contains("about to be delivered"), "{page}");
}

#[tokio::test]
async fn what_a_receiver_refuses_and_is_tried_again_is_said_and_not_that_the_client_has_it() {
    let app = app().await;
    let acme = app.client("acme").await;
    let owed = app.owed(&acme).await;
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    let broker = app.browser(app.user(UserRole::Broker, Some(&acme)).await.id).await;
    let api = format!("/api/v1/leads/{}", LeadId::from_uuid(owed.lead));
    for (change, says, state) in [
        (
            "state = 'pending', attempts = 2, reason = 'answered 422', due_at = created_at + interval '10 days'",
            "It is being delivered: tried 2 times, next at ",
            "tried_again",
        ),
        (
            "state = 'held', reason = 'out of hours: opens later', due_at = created_at + interval '10 days'",
            "It waits to be delivered until ",
            "held",
        ),
    ] {
        let sql = sqlx::AssertSqlSafe(format!("update delivery set {change} where id = $1"));
        sqlx::query(sql).bind(owed.delivery.uuid()).execute(&app.pool).await.unwrap();
        let page = page_of(&app, &manager, owed, "").await;
        let why = page.split(says).nth(1).unwrap_or_else(|| panic!("{says}: {page}")).split('<').next().unwrap();
        assert!(why.contains("answered 422") || why.contains("out of hours"), "{why}");
        assert!(!page.contains("The client has it"), "{page}");
        for path in [api.clone(), format!("{api}/why")] {
            let told: Value = serde_json::from_str(&app.page(&manager, &path).await.text).unwrap();
            let way = &told["handover"];
            assert_eq!((way["state"].as_str(), way["tried"].as_i64()), (Some(state), Some(2)), "{path}: {told:#}");
            assert!(way["next_at"].is_string() && way["why"].is_string(), "{path}: {way}");
        }
        // Why is words of the firm, as far as a client's people are concerned.
        let told: Value = serde_json::from_str(&app.page(&broker, &api).await.text).unwrap();
        assert_eq!((&told["handover"]["state"], &told["handover"]["why"]), (&state.into(), &Value::Null));
    }
    let die = "update delivery set state = 'dead', reason = '410', ended_at = clock_timestamp() where id = $1";
    sqlx::query(die).bind(owed.delivery.uuid()).execute(&app.pool).await.unwrap();
    let page = page_of(&app, &manager, owed, "").await;
    assert!(page.contains("It is an A lead that nobody has") && !page.contains("The client has it"), "{page}");
}

/// Lee's mail of a lead comes back, which a webhook of the team took.
async fn bounced_beside(app: &App, client: &Client, sent: Sent) {
    let now = app.pass(60);
    let fresh = || random::uuid_v7(now);
    let sql = "with r as (
          insert into rep (id, client_id, name, email, created_at) values ($2, $3, 'Lee', $2 || '@client.example', $4)
        ), e as (
          insert into endpoint (id, client_id, kind, name, address, rep_id, created_at)
          values ($2, $3, 'email', 'Lee', $2 || '@client.example', $2, $4)
        )
        insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, reason, attempts, due_at, offered_until, created_at,
                              ended_at)
        select $5, $3, lead_id, maturation_id, $2, $2, 'dead', 'no such mailbox', 1, created_at, created_at, created_at, $4
        from delivery where id = $1";
    let query = sqlx::query(sql).bind(sent.delivery.uuid()).bind(fresh()).bind(client.id.uuid()).bind(now.to_sqlx());
    query.bind(fresh()).execute(&app.pool).await.unwrap();
}

#[tokio::test]
async fn that_nobody_has_a_lead_whose_mail_came_back_is_said_although_a_webhook_of_the_team_took_it() {
    let app = app().await;
    let acme = app.client("acme").await;
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    let sent = app.sent(&acme).await;
    bounced_beside(&app, &acme, sent).await;
    let handover = async || {
        let path = format!("/api/v1/leads/{}", LeadId::from_uuid(sent.lead));
        let told: Value = serde_json::from_str(&app.page(&manager, &path).await.text).unwrap();
        told["handover"]["state"].clone()
    };
    let page = page_of(&app, &manager, sent, "").await;
    assert!(page.contains("has this lead</strong>, since") && page.contains("No such mailbox"), "{page}");
    assert!(page.contains("It is an A lead that nobody has") && !page.contains("The client has it"), "{page}");
    assert_eq!(handover().await, "dead");
    let listed = app.page(&manager, "/queues").await.text;
    assert!(listed.contains("1 A lead could not be delivered"), "{listed}");
    // What waits because of it has to be mended first; what has a date goes on by itself.
    let waits = "insert into delivery (id, client_id, lead_id, maturation_id, state, reason, reason_code, due_at, offered_until, created_at)
        select gen_random_uuid(), client_id, lead_id, maturation_id, 'held', 'no rep is free', 'undated', created_at, created_at, created_at
        from delivery where id = $1";
    sqlx::query(waits).bind(sent.delivery.uuid()).execute(&app.pool).await.unwrap();
    let page = page_of(&app, &manager, sent, "").await;
    assert!(page.contains("has this lead</strong>, since") && page.contains("No rep is free"), "{page}");
    sqlx::query("update delivery set reason_code = null where endpoint_id is null").execute(&app.pool).await.unwrap();
    let page = page_of(&app, &manager, sent, "").await;
    assert!(!page.contains("has this lead</strong>") && !page.contains("The client has it"), "{page}");
    sqlx::query("delete from delivery where endpoint_id is null").execute(&app.pool).await.unwrap();
    assert_eq!(app.say(&acme, sent.delivery, &json!({"outcome": "accepted"})).await.status, 201);
    let page = page_of(&app, &manager, sent, "").await;
    assert!(!page.contains("has this lead</strong>") && page.contains("The client has it"), "{page}");
    assert_eq!(handover().await, "had");
}

#[tokio::test]
async fn who_was_asked_to_take_a_lead_and_did_not_does_not_have_it() {
    let app = app().await;
    let acme = app.client("acme").await;
    let held = held(&app, &acme).await;
    let offer = "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, attempts, due_at, offered_until,
                                       created_at, ended_at)
        select gen_random_uuid(), d.client_id, d.lead_id, d.maturation_id, e.id, 'lead.offered', e.id, '{\"until\": \"2026-11-24T09:00:00Z\"}',
               'delivered', 1, d.created_at, d.created_at, d.created_at, d.created_at
        from delivery d join endpoint e on e.client_id = d.client_id where d.id = $1";
    sqlx::query(offer).bind(held.delivery.uuid()).execute(&app.pool).await.unwrap();
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    let page = page_of(&app, &manager, held, "").await;
    assert!(page.contains("has this lead</strong>, since"), "{page}");
}

#[tokio::test]
async fn a_lead_that_is_over_says_how_it_ended() {
    let app = app().await;
    let acme = app.client("acme").await;
    let (lost, won) = (app.owed(&acme).await, app.owed(&acme).await);
    for (sent, change) in [
        (
            lost,
            "with said as (
               insert into outcome (delivery_id, number, at, kind, reason, how, said_by, lead_id, client_id, happened_at)
               select d.id, 1, d.created_at, 'lost', 'Postponed for a year', 'api', 'client', d.lead_id, d.client_id, d.created_at
               from delivery d where d.lead_id = $1)
             update lead set stage = 'closed', closed_at = created_at, closed_reason = 'lost: Postponed for a year', closed_code = 'lost'
             where id = $1",
        ),
        (won, "update lead set stage = 'customer', amount = 31200, currency = 'AUD' where id = $1"),
    ] {
        sqlx::query(change).bind(sent.lead).execute(&app.pool).await.unwrap();
    }
    let agent = app.browser(app.user(UserRole::Agent, None).await.id).await;
    for (sent, says) in [(lost, ": Postponed for a year"), (won, "Won: 31,200 AUD")] {
        let page = page_of(&app, &agent, sent, "").await;
        assert!(page.contains(says) && !page.contains("The client has it"), "{says}: {page}");
    }
}

#[tokio::test]
async fn whoever_stops_contact_reads_who_stops() {
    let app = app().await;
    let acme = app.client("acme").await;
    let owed = app.owed(&acme).await;
    let agent = app.browser(app.user(UserRole::Agent, None).await.id).await;
    let page = page_of(&app, &agent, owed, "?open=stop").await;
    for says in [
        "Who may no longer contact them?",
        "The whole firm, for every client",
        "This cannot be taken back here",
        "Stop contacting <bdi>Casey Smith</bdi>",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains("nobody of the firm"), "{page}");
}

#[tokio::test]
async fn the_queues_begin_with_what_nobody_can_be_given() {
    let app = app().await;
    let acme = app.client("acme").await;
    let manager = app.browser(app.user(UserRole::Manager, None).await.id).await;
    app.owed(&acme).await;
    let page = app.page(&manager, "/queues").await.text;
    assert!(page.contains("Nothing is dead.") && !page.contains("cannot be handed over"), "{page}");
    assert!(page.contains("No held deliveries, no dead deliveries"), "{page}");
    let stuck = held(&app, &acme).await;
    let dead = app.owed(&acme).await;
    let die = "update delivery set state = 'dead', reason = '410', ended_at = clock_timestamp() where id = $1";
    sqlx::query(die).bind(dead.delivery.uuid()).execute(&app.pool).await.unwrap();
    let page = app.page(&manager, "/queues").await.text;
    assert!(page.contains("1 A lead of <bdi>") && page.contains("cannot be handed over</a>"), "{page}");
    assert!(page.contains("1 A lead could not be delivered") && !page.contains("Nothing is dead."), "{page}");
    for path in ["/queues", "/queues/held"] {
        let page = app.page(&manager, path).await.text;
        let row = page.split(&format!("href=\"/leads/{}\"", LeadId::from_uuid(stuck.lead))).next().unwrap();
        let cell = row.rsplit("<td").next().unwrap();
        assert!(cell.contains("since <time"), "{path}: {cell}");
    }
}

#[tokio::test]
async fn whoever_is_signed_in_keeps_the_rail_where_there_is_nothing() {
    let app = app().await;
    let agent = app.browser(app.user(UserRole::Agent, None).await.id).await;
    let page = app.page(&agent, "/queues").await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("class=\"rail") && page.text.contains("Back to work"), "{}", page.text);
    assert!(!page.text.contains("href=\"/queues\"") && !page.text.contains("belongs to a client"), "{}", page.text);
    let nobody = app.send("GET", "/nowhere", &[("accept", "text/html")], "").await;
    assert!(nobody.status == 404 && !nobody.text.contains("class=\"rail"), "{}", nobody.text);
}
