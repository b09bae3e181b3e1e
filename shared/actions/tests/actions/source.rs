//! Sources, and the keys that end by themselves.

use jiff::SignedDuration;
use ripen_actions::{
    Refusal,
    source::{AddSource, AddSourceKey, SetSourceState, find, list},
};
use ripen_domain::{actor::UserRole, lead::Channel};
use ripen_store::source::source_record::{SourceFormat, State};

use crate::harness::{fields, office, operator, program, user};

fn web(client: &str) -> AddSource {
    AddSource {
        client: client.to_owned(),
        name: "Web site".to_owned(),
        channel: Channel::WebForm,
        format: SourceFormat::Any,
        country: Some("gb".to_owned()),
        cost_per_lead: None,
        thanks: Some("https://acme.example/thanks".to_owned()),
    }
}

#[tokio::test]
async fn everything_wrong_is_said_at_once_and_nothing_is_kept() {
    let office = office().await;
    let wrong = AddSource {
        name: " ".to_owned(),
        country: Some("Utopia".to_owned()),
        cost_per_lead: Some((-1).into()),
        thanks: Some("nowhere".to_owned()),
        ..web("nobody")
    };
    let refused = office.actions.run(&operator(), &wrong).await;
    assert_eq!(fields(refused), ["name", "country", "cost_per_lead", "thanks", "client"]);
    assert!(list(&office.actions, &operator()).await.unwrap().is_empty() && office.audit().await.is_empty());
}

#[tokio::test]
async fn a_source_is_added_paused_and_given_keys_with_the_audit_and_without_secrets_in_it() {
    let office = office().await;
    let acme = office.client("Acme").await;
    office.actions.rehearse(&operator(), &web("acme")).await.unwrap();
    assert!(list(&office.actions, &operator()).await.unwrap().is_empty(), "a rehearsal leaves nothing");
    let added = office.done(&web("acme")).await;
    assert_eq!(fields(office.actions.run(&operator(), &web("acme")).await), ["name"], "a name is taken once");
    let by_key = office.actions.store.source_by_key(&added.key.hash()).await.unwrap().unwrap();
    assert_eq!((by_key.id, by_key.country.as_str()), (added.id, "GB"));

    let pause = SetSourceState { source: added.id, state: State::Paused };
    assert_eq!(office.done(&pause).await.source.state, State::Paused);
    let key = AddSourceKey { source: added.id, valid_for: SignedDuration::from_hours(1) };
    let key = office.done(&key).await;
    let until = office.actions.store.source_by_key(&key.hash()).await.unwrap().unwrap().key_expires_at;
    assert_eq!(until, Some(office.actions.clock.now() + SignedDuration::from_hours(1)));

    let audit = office.audit_of(added.id).await;
    let told: Vec<_> = audit.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["source.add_key", "source.pause", "source.add"]);
    assert!(audit.iter().all(|entry| entry.client == Some(acme.id)));
    assert!(audit[1].before.is_some() && audit[1].before != audit[1].after);
    for secret in [added.token.reveal(), added.key.reveal(), key.reveal()] {
        assert!(!format!("{audit:?}").contains(secret), "no secret is audited");
    }
}

#[tokio::test]
async fn who_may_not_is_refused_and_a_name_is_unique_within_one_client() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let source = office.done(&web("acme")).await.id;
    office.done(&web("other")).await;
    let pause = SetSourceState { source, state: State::Paused };
    for actor in
        [user(UserRole::Agent, None), user(UserRole::Broker, Some(acme.id)), program(acme.id), program(other.id)]
    {
        assert!(matches!(office.actions.run(&actor, &pause).await, Err(Refusal::Forbidden { .. })), "{actor}");
        assert!(matches!(find(&office.actions, &actor, source).await, Err(Refusal::Forbidden { .. })), "{actor}");
    }
    let mut tx = office.actions.store.begin().await.unwrap();
    assert!(
        tx.source_lock(program(other.id).scope(), source).await.unwrap().is_none(),
        "another client's is not found"
    );
    assert!(tx.source_set_state(program(other.id).scope(), source, State::Paused).await.is_err());
}
