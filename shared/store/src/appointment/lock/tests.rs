//! What is read of a lead after somebody was waited for.

use ripen_domain::actor::Actor;
use sqlx::Executor as _;

use super::*;
use crate::tests::scene::Scene;

#[tokio::test]
async fn who_waited_for_a_lead_sees_that_its_person_asked_not_to_be_contacted_meanwhile() {
    let mut scene = Scene::new().await;
    // As a touch writes it: the lead is held, and the person changed under its lock.
    scene
        .run(
            "begin;
             update lead set touches = touches + 1 where id = pg_temp.i(1);
             update person set do_not_contact = true where id = pg_temp.i(1)",
        )
        .await;
    let mut tx = scene.store.begin().await.unwrap();
    let scope = Actor::operator("Kim").scope();
    let (connection, database) = (&mut scene.connection, &scene.database);
    let (locked, ()) = tokio::join!(tx.lead_to_book(scope, LeadId::from_uuid(Uuid::from_u128(1))), async {
        database.until_a_session_waits().await;
        connection.execute("commit").await.unwrap();
    });
    assert!(locked.unwrap().unwrap().do_not_contact);
    drop(tx);
    scene.end().await;
}
