//! Deliveries that are sent again.

use ripen_actions::{
    Refusal,
    delivery::{DeliveryQuery, ReplayDelivery, ReplayRange, RerouteDelivery, RetryDelivery, list, replay_ranges, show},
    rep::AddRep,
};
use ripen_domain::{
    actor::UserRole,
    id::{DeliveryId, EndpointId},
};
use uuid::Uuid;

use crate::{
    delivered::outsiders,
    harness::{office, office_of, operator, user},
};

#[tokio::test]
async fn what_was_delivered_is_replayed_and_not_retried() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let retried = office.actions.run(&operator(), &RetryDelivery { delivery, confirmed: false }).await;
    assert!(matches!(retried, Err(Refusal::Conflict { code: "delivered", .. })), "{retried:?}");
    office.actions.rehearse(&operator(), &ReplayDelivery { delivery, confirmed: false }).await.unwrap();
    assert!(office.audited().await.is_empty());
    assert_eq!(show(&office.actions, &operator(), delivery).await.unwrap().delivery.state, "delivered");
    let again = office.actions.run(&operator(), &ReplayDelivery { delivery, confirmed: false }).await.unwrap();
    assert_eq!((again.id, again.state.as_str()), (delivery, "pending"));
    assert_eq!(office.audited().await, ["delivery.replay"]);
    let unknown = RetryDelivery { delivery: DeliveryId::from_uuid(Uuid::from_u128(5)), confirmed: false };
    let missing = office.actions.run(&operator(), &unknown).await;
    assert!(matches!(missing, Err(Refusal::Missing { what: "delivery", .. })), "{missing:?}");
}

#[tokio::test]
async fn one_that_waits_for_its_next_attempt_is_retried_and_audited() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let waits =
        "update delivery set state = 'pending', due_at = due_at + interval '1 hour', ended_at = null where id = $1";
    sqlx::query(waits).bind(delivery.uuid()).execute(&office.pool).await.unwrap();
    office.done(&RetryDelivery { delivery, confirmed: false }).await;
    let change = office.changes().await.remove(0);
    let (before, after) = (change.before.unwrap(), change.after.unwrap());
    assert_eq!(
        (change.action.as_str(), &before["state"], &after["state"]),
        ("delivery.retry", &after["state"], &before["state"])
    );
    assert!(before["due_at"] != after["due_at"] && before["excused"] != after["excused"], "{before} {after}");
}

#[tokio::test]
async fn what_is_over_is_sent_again_neither_by_hand_nor_counted_for_a_replay() {
    let office = office().await;
    let delivered = office.delivered(&office.client("Acme").await).await;
    let delivery = delivered.delivery;
    let dead = "update delivery set state = 'dead', first_delivered_at = null where id = $1";
    sqlx::query(dead).bind(delivery.uuid()).execute(&office.pool).await.unwrap();
    let endpoint = show(&office.actions, &operator(), delivery).await.unwrap().delivery.endpoint.unwrap().id;
    let range = || ("2020-01-01T00:00:00Z".parse().unwrap().."2040-01-01T00:00:00Z".parse().unwrap(), false);
    let counted = async || ReplayRange::counted(&office.actions, &operator(), endpoint, range()).await.unwrap();
    assert_eq!(counted().await.deliveries, 1);
    let over = "update lead set stage = 'closed', closed_at = first_arrived_at, closed_reason = 'lost' where id = $1";
    sqlx::query(over).bind(delivered.lead.uuid()).execute(&office.pool).await.unwrap();
    assert_eq!(counted().await.deliveries, 0, "a replay passes over it");
    let retried = office.actions.run(&operator(), &RetryDelivery { delivery, confirmed: false }).await;
    let replayed = office.actions.run(&operator(), &ReplayDelivery { delivery, confirmed: false }).await;
    for refused in [retried, replayed] {
        assert!(matches!(refused, Err(Refusal::Conflict { code: "over", .. })), "{refused:?}");
    }
    assert!(office.audited().await.is_empty());
}

#[tokio::test]
async fn a_range_is_replayed_where_it_is_one_and_its_endpoint_works() {
    let office = office_of(1).await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let found = show(&office.actions, &operator(), delivery).await.unwrap().delivery;
    let endpoint = found.endpoint.unwrap().id;
    let (from, to) = ("2020-01-01T00:00:00Z".parse().unwrap(), "2040-01-01T00:00:00Z".parse().unwrap());
    let backwards = ReplayRange { endpoint, from: to, to: from, only_failed: false, deliveries: 0 };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &backwards).await else { panic!("backwards") };
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("from", "out_of_range"));
    let range = ReplayRange::counted(&office.actions, &operator(), endpoint, (from..to, false)).await.unwrap();
    assert_eq!(office.actions.rehearse(&operator(), &range).await.unwrap().deliveries, 1);
    assert!(replay_ranges(&office.actions, &operator()).await.unwrap().is_empty());
    let begun = office.actions.run(&operator(), &range).await.unwrap();
    let all = replay_ranges(&office.actions, &operator()).await.unwrap();
    assert_eq!((all[0].id, all[0].by.as_str()), (begun.id, "dana"));
    assert_eq!(office.audited().await, ["delivery.replay_range"]);
    let nowhere = ReplayRange { endpoint: EndpointId::from_uuid(Uuid::from_u128(5)), ..range };
    let missing = office.actions.run(&operator(), &nowhere).await;
    assert!(matches!(missing, Err(Refusal::Missing { what: "endpoint", .. })), "{missing:?}");
}

