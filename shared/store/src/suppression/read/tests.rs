//! An address that has two names, under whichever of them it was suppressed.

use jiff::Timestamp;
use ripen_domain::{actor::Actor, contact::Email, said_by::SaidBy};
use ripen_testkit::postgres::database;
use sqlx::{Connection as _, PgConnection};

use super::*;
use crate::{StoreOptions, suppression::write::NewSuppression};

const NAMES: [&str; 2] = ["casey@gmail.com", "casey@googlemail.com"];

#[tokio::test]
async fn an_entry_of_either_name_of_a_mailbox_bars_both_and_is_lifted_by_either() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let scope = Actor::operator("Kim").scope();
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    for written in NAMES {
        for asked in NAMES {
            // As a version before wrote it: by the name that was typed.
            let add = "insert into suppression (hash, reason, by, at)
                       select identity_hash(inner_pad, outer_pad, 'email', $1), 'asked', 'Kim', '2026-11-24 09:00Z' from suppression_key";
            sqlx::query(add).bind(written).execute(&mut connection).await.unwrap();
            let bars = "select identity_hash(inner_pad, outer_pad, 'email', $1) = any(identity_hashes(inner_pad, outer_pad, 'email', $2)) from suppression_key";
            let bars = sqlx::query_scalar::<_, bool>(bars).bind(written).bind(asked);
            assert!(bars.fetch_one(&mut connection).await.unwrap(), "{written} bars {asked}");

            let identity = Identity::of_email(&Email::parse(asked).unwrap());
            let found = store.suppressions(scope, None, &identity).await.unwrap();
            assert!(
                matches!(&*found, [one] if one.why == "asked" && !one.of_whole_number),
                "{written} {asked}: {found:?}"
            );
            let mut tx = store.begin().await.unwrap();
            assert!(tx.suppressions_lift(scope, (None, std::slice::from_ref(&identity)), now).await.unwrap().was_there);
            tx.commit().await.unwrap();
            assert!(store.suppressions(scope, None, &identity).await.unwrap().is_empty(), "{written} {asked}");
        }
    }
    connection.close().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn an_entry_is_of_the_mailbox_whatever_its_address_is_spelled_like() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let actor = Actor::operator("Kim");
    let scope = actor.scope();
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    let identity = |email: &str| Identity::of_email(&Email::parse(email).unwrap());
    for (written, asked, is_barred) in [
        ("casey.sup@example.com", "casey.sup+tag@example.com", true),
        ("casey.sup+news@example.com", "casey.sup@example.com", true),
        ("casey.sup@example.com", "caseysup@example.com", false),
        ("dot.ted@gmail.com", "dotted@gmail.com", true),
        ("dot.ted@gmail.com", "do.tted+x@googlemail.com", true),
        ("zoë@bücher.example", "zoe\u{308}@xn--bcher-kva.example", true),
        ("casey@example.com", "casey@example.org", false),
    ] {
        let mut tx = store.begin().await.unwrap();
        let new = NewSuppression { client: None, why: "asked", by: SaidBy::Actor(&actor), at: now };
        assert_eq!(tx.suppress(scope, &new, &[identity(written)]).await.unwrap(), 1);
        let again = if is_barred { asked } else { written };
        assert_eq!(tx.suppress(scope, &new, &[identity(again)]).await.unwrap(), 0, "one entry of one mailbox");
        tx.commit().await.unwrap();
        let found = store.suppressions(scope, None, &identity(asked)).await.unwrap();
        assert_eq!(!found.is_empty(), is_barred, "{written} {asked}");
        let mut tx = store.begin().await.unwrap();
        let lifted = if is_barred { asked } else { written };
        assert!(tx.suppressions_lift(scope, (None, &[identity(lifted)]), now).await.unwrap().was_there);
        tx.commit().await.unwrap();
        assert!(store.suppressions(scope, None, &identity(written)).await.unwrap().is_empty(), "{written} {asked}");
    }
    store.close().await;
}
