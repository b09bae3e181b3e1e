//! Sealing beside somebody who sets headers at the same moment.

use std::time::Duration;

use ripen_testkit::{keys::keyring, postgres::database, wait::until};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{Store, StoreOptions, sealing::SealingScope};

/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_header_that_is_set_beside_the_seal_stays() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap().with_keyring(keyring());
    let pool = PgPool::connect(database.url()).await.unwrap();
    let endpoint = Uuid::from_u128(7);
    let added = "insert into endpoint (id, client_id, kind, url, headers, created_at)
        values ($1, $1, 'webhook', 'https://x.example/', '{x-old: 1}', 'epoch')";
    let mut owner = pool.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *owner).await.unwrap();
    sqlx::query(added).bind(endpoint).execute(&mut *owner).await.unwrap();
    drop(owner);

    let mut setting = pool.begin().await.unwrap();
    let set = "update endpoint set headers = '{x-new: 2}' where id = $1";
    sqlx::query(set).bind(endpoint).execute(&mut *setting).await.unwrap();
    let sealing = tokio::spawn(async move {
        let done = store.seal_secrets(SealingScope::InClear).await;
        (done, store)
    });
    until("the seal waits for whoever sets the header", LIMIT, || async {
        let waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
            and query like '-- endpoint.seal_headers%')";
        sqlx::query_scalar::<_, bool>(waiting).fetch_one(&pool).await.unwrap().then_some(())
    })
    .await;
    setting.commit().await.unwrap();
    let (done, store) = sealing.await.unwrap();
    done.unwrap();
    let kept = "select headers[1] from endpoint where id = $1";
    let kept: Option<String> = sqlx::query_scalar(kept).bind(endpoint).fetch_one(&pool).await.unwrap();
    assert_eq!(kept.as_deref(), Some("x-new: 2"), "it lies in clear until the next pass");
    store.seal_secrets(SealingScope::InClear).await.unwrap();
    let sealed = "select headers is null and sealed_headers is not null from endpoint where id = $1";
    assert!(sqlx::query_scalar::<_, bool>(sealed).bind(endpoint).fetch_one(&pool).await.unwrap());
}

#[tokio::test]
async fn a_url_that_lies_in_clear_is_sealed_and_shown_without_what_may_be_a_secret() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap().with_keyring(keyring());
    let pool = PgPool::connect(database.url()).await.unwrap();
    let mut owner = pool.acquire().await.unwrap();
    let endpoint = Uuid::from_u128(7);
    let added = "insert into endpoint (id, client_id, kind, url, created_at)
        values ($1, $1, 'webhook', 'https://hooks.chat.example/services/T01/secret?key=secret', 'epoch')";
    let client = "insert into client (id, slug, name, country, time_zone, created_at) values ($1, 'acme', 'Acme', 'US', 'UTC', 'epoch')";
    sqlx::query("set session_replication_role = replica").execute(&mut *owner).await.unwrap();
    for insert in [client, added] {
        sqlx::query(insert).bind(endpoint).execute(&mut *owner).await.unwrap();
    }
    drop(owner);
    let scope = ripen_domain::actor::Actor::operator("Kim").scope();
    let to = async || {
        let now = "2026-11-24T10:00:00Z".parse().unwrap();
        store.endpoints(scope, None, now).await.unwrap().remove(0).to
    };
    let before = to().await;
    // Beside the key of suppressions, which the migrations make.
    assert_eq!(store.sealed_secrets().await.unwrap().in_clear, 2);
    assert_eq!(store.seal_secrets(SealingScope::InClear).await.unwrap().sealed, 2);
    assert_eq!((store.sealed_secrets().await.unwrap().in_clear, to().await), (0, before), "it opens as it was");
    let kept = "select concat_ws(' ', url, shown_url) from endpoint where id = $1 and position('secret'::bytea in sealed_url) = 0";
    let kept: String = sqlx::query_scalar(kept).bind(endpoint).fetch_one(&pool).await.unwrap();
    assert_eq!(kept, "https://hooks.chat.example/services/…?…");
    assert_eq!(store.seal_secrets(SealingScope::InClear).await.unwrap().sealed, 0, "once");
}
