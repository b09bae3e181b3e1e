//! How long messages are held: what is not ended by then goes back to the queue untried.

use std::{collections::BTreeSet, sync::Arc};

use ripen_queue::{Message, Transport, TransportOptions};
use ripen_runtime::{
    clock::Clock,
    config::{QualifierSettings, Settings},
    health::Health,
};
use ripen_store::{Store, StoreOptions, criteria::document_cache::Documents};
use ripen_testkit::postgres::{TestDatabase, database};
use sqlx::{Connection as _, PgConnection};

use super::*;

/// RabbitMQ's own, unless it is configured otherwise: it ends a consumer that holds a message for longer.
const CONSUMER_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const MESSAGES: usize = 4;
/// How long the note of a try takes in these tests, in seconds.
const NOTE_S: f64 = 0.2;

/// A lead of a client that is not there: no batch takes it, whatever else is in it.
const STRAY: &str = r#"{"v": "1", "id": "arr_01h455vb4pex5vsknk084sn02q", "sameness": "content",
    "source": "source_01h455vb4pex5vsknk084sn02q", "client": "client_01h455vb4pex5vsknk084sn02q",
    "received_at": "2026-11-21T10:00:00Z", "content": "00000000000000000000000000000000",
    "submission": {"email": "stray@example.com"}, "raw": {"media_type": "application/json", "text": "{}"}}"#;

struct SlowNotes {
    ctx: QualifierContext,
    connection: PgConnection,
    _database: TestDatabase,
}

impl SlowNotes {
    /// A database in which it takes a while to note that a message is tried alone.
    async fn new() -> Self {
        let database = database().await;
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        let slow = format!(
            "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep({NOTE_S}); return new; end $$;
             create trigger slow before insert on suspect for each row execute function slow()"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(slow)).execute(&mut connection).await.unwrap();
        let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
        let ctx = QualifierContext {
            store: store.clone(),
            transport: Transport::local(TransportOptions::default()),
            clock: Clock::system(),
            settings: Arc::new(Settings::default()),
            health: Health::default(),
            documents: Documents::new(store),
        };
        Self { ctx, connection, _database: database }
    }

    /// How messages end that all fail alone, where so much time is given to all of them together.
    async fn handle(&self, held_at_most: Duration) -> Handled {
        let Self { ctx, .. } = self;
        let message =
            |number: usize| Message { id: Uuid::from_u128(number as u128), body: Bytes::from_static(STRAY.as_bytes()) };
        for published in ctx.transport.publish_all(Queue::Arrivals, (0..MESSAGES).map(message).collect()).await {
            published.unwrap();
        }
        let consumer = ctx.transport.consume(Queue::Arrivals, 100);
        let received = consumer.next_batch(100).await;
        assert_eq!(received.len(), MESSAGES);
        let (stop, standstill) = (Stop::default(), Standstill::new(ctx.health.clone()));
        let suspects = Suspects::new(ctx.store.clone());
        let handler = Handler {
            ctx,
            queue: Queue::Arrivals,
            stop: &stop,
            standstill: &standstill,
            suspects: &suspects,
            worker: 0,
            held_at_most,
        };
        handler.handle(received).await
    }

    async fn tried(&mut self) -> usize {
        let sql = "select count(*) from suspect where tries = 1";
        let tried: i64 = sqlx::query_scalar(sql).fetch_one(&mut self.connection).await.unwrap();
        usize::try_from(tried).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_for_too_long_goes_back_untried_and_nothing_is_lost() {
    let mut notes = SlowNotes::new().await;
    // Over before the third note is made, however fast the machine is.
    let Handled::Refused(settled) = notes.handle(Duration::from_secs_f64(1.5 * NOTE_S)).await else {
        panic!("it is held for as long as it takes")
    };
    let ids: BTreeSet<_> = settled.iter().map(|(message, _)| message.id).collect();
    assert_eq!((settled.len(), ids.len()), (MESSAGES, MESSAGES), "each has one end");
    let back = settled.iter().filter(|(_, end)| *end == Settlement::Later(Duration::ZERO)).count();
    let tried =
        settled.iter().filter(|(_, end)| matches!(end, Settlement::Retry(why) if why.contains("no client"))).count();
    assert_eq!((back + tried, notes.tried().await), (MESSAGES, tried), "a try that was not made does not count");
    assert!(back >= MESSAGES - 2, "{back} of {MESSAGES} go back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_in_time_does_not_go_back() {
    let mut notes = SlowNotes::new().await;
    let Handled::Settled(settled) = notes.handle(HELD_AT_MOST).await else { panic!("it goes back") };
    assert!(settled.iter().all(|(_, end)| matches!(end, Settlement::Retry(_))), "{settled:?}");
    assert_eq!(notes.tried().await, MESSAGES);
}

#[test]
fn everything_goes_back_before_rabbitmq_ends_the_consumer() {
    let settings = QualifierSettings::default();
    // The last that is begun in time: it runs again after conflicts, and may have to wait for a trial.
    let last = Duration::from_secs(u64::from(RUNS) * settings.batch_timeout_s + 2 * settings.hold_s);
    // What is fetched ahead waits for all of the batch before it.
    assert!(2 * (HELD_AT_MOST + last) < CONSUMER_TIMEOUT);
}
