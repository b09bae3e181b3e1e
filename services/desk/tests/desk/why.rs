//! Why nobody calls a lead, as the firm and as the client's own people are told.

use jiff::{SignedDuration, Timestamp};
use ripen_actions::{
    Actions,
    desk::{Dispose, TakeLead},
};
use ripen_domain::{actor::UserRole, id::LeadId, touch::Disposition};
use ripen_runtime::config::Settings;
use serde_json::Value;

use crate::harness::{App, User, app};

async fn why(app: &App, user: &User, lead: LeadId) -> Value {
    let answer = app.see(user, &format!("/api/v1/leads/{lead}/why")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn shut(why: &Value) -> Vec<&str> {
    let gates = why["gates"].as_array().unwrap().iter();
    gates.filter(|gate| gate["is_open"] == false).map(|gate| gate["gate"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_broker_is_not_told_that_the_person_speaks_with_the_firm_for_another() {
    let app = app().await;
    app.pass(SignedDuration::from_hours(8).as_secs() + 754);
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let (ours, theirs) = (app.waiting(&acme, "+13125550142").await, app.waiting(&other, "+13125550142").await);
    let (ours, theirs) = (LeadId::from_uuid(ours), LeadId::from_uuid(theirs));
    let (agent, broker) = (app.user(UserRole::Agent, None).await, app.user(UserRole::Broker, Some(&acme)).await);
    let before = why(&app, &broker, ours).await;
    assert_eq!((shut(&before).len(), &before["is_callable"]), (0, &Value::Bool(true)), "{before}");
    let actions = Actions::new(app.store.clone(), app.clock.clone(), &Settings::default()).unwrap();
    let opened = actions.run(&agent.actor, &TakeLead { lead: theirs }).await.unwrap();
    let dispose = Dispose::of(theirs, opened.lease, Disposition::NotInterested);
    actions.run(&agent.actor, &dispose).await.unwrap();

    let firm = why(&app, &agent, ours).await;
    assert_eq!(shut(&firm), ["elsewhere"], "{firm}");
    let told = why(&app, &broker, ours).await;
    assert_eq!(shut(&told), ["resting"], "{told}");
    for word in ["elsewhere", "calls", "attempts", "another client", "in the last 24 hours"] {
        assert!(!told.to_string().contains(word), "{word}: {told}");
    }
    // A day later to the second would be when the other one was spoken with.
    let exactly: Timestamp = firm["opens_at"].as_str().unwrap().parse().unwrap();
    let until: Timestamp = told["opens_at"].as_str().unwrap().parse().unwrap();
    assert!(until.as_second() % 3_600 == 0, "{exactly} {until}");
    let ahead = exactly.duration_since(until).as_hours();
    assert!((0..24).contains(&ahead), "the day on which it opens, and no later one: {exactly} {until}");
    let kinds =
        |why: &Value| why["gates"].as_array().unwrap().iter().map(|gate| gate["gate"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&told), kinds(&before), "which gates there are says nothing");
    assert_eq!(app.see(&broker, &format!("/api/v1/leads/{theirs}/why")).await.status, 404);
}
