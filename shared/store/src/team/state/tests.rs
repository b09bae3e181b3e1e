//! What is read of a team after somebody was waited for.

use std::time::Duration;

use ripen_testkit::wait::until;
use sqlx::{Executor as _, PgPool};

use super::*;
use crate::tests::scene::{Scene, at};

#[tokio::test]
async fn who_waited_for_a_client_routes_by_the_document_that_was_put_in_force_meanwhile() {
    let mut scene = Scene::new().await;
    let looks = PgPool::connect(scene.database.url()).await.unwrap();
    scene
        .run(
            "begin;
             insert into route (client_id, version, hash, document, set_by, set_at)
               select id, 1, decode(repeat('00', 16), 'hex'), 'about = \"Now\"', 'Kim', at from n where id = pg_temp.i(1);
             update client set route = 1 where id = pg_temp.i(1)",
        )
        .await;
    let client = ClientId::from_uuid(Uuid::from_u128(1));
    let mut tx = scene.store.begin().await.unwrap();
    let clients = [client].into();
    let connection = &mut scene.connection;
    let (teams, ()) = tokio::join!(tx.teams_lock(&clients, at("2026-11-24T10:00:00Z")), async {
        until("it waits for the client", Duration::from_secs(20), || async {
            let sql =
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
            let waits: i64 = sqlx::query_scalar(sql).fetch_one(&looks).await.unwrap();
            (waits > 0).then_some(())
        })
        .await;
        connection.execute("commit").await.unwrap();
    });
    let route = teams.unwrap().remove(&client).unwrap().route.unwrap();
    assert_eq!((route.version, route.document.as_str()), (1, "about = \"Now\""));
    drop(tx);
    looks.close().await;
    scene.end().await;
}
