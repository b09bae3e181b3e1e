//! What stays as it was: deliveries that are sent again in vain, and what a process of the version before writes beside this one.

use std::time::Duration;

use jiff::SignedDuration;
use ripen_domain::{
    actor::Actor,
    delivery::Next,
    id::{DeliveryId, EndpointId},
};
use ripen_store::{
    delivery::{
        attempt::AttemptRow,
        lease::{LeaseRequest, MailRoom},
        replay_range::NewReplay,
        settle::Settled,
    },
    slot::SlotPlace,
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::harness::{App, Sent, app};

async fn execute(app: &App, sql: &str, id: Uuid) {
    sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&app.pool).await.unwrap();
}

async fn delivery(app: &App, sent: Sent) -> Value {
    let sql =
        "select json_build_object('state', state, 'ended_at', ended_at, 'first', first_delivered_at, 'reason', reason)
        from delivery where id = $1";
    app.row(sql, sent.delivery.uuid()).await
}

/// Makes everything of the endpoint due again.
async fn replay(app: &App, sent: Sent) {
    let endpoint: Uuid = sqlx::query_scalar("select endpoint_id from delivery where id = $1")
        .bind(sent.delivery.uuid())
        .fetch_one(&app.pool)
        .await
        .unwrap();
    let now = app.pass(60);
    let range = now - SignedDuration::from_hours(24)..now;
    let (id, endpoint) = (ripen_runtime::random::uuid_v7(now), EndpointId::from_uuid(endpoint));
    let new = NewReplay { endpoint, range, only_failed: false };
    let mut tx = app.store.begin().await.unwrap();
    tx.replay_range_begin(&Actor::operator("dana"), id, &new, now).await.unwrap();
    tx.commit().await.unwrap();
    app.store.replay_range_step(now, 100).await.unwrap();
    assert_eq!(delivery(app, sent).await["state"], "pending");
}

/// One attempt that ends so.
async fn attempt(app: &App, sent: Sent, next: Next) {
    let (now, lease) = (app.pass(1), ripen_runtime::random::uuid_v7(app.pass(0)));
    let deliveries: [DeliveryId; 1] = [sent.delivery];
    let request = LeaseRequest {
        deliveries: &deliveries,
        lease,
        lasts: Duration::from_secs(60),
        busy: &[],
        places: &[SlotPlace::ALONE],
        mail: MailRoom::ANY,
        kept_until: now,
    };
    // Only the lease counts here: the lead of this harness has too little around it to be loaded whole.
    let _loaded = app.store.deliveries_lease(&request, now, |_| Vec::new()).await;
    let number = sqlx::query_scalar("select attempts from delivery where id = $1 and state = 'leased'")
        .bind(sent.delivery.uuid())
        .fetch_one(&app.pool)
        .await
        .unwrap();
    let attempt =
        AttemptRow { number, at: now, duration_ms: 1, status: Some(500), error: None, answer: None, report: None };
    let settled = Settled {
        delivery: sent.delivery,
        lease,
        attempt,
        next,
        not_before: None,
        mail_waits: false,
        bounced: false,
        outcome: None,
    };
    assert_eq!(app.store.deliveries_settle(&[settled]).await.unwrap(), [sent.delivery]);
}

#[tokio::test]
async fn a_delivery_that_is_sent_again_in_vain_stays_delivered_since_its_first_time_and_raises_no_alarm() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    sqlx::query("update endpoint set events = '{lead.matured,delivery.dead}'").execute(&app.pool).await.unwrap();
    let before = delivery(&app, sent).await["ended_at"].clone();
    replay(&app, sent).await;
    assert_eq!(delivery(&app, sent).await["first"], before, "kept from what it was");
    attempt(&app, sent, Next::Dead("answered 500".to_owned())).await;
    let after = delivery(&app, sent).await;
    assert_eq!((&after["state"], &after["ended_at"]), (&json!("delivered"), &before));
    assert!(after["reason"].as_str().unwrap().contains("in vain: answered 500"), "{after}");
    assert_eq!(app.count("select count(*) from delivery where event = 'delivery.dead'").await, 0);

    // Stopped under way, as by a merge or a lead that is closed.
    replay(&app, sent).await;
    let stopped =
        "update delivery set state = 'withdrawn', reason = 'the lead was closed', ended_at = now() where id = $1";
    execute(&app, stopped, sent.delivery.uuid()).await;
    let after = delivery(&app, sent).await;
    assert_eq!((&after["state"], &after["ended_at"]), (&json!("delivered"), &before));

    // What was never delivered ends as it did.
    let never = app.owed(&acme).await;
    app.freeze(&app.pool, &acme, never).await;
    attempt(&app, never, Next::Dead("answered 500".to_owned())).await;
    assert_eq!(delivery(&app, never).await["state"], "dead");
}

#[tokio::test]
async fn what_waits_for_a_key_is_held_and_costs_no_attempt() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.owed(&acme).await;
    app.freeze(&app.pool, &acme, sent).await;
    let due = app.pass(0) + SignedDuration::from_secs(30);
    attempt(&app, sent, Next::Waits(due, "no key".to_owned())).await;
    let sql = "select json_build_object('state', state, 'counted', attempts - excused, 'waits', due_at > created_at)
        from delivery where id = $1";
    let after = app.row(sql, sent.delivery.uuid()).await;
    // The harness counted one attempt when it froze the body.
    assert_eq!(after, json!({"state": "pending", "counted": 1, "waits": true}));
}

#[tokio::test]
async fn what_the_version_before_writes_belongs_to_its_lead() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let said = "insert into outcome (delivery_id, number, at, kind, reason, how, said_by)
        values ($1, 1, now(), 'lost', 'Bought elsewhere', 'link', 'Kim')";
    execute(&app, said, sent.delivery.uuid()).await;
    let kept = "select json_build_object('lead', lead_id, 'client', client_id, 'then', happened_at = at) from outcome where delivery_id = $1";
    let expected = json!({"lead": sent.lead, "client": acme.id.uuid(), "then": true});
    assert_eq!(app.row(kept, sent.delivery.uuid()).await, expected);

    // It takes an amount back without what the amount was.
    let sold = "update lead set stage = 'customer', amount = 1, currency = 'USD', amount_is = 'price' where id = $1";
    execute(&app, sold, sent.lead).await;
    let taken_back = "update lead set stage = 'lead', amount = null, currency = null where id = $1";
    execute(&app, taken_back, sent.lead).await;

    let recalled = "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, state, due_at, offered_until, created_at)
        select gen_random_uuid(), client_id, lead_id, maturation_id, endpoint_id, 'lead.recalled', 'pending', due_at, due_at,
               created_at + interval '1 hour' from delivery where id = $1";
    execute(&app, recalled, sent.delivery.uuid()).await;
    app.pass(7200);
    let refused = app.say(&acme, sent.delivery, &json!({"outcome": "won"})).await;
    assert!(refused.problem() == "outcome-refused" && refused.text.contains("taken back"), "{}", refused.text);
}
