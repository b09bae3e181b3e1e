//! Routing: checked, put in force, taken out of force.

use ripen_actions::{
    Refusal,
    rep::AddRep,
    routing::{RemoveRouting, SetRouting, check, find, list},
};
use ripen_domain::actor::UserRole;
use ripen_store::client::settings::WhenDead;

use crate::harness::{Office, fields, office, operator, program, user};

const TURNS: &str = "mode = \"round_robin\"\nrecipients = [\"Dana Hill\"]\n";

async fn with_dana() -> Office {
    let office = office().await;
    office.client("Acme").await;
    let dana =
        AddRep { client: "acme".to_owned(), name: "Dana Hill".to_owned(), email: "dana@acme.example".to_owned() };
    office.done(&dana).await;
    office
}

fn set(document: &str) -> SetRouting {
    SetRouting { client: "acme".to_owned(), document: document.to_owned(), when_dead: None }
}

#[tokio::test]
async fn every_mistake_is_said_with_its_place_and_nothing_is_kept() {
    let office = with_dana().await;
    let wrong = "mode = \"round_robbin\"\nrecipients = [\"Dana Hil\"]\n";
    let mistakes = check(&office.actions, &operator(), "acme", wrong).await.unwrap().unwrap_err();
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &set(wrong)).await else {
        panic!("it was set")
    };
    let said: Vec<_> = errors.iter().map(|error| error.message.clone()).collect();
    assert_eq!(said, mistakes.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(said.len() > 1 && errors.iter().all(|error| error.field == "document"));
    let nobody = SetRouting { client: "nobody".to_owned(), document: TURNS.to_owned(), when_dead: None };
    assert_eq!(fields(office.actions.run(&operator(), &nobody).await), ["client"]);
    assert!(list(&office.actions, &operator(), "acme").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_document_is_put_in_force_once_and_taken_out_of_force_with_the_audit() {
    let office = with_dana().await;
    assert_eq!(office.actions.rehearse(&operator(), &set(TURNS)).await.unwrap().version, 1);
    assert!(list(&office.actions, &operator(), "acme").await.unwrap().is_empty(), "a rehearsal leaves nothing");
    for _ in 0..2 {
        assert_eq!(office.done(&set(TURNS)).await.version, 1);
    }
    assert_eq!(find(&office.actions, &operator(), "acme", None).await.unwrap().set_by, "dana");
    let remove = RemoveRouting { client: "acme".to_owned() };
    office.done(&remove).await;
    assert!(matches!(find(&office.actions, &operator(), "acme", None).await, Err(Refusal::Conflict { .. })));
    assert_eq!(find(&office.actions, &operator(), "acme", Some(1)).await.unwrap().document, TURNS);
    let audit = office.audit().await;
    let version = |value: &Option<serde_json::Value>| value.as_ref().unwrap()["version"].clone();
    assert_eq!(audit[0].action, "routing.remove");
    assert_eq!((version(&audit[0].before), version(&audit[0].after)), (1.into(), serde_json::Value::Null));
}

#[tokio::test]
async fn what_becomes_of_dead_leads_is_the_documents_own_and_changes_with_it() {
    let office = with_dana().await;
    assert_eq!(office.done(&set(TURNS)).await.version, 1);
    let waits = SetRouting { when_dead: Some(WhenDead::Wait), ..set(TURNS) };
    for _ in 0..2 {
        assert_eq!(office.done(&waits).await.version, 2, "the same text with another rule is another document");
    }
    assert_eq!(find(&office.actions, &operator(), "acme", None).await.unwrap().when_dead, Some(WhenDead::Wait));
    assert_eq!(find(&office.actions, &operator(), "acme", Some(1)).await.unwrap().when_dead, None);
}

#[tokio::test]
async fn who_may_not_is_refused_and_who_is_elsewhere_finds_nothing() {
    let office = with_dana().await;
    let other = office.client("Other").await;
    for actor in [user(UserRole::Agent, None), user(UserRole::Broker, Some(other.id)), program(other.id)] {
        assert!(matches!(office.actions.run(&actor, &set(TURNS)).await, Err(Refusal::Forbidden { .. })), "{actor}");
        assert!(matches!(list(&office.actions, &actor, "acme").await, Err(Refusal::Forbidden { .. })), "{actor}");
    }
    office.done(&set(TURNS)).await;
    let acme = ripen_actions::client::find(&office.actions, &operator(), "acme").await.unwrap();
    assert!(office.actions.store.routes(program(other.id).scope(), acme.id).await.unwrap().is_empty());
}
