//! What only RabbitMQ can do to us: queues deleted by hand, alarms, a node that freezes or dies, dead letters of its
//! own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use ripen_queue::{
    LinkState, Message, PublishError, Queue, QueueState, Settlement, Transport, TransportOptions, check,
};
use ripen_testkit::{
    rabbit::{self, Rabbit},
    wait,
};
use tokio::time::timeout;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(120);

/// As a process has them, but for confirms, which a busy machine may take long to make.
fn patient() -> TransportOptions {
    TransportOptions { confirm_timeout: LIMIT, ..TransportOptions::default() }
}

/// Publishes, and does not wait for anything: what is refused, is refused by what is known already.
async fn at_once(transport: &Transport, message: Message) -> Result<(), PublishError> {
    timeout(Duration::ZERO, transport.publish(Queue::Arrivals, message)).await.expect("it is refused without a wait")
}

fn message(number: u32) -> Message {
    Message { id: Uuid::from_u128(number.into()), body: Bytes::from(format!("{{\"number\":{number}}}")) }
}

async fn ready(transport: &Transport) {
    wait::until("a ready transport", LIMIT, async || transport.is_ready().then_some(())).await;
}

async fn connect(url: &str, options: TransportOptions) -> Transport {
    let transport = Transport::amqp(url, options).unwrap();
    ready(&transport).await;
    transport
}