#[tokio::test]
async fn agents_look_at_deliveries_and_only_managers_send_again() {
    let office = office().await;
    let (acme, _) = (office.client("Acme").await, office.client("Other").await);
    let delivery = office.delivered(&acme).await.delivery;
    let agent = user(UserRole::Agent, None);
    let theirs = |client: &str| DeliveryQuery { client: Some(client.to_owned()), limit: 9, ..DeliveryQuery::default() };
    assert_eq!(list(&office.actions, &agent, &theirs("acme")).await.unwrap().len(), 1);
    assert!(list(&office.actions, &agent, &theirs("other")).await.unwrap().is_empty());
    for actor in outsiders(acme.id).into_iter().chain([agent]) {
        let refused = office.actions.run(&actor, &ReplayDelivery { delivery, confirmed: false }).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{actor}");
    }
}

#[tokio::test]
async fn pages_of_deliveries_go_back_in_time_whatever_comes_between() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let older = office.delivered(&acme).await;
    office.pass();
    let newer = office.delivered(&office.client("Other").await).await;
    let page = async |after, lead| {
        let query = DeliveryQuery { after, lead, limit: 1, ..DeliveryQuery::default() };
        let found = list(&office.actions, &operator(), &query).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, None).await, [newer.delivery]);
    office.pass();
    office.delivered(&office.client("Third").await).await;
    assert_eq!(page(Some(newer.delivery), None).await, [older.delivery], "what came since is on no later page");
    assert!(page(Some(older.delivery), None).await.is_empty());
    assert_eq!(page(None, Some(older.lead)).await, [older.delivery], "of a lead alone");
    assert!(page(Some(older.delivery), Some(older.lead)).await.is_empty());
}

#[tokio::test]
async fn only_what_failed_is_replayed_where_that_is_asked() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let delivery = office.delivered(&acme).await.delivery;
    let found = show(&office.actions, &operator(), delivery).await.unwrap().delivery;
    let endpoint = found.endpoint.unwrap().id;
    let range = || ("2020-01-01T00:00:00Z".parse().unwrap().."2040-01-01T00:00:00Z".parse().unwrap(), true);
    let counted = ReplayRange::counted(&office.actions, &operator(), endpoint, range()).await.unwrap();
    assert_eq!(counted.deliveries, 0, "it was delivered");
    office.actions.run(&operator(), &counted).await.unwrap();
    office.actions.store.replay_range_step(office.actions.clock.now(), 10).await.unwrap();
    assert_eq!(show(&office.actions, &operator(), delivery).await.unwrap().delivery.state, "delivered");
    sqlx::query("update delivery set state = 'dead'").execute(&office.pool).await.unwrap();
    let counted = ReplayRange::counted(&office.actions, &operator(), endpoint, range()).await.unwrap();
    assert_eq!(counted.deliveries, 1);
    office.actions.run(&operator(), &counted).await.unwrap();
    office.actions.store.replay_range_step(office.actions.clock.now(), 10).await.unwrap();
    assert_eq!(show(&office.actions, &operator(), delivery).await.unwrap().delivery.state, "pending");
}

#[tokio::test]
async fn a_dead_delivery_goes_elsewhere_by_hand_once() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let delivery = office.delivered(&acme).await.delivery;
    let (client, name) = (acme.slug.clone(), "Dana Hill".to_owned());
    let rep =
        office.actions.run(&operator(), &AddRep { client, name, email: "dana@example.com".to_owned() }).await.unwrap();
    let request = RerouteDelivery { delivery, to: rep.endpoint };
    let alive = office.actions.run(&operator(), &request).await;
    assert!(matches!(alive, Err(Refusal::Conflict { .. })), "it was delivered: {alive:?}");
    sqlx::query("update delivery set state = 'dead'").execute(&office.pool).await.unwrap();
    let given = office.actions.run(&operator(), &request).await.unwrap();
    assert_eq!((given.state.as_str(), given.rep.as_deref()), ("pending", Some("Dana Hill")));
    assert_ne!(given.id, delivery, "another body");
    assert_eq!(show(&office.actions, &operator(), delivery).await.unwrap().delivery.state, "withdrawn");
    assert!(matches!(office.actions.run(&operator(), &request).await, Err(Refusal::Conflict { .. })), "once");
    assert_eq!(office.audited().await[0], "delivery.reroute");
}
