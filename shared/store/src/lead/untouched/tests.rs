//! Each client's own, however many another one has.

use ripen_domain::actor::Actor;

use super::*;
use crate::tests::scene::{Scene, at};

#[tokio::test]
async fn a_client_with_many_hides_nobody_elses() {
    let mut scene = Scene::new().await;
    // Two of the three are the first client's; the third, delivered last, is another's.
    scene
        .run(
            "insert into client (id, slug, name, country, time_zone, created_at) select pg_temp.i(2), 'other', 'Other', 'US', 'UTC', at from n limit 1;
             update delivery set state = 'delivered', ended_at = '2026-11-24 09:50Z', first_delivered_at = '2026-11-24 09:50Z';
             update delivery set client_id = pg_temp.i(2), ended_at = '2026-11-24 09:55Z' where id = pg_temp.i(3)",
        )
        .await;
    let scope = Actor::operator("Kim").scope();
    let asked = |per_client, only| UntouchedFilter {
        from: Timestamp::UNIX_EPOCH,
        to: at("2026-11-24T10:00:00Z"),
        only,
        per_client,
    };
    for (per_client, expected) in [(1_000, vec!["acme", "acme", "other"]), (1, vec!["acme", "other"])] {
        let found = scene.store.leads_untouched(scope, &asked(per_client, None)).await.unwrap();
        assert_eq!(found.iter().map(|one| one.client_slug.as_str()).collect::<Vec<_>>(), expected);
    }
    let one = DeliveryId::from_uuid(Uuid::from_u128(2));
    let found = scene.store.leads_untouched(scope, &asked(1, Some(one))).await.unwrap();
    assert_eq!(found.iter().map(|one| one.delivery).collect::<Vec<_>>(), [one], "the one that is asked for");
    scene.end().await;
}

/// A rep who has the first lead.
const DANA: &str = "insert into rep (id, client_id, name, email, created_at) select pg_temp.i(8), pg_temp.i(1), 'Dana Hill', 'dana@client.example', at from n limit 1;
    update delivery set rep_id = pg_temp.i(8), state = 'delivered', ended_at = '2026-11-24 09:50Z', first_delivered_at = '2026-11-24 09:50Z'
      where id = pg_temp.i(1);
    update delivery set state = 'withdrawn', ended_at = at from n where delivery.id = n.id and n.id <> pg_temp.i(1);";

async fn all(scene: &Scene) -> Vec<UntouchedLead> {
    until(scene, "2026-11-24T10:00:00Z").await
}

/// Those that nobody touched since then or longer.
async fn until(scene: &Scene, to: &str) -> Vec<UntouchedLead> {
    let asked = UntouchedFilter { from: Timestamp::UNIX_EPOCH, to: at(to), only: None, per_client: 9 };
    scene.store.leads_untouched(Actor::operator("Kim").scope(), &asked).await.unwrap()
}

#[tokio::test]
async fn who_left_is_not_reminded_and_the_lead_is_the_firms_to_see_to() {
    let mut scene = Scene::new().await;
    scene.run(DANA).await;
    assert_eq!(all(&scene).await[0].to.as_ref().map(|to| to.address.as_str()), Some("dana@client.example"));
    scene.run("update rep set is_paused = true").await;
    let found = all(&scene).await;
    assert_eq!((found.len(), found[0].rep_has_left, &found[0].to), (1, true, &None));
    scene.end().await;
}

#[tokio::test]
async fn what_lies_at_an_endpoint_that_is_off_is_with_nobody() {
    let mut scene = Scene::new().await;
    scene.run(DANA).await;
    scene
        .run(
            "update delivery set state = 'dead', first_delivered_at = null where id = pg_temp.i(1);
             insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at)
               select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(9), 'held', at, at, at from n where id = pg_temp.i(1);",
        )
        .await;
    assert!(all(&scene).await.is_empty(), "another has it soon");
    for off in ["state = 'disabled'", "state = 'enabled', probe_at = '2026-11-24 10:30Z'"] {
        scene.run(&format!("update endpoint set {off} where id = pg_temp.i(9)")).await;
        assert_eq!(all(&scene).await.len(), 1, "{off}");
        let mut batch = scene.store.begin().await.unwrap();
        let dead = batch.dead_lock(9, None).await.unwrap();
        assert_eq!(dead[0].follow_up, crate::delivery::dead::DeadFollowUp::Waits, "{off}: not with the client");
        batch.commit().await.unwrap();
    }
    scene.end().await;
}

#[tokio::test]
async fn what_waits_at_an_endpoint_that_takes_nothing_is_with_nobody_too() {
    let mut scene = Scene::new().await;
    // The first alone, at the client's only webhook.
    let begin = "delete from delivery where id <> pg_temp.i(1);
        update delivery set reason = 'answered 503', created_at = '2026-11-24 09:58Z', offered_until = '2026-11-24 09:58Z';";
    let had = "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at, ended_at)
        select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(9), 'delivered', at, at, at, at from n where id = pg_temp.i(1);";
    for (change, expected) in [
        ("", None),
        ("update endpoint set state = 'disabled' where id = pg_temp.i(1)", Some("answered 503")),
        (
            "update endpoint set failures = 9, failing_since = created_at, probe_at = created_at where id = pg_temp.i(1)",
            Some("answered 503"),
        ),
        ("update delivery set not_before = '2026-11-25 09:58Z'", Some("answered 503")),
        ("update delivery set not_before = '2026-11-24 09:59Z'", None),
        // An hour ago, and attempted in vain since.
        ("update delivery set created_at = '2026-11-24 09:00Z'", Some("answered 503")),
        ("update delivery set created_at = '2026-11-24 09:00Z', attempts = 0", None),
    ] {
        scene.again().await;
        scene.run(begin).await;
        if !change.is_empty() {
            scene.run(change).await;
        }
        let found = until(&scene, "2026-11-24T09:30:00Z").await;
        assert_eq!(found.first().and_then(|one| one.dead.as_deref()), expected, "{change}");
        assert!(found.iter().all(|one| one.waits), "{change}");
        scene.run(had).await;
        assert!(
            until(&scene, "2026-11-24T09:30:00Z").await.iter().all(|one| one.dead.is_none()),
            "another has it: {change}"
        );
    }
    scene.end().await;
}
