//! In which order leads are locked that wake.

use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::tests::scene::Scene;

#[tokio::test]
async fn leads_wake_in_the_order_in_which_batches_lock_them() {
    let mut scene = Scene::new().await;
    // The first one lies behind the others in the table.
    scene.run("update lead set asleep = true where id <> pg_temp.i(1)").await;
    scene.run("update lead set asleep = true where id = pg_temp.i(1)").await;
    let mut batch = PgConnection::connect(scene.database.url()).await.unwrap();
    batch.execute("begin; select id from lead where id = lpad('2', 32, '0')::uuid for update").await.unwrap();
    let store = scene.store.clone();
    let waking = tokio::spawn(async move {
        let mut tx = store.begin().await.unwrap();
        tx.leads_wake(&[], &[3, 2, 1].map(Uuid::from_u128)).await.unwrap();
        tx.commit().await.unwrap();
    });
    scene.database.until_a_session_waits().await;
    // What comes before the one that is waited for is held, and nothing behind it.
    let free = scene.texts("select right(id::text, 1) from lead order by id for update skip locked").await;
    assert_eq!(free, ["3"]);
    batch.execute("commit").await.unwrap();
    waking.await.unwrap();
    assert!(scene.texts("select id::text from lead where asleep").await.is_empty());
    batch.close().await.unwrap();
    scene.end().await;
}
