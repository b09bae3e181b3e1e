//! Reps: a rep and its endpoint come together, and what is set of one.

use ripen_actions::{
    Refusal, endpoint,
    rep::{AddRep, SetRep, list},
    routing,
};
use ripen_domain::{actor::UserRole, id::LeadId, routing::Pause};

use crate::harness::{fields, office, operator, program, user};

fn dana(client: &str) -> AddRep {
    AddRep { client: client.to_owned(), name: "Dana Hill".to_owned(), email: "Dana@acme.example".to_owned() }
}

#[tokio::test]
async fn a_rep_and_its_endpoint_are_both_there_or_neither_is() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let wrong = AddRep { name: String::new(), email: "nobody".to_owned(), ..dana("nobody") };
    assert_eq!(fields(office.actions.run(&operator(), &wrong).await), ["name", "email", "client"]);
    office.actions.rehearse(&operator(), &dana("acme")).await.unwrap();
    assert!(list(&office.actions, &operator(), "acme").await.unwrap().is_empty());

    let added = office.done(&dana("acme")).await;
    let reps = list(&office.actions, &operator(), "acme").await.unwrap();
    assert_eq!((reps[0].id, reps[0].email.as_str(), reps[0].away.is_none()), (added.id, "dana@acme.example", true));
    let endpoints = endpoint::list(&office.actions, &operator()).await.unwrap();
    assert_eq!((endpoints[0].id, endpoints[0].to.reveal()), (added.endpoint, "dana@acme.example"));
    assert_eq!(fields(office.actions.run(&operator(), &dana("acme")).await), ["email"], "an address is taken once");
    assert_eq!(endpoint::list(&office.actions, &operator()).await.unwrap().len(), 1);
    let told: Vec<_> = office.audit().await.into_iter().map(|entry| (entry.action, entry.client)).collect();
    for action in ["rep.add", "endpoint.add"] {
        assert!(told.contains(&(action.to_owned(), Some(acme.id))), "{told:?}");
    }
}

#[tokio::test]
async fn what_is_set_of_a_rep_is_checked_at_once_and_audited() {
    let office = office().await;
    office.client("Acme").await;
    let rep = office.done(&dana("acme")).await.id;
    let wrong = SetRep {
        client: "acme".to_owned(),
        rep: "Nobody".to_owned(),
        time_zone: Some(Some("Mars/Olympus".to_owned())),
        hours: Some(Some("mon-fri 9-18".to_owned())),
        ..SetRep::default()
    };
    assert_eq!(fields(office.actions.run(&operator(), &wrong).await), ["time_zone", "hours", "rep"]);
    let set = SetRep {
        client: "acme".to_owned(),
        rep: "dana@ACME.example".to_owned(),
        name: Some("Dana Hills".to_owned()),
        pause: Some(Some(Pause::Open)),
        capacity: Some(Some(3)),
        ..SetRep::default()
    };
    let done = office.done(&set).await;
    assert_eq!((done.name.as_str(), done.capacity, done.away.is_some()), ("Dana Hills", Some(3), true));
    let audit = office.audit_of(rep).await;
    assert_eq!(audit[0].action, "rep.set");
    let pause = |value: &Option<serde_json::Value>| value.as_ref().unwrap()["pause"].clone();
    assert_eq!((pause(&audit[0].before), pause(&audit[0].after)), (serde_json::Value::Null, "until resumed".into()));
}

#[tokio::test]
async fn who_may_not_is_refused_and_who_is_elsewhere_finds_nobody() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let rep = office.done(&dana("acme")).await.id;
    let set = SetRep { client: "acme".to_owned(), rep: rep.to_string(), ..SetRep::default() };
    for actor in [user(UserRole::Agent, None), user(UserRole::Broker, Some(acme.id)), program(acme.id)] {
        assert!(matches!(office.actions.run(&actor, &set).await, Err(Refusal::Forbidden { .. })), "{actor}");
    }
    let mut tx = office.actions.store.begin().await.unwrap();
    let elsewhere = program(other.id).scope();
    assert!(
        tx.reps(elsewhere, acme.id).await.unwrap().is_empty()
            && tx.rep_settings(elsewhere, rep).await.unwrap().is_none()
    );
    assert!(tx.team(elsewhere, acme.id, office.actions.clock.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn reps_are_listed_while_a_batch_holds_their_client() {
    let office = office().await;
    let acme = office.client("Acme").await;
    office.done(&dana("acme")).await;
    let mut batch = office.actions.store.begin().await.unwrap();
    batch.teams_lock(&[acme.id].into(), office.actions.clock.now()).await.unwrap();
    assert_eq!(list(&office.actions, &operator(), "acme").await.unwrap().len(), 1);
    // So are a routing that is tried, and how a lead was routed.
    let document = "owner = \"Dana Hill\"\nmode = \"round_robin\"\nrecipients = [\"Dana Hill\"]\n";
    assert!(routing::check(&office.actions, &operator(), "acme", document).await.unwrap().is_ok());
    let nothing = LeadId::from_uuid(uuid::Uuid::from_u128(1));
    assert!(routing::explain(&office.actions, &operator(), nothing).await.unwrap().is_none());
    batch.commit().await.unwrap();
}
