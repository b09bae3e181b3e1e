//! A lead that is on offer to one rep, and that another one, whom it could not be mailed, is to have after all.

use jiff::SignedDuration;
use ripen_domain::{
    actor::Actor,
    id::{EndpointId, RepId},
    routing::RecipientId,
};
use uuid::Uuid;

use super::*;
use crate::{
    delivery::{replay_range::NewReplay, retry::ReroutedByHand},
    team::rep_leads::RepLeadsWanted,
    tests::scene::{Scene, at, delivery},
};

const NOW: &str = "2026-11-24T10:00:00Z";

/// Lee took the first lead: the team's webhook has it, and Lee's mail (11) came back. It is on offer to Sam since (12), and waits (13).
const ON_OFFER: &str = "
    select pg_temp.rep_with_mail(31, 'Lee'), pg_temp.rep_with_mail(32, 'Sam');
    update maturation set routed_at = at;
    update delivery set state = 'delivered', rep_id = pg_temp.i(31), ended_at = due_at, first_delivered_at = due_at where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at, followed_up_at)
      select pg_temp.i(11), pg_temp.i(1), id, id, pg_temp.i(31), pg_temp.i(31), 'dead', 1, at, at, at, '2026-11-24 09:50Z', '2026-11-24 09:51Z'
      from n where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, event, cause, said, state, attempts, due_at, offered_until,
                          created_at, ended_at, first_delivered_at)
      select pg_temp.i(12), pg_temp.i(1), id, id, pg_temp.i(32), pg_temp.i(32), 'lead.offered', pg_temp.i(32), '{\"until\": \"2026-11-24T10:10:00Z\"}',
             'delivered', 1, at, at, '2026-11-24 09:52Z', '2026-11-24 09:52Z', '2026-11-24 09:52Z' from n where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
      select pg_temp.i(13), pg_temp.i(1), id, id, 'held', '2026-11-24 10:10Z', at, at from n where id = pg_temp.i(1);
    insert into delivery_body (delivery_id, client_id, at, body)
      select id, client_id, created_at, '{}'::bytea from delivery where id = pg_temp.i(12);";

/// Whoever has the endpoint of this delivery says that they have the lead.
const ACCEPTED: &str = "
    insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
      select pg_temp.i(1), id, pg_temp.i($1), 1, 'accepted', 'Lee', 'link', at, at from n where id = pg_temp.i(1);";

/// What becomes of the lead.
#[derive(Debug, Clone, Copy)]
enum Happens {
    SentAgain(u8),
    /// With all that Lee's mailbox did not take.
    Replayed,
    Accepted(u8),
    GivenByHand,
}

async fn on_offer(scene: &mut Scene, change: &str) {
    scene.again().await;
    let sam = RecipientId::Rep(RepId::from_uuid(Uuid::from_u128(32)));
    let claim = format!(
        "insert into claim (maturation_id, tier, offered_to, until) values (pg_temp.i(1), 'fallback', '{{{sam}}}', '2026-11-24 10:10Z');"
    );
    scene.run(&format!("{ON_OFFER} {claim} {change}")).await;
}

async fn happens(scene: &mut Scene, what: Happens) {
    let scope = Actor::operator("Kim").scope();
    if let Happens::Accepted(number) = what {
        scene.run(&ACCEPTED.replace("$1", &number.to_string())).await;
    }
    let mut tx = scene.store.begin().await.unwrap();
    match what {
        Happens::SentAgain(number) => {
            let again = delivery(number.into());
            tx.delivery_retry_lock(scope, again).await.unwrap();
            tx.delivery_waits_no_more(scope, again, at(NOW)).await.unwrap();
            tx.delivery_retry(scope, again, true, at(NOW)).await.unwrap();
        }
        Happens::Replayed => {
            let endpoint = EndpointId::from_uuid(Uuid::from_u128(31));
            // The scene's ids are of the beginning of time.
            let range = Timestamp::UNIX_EPOCH..Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1);
            let new = NewReplay { endpoint, range, only_failed: true };
            tx.replay_range_begin(&Actor::operator("Kim"), Uuid::from_u128(50), &new, at(NOW)).await.unwrap();
        }
        Happens::Accepted(number) => tx.dead_accepted(delivery(number.into()), at(NOW)).await.unwrap(),
        Happens::GivenByHand => {
            let to = EndpointId::from_uuid(Uuid::from_u128(9));
            let by_hand = ReroutedByHand { delivery: delivery(11), to, becomes: delivery(40) };
            assert!(tx.delivery_reroute(scope, &by_hand, at(NOW)).await.unwrap());
        }
    }
    tx.commit().await.unwrap();
    if matches!(what, Happens::Replayed) {
        assert_eq!(scene.store.replay_range_step(at(NOW), 10).await.unwrap(), 1);
        assert_eq!(scene.state(11).await, "pending: replayed");
    }
}

