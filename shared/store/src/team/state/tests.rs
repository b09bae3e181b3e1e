//! What is read of a team after somebody was waited for.

use sqlx::Executor as _;

use super::*;
use crate::tests::scene::{Scene, at};

#[tokio::test]
async fn who_waited_for_a_client_routes_by_the_document_that_was_put_in_force_meanwhile() {
    let mut scene = Scene::new().await;
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
    let (connection, database) = (&mut scene.connection, &scene.database);
    let (teams, ()) = tokio::join!(tx.teams_lock(&clients, at("2026-11-24T10:00:00Z")), async {
        database.until_a_session_waits().await;
        connection.execute("commit").await.unwrap();
    });
    let route = teams.unwrap().remove(&client).unwrap().route.unwrap();
    assert_eq!((route.version, route.document.as_str()), (1, "about = \"Now\""));
    drop(tx);
    scene.end().await;
}
