//! The memory of sources, against a database that answers, denies, fails or hangs as told.

use std::sync::atomic::AtomicUsize;

use ripen_domain::{
    id::{ClientId, SourceId},
    lead::Channel,
};
use ripen_store::source::source_record::{SourceFormat, State};
use uuid::Uuid;

use super::*;

#[derive(Clone, Copy)]
enum Database {
    Knows(&'static str),
    KnowsNothing,
    Away,
    Hangs,
    Panics,
}

struct Setup {
    sources: Sources,
    database: Arc<Mutex<Database>>,
    asked: Arc<AtomicUsize>,
    changes: SourceChanges,
}

fn record(name: &str) -> SourceRecord {
    SourceRecord {
        sees_grade: None,
        id: SourceId::from_uuid(Uuid::from_u128(1)),
        client: ClientId::from_uuid(Uuid::from_u128(2)),
        name: name.to_owned(),
        channel: Channel::WebForm,
        country: "US".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        format: SourceFormat::Any,
        state: State::Active,
        thanks_url: None,
        key_expires_at: None,
    }
}

fn setup(database: Database) -> Setup {
    let database = Arc::new(Mutex::new(database));
    let asked = Arc::new(AtomicUsize::new(0));
    let (state, count) = (Arc::clone(&database), Arc::clone(&asked));
    let changes = SourceChanges::default();
    let sources = Sources::new(Duration::from_secs(5), changes.clone(), move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        let state = *state.lock().unwrap();
        async move {
            match state {
                Database::Knows(name) => Ok(Some(record(name))),
                Database::KnowsNothing => Ok(None),
                Database::Away => Err(StoreError::Unreachable("a test".to_owned())),
                Database::Hangs => std::future::pending().await,
                Database::Panics => panic!("as told by the test"),
            }
        }
    });
    Setup { sources, database, asked, changes }
}

impl Setup {
    fn becomes(&self, database: Database) {
        *self.database.lock().unwrap() = database;
    }

    async fn name(&self) -> Option<String> {
        self.sources.find(KEY).await.unwrap().map(|source| source.name.clone())
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }
}

const KEY: Handle = Handle::Key([7; 32]);

#[tokio::test(start_paused = true)]
async fn a_known_source_is_asked_about_once_in_its_time() {
    let setup = setup(Database::Knows("old"));
    for _ in 0..10 {
        assert_eq!(setup.name().await.as_deref(), Some("old"));
    }
    assert_eq!(setup.asked(), 1);
    setup.becomes(Database::Knows("new"));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(setup.name().await.as_deref(), Some("new"), "the first request after the time is up has the news");
    assert_eq!(setup.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_change_nobody_is_served_from_what_was_known() {
    let setup = setup(Database::Knows("old"));
    setup.name().await;
    setup.asked();
    setup.becomes(Database::Knows("new"));
    setup.changes.note();
    let all = futures::future::join_all((0..64).map(|_| setup.name())).await;
    assert!(all.iter().all(|name| name.as_deref() == Some("new")));
    assert!(setup.asked() <= RENEWALS, "and not by a question of each");
    assert_eq!((setup.name().await.as_deref(), setup.asked()), (Some("new"), 0));
}

#[tokio::test(start_paused = true)]
async fn a_change_while_the_database_is_away_stops_nobody() {
    let setup = setup(Database::Knows("known"));
    setup.name().await;
    for gone in [Database::Away, Database::Hangs] {
        setup.becomes(gone);
        setup.changes.note();
        assert_eq!(setup.name().await.as_deref(), Some("known"));
    }
    tokio::time::sleep(ANSWER_WITHIN * 2).await;
    setup.becomes(Database::Knows("new"));
    setup.changes.note();
    assert_eq!(setup.name().await.as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_known_source_is_served_on_while_the_database_is_away() {
    let setup = setup(Database::Knows("known"));
    setup.name().await;
    for gone in [Database::Away, Database::Hangs] {
        setup.becomes(gone);
        for _ in 0..20 {
            tokio::time::advance(Duration::from_secs(60)).await;
            assert_eq!(setup.name().await.as_deref(), Some("known"));
        }
    }
    setup.becomes(Database::KnowsNothing);
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::sleep(ANSWER_WITHIN * 2).await;
    assert_eq!(setup.name().await, None, "removed as soon as the database can say so");
}

#[tokio::test(start_paused = true)]
async fn one_request_renews_and_the_others_do_not_wait() {
    let setup = setup(Database::Knows("known"));
    setup.name().await;
    setup.asked();
    setup.becomes(Database::Hangs);
    tokio::time::advance(Duration::from_secs(6)).await;
    let started = Instant::now();
    let all = futures::future::join_all((0..64).map(|_| setup.name())).await;
    assert!(all.iter().all(|name| name.as_deref() == Some("known")));
    assert_eq!(setup.asked(), 1);
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_panics_is_not_the_last() {
    let setup = setup(Database::Knows("old"));
    setup.name().await;
    setup.becomes(Database::Panics);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(setup.name().await.as_deref(), Some("old"), "served from what is known");
    setup.becomes(Database::Knows("new"));
    assert_eq!(setup.name().await.as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_source_and_no_database_is_an_error_not_a_denial() {
    let setup = setup(Database::Away);
    assert!(setup.sources.find(KEY).await.unwrap_err().is_unreachable());
    setup.becomes(Database::Hangs);
    assert!(setup.sources.find(KEY).await.unwrap_err().is_unreachable());
    setup.becomes(Database::Knows("back"));
    assert_eq!(setup.name().await.as_deref(), Some("back"));
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_unknown_senders_hears_within_two_seconds_that_the_database_is_away() {
    let setup = setup(Database::Hangs);
    let started = Instant::now();
    let keys = (0..100_u8).map(|number| setup.sources.find(Handle::Key([number; 32])));
    let answers = futures::future::join_all(keys).await;
    assert!(answers.into_iter().all(|answer| answer.is_err_and(|error| error.is_unreachable())));
    assert!(started.elapsed() <= Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_denial_is_remembered_shortly() {
    let setup = setup(Database::KnowsNothing);
    assert_eq!((setup.name().await, setup.name().await, setup.asked()), (None, None, 1));
    setup.becomes(Database::Knows("added"));
    tokio::time::advance(UNKNOWN_FOR).await;
    assert_eq!(setup.name().await.as_deref(), Some("added"));
}

#[tokio::test(start_paused = true)]
async fn made_up_keys_do_not_fill_the_memory() {
    let setup = setup(Database::KnowsNothing);
    for number in 0..(UNKNOWN_MOST as u32 * 3) {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        assert!(setup.sources.find(Handle::Token(hash)).await.unwrap().is_none());
    }
    assert!(setup.sources.0.unknown.lock().unwrap().len() <= UNKNOWN_MOST);
    assert!(setup.sources.0.known.read().unwrap().is_empty());
}

#[tokio::test]
async fn a_crowd_at_a_cold_start_asks_a_few_times() {
    let setup = setup(Database::Knows("known"));
    futures::future::join_all((0..64).map(|_| setup.name())).await;
    assert!(setup.asked() <= QUESTIONS);
}
