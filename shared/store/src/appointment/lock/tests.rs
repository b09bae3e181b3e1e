//! What is read of a lead after somebody was waited for.

use std::time::Duration;

use ripen_domain::actor::Actor;
use ripen_testkit::wait::until;
use sqlx::{Executor as _, PgPool};

use super::*;
use crate::tests::scene::Scene;

#[tokio::test]
async fn who_waited_for_a_lead_sees_that_its_person_asked_not_to_be_contacted_meanwhile() {
    let mut scene = Scene::new().await;
    let looks = PgPool::connect(scene.database.url()).await.unwrap();
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
    let connection = &mut scene.connection;
    let (locked, ()) = tokio::join!(tx.lead_to_book(scope, LeadId::from_uuid(Uuid::from_u128(1))), async {
        until("it waits for the lead", Duration::from_secs(20), || async {
            let sql =
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
            let waits: i64 = sqlx::query_scalar(sql).fetch_one(&looks).await.unwrap();
            (waits > 0).then_some(())
        })
        .await;
        connection.execute("commit").await.unwrap();
    });
    assert!(locked.unwrap().unwrap().do_not_contact);
    drop(tx);
    looks.close().await;
    scene.end().await;
}
