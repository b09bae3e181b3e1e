//! The floor of the pipeline: publishes, consumes and inserts the same rows, and decides nothing.
//!
//! Two consumers, batches of up to 256 in one transaction, acknowledged after the commit. It reads nothing, locks
//! nothing, and posts to nobody.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions},
    types::FieldTable,
};
use ripen_testkit::postgres::database_on;
use sqlx::{Connection as _, PgConnection};

use crate::{intake_floor, rows::Rows, stage::Services};

const CONSUMERS: usize = 2;
const BATCH: usize = 256;
/// Messages published and not yet confirmed.
const IN_FLIGHT: usize = 256;

/// What one round of the floor came to.
pub struct Floor {
    /// Leads a second, from the queue into the tables.
    pub drained: f64,
    /// Processor seconds of PostgreSQL meanwhile.
    pub postgres_cpu: f64,
    /// Leads a second, published, consumed and inserted at the same time.
    pub through: f64,
}

/// Runs both ways, each on a fresh database and a fresh virtual host.
pub async fn run(services: &Services, rows: &Arc<Rows>) -> Floor {
    let count = rows.bodies.len() as f64;
    let before = services.cpu().0;
    let drained = once(services, rows, false).await;
    let postgres_cpu = services.cpu().0 - before;
    let through = once(services, rows, true).await;
    Floor { drained: count / drained.as_secs_f64(), postgres_cpu, through: count / through.as_secs_f64() }
}

/// How long it takes to get everything into the tables; publishing included, where it goes on at the same time.
async fn once(services: &Services, rows: &Arc<Rows>, publishing_included: bool) -> Duration {
    let database = database_on(&services.postgres.url()).await;
    let amqp = services.vhost().await;
    let connection = Connection::connect(&amqp, ConnectionProperties::default()).await.expect("RabbitMQ answers");
    let channel = connection.create_channel().await.expect("a channel");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
    intake_floor::declare(&channel).await;
    let publishing = publish_all(channel, Arc::clone(rows));
    services.settle().await;
    let (begun, publishing) = if publishing_included {
        (Instant::now(), Some(tokio::spawn(publishing)))
    } else {
        publishing.await;
        (Instant::now(), None)
    };
    let left = Arc::new(AtomicUsize::new(rows.bodies.len()));
    let consumers: Vec<_> = (0..CONSUMERS)
        .map(|_| tokio::spawn(consume(amqp.clone(), database.url().to_owned(), Arc::clone(rows), Arc::clone(&left))))
        .collect();
    for consumer in consumers {
        consumer.await.expect("no consumer panics");
    }
    let took = begun.elapsed();
    if let Some(publishing) = publishing {
        publishing.await.expect("the publisher does not panic");
    }
    connection.close(200, "done".into()).await.expect("RabbitMQ answers");
    took
}

async fn publish_all(channel: Channel, rows: Arc<Rows>) {
    let publish = |place: usize| {
        let (channel, rows) = (channel.clone(), Arc::clone(&rows));
        async move {
            let properties = BasicProperties::default().with_message_id(place.to_string().into());
            intake_floor::publish(&channel, &rows.bodies[place], properties).await;
        }
    };
    stream::iter(0..rows.bodies.len()).for_each_concurrent(IN_FLIGHT, publish).await;
}

async fn consume(amqp: String, database: String, rows: Arc<Rows>, left: Arc<AtomicUsize>) {
    let mut postgres = PgConnection::connect(&database).await.expect("PostgreSQL answers");
    let connection = Connection::connect(&amqp, ConnectionProperties::default()).await.expect("RabbitMQ answers");
    let channel = connection.create_channel().await.expect("a channel");
    let prefetch = u16::try_from(2 * BATCH).expect("a small number");
    channel.basic_qos(prefetch, BasicQosOptions::default()).await.expect("a prefetch");
    let options = BasicConsumeOptions::default();
    let consuming = channel.basic_consume(intake_floor::QUEUE.into(), "".into(), options, FieldTable::default());
    let mut messages = consuming.await.expect("the queue is there").map_err(|error| panic!("{error}"));
    while left.load(Ordering::Relaxed) > 0 {
        // What the other consumer holds is not ours to wait for.
        let Ok(Some(first)) = tokio::time::timeout(Duration::from_millis(20), messages.next()).await else { continue };
        let mut batch: Vec<Result<Delivery, ()>> = vec![first];
        while batch.len() < BATCH
            && let Some(Some(next)) = messages.next().now_or_never()
        {
            batch.push(next);
        }
        let batch: Vec<_> = batch.into_iter().filter_map(Result::ok).collect();
        let places: Vec<_> = batch.iter().map(place).collect();
        let mut transaction = postgres.begin().await.expect("a transaction");
        rows.write(&mut transaction, &places).await;
        transaction.commit().await.expect("it commits");
        let last = batch.last().expect("at least one").delivery_tag;
        channel.basic_ack(last, BasicAckOptions { multiple: true }).await.expect("RabbitMQ takes acknowledgements");
        left.fetch_sub(places.len(), Ordering::Relaxed);
    }
    postgres.close().await.expect("PostgreSQL answers");
    connection.close(200, "done".into()).await.expect("RabbitMQ answers");
}

fn place(delivery: &Delivery) -> usize {
    let id = delivery.properties.message_id().as_ref().expect("the publisher numbers its messages");
    id.as_str().parse().expect("a number")
}
