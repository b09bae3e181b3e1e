//! Signed links: their keys, and their end.

use jiff::SignedDuration;
use ripen_actions::{
    Refusal,
    link::{LinkHolder, RevokeLinks, RotateLinkKey},
    rep::AddRep,
};
use ripen_domain::{
    actor::UserRole,
    id::{DeliveryId, RepId},
};
use uuid::Uuid;

use crate::harness::{fields, office, operator, user};

fn of_rep(rep: &str, client: Option<&str>) -> RevokeLinks {
    RevokeLinks { of: LinkHolder::Rep { rep: rep.to_owned(), client: client.map(str::to_owned) } }
}

#[tokio::test]
async fn a_new_key_signs_in_a_while_and_the_links_under_the_former_one_go_on() {
    let office = office().await;
    let (store, now) = (&office.actions.store, office.actions.clock.now());
    let delivery = DeliveryId::from_uuid(Uuid::from_u128(7));
    let keys = store.link_keys(now).await.unwrap();
    let old = keys.token(delivery, now);
    let made = office.done(&RotateLinkKey::default()).await;
    let now = office.actions.clock.now();
    assert_eq!((made.number, made.signs_from), (1, now + SignedDuration::from_secs(60)));
    keys.replace(&store.link_keys(now).await.unwrap());
    assert!(keys.token(delivery, now)[48..52] == old[48..52], "other processes do not know the new one yet");
    let new = keys.token(delivery, made.signs_from);
    let (old_end, new_end) = (&old[old.len() - 36..old.len() - 32], &new[new.len() - 36..new.len() - 32]);
    assert_eq!((old_end, new_end), ("0000", "0001"), "the number of the key");
    for token in [&old, &new] {
        assert_eq!(keys.open(token, made.signs_from).unwrap().id, delivery);
    }
    let audit = office.audit_of("link key 1").await;
    assert_eq!((audit[0].action.as_str(), audit[0].client), ("link.rotate", None));
    let bound = user(UserRole::Agent, None);
    assert!(matches!(office.actions.run(&bound, &RotateLinkKey::default()).await, Err(Refusal::Forbidden { .. })));
}

#[tokio::test]
async fn former_keys_are_ended_where_that_is_asked_for_and_it_is_audited() {
    let office = office().await;
    let (store, now) = (&office.actions.store, office.actions.clock.now());
    let delivery = DeliveryId::from_uuid(Uuid::from_u128(7));
    let old = store.link_keys(now).await.unwrap().token(delivery, now);
    let made = office.done(&RotateLinkKey { end_former: true }).await;
    let keys = store.link_keys(office.actions.clock.now()).await.unwrap();
    assert!(keys.open(&old, office.actions.clock.now()).is_ok(), "until the new one signs");
    assert!(keys.open(&old, made.signs_from).is_err());
    assert!(keys.open(&keys.token(delivery, made.signs_from), made.signs_from).is_ok());
    let audit = office.audit_of("link key 1").await;
    assert!(format!("{:?}", audit[0].after).contains("former_ended"), "{audit:?}");
}

#[tokio::test]
async fn a_key_that_cannot_be_opened_is_left_out_and_only_the_last_one_is_missed() {
    let office = office().await;
    let (store, now) = (&office.actions.store, office.actions.clock.now());
    let delivery = DeliveryId::from_uuid(Uuid::from_u128(7));
    let old = store.link_keys(now).await.unwrap().token(delivery, now);
    office.done(&RotateLinkKey::default()).await;
    let broken = "update signing_key set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1) where number = ";
    sqlx::query(sqlx::AssertSqlSafe(format!("{broken}1"))).execute(&office.pool).await.unwrap();
    let keys = store.link_keys(now).await.unwrap();
    assert!(keys.open(&old, now).is_ok(), "the other one opens and signs");
    sqlx::query(sqlx::AssertSqlSafe(format!("{broken}0"))).execute(&office.pool).await.unwrap();
    assert!(store.link_keys(now).await.is_err(), "no third one is made");
}

#[tokio::test]
async fn links_of_a_rep_are_ended_by_id_or_by_name_with_the_client_and_it_is_audited() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let add = AddRep { client: "acme".to_owned(), name: "Dana Hill".to_owned(), email: "dana@acme.example".to_owned() };
    let rep = office.done(&add).await.id;
    let done = office.done(&of_rep(&rep.to_string(), None)).await;
    assert_eq!((done.of, done.since), (rep.to_string(), office.actions.clock.now()));
    let links = office.actions.store.rep_links(rep).await.unwrap().unwrap();
    assert_eq!(links.since, done.since);
    office.done(&of_rep("Dana Hill", Some("acme"))).await;
    let told = office.audit_of(rep).await;
    let ended = told.iter().find(|entry| entry.action == "link.revoke").unwrap();
    assert_eq!((ended.client, ended.before.is_some()), (Some(acme.id), true));

    assert_eq!(fields(office.actions.run(&operator(), &of_rep("Dana Hill", None)).await), ["rep"]);
    assert_eq!(fields(office.actions.run(&operator(), &of_rep("Nobody", Some("acme"))).await), ["rep"]);
    let unknown = of_rep(&RepId::from_uuid(Uuid::from_u128(9)).to_string(), None);
    assert!(matches!(office.actions.run(&operator(), &unknown).await, Err(Refusal::Missing { .. })));
    let unknown = RevokeLinks { of: LinkHolder::Delivery(DeliveryId::from_uuid(Uuid::from_u128(9))) };
    assert!(matches!(office.actions.run(&operator(), &unknown).await, Err(Refusal::Missing { .. })));
}
