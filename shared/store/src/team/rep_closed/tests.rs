//! What a rep is shown of leads that others had too.

use ripen_domain::actor::Actor;
use uuid::Uuid;

use super::*;
use crate::tests::scene::{Scene, at};

/// Dana had the first lead; the team's program, that has no rep, was sent it with her.
const DANAS: &str = "
    select pg_temp.rep_with_mail(8, 'Dana'), pg_temp.rep_with_mail(7, 'Lee');
    update lead set stage = 'customer';
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at,
                          first_delivered_at)
      select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(8), pg_temp.i(8), 'delivered', 1, at, at, at, at, at from n where id = pg_temp.i(1);
    insert into delivery_body (delivery_id, client_id, at, body) select pg_temp.i(20), pg_temp.i(1), at, '{}'::bytea from n where id = pg_temp.i(1);";
/// She gave it back, and Lee had it with the next maturation and sold it.
const GIVEN_BACK: &str = "
    insert into maturation (id, lead_id, client_id, decision_id, at) select pg_temp.i(50), id, pg_temp.i(1), pg_temp.i(50), at from n where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at,
                          first_delivered_at)
      select pg_temp.i(51), pg_temp.i(1), id, pg_temp.i(50), pg_temp.i(7), pg_temp.i(7), 'delivered', 1, at, at, at, at, at from n where id = pg_temp.i(1);
    insert into delivery_body (delivery_id, client_id, at, body) select pg_temp.i(51), pg_temp.i(1), at, '{}'::bytea from n where id = pg_temp.i(1);
    insert into outcome (client_id, lead_id, delivery_id, number, kind, reason, said_by, how, at, happened_at)
      select pg_temp.i(1), id, pg_temp.i(20), 1, 'returned', 'no budget', 'Dana', 'link', at, at from n where id = pg_temp.i(1);
    insert into outcome (client_id, lead_id, delivery_id, number, kind, amount, currency, said_by, how, at, happened_at)
      select pg_temp.i(1), id, pg_temp.i(51), 1, 'won', 20000, 'USD', 'Lee', 'link', at + interval '1 hour', at from n where id = pg_temp.i(1);";
/// The program says that it is sold, of the hand-over that was Dana's.
const PROGRAM_SAYS: &str = "
    insert into outcome (client_id, lead_id, delivery_id, number, kind, amount, currency, said_by, how, at, happened_at)
      select pg_temp.i(1), id, id, 1, 'won', 20000, 'USD', 'CRM', 'api', at, at from n where id = pg_temp.i(1);";

/// What a rep is shown: of each lead the outcome, and whether with what it was sold for.
async fn shown(scene: &Scene, rep: u128) -> Vec<(OutcomeKind, bool)> {
    let rep = RepId::from_uuid(Uuid::from_u128(rep));
    let wanted =
        RepClosedWanted { rep, link_made: at("2026-11-25T00:00:00Z"), since: at("2026-11-01T00:00:00Z"), limit: 10 };
    let closed = scene.store.rep_closed(Actor::operator("Kim").scope(), wanted).await.unwrap();
    closed.into_iter().map(|one| (one.kind, one.sale.is_some())).collect()
}

#[tokio::test]
async fn what_a_colleague_sold_after_a_rep_gave_it_back_is_the_colleagues_alone() {
    let mut scene = Scene::new().await;
    scene.run(DANAS).await;
    scene.run(GIVEN_BACK).await;
    assert_eq!(shown(&scene, 8).await, [(OutcomeKind::Returned, false)]);
    assert_eq!(shown(&scene, 7).await, [(OutcomeKind::Won, true)]);
    scene.end().await;
}

#[tokio::test]
async fn what_a_program_of_the_team_says_of_the_same_hand_over_is_the_reps_too() {
    let mut scene = Scene::new().await;
    scene.run(DANAS).await;
    scene.run(PROGRAM_SAYS).await;
    assert_eq!(shown(&scene, 8).await, [(OutcomeKind::Won, true)]);
    assert!(shown(&scene, 7).await.is_empty());
    scene.end().await;
}
