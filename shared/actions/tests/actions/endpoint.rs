//! Endpoints: where they are, how deliveries go out to them, and their secrets.

use ripen_actions::{
    Refusal,
    endpoint::{AddEndpoint, Destination, RotateSecret, SetEndpoint, SetEndpointState, find, list},
    rep::AddRep,
};
use ripen_domain::{actor::UserRole, delivery::EventType, id::EndpointId, secret::Secret};
use uuid::Uuid;

use crate::harness::{Office, fields, office, operator, program, user};

fn webhook(client: &str, url: &str) -> AddEndpoint {
    let to = Destination::Webhook { url: url.into(), allow_private: false };
    AddEndpoint { client: client.to_owned(), to, name: None, events: None }
}

fn mail(client: &str, address: &str) -> AddEndpoint {
    let to = Destination::Email { address: address.to_owned() };
    AddEndpoint { client: client.to_owned(), to, name: Some("Office".to_owned()), events: None }
}

fn nothing(endpoint: EndpointId) -> SetEndpoint {
    SetEndpoint::of(endpoint)
}

async fn added(office: &Office) -> EndpointId {
    office.done(&webhook("acme", "https://acme.example/hook")).await.id
}

#[tokio::test]
async fn everything_wrong_is_said_at_once_and_nothing_is_kept() {
    let office = office().await;
    office.client("Acme").await;
    let refused = office.actions.run(&operator(), &webhook("nobody", "http://127.0.0.1/")).await;
    assert_eq!(fields(refused), ["webhook", "client"]);
    assert_eq!(fields(office.actions.run(&operator(), &mail("nobody", "nobody")).await), ["email", "client"]);
    assert!(list(&office.actions, &operator()).await.unwrap().is_empty());

    let endpoint = added(&office).await;
    let wrong = SetEndpoint {
        concurrency: Some(0),
        rate: Some(-1.0),
        timeout_s: Some(51),
        headers: Some(vec![Secret::given("Host: x"), Secret::given("nothing")]),
        events: Some(vec![EventType::LeadOffered]),
        ..nothing(endpoint)
    };
    let refused = fields(office.actions.run(&operator(), &wrong).await);
    assert_eq!(refused, ["concurrency", "rate", "timeout_s", "headers", "headers", "events"]);
    let address = office.done(&mail("acme", "office@acme.example")).await.id;
    let for_webhooks =
        SetEndpoint { timeout_s: Some(5), headers: Some(vec![Secret::given("X-Team: north")]), ..nothing(address) };
    assert_eq!(fields(office.actions.run(&operator(), &for_webhooks).await), ["timeout_s", "headers"]);
    assert!(office.audit_of(endpoint).await.iter().all(|entry| entry.action == "endpoint.add"), "nothing was set");
}

#[tokio::test]
async fn what_is_set_is_audited_before_and_after_and_never_a_credential() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let rehearsed = office.actions.rehearse(&operator(), &webhook("acme", "https://acme.example/hook")).await.unwrap();
    assert!(rehearsed.secret.is_some() && list(&office.actions, &operator()).await.unwrap().is_empty());
    let endpoint = added(&office).await;
    let headers = Some(vec![Secret::given("Authorization: Bearer hunter2")]);
    let set = SetEndpoint { rate: Some(2.0), timeout_s: Some(7), headers, ..nothing(endpoint) };
    let done = office.done(&set).await;
    assert_eq!((done.terms.rate, done.terms.timeout_s), (Some(2.0), Some(7)));
    let off = SetEndpointState { endpoint, enabled: false };
    let done = office.done(&off).await;
    assert_eq!((done.enabled, done.reason.as_deref()), (false, Some("disabled by the firm")));
    assert!(office.done(&SetEndpointState { endpoint, enabled: true }).await.enabled);
    let made = office.done(&RotateSecret { endpoint, overlap_h: 1 }).await;
    assert_eq!(find(&office.actions, &operator(), endpoint).await.unwrap().secrets.len(), 2);

    // Many receivers take a URL for a credential.
    let secret_url = |token: &str| format!("https://acme.example/hook?token={token}");
    let keyed = office.done(&webhook("acme", &secret_url("hunter4"))).await.id;
    let to = |token: &str| Some(Destination::Webhook { url: secret_url(token).into(), allow_private: false });
    for token in ["hunter4", "hunter5"] {
        office.done(&SetEndpoint { to: to(token), ..nothing(keyed) }).await;
    }
    let of_url = office.audit_of(keyed).await;
    let told: Vec<_> = of_url.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["endpoint.set", "endpoint.add"], "another token is another address, and the same one is none");
    let kept = format!("{of_url:?}");
    assert!(
        kept.contains("https://acme.example/hook?…") && !kept.contains("hunter4") && !kept.contains("hunter5"),
        "{kept}"
    );

    let audit = office.audit_of(endpoint).await;
    let told: Vec<_> = audit.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["endpoint.rotate_secret", "endpoint.resume", "endpoint.pause", "endpoint.set", "endpoint.add"]);
    assert!(audit.iter().all(|entry| entry.client == Some(acme.id)));
    assert!(audit[..4].iter().all(|entry| entry.before.is_some() && entry.before != entry.after));
    for secret in ["hunter2", made.secret.reveal().as_str()] {
        assert!(!format!("{audit:?}").contains(secret), "no credential is audited");
    }
}

