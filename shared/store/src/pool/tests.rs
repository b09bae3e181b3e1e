//! Against a real server, over a way that can be cut: nothing comes through any more, and neither end is told.

use std::time::Duration;

use ripen_testkit::{postgres::database, wait::until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};

use super::*;
use crate::{Store, StoreError, StoreOptions, TimeLimits};

const LIMIT: Duration = Duration::from_secs(120);

/// A way to one address. What was connected before it was cut stays cut.
struct Way {
    address: String,
    cuts: Arc<watch::Sender<u32>>,
}

impl Way {
    async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cuts = Arc::new(watch::Sender::new(0));
        let (target, cut) = (target.to_owned(), Arc::clone(&cuts));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = TcpStream::connect(&target).await.unwrap().into_split();
                let at = *cut.borrow();
                tokio::spawn(pass(from_client, to_server, (cut.subscribe(), at)));
                tokio::spawn(pass(from_server, to_client, (cut.subscribe(), at)));
            }
        });
        Self { address, cuts }
    }

    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn pass(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, (cuts, at): (watch::Receiver<u32>, u32)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        if *cuts.borrow() != at {
            // Held open for ever: an end would be news.
            std::future::pending::<()>().await;
        }
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Within this what is not cut has to answer on a busy machine too, where a test waits until answers are overdue.
const OVERDUE: Duration = Duration::from_secs(10);

/// A store whose answers are overdue after this time, and the way to its database.
async fn store_over_a_way(url: &str, connections: u32, overdue: Duration) -> (Store, Way) {
    let host = url.rsplit_once('@').unwrap().1.split_once('/').unwrap().0;
    let way = Way::to(host).await;
    let limits = TimeLimits { statement: overdue, tcp: overdue, ..TimeLimits::default() };
    let options = StoreOptions {
        limits,
        acquire_timeout: LIMIT,
        ..StoreOptions::new(url.replace(host, &way.address), connections)
    };
    (Store::open(&options).unwrap(), way)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_dropped_is_not_waited_for_and_no_connection_of_its_time_is_used_again() {
    let database = database().await;
    let (store, way) = store_over_a_way(database.url(), 4, OVERDUE).await;
    // Four connections are open, and rest.
    let all = futures::future::join_all((0..4).map(|_| store.begin())).await;
    drop(all.into_iter().collect::<Result<Vec<_>, _>>().unwrap());
    until("all rest", LIMIT, async || (store.pool.pool.num_idle() == 4).then_some(())).await;
    way.cut();
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
    // The other three are as dead, and nobody finds out one after the other.
    for _ in 0..3 {
        store.ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_within_a_transaction_ends_too_and_so_does_its_commit() {
    let database = database().await;
    let (store, way) = store_over_a_way(database.url(), 2, OVERDUE).await;
    let (mut reading, writing) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    way.cut();
    let (read, written) = tokio::join!(reading.lock_patience(LIMIT), writing.commit());
    for error in [read.unwrap_err(), written.unwrap_err()] {
        assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
    }
    drop(reading);
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_gives_up_takes_no_place_of_the_pool_with_it() {
    let database = database().await;
    let (store, way) = store_over_a_way(database.url(), 1, OVERDUE).await;
    store.ping().await.unwrap();
    way.cut();
    let gave_up = timeout(Duration::from_millis(50), store.ping()).await;
    assert!(gave_up.is_err(), "nothing comes through");
    // The pool's only place is free as soon as its connection did not come to rest.
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_statement_whose_caller_gave_up_says_nothing_of_the_network() {
    let database = database().await;
    // Longer than a busy machine takes for the new connection, and than the caller waits.
    let limits = TimeLimits { tcp: OVERDUE, ..TimeLimits::default() };
    let options = StoreOptions { limits, acquire_timeout: LIMIT, ..StoreOptions::new(database.url(), 1) };
    let store = Store::open(&options).unwrap();
    let slow = sqlx::query("select pg_sleep(600)").execute(&store.pool);
    assert!(timeout(Duration::from_millis(300), slow).await.is_err(), "it takes long");
    // The only place is free again, over another connection.
    store.ping().await.unwrap();
    assert!(store.pool.patience.silent.read().unwrap().is_none(), "connections beside it are as good as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_broken_off_keeps_no_place_and_ends_at_the_server() {
    let database = database().await;
    let options = StoreOptions { list_connections: 1, acquire_timeout: LIMIT, ..StoreOptions::new(database.url(), 1) };
    let store = Store::open(&options).unwrap();
    let slow = sqlx::query("select pg_sleep(601)").execute(&store.lists);
    assert!(timeout(Duration::from_millis(300), slow).await.is_err(), "it takes long");
    sqlx::query("select 1").execute(&store.lists).await.unwrap();
    until("the server gave it up", LIMIT, async || {
        let running = "select count(*) from pg_stat_activity where query = 'select pg_sleep(601)' and state = 'active'";
        let running: i64 = sqlx::query_scalar(running).fetch_one(&store.pool).await.unwrap();
        (running == 0).then_some(())
    })
    .await;
}