/// How many offers the page of Sam shows.
async fn offers_of_sam(scene: &Scene) -> usize {
    let rep = RepId::from_uuid(Uuid::from_u128(32));
    let wanted = RepLeadsWanted { rep, link_made: at(NOW), now: at(NOW), limit: 10 };
    scene.store.rep_leads(Actor::operator("Kim").scope(), wanted).await.unwrap().leads.len()
}

const TOLD: &str = "select concat_ws(' ', r.name, d.said ->> 'withdrawn') from delivery d join rep r on r.id = d.rep_id where d.event = 'lead.taken'";
const UNTIL: &str = "select to_char(until at time zone 'UTC', 'HH24:MI') from claim";

#[tokio::test]
async fn an_offer_ends_where_who_could_not_be_reached_is_to_have_the_lead_after_all_and_who_holds_it_hears_that() {
    let mut scene = Scene::new().await;
    let unsent = "update delivery set state = 'pending', attempts = 0, ended_at = null, first_delivered_at = null where id = pg_temp.i(12);";
    for (what, change, told) in [
        (Happens::SentAgain(11), "", &["Sam true"][..]),
        (Happens::SentAgain(11), unsent, &[]),
        (Happens::Replayed, "", &["Sam true"]),
        (Happens::Accepted(11), "", &["Sam true"]),
        // In the client's own system, by whoever saw it there.
        (Happens::Accepted(1), "", &["Sam true"]),
        (Happens::GivenByHand, "", &["Sam true"]),
    ] {
        on_offer(&mut scene, change).await;
        assert_eq!(offers_of_sam(&scene).await, 1, "{what:?} {change}");
        happens(&mut scene, what).await;
        assert!(scene.state(13).await.starts_with("withdrawn: "), "{what:?} {change}");
        assert_eq!(scene.texts(TOLD).await, told, "{what:?} {change}");
        assert_eq!(scene.texts(UNTIL).await, ["10:00"], "{what:?} {change}");
        assert_eq!(offers_of_sam(&scene).await, 0, "{what:?} {change}");
        let unsent_offers =
            "select id::text from delivery where event = 'lead.offered' and state in ('pending', 'held')";
        assert!(scene.texts(unsent_offers).await.is_empty(), "{what:?} {change}");
    }
    scene.end().await;
}

#[tokio::test]
async fn an_offer_stands_where_only_a_program_of_the_team_is_sent_the_lead_again() {
    let mut scene = Scene::new().await;
    let dead = "update delivery set state = 'dead', first_delivered_at = null, ended_at = '2026-11-24 09:55Z' where id = pg_temp.i(1);";
    for change in ["", dead] {
        on_offer(&mut scene, change).await;
        happens(&mut scene, Happens::SentAgain(1)).await;
        assert_eq!(scene.state(13).await, "held", "{change}");
        assert!(scene.texts(TOLD).await.is_empty(), "{change}");
        assert_eq!((scene.texts(UNTIL).await, offers_of_sam(&scene).await), (vec!["10:10".to_owned()], 1), "{change}");
    }
    scene.end().await;
}

#[tokio::test]
async fn what_others_are_to_have_beside_it_stays_where_one_of_several_is_sent_it_again() {
    let mut scene = Scene::new().await;
    // Sam has it as Lee was to, and a third one waits.
    let all =
        "delete from claim; update delivery set event = 'lead.matured', cause = default where id = pg_temp.i(12);";
    on_offer(&mut scene, all).await;
    happens(&mut scene, Happens::SentAgain(11)).await;
    assert_eq!(scene.state(13).await, "held");
    // Beside the webhook nobody has it: what waits since Lee's mail came back is for Lee's place; what waited before is for somebody who
    // is to have the lead beside Lee, whatever becomes of the mail.
    let nobody = "delete from claim; delete from delivery where id = pg_temp.i(12);";
    let since = "update delivery set because_of = pg_temp.i(11) where id = pg_temp.i(13);";
    for (waits, is_for_lee) in [(since, true), ("", false)] {
        for what in [Happens::SentAgain(11), Happens::Replayed, Happens::Accepted(11)] {
            on_offer(&mut scene, &format!("{nobody} {waits}")).await;
            happens(&mut scene, what).await;
            assert_eq!(scene.state(13).await.starts_with("withdrawn: "), is_for_lee, "{what:?} {waits}");
        }
    }
    scene.end().await;
}

#[tokio::test]
async fn an_offer_of_a_lead_that_is_no_a_any_more_is_on_no_page() {
    let mut scene = Scene::new().await;
    on_offer(&mut scene, "").await;
    let mut tx = scene.store.begin().await.unwrap();
    tx.deliveries_withdraw(&[LeadId::from_uuid(Uuid::from_u128(1))], at(NOW)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.texts(TOLD).await, ["Sam true"]);
    assert_eq!(offers_of_sam(&scene).await, 0);
    scene.end().await;
}
