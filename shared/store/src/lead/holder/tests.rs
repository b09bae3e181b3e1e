//! Who has a lead: from when it was handed over until it is given back.

use ripen_domain::actor::Actor;
use uuid::Uuid;

use super::*;
use crate::tests::scene::{Scene, at};

/// Who has the first lead, and since when.
async fn holders(scene: &Scene) -> Vec<(String, Timestamp)> {
    let lead = LeadId::from_uuid(Uuid::from_u128(1));
    let found = scene.store.holders_of_lead(Actor::operator("Kim").scope(), lead).await.unwrap();
    found.into_iter().map(|one| (one.name, one.since)).collect()
}

#[tokio::test]
async fn whoever_was_handed_a_lead_has_it_until_it_is_given_back() {
    let mut scene = Scene::new().await;
    assert!(holders(&scene).await.is_empty(), "it is owed, and nobody has it");
    let sent = at("2026-11-24T09:50:00Z");
    scene
        .run("update delivery set state = 'delivered', ended_at = '2026-11-24 09:55Z', first_delivered_at = '2026-11-24 09:50Z'")
        .await;
    assert_eq!(holders(&scene).await, [("CRM".to_owned(), sent)]);
    scene
        .run(
            "insert into rep (id, client_id, name, email, created_at) select pg_temp.i(5), pg_temp.i(1), 'Dana Hill', 'dana@client.example', at from n limit 1;
             update delivery set rep_id = pg_temp.i(5)",
        )
        .await;
    assert_eq!(holders(&scene).await, [("Dana Hill".to_owned(), sent)], "the rep it was routed to");
    for back in ["returned_at", "recalled_at"] {
        scene.run(&format!("update lead set {back} = '2026-11-24 10:00Z'")).await;
        assert!(holders(&scene).await.is_empty(), "{back}");
        scene.run(&format!("update lead set {back} = null")).await;
    }
    scene.end().await;
}