#[tokio::test]
async fn another_credential_is_audited_without_either_and_the_same_again_is_not() {
    let office = office().await;
    office.client("Acme").await;
    let endpoint = added(&office).await;
    for value in ["Bearer first", "Bearer second", "Bearer second"] {
        let headers = Some(vec![Secret::from(format!("Authorization: {value}"))]);
        office.done(&SetEndpoint { headers, ..nothing(endpoint) }).await;
    }
    let audit = office.audit_of(endpoint).await;
    let told: Vec<_> = audit.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["endpoint.set", "endpoint.set", "endpoint.add"], "the third changed nothing");
    let kept = format!("{audit:?}");
    assert!(kept.contains("authorization #") && !kept.contains("first") && !kept.contains("second"), "{kept}");
}

#[tokio::test]
async fn a_circuit_that_a_person_closes_is_audited() {
    let office = office().await;
    office.client("Acme").await;
    let endpoint = added(&office).await;
    let opened = "update endpoint set failures = 9, failing_since = now(), probe_at = now() where id = $1";
    sqlx::query(opened).bind(endpoint.uuid()).execute(&office.pool).await.unwrap();
    office.done(&SetEndpointState { endpoint, enabled: true }).await;
    let newest = office.audit_of(endpoint).await.remove(0);
    let (before, after) = (newest.before.unwrap(), newest.after.unwrap());
    assert_eq!((newest.action.as_str(), &before["failures"]), ("endpoint.resume", &serde_json::json!(9)));
    assert!(before["probe_at"].is_string() && after["probe_at"].is_null() && after["failures"].is_null(), "{after}");
}

#[tokio::test]
async fn who_may_not_is_refused_and_what_is_not_there_is_missing() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let endpoint = added(&office).await;
    let off = SetEndpointState { endpoint, enabled: false };
    for actor in [user(UserRole::Agent, None), user(UserRole::Broker, Some(acme.id)), program(acme.id)] {
        assert!(matches!(office.actions.run(&actor, &off).await, Err(Refusal::Forbidden { .. })), "{actor}");
        assert!(matches!(list(&office.actions, &actor).await, Err(Refusal::Forbidden { .. })), "{actor}");
    }
    let gone = RotateSecret { endpoint: EndpointId::from_uuid(Uuid::from_u128(7)), overlap_h: 1 };
    assert!(matches!(office.actions.run(&operator(), &gone).await, Err(Refusal::Missing { .. })));
    let (now, elsewhere) = (office.actions.clock.now(), program(other.id).scope());
    let mut tx = office.actions.store.begin().await.unwrap();
    assert!(tx.endpoint_lock(elsewhere, endpoint, now).await.unwrap().is_none(), "another client's is not found");
    assert!(tx.endpoint_pause(elsewhere, endpoint).await.is_err());
}

#[tokio::test]
async fn an_endpoint_moves_and_what_failed_elsewhere_counts_no_more() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let endpoint = added(&office).await;
    let opened = "update endpoint set failures = 9, failing_since = now(), probe_at = now() where id = $1";
    sqlx::query(opened).bind(endpoint.uuid()).execute(&office.pool).await.unwrap();
    let url = "https://new.example.com/hook".into();
    let to = Some(Destination::Webhook { url, allow_private: false });
    let moved = office.done(&SetEndpoint { to, ..SetEndpoint::of(endpoint) }).await;
    assert_eq!((moved.to.reveal(), moved.failing, moved.probe_at), ("https://new.example.com/hook", None, None));
    let private = Some(Destination::Webhook { url: "http://127.0.0.1:9/x".into(), allow_private: false });
    let address = |address: &str| Some(Destination::Email { address: address.to_owned() });
    for to in [private, address("a@example.com")] {
        let refused = office.actions.run(&operator(), &SetEndpoint { to, ..SetEndpoint::of(endpoint) }).await;
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{refused:?}");
    }
    // A rep's own endpoint is the rep's address.
    let reps = ["a@example.com", "b@example.com"];
    let mut own = Vec::new();
    for email in reps {
        let (client, name) = (acme.slug.clone(), email.to_owned());
        own.push(office.done(&AddRep { client, name, email: email.to_owned() }).await.endpoint);
    }
    let taken = SetEndpoint { to: address("b@example.com"), ..SetEndpoint::of(own[0]) };
    assert!(matches!(office.actions.run(&operator(), &taken).await, Err(Refusal::Invalid(_))));
    office.done(&SetEndpoint { to: address("c@example.com"), ..SetEndpoint::of(own[0]) }).await;
    let known: String =
        sqlx::query_scalar("select email from rep where name = 'a@example.com'").fetch_one(&office.pool).await.unwrap();
    assert_eq!(known, "c@example.com");
}

#[tokio::test]
async fn a_webhook_is_told_of_what_is_named_when_it_is_added() {
    let office = office().await;
    office.client("Acme").await;
    let named = Some(vec![EventType::LeadMatured, EventType::LeadOutcome]);
    let asks = AddEndpoint { events: named.clone(), ..webhook("acme", "https://crm.example.com/all") };
    let added = office.done(&asks).await;
    let found = find(&office.actions, &operator(), added.id).await.unwrap();
    assert_eq!(Some(found.terms.events), named);
    let offers = Some(vec![EventType::LeadOffered]);
    let wrong = AddEndpoint { events: offers, ..webhook("acme", "https://crm.example.com/no") };
    assert!(matches!(office.actions.run(&operator(), &wrong).await, Err(Refusal::Invalid(_))));
}
