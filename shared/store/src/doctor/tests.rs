//! Wishes that a version before did not hear, and leads whose endpoints were never told, are named until somebody made up for them.

use ripen_domain::{actor::Actor, id::ArrivalId};
use uuid::Uuid;

use super::*;
use crate::{arrival::unheard_wish::UnheardWish, tests::scene::Scene};

const SUPPRESSED: &str = "
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, state, attempts, due_at, offered_until, created_at)
    select pg_temp.i(11), client_id, lead_id, maturation_id, endpoint_id, 'lead.suppressed', 'pending', 0, due_at, due_at, due_at
    from delivery where id = pg_temp.i(1)";

#[tokio::test]
async fn a_lead_whose_endpoint_was_never_told_is_named_until_it_is() {
    let mut scene = Scene::new().await;
    let scope = Actor::operator("Kim").scope();
    assert_eq!(scene.store.leads_untold(scope).await.unwrap(), []);
    // The second was never sent.
    scene
        .run(
            "update person set do_not_contact = true where id in (pg_temp.i(1), pg_temp.i(2));
              update delivery set attempts = 0 where id = pg_temp.i(2)",
        )
        .await;
    let lead = LeadId::from_uuid(Uuid::from_u128(1));
    assert_eq!(scene.store.leads_untold(scope).await.unwrap(), [UntoldLead { lead, all: 1 }]);
    scene.run(SUPPRESSED).await;
    assert_eq!(scene.store.leads_untold(scope).await.unwrap(), []);
    scene.end().await;
}

/// Of persons 1 and 2, of whom the first may be contacted, and two that lie in the quarantine, one as a bot's.
const WISHES: &str = "
    insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, reason, content, received_at, media_type, submission, flags)
    select pg_temp.i(n), pg_temp.i(1), pg_temp.i(1), case when n < 3 then pg_temp.i(n) end, case when n < 3 then pg_temp.i(n) end, 'content',
           case when n < 3 then 'graded' else 'quarantined' end, case n when 3 then 'source_paused' when 4 then 'honeypot' end,
           decode(repeat('00', 16), 'hex'), now() + n * interval '1 second', 'text/plain', '{}', '{do_not_contact}'
    from generate_series(1, 4) n;
    update person set do_not_contact = true where id = pg_temp.i(2)";

#[tokio::test]
async fn a_wish_that_a_version_before_did_not_hear_is_named_until_its_person_is_barred() {
    let mut scene = Scene::new().await;
    let scope = Actor::operator("Kim").scope();
    scene.run(WISHES).await;
    assert_eq!(scene.store.wishes_unheard(scope).await.unwrap(), [], "no version before was ever here");
    scene.run("update _sqlx_migrations set installed_on = now() + interval '2 hours' where version = 37").await;
    let lead = LeadId::from_uuid(Uuid::from_u128(1));
    let arrival = |number| ArrivalId::from_uuid(Uuid::from_u128(number));
    let of = |number, lead, all| UnheardWish { arrival: arrival(number), lead, all };
    assert_eq!(scene.store.wishes_unheard(scope).await.unwrap(), [of(1, Some(lead), 2), of(3, None, 2)]);
    scene.run("insert into suppression_sweep (after_id, at) values (pg_temp.i(1), now())").await;
    let passed_over = "it was worked after the sweep went by";
    assert_eq!(
        scene.store.wishes_unheard(scope).await.unwrap(),
        [of(1, Some(lead), 2), of(3, None, 2)],
        "{passed_over}"
    );
    scene.run("update person set do_not_contact = true where id = pg_temp.i(1)").await;
    assert_eq!(scene.store.wishes_unheard(scope).await.unwrap(), [of(3, None, 1)], "what was swept up is no news");
    scene.run("update suppression_sweep set after_id = pg_temp.i(3)").await;
    assert_eq!(scene.store.wishes_unheard(scope).await.unwrap(), []);
    // Somebody has let them be contacted.
    scene
        .run(
            "update person set do_not_contact = false where id = pg_temp.i(1);
             insert into audit (id, at, actor, action, object, client_id)
               values (pg_temp.i(1), now() + interval '1 hour', 'Kim', 'suppression.lift', 'acme', pg_temp.i(1))",
        )
        .await;
    assert_eq!(scene.store.wishes_unheard(scope).await.unwrap(), []);
    scene.run("delete from suppression_sweep; update person set do_not_contact = false where id = pg_temp.i(1)").await;
    scene
        .run("update person set do_not_contact = true; update arrival set dropped_at = received_at where id = pg_temp.i(3)")
        .await;
    assert_eq!(scene.store.wishes_unheard(scope).await.unwrap(), []);
    scene.end().await;
}
