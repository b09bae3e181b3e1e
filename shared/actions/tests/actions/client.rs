//! Clients and their tokens: what the actions refuse, write and audit.

use jiff::SignedDuration;
use ripen_actions::{
    Refusal,
    client::{AddClient, SetClientState, find, list},
    client_token::{self, AddClientToken, RevokeClientToken},
};
use ripen_domain::actor::UserRole;
use ripen_store::source::source_record::State;

use crate::harness::{office, operator, program, user};

fn acme(slug: &str, country: &str, time_zone: &str) -> AddClient {
    AddClient {
        name: "Acme".to_owned(),
        slug: Some(slug.to_owned()),
        country: country.to_owned(),
        time_zone: time_zone.to_owned(),
    }
}

#[tokio::test]
async fn everything_wrong_is_said_at_once_and_nothing_is_kept() {
    let office = office().await;
    let wrong = AddClient { name: " ".to_owned(), ..acme("Not A Slug", "Utopia", "Mars/Olympus") };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &wrong).await else { panic!("it was done") };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["name", "slug", "country", "time_zone"]);
    assert!(list(&office.actions, &operator()).await.unwrap().is_empty() && office.audit().await.is_empty());
}

#[tokio::test]
async fn what_is_done_is_audited_with_it_and_a_rehearsal_leaves_nothing() {
    let office = office().await;
    let request = acme("acme", "us", "America/Chicago");
    assert_eq!(office.actions.rehearse(&operator(), &request).await.unwrap().country, "US");
    assert!(list(&office.actions, &operator()).await.unwrap().is_empty() && office.audit().await.is_empty());

    let client = office.actions.run(&operator(), &request).await.unwrap();
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &request).await else { panic!("twice") };
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("slug", "taken"));
    assert!(office.actions.clock.advance(SignedDuration::from_mins(1)));
    let pause = SetClientState { client: "acme".to_owned(), state: State::Paused };
    assert_eq!(office.actions.run(&operator(), &pause).await.unwrap().state, State::Paused);

    assert_eq!(
        office.actions.run(&operator(), &pause).await.unwrap().state,
        State::Paused,
        "again, which changes nothing"
    );

    let audit = office.audit().await;
    let told: Vec<_> = audit.iter().map(|entry| (entry.action.as_str(), entry.actor.as_str())).collect();
    assert_eq!(told, [("client.pause", "operator:dana"), ("client.add", "operator:dana")]);
    assert!(audit.iter().all(|entry| entry.object == client.id.to_string() && entry.client == Some(client.id)));
    let state = |value: &Option<serde_json::Value>| value.as_ref().unwrap()["state"].as_str().unwrap().to_owned();
    assert_eq!((state(&audit[0].before), state(&audit[0].after)), ("active".to_owned(), "paused".to_owned()));
}

#[tokio::test]
async fn who_may_not_is_refused_and_who_is_elsewhere_finds_nothing() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let pause = SetClientState { client: "other".to_owned(), state: State::Paused };
    for actor in [user(UserRole::Agent, None), user(UserRole::Broker, Some(other.id)), program(other.id)] {
        let refused = office.actions.run(&actor, &pause).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{actor}");
    }
    let seen = list(&office.actions, &program(acme.id)).await.unwrap();
    assert_eq!(seen.iter().map(|client| client.id).collect::<Vec<_>>(), [acme.id]);
    let tokens = client_token::list(&office.actions, &program(acme.id), "acme").await;
    assert!(matches!(tokens, Err(Refusal::Forbidden { .. })), "a program lists no tokens, its own client's neither");
    let Err(Refusal::Invalid(errors)) = find(&office.actions, &program(acme.id), "other").await else {
        panic!("another client was found")
    };
    assert_eq!(errors[0].message, "no client \"other\"; there are: acme");
}

#[tokio::test]
async fn a_token_is_shown_once_and_ends_once() {
    let office = office().await;
    office.client("Acme").await;
    let request = AddClientToken { client: "acme".to_owned(), name: " CRM ".to_owned() };
    let made = office.actions.run(&operator(), &request).await.unwrap();
    let holder = office.actions.store.client_token_holder(&made.token.hash()).await.unwrap().unwrap();
    assert_eq!((holder.id, holder.name.as_str()), (made.id, "CRM"));

    let revoke = RevokeClientToken { token: made.id };
    let at = office.actions.run(&operator(), &revoke).await.unwrap();
    assert_eq!(office.actions.store.client_token_holder(&made.token.hash()).await.unwrap(), None);
    assert!(office.actions.clock.advance(SignedDuration::from_mins(1)));
    assert_eq!(office.actions.run(&operator(), &revoke).await.unwrap(), at, "it ended once");
    let ended = office.audit().await.iter().filter(|entry| entry.action == "client_token.revoke").count();
    assert_eq!(ended, 1);
    let secret = made.token.reveal();
    assert!(office.audit().await.iter().all(|entry| !format!("{entry:?}").contains(secret)), "no secret is audited");
}