fn vhost_of(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

fn resource(url: &str, queue: Queue) -> String {
    format!("rabbit_misc:r(<<\"{}\">>, queue, <<\"{}\">>)", vhost_of(url), queue.name())
}

async fn delete(url: &str, queue: Queue) {
    let order = format!(
        "{{ok, Q}} = rabbit_amqqueue:lookup({}), {{ok, _}} = rabbit_amqqueue:delete(Q, false, false, <<\"test\">>), ok",
        resource(url, queue)
    );
    assert_eq!(rabbit::shared().await.eval(&order).await, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_to_a_deleted_queue_is_an_error_and_heals() {
    let url = rabbit::shared_vhost().await;
    let transport = connect(&url, patient()).await;
    transport.publish(Queue::Arrivals, message(0)).await.unwrap();
    delete(&url, Queue::Arrivals).await;
    let refused = transport.publish(Queue::Arrivals, message(1)).await;
    assert!(matches!(refused, Err(PublishError::Returned)), "{refused:?}");
    wait::until("the queue to be declared again", LIMIT, async || {
        transport.publish(Queue::Arrivals, message(2)).await.ok()
    })
    .await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    let batch = timeout(LIMIT, consumer.next_batch(10)).await.unwrap();
    assert_eq!(batch[0].id, message(2).id);
}

/// The library hands a returned message to another message's confirm: neither may be reported wrongly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_returned_message_is_not_mistaken_for_its_neighbours() {
    let url = rabbit::shared_vhost().await;
    // Not patient: of a connection that is given up the library may leave confirms open for ever.
    let options = TransportOptions { publish_channels: 1, ..TransportOptions::default() };
    let transport = connect(&url, options).await;
    let (mut published, mut round, began) = (0, 0, Instant::now());
    // A round on a busy machine publishes little beside what is lost; some more do.
    while round < 3 || published <= 100 {
        assert!(began.elapsed() < LIMIT, "only {published} were published in {round} rounds");
        wait::until("the queue", LIMIT, async || transport.publish(Queue::Requalify, message(0)).await.ok()).await;
        delete(&url, Queue::Requalify).await;
        let publish = |number: u32| {
            let (transport, lost) = (transport.clone(), number % 100 > 96);
            let queue = if lost { Queue::Requalify } else { Queue::Arrivals };
            tokio::spawn(async move { (number, lost, transport.publish(queue, message(number)).await) })
        };
        for task in (round * 2_000..(round + 1) * 2_000).map(publish).collect::<Vec<_>>() {
            let (number, lost, result) = task.await.unwrap();
            assert!(!(lost && result.is_ok()), "{number} went nowhere and was reported as published");
            assert!(lost || !matches!(result, Err(PublishError::Returned)), "{number} was not returned");
            published += usize::from(result.is_ok());
        }
        round += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_survives_the_deletion_of_its_queue() {
    let url = rabbit::shared_vhost().await;
    let transport = connect(&url, patient()).await;
    let consumer = transport.consume(Queue::Deliveries, 10);
    transport.publish(Queue::Deliveries, message(1)).await.unwrap();
    let batch = timeout(LIMIT, consumer.next_batch(10)).await.unwrap();
    delete(&url, Queue::Deliveries).await;
    let waiting = tokio::spawn(async move {
        let again = consumer.next_batch(10).await;
        // Of the old channel: passed over, and no error.
        consumer.settle(batch.into_iter().map(|received| (received, Settlement::Done)).collect()).await;
        again
    });
    wait::until("publishing", LIMIT, async || transport.publish(Queue::Deliveries, message(2)).await.ok()).await;
    let batch = timeout(LIMIT, waiting).await.unwrap().unwrap();
    assert_eq!(batch[0].id, message(2).id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmqs_own_dead_letters_say_where_they_come_from() {
    let url = rabbit::shared_vhost().await;
    let options = TransportOptions { retry_pause: Duration::from_millis(1), ..patient() };
    let transport = connect(&url, options).await;
    let policy = format!(
        "ok = rabbit_policy:set(<<\"{}\">>, <<\"limit\">>, <<\"arrivals\">>, [{{<<\"delivery-limit\">>, 2}}], 0, \
         <<\"queues\">>, <<\"test\">>)",
        vhost_of(&url)
    );
    assert_eq!(rabbit::shared().await.eval(&policy).await, "ok");
    transport.publish(Queue::Arrivals, message(5)).await.unwrap();
    let consumer = Arc::new(transport.consume(Queue::Arrivals, 10));
    let retrying = tokio::spawn({
        let consumer = consumer.clone();
        async move {
            loop {
                let batch = consumer.next_batch(10).await;
                let again = |received| (received, Settlement::Retry("never".to_owned()));
                consumer.settle(batch.into_iter().map(again).collect()).await;
            }
        }
    });
    let undertaker = transport.consume(Queue::Dead, 10);
    let letter = timeout(LIMIT, undertaker.next_batch(10)).await.unwrap().remove(0);
    assert_eq!((letter.id, &letter.body), (message(5).id, &message(5).body));
    assert_eq!(letter.reason.as_deref(), Some("delivery_limit"));
    assert_eq!(letter.origin.as_deref(), Some("ripen.arrivals"));
    retrying.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_sees_what_is_there() {
    let url = rabbit::shared_vhost().await;
    let options = TransportOptions::default();
    let found = check(&url, &options).await.unwrap();
    assert!(found.server.as_ref().unwrap().starts_with("RabbitMQ "), "{found:?}");
    assert!(found.queues.iter().all(|queue| queue.state == QueueState::Missing), "{found:?}");
    let transport = connect(&url, patient()).await;
    transport.publish(Queue::Arrivals, message(1)).await.unwrap();
    // A busy RabbitMQ answers with no count rather than late.
    let states = wait::until("the message is counted", LIMIT, async || {
        let found = check(&url, &options).await.ok()?;
        let states: Vec<_> = found.queues.into_iter().map(|queue| queue.state).collect();
        (states.first() == Some(&QueueState::Good { messages: 1, consumers: 0 })).then_some(states)
    })
    .await;
    assert_eq!(states[1..], [const { QueueState::Good { messages: 0, consumers: 0 } }; 3]);
    let other = check(&url, &TransportOptions { queue_bytes_max: 1 << 20, ..options }).await.unwrap();
    assert!(matches!(&other.queues[0].state, QueueState::Differs(why) if why.contains("x-max-length-bytes")));
    let nobody = check("amqp://guest:secret@127.0.0.1:1/%2f", &TransportOptions::default()).await.unwrap();
    assert!(nobody.server.is_err() && nobody.queues.is_empty());
    let stranger = check(&url.replace("guest:guest", "guest:secret"), &TransportOptions::default()).await.unwrap();
    assert!(stranger.server.is_ok() && stranger.refused.is_some(), "{stranger:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_limit_in_the_configuration_does_not_stop_a_working_system() {
    let url = rabbit::shared_vhost().await;
    connect(&url, patient()).await.close().await;
    let transport = connect(&url, TransportOptions { queue_bytes_max: 1 << 20, ..patient() }).await;
    transport.publish(Queue::Arrivals, message(1)).await.unwrap();
    let consumer = transport.consume(Queue::Arrivals, 1);
    assert_eq!(timeout(LIMIT, consumer.next_batch(1)).await.unwrap()[0].id, message(1).id);
}

/// Declares `ripen.arrivals` before any process of ours does.
async fn declare(url: &str, durable: bool, kind: &str) -> lapin::Connection {
    declare_limited(url, durable, kind, None).await
}

/// The same, given up after so many deliveries.
async fn declare_limited(url: &str, durable: bool, kind: &str, limit: Option<i64>) -> lapin::Connection {
    let connection = lapin::Connection::connect(url, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let options = lapin::options::QueueDeclareOptions { durable, ..Default::default() };
    let mut arguments = lapin::types::FieldTable::default();
    arguments.insert("x-queue-type".into(), lapin::types::AMQPValue::LongString(kind.into()));
    if kind == "quorum" {
        arguments.insert("x-overflow".into(), lapin::types::AMQPValue::LongString("reject-publish".into()));
    }
    if let Some(limit) = limit {
        let to = [("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "ripen.dead")];
        for (name, value) in to {
            arguments.insert(name.into(), lapin::types::AMQPValue::LongString(value.into()));
        }
        arguments.insert("x-delivery-limit".into(), lapin::types::AMQPValue::LongLongInt(limit));
    }
    channel.queue_declare(Queue::Arrivals.name().into(), options, arguments).await.unwrap();
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_loses_what_it_confirms_is_not_relied_on_until_it_is_made_anew() {
    for (durable, kind, why) in [(true, "classic", "classic"), (false, "classic", "transient")] {
        let url = rabbit::shared_vhost().await;
        let by_hand = declare(&url, durable, kind).await;
        let transport = connect(&url, patient()).await;
        assert!(!transport.keeps(Queue::Arrivals) && transport.keeps(Queue::Dead), "{why}");
        assert!(transport.unfit()[0].contains(why), "{:?}", transport.unfit());
        let seen = check(&url, &TransportOptions::default()).await.unwrap();
        assert!(matches!(&seen.queues[0].state, QueueState::Unfit(text) if text.contains(why)), "{seen:?}");
        let channel = by_hand.create_channel().await.unwrap();
        channel.queue_delete(Queue::Arrivals.name().into(), Default::default()).await.unwrap();
        wait::until("it is made anew", LIMIT, async || transport.keeps(Queue::Arrivals).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_gives_up_healthy_messages_is_not_relied_on() {
    for (limit, why) in [(None, "x-dead-letter-exchange"), (Some(20), "x-delivery-limit")] {
        let url = rabbit::shared_vhost().await;
        let _by_hand = declare_limited(&url, true, "quorum", limit).await;
        let transport = connect(&url, patient()).await;
        assert!(!transport.keeps(Queue::Arrivals), "{why}");
        assert!(transport.unfit()[0].contains(why), "{:?}", transport.unfit());
    }
    let url = rabbit::shared_vhost().await;
    let _by_hand = declare_limited(&url, true, "quorum", Some(5_000)).await;
    assert!(connect(&url, patient()).await.keeps(Queue::Arrivals), "more patience is no fault");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_that_nobody_takes_are_not_made_without_end() {
    let url = rabbit::shared_vhost().await;
    let transport = connect(&url, TransportOptions { offers_max: 10, ..patient() }).await;
    let offers = (0..10).map(message).collect();
    assert!(transport.publish_all(Queue::Requalify, offers).await.iter().all(Result::is_ok));
    wait::until("no room is left", LIMIT, async || (transport.room(Queue::Requalify) == 0).then_some(())).await;
    let consumer = transport.consume(Queue::Requalify, 10);
    let batch = timeout(LIMIT, consumer.next_batch(10)).await.unwrap();
    consumer.settle(batch.into_iter().map(|received| (received, Settlement::Done)).collect()).await;
    wait::until("there is room", LIMIT, async || (transport.room(Queue::Requalify) > 0).then_some(())).await;
}

#[tokio::test]
async fn an_unusable_address_is_refused_without_its_password() {
    for url in ["", "amqp//guest:secret@host", "http://guest:secret@host/", "amqp://guest:secret@host:port/"] {
        let Err(refused) = Transport::amqp(url, TransportOptions::default()) else { panic!("{url} was taken") };
        let refused = refused.to_string();
        assert!(refused.contains("amqp://user:password@host") && !refused.contains("secret"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_refuses_at_once_and_is_found_later() {
    let mut node = Rabbit::start().await;
    node.kill9();
    let transport = Transport::amqp(&node.url(), patient()).unwrap();
    let refused = at_once(&transport, message(1)).await;
    assert!(matches!(refused, Err(PublishError::Disconnected)), "{refused:?}");
    assert_eq!(transport.state().publishing, LinkState::Connecting);
    node.start_again().await;
    ready(&transport).await;
    transport.publish(Queue::Arrivals, message(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_blocks_publishers_but_not_consumers() {
    let node = Rabbit::start().await;
    let transport = connect(&node.vhost().await, TransportOptions::default()).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    wait::until("publishing", LIMIT, async || transport.publish(Queue::Arrivals, message(1)).await.ok()).await;
    node.alarm(true).await;
    // RabbitMQ says so only when something is published, and never confirms that; a busy one takes a moment to mean it.
    wait::until("the alarm", LIMIT, async || {
        let refused = transport.publish(Queue::Arrivals, message(2)).await.err()?;
        assert!(matches!(refused, PublishError::Silent | PublishError::Blocked), "{refused:?}");
        matches!(refused, PublishError::Blocked).then_some(())
    })
    .await;
    let next = at_once(&transport, message(3)).await;
    assert!(matches!(next, Err(PublishError::Blocked)), "{next:?}");
    assert_eq!(transport.state().publishing, LinkState::Blocked);
    assert!(!transport.is_ready());
    let batch = timeout(LIMIT, consumer.next_batch(1)).await.unwrap();
    consumer.settle(batch.into_iter().map(|received| (received, Settlement::Done)).collect()).await;
    node.alarm(false).await;
    ready(&transport).await;
    wait::until("publishing", LIMIT, async || transport.publish(Queue::Arrivals, message(4)).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_broker_is_noticed_after_one_wait() {
    let node = Rabbit::start().await;
    let options = TransportOptions { heartbeat: Duration::from_secs(5), ..TransportOptions::default() };
    let transport = connect(&node.vhost().await, options).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    wait::until("publishing", LIMIT, async || transport.publish(Queue::Arrivals, message(0)).await.ok()).await;
    timeout(LIMIT, consumer.next_batch(1)).await.unwrap();
    node.freeze();
    let waiting = (1..50).map(|number| {
        let transport = transport.clone();
        tokio::spawn(async move { transport.publish(Queue::Arrivals, message(number)).await })
    });
    for result in waiting.collect::<Vec<_>>() {
        let result = result.await.unwrap();
        // A busy machine may take longer to begin the last one than the silent connection is kept.
        assert!(matches!(result, Err(PublishError::Silent | PublishError::Disconnected)), "{result:?}");
    }
    // On a busy machine the silence may be just over, and the first to publish waits once more.
    wait::until("a refusal without a wait", LIMIT, async || {
        let refused = timeout(Duration::ZERO, transport.publish(Queue::Arrivals, message(100))).await;
        matches!(refused, Ok(Err(_))).then_some(())
    })
    .await;
    wait::until("the heartbeat to give up", LIMIT, async || {
        let state = transport.state();
        (state.publishing == LinkState::Connecting && state.consuming == LinkState::Connecting).then_some(())
    })
    .await;
    node.thaw();
    ready(&transport).await;
    wait::until("publishing", LIMIT, async || transport.publish(Queue::Arrivals, message(101)).await.ok()).await;
    let mut seen = BTreeSet::new();
    while !seen.contains(&101) {
        let batch = timeout(LIMIT, consumer.next_batch(100)).await.unwrap();
        seen.extend(batch.iter().map(|received| received.id.as_u128()));
        consumer.settle(batch.into_iter().map(|received| (received, Settlement::Done)).collect()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_broker_keeps_no_process_from_its_end() {
    let node = Rabbit::start().await;
    // It is not given up for its silence while the test runs.
    let options = TransportOptions { heartbeat: LIMIT, ..TransportOptions::default() };
    let transport = connect(&node.vhost().await, options).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    wait::until("publishing", LIMIT, async || transport.publish(Queue::Arrivals, message(0)).await.ok()).await;
    let held = timeout(LIMIT, consumer.next_batch(1)).await.unwrap();
    node.freeze();
    let owed = tokio::spawn({
        let transport = transport.clone();
        async move { transport.publish(Queue::Arrivals, message(1)).await }
    });
    assert!(owed.await.unwrap().is_err(), "nothing is confirmed");
    consumer.settle(held.into_iter().map(|received| (received, Settlement::Dead("a test".to_owned()))).collect()).await;
    timeout(LIMIT, transport.close()).await.expect("the goodbye is not waited for without end");
    assert_eq!(transport.state().publishing, LinkState::Closed);
    node.thaw();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_survives_the_death_of_the_broker() {
    let mut node = Rabbit::start().await;
    let transport = connect(&node.vhost().await, patient()).await;
    let confirmed = Arc::new(Mutex::new(BTreeSet::new()));
    let arrived = Arc::new(Mutex::new(BTreeSet::new()));
    let numbers = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let publishers = [(); 16].map(|()| {
        let (transport, confirmed, numbers) = (transport.clone(), confirmed.clone(), numbers.clone());
        tokio::spawn(async move {
            loop {
                let number = numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                match transport.publish(Queue::Arrivals, message(number)).await {
                    Ok(()) => drop(confirmed.lock().unwrap().insert(number)),
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        })
    });
    let consumer = tokio::spawn({
        let (consumer, arrived) = (transport.consume(Queue::Arrivals, 200), arrived.clone());
        async move {
            loop {
                let batch = consumer.next_batch(50).await;
                arrived.lock().unwrap().extend(batch.iter().map(|received| received.id.as_u128() as u32));
                consumer.settle(batch.into_iter().map(|received| (received, Settlement::Done)).collect()).await;
            }
        }
    });
    for _ in 0..2 {
        let before = confirmed.lock().unwrap().len();
        wait::until("traffic", LIMIT, async || (confirmed.lock().unwrap().len() > before + 1_000).then_some(())).await;
        node.kill9();
        wait::until("errors", LIMIT, async || {
            matches!(transport.publish(Queue::Requalify, message(0)).await, Err(PublishError::Disconnected))
                .then_some(())
        })
        .await;
        node.start_again().await;
    }
    let before = confirmed.lock().unwrap().len();
    wait::until("traffic", LIMIT, async || (confirmed.lock().unwrap().len() > before + 1_000).then_some(())).await;
    publishers.iter().for_each(tokio::task::JoinHandle::abort);
    wait::until("every confirmed message", LIMIT, async || {
        arrived.lock().unwrap().is_superset(&confirmed.lock().unwrap()).then_some(())
    })
    .await;
    consumer.abort();
}
