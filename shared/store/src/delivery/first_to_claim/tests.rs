//! What becomes of a claim that was taken.

use ripen_domain::actor::Actor;

use super::*;
use crate::{
    delivery::held::PastOffer,
    tests::scene::{Scene, at, delivery},
};

const NOW: &str = "2026-11-24T10:07:00Z";

/// The first lead was offered yesterday, where its client is; the recipients were asked.
const OFFERED: &str = "
    insert into claim (maturation_id, tier, offered_to, until, counted_on)
      values (pg_temp.i(1), 'recipients', '{rep}', '2026-11-24 10:10Z', '2026-11-23');";
/// Somebody took it.
const TAKEN: &str = "update claim set taken_by = 'rep', taken_at = '2026-11-24 10:05Z';";
/// They could not be reached, and it was followed up: it waits for whoever comes next.
const UNREACHED: &str = "
    update delivery set state = 'dead', ended_at = '2026-11-24 10:06Z', followed_up_at = '2026-11-24 10:06Z' where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
      select pg_temp.i(30), pg_temp.i(1), id, id, 'held', '2026-11-24 10:06Z', at, at from n where id = pg_temp.i(1);";

/// The fallback is offered it: the claim after that.
async fn offered_on(scene: &mut Scene, changes: &str) -> String {
    scene.again().await;
    scene.run(&format!("{OFFERED} {changes}")).await;
    let offer = NewOffer {
        client: ClientId::from_uuid(Uuid::from_u128(1)),
        maturation: MaturationId::from_uuid(Uuid::from_u128(1)),
        tier: Tier::Fallback,
        to: vec![RecipientId::Endpoint(EndpointId::from_uuid(Uuid::from_u128(9)))],
        until: at("2026-11-24T10:17:00Z"),
    };
    let mut tx = scene.store.begin().await.unwrap();
    tx.offers_write(&[offer], at(NOW)).await.unwrap();
    tx.commit().await.unwrap();
    scene.texts("select concat_ws(' ', tier, taken_by, counted_on) from claim").await.join(", ")
}

#[tokio::test]
async fn a_claim_is_opened_again_where_who_took_it_could_not_be_reached_and_nowhere_else() {
    let mut scene = Scene::new().await;
    assert_eq!(offered_on(&mut scene, "").await, "fallback 2026-11-23", "nobody took it: it counted then");
    assert_eq!(offered_on(&mut scene, TAKEN).await, "recipients rep 2026-11-23", "who took it is being sent it");
    // The place that it took was given back: it takes one today.
    assert_eq!(offered_on(&mut scene, &format!("{TAKEN} {UNREACHED}")).await, "fallback 2026-11-24");
    scene.end().await;
}

#[tokio::test]
async fn what_waits_after_somebody_took_it_in_vain_says_so() {
    let mut scene = Scene::new().await;
    for (changes, was_taken) in [(UNREACHED.to_owned(), false), (format!("{TAKEN} {UNREACHED}"), true)] {
        scene.again().await;
        scene.run(&format!("{OFFERED} {changes}")).await;
        let mut tx = scene.store.begin().await.unwrap();
        let held = tx.held_lock(&[LeadId::from_uuid(Uuid::from_u128(1))], at(NOW)).await.unwrap();
        let expected = PastOffer { tier: Tier::Recipients, was_taken };
        assert_eq!(held.iter().map(|one| one.offered).collect::<Vec<_>>(), [Some(expected)], "{changes}");
        drop(tx);
    }
    // What a day or an hour holds is looked at again when something changes, although the offer would run on.
    scene.run("update delivery set due_at = '2026-11-25Z' where endpoint_id is null").await;
    let mut tx = scene.store.begin().await.unwrap();
    assert_eq!(tx.reroute(ClientId::from_uuid(Uuid::from_u128(1)), at(NOW)).await.unwrap(), 1);
    drop(tx);
    scene.end().await;
}

/// Dana took the first lead: it went to her mailbox and to a webhook of hers.
const DANA_TOOK_IT: &str = "
    select pg_temp.rep_with_mail(8, 'Dana');
    update endpoint set rep_id = pg_temp.i(8) where id = pg_temp.i(1);
    update delivery set state = 'delivered', rep_id = pg_temp.i(8), ended_at = '2026-11-24 10:06Z', first_delivered_at = '2026-11-24 10:06Z' where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, event, state, attempts, due_at, offered_until, created_at, ended_at)
      select pg_temp.i(number), pg_temp.i(1), id, id, pg_temp.i(8), pg_temp.i(8), event, state, 1, at, at, at, at
      from n cross join (values (40, 'lead.offered', 'delivered'), (41, 'lead.matured', 'delivered')) o (number, event, state) where id = pg_temp.i(1);
    insert into delivery_body (delivery_id, client_id, at, body)
      select id, client_id, created_at, '{}'::bytea from delivery where id in (pg_temp.i(1), pg_temp.i(41));";

#[tokio::test]
async fn what_the_winner_of_an_offer_says_is_said_of_the_delivery_that_has_the_lead() {
    let scope = Actor::operator("Kim").scope();
    let mut scene = Scene::new().await;
    let dana = RecipientId::Rep(RepId::from_uuid(Uuid::from_u128(8)));
    let bounced = "update delivery set state = 'dead' where id = pg_temp.i(41)";
    for (change, handed) in [("", 41), (bounced, 1)] {
        scene.again().await;
        scene.run(&format!("{OFFERED} {DANA_TOOK_IT}")).await;
        let taken =
            format!("update claim set taken_by = '{dana}', offered_to = '{{{dana}}}', taken_at = '2026-11-24 10:05Z'");
        scene.run(&taken).await;
        scene.run(change).await;
        let mut tx = scene.store.begin().await.unwrap();
        assert_eq!(tx.offer_handed(scope, delivery(40)).await.unwrap(), Some(delivery(handed)), "{change}");
        drop(tx);
        let made = scene.store.offer_made(scope, delivery(40)).await.unwrap().unwrap();
        assert_eq!(made.handed, Some(delivery(handed)), "the page says it of the same: {change}");
    }
    scene.end().await;
}
