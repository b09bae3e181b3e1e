//! The contract of the transport, run on RabbitMQ and on the local transport alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use bytes::Bytes;
use ripen_queue::{
    Consumer, LinkState, Message, PublishError, Queue, Received, Settlement, Transport, TransportOptions,
};
use ripen_testkit::{rabbit, wait};
use tokio::time::timeout;
use uuid::Uuid;

/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);

/// How long nothing must come for "nothing comes".
const QUIET: Duration = Duration::from_millis(300);

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod on_local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::local).await;
            })*
        }
        mod on_rabbitmq {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::rabbitmq).await;
            })*
        }
    };
}

contract!(
    done_leaves_nothing,
    a_batch_is_what_waits,
    consumers_share_without_doubling,
    a_dropped_consumer_returns_its_messages,
    retry_comes_again_with_a_higher_count,
    dead_lands_in_the_dead_queue,
    dead_letters_can_wait_too,
    later_comes_later_with_the_same_count,
    more_waiting_messages_than_the_prefetch_keep_nobody_out,
    settling_out_of_order_keeps_the_unsettled,
    outcomes_can_be_mixed,
    bodies_arrive_as_they_were,
    order_is_kept,
    receiving_can_be_cancelled,
    prefetch_bounds_what_is_unsettled,
    a_full_queue_refuses,
    queues_are_apart,
    closing_ends_waiting,
);

async fn local(options: TransportOptions) -> Transport {
    Transport::local(options)
}

async fn rabbitmq(options: TransportOptions) -> Transport {
    // A busy machine may take long to make a confirm.
    let options = TransportOptions { confirm_timeout: LIMIT, ..options };
    let transport = Transport::amqp(&rabbit::shared_vhost().await, options).unwrap();
    wait::until("the connection", LIMIT, async || transport.is_ready().then_some(())).await;
    transport
}

fn message(number: u32) -> Message {
    Message { id: id(number), body: Bytes::from(format!("{{\"number\":{number}}}")) }
}

fn id(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

fn numbers(batch: &[Received]) -> Vec<u32> {
    batch.iter().map(|received| u32::try_from(received.id.as_u128()).unwrap()).collect()
}

async fn publish(transport: &Transport, queue: Queue, range: std::ops::Range<u32>) {
    for result in transport.publish_all(queue, range.map(message).collect()).await {
        result.unwrap();
    }
}

/// Receives until there are `count`; unsettled.
async fn receive(consumer: &Consumer, count: usize) -> Vec<Received> {
    let mut all = Vec::new();
    while all.len() < count {
        let batch = timeout(LIMIT, consumer.next_batch(count - all.len())).await.expect("messages come");
        assert!(!batch.is_empty(), "the transport is open");
        all.extend(batch);
    }
    all
}

async fn assert_quiet(consumer: &Consumer) {
    if let Ok(batch) = timeout(QUIET, consumer.next_batch(100)).await {
        panic!("expected nothing, received {batch:?}");
    }
}

async fn settle_all(consumer: &Consumer, batch: Vec<Received>, outcome: &Settlement) {
    consumer.settle(batch.into_iter().map(|received| (received, outcome.clone())).collect()).await;
}

async fn done_leaves_nothing(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    publish(&transport, Queue::Arrivals, 0..3).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    let batch = receive(&consumer, 3).await;
    assert!(batch.iter().all(|received| received.delivery_count == 0 && received.reason.is_none()));
    settle_all(&consumer, batch, &Settlement::Done).await;
    drop(consumer);
    let consumer = transport.consume(Queue::Arrivals, 10);
    assert_quiet(&consumer).await;
}

async fn a_batch_is_what_waits(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    let consumer = transport.consume(Queue::Arrivals, 100);
    publish(&transport, Queue::Arrivals, 0..1).await;
    let first = timeout(LIMIT, consumer.next_batch(100)).await.expect("one message is a batch");
    assert_eq!(numbers(&first), [0]);
    publish(&transport, Queue::Arrivals, 1..11).await;
    let some = consumer.next_batch(4).await;
    assert!((1..=4).contains(&some.len()));
    let rest = receive(&consumer, 10 - some.len()).await;
    assert_eq!(numbers(&rest).last(), Some(&10));
}

async fn consumers_share_without_doubling(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    let consumers = [(); 3].map(|()| transport.consume(Queue::Deliveries, 5));
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let tasks = consumers.map(|consumer| {
        let sender = sender.clone();
        tokio::spawn(async move {
            loop {
                let batch = consumer.next_batch(2).await;
                sender.send(numbers(&batch)).unwrap();
                settle_all(&consumer, batch, &Settlement::Done).await;
            }
        })
    });
    publish(&transport, Queue::Deliveries, 0..60).await;
    let mut seen = Vec::new();
    while seen.len() < 60 {
        seen.extend(timeout(LIMIT, received.recv()).await.expect("messages come").unwrap());
    }
    assert!(timeout(QUIET, received.recv()).await.is_err(), "nothing comes twice");
    assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>(), (0..60).collect());
    assert_eq!(seen.len(), 60);
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn a_dropped_consumer_returns_its_messages(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    publish(&transport, Queue::Arrivals, 0..4).await;
    let first = transport.consume(Queue::Arrivals, 10);
    let batch = receive(&first, 4).await;
    drop(first);
    drop(batch);
    let second = transport.consume(Queue::Arrivals, 10);
    let again = receive(&second, 4).await;
    assert_eq!(numbers(&again), [0, 1, 2, 3]);
    assert!(again.iter().all(|received| received.delivery_count == 1), "{again:?}");
}

async fn retry_comes_again_with_a_higher_count(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport =
        open(TransportOptions { retry_pause: Duration::from_millis(20), ..TransportOptions::default() }).await;
    publish(&transport, Queue::Arrivals, 0..2).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    let mut batch = receive(&consumer, 2).await;
    for count in 1..4 {
        let started = Instant::now();
        settle_all(&consumer, batch, &Settlement::Retry("not yet".to_owned())).await;
        batch = receive(&consumer, 2).await;
        assert!(batch.iter().all(|received| received.delivery_count == count), "{batch:?}");
        assert!(started.elapsed() >= Duration::from_millis(20), "it does not spin");
    }
    settle_all(&consumer, batch, &Settlement::Done).await;
    assert_quiet(&consumer).await;
}

async fn dead_lands_in_the_dead_queue(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    publish(&transport, Queue::Deliveries, 7..8).await;
    let consumer = transport.consume(Queue::Deliveries, 10);
    let batch = receive(&consumer, 1).await;
    settle_all(&consumer, batch, &Settlement::Dead("not JSON: ü".to_owned())).await;
    let undertaker = transport.consume(Queue::Dead, 10);
    let letter = receive(&undertaker, 1).await.remove(0);
    assert_eq!((letter.id, &letter.body), (id(7), &message(7).body));
    assert_eq!(letter.reason.as_deref(), Some("not JSON: ü"));
    assert_eq!(letter.origin.as_deref(), Some("ripen.deliveries"));
    assert_eq!(letter.delivery_count, 0);
    undertaker.settle(vec![(letter, Settlement::Done)]).await;
    // The letter may be read before the original is acknowledged: dropped in between, the consumer returns it.
    consumer.finish(LIMIT).await;
    drop(consumer);
    assert_quiet(&transport.consume(Queue::Deliveries, 10)).await;
}

async fn dead_letters_can_wait_too(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    publish(&transport, Queue::Arrivals, 1..2).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    let batch = receive(&consumer, 1).await;
    settle_all(&consumer, batch, &Settlement::Dead("poison".to_owned())).await;
    let undertaker = transport.consume(Queue::Dead, 10);
    let letter = receive(&undertaker, 1).await;
    settle_all(&undertaker, letter, &Settlement::Later(Duration::ZERO)).await;
    let letter = receive(&undertaker, 1).await.remove(0);
    assert_eq!(letter.reason.as_deref(), Some("poison"));
    assert_eq!(letter.origin.as_deref(), Some("ripen.arrivals"));
}

async fn later_comes_later_with_the_same_count(open: impl AsyncFn(TransportOptions) -> Transport) {
    let wait = Duration::from_millis(250);
    let transport = open(TransportOptions { retry_pause: Duration::ZERO, ..TransportOptions::default() }).await;
    publish(&transport, Queue::Requalify, 1..2).await;
    let consumer = transport.consume(Queue::Requalify, 10);
    let batch = receive(&consumer, 1).await;
    settle_all(&consumer, batch, &Settlement::Retry("once".to_owned())).await;
    let batch = receive(&consumer, 1).await;
    assert_eq!(batch[0].delivery_count, 1);
    let started = Instant::now();
    settle_all(&consumer, batch, &Settlement::Later(wait)).await;
    let batch = receive(&consumer, 1).await;
    assert!(started.elapsed() >= wait);
    assert_eq!((batch[0].id, batch[0].delivery_count), (id(1), 1));
    settle_all(&consumer, batch, &Settlement::Done).await;
    assert_quiet(&consumer).await;
}

async fn more_waiting_messages_than_the_prefetch_keep_nobody_out(open: impl AsyncFn(TransportOptions) -> Transport) {
    const MANY: u32 = 20;
    // None of them is due while the test runs.
    let options =
        TransportOptions { later_max: 100 * LIMIT, local_messages_max: MANY as usize, ..TransportOptions::default() };
    let transport = open(options).await;
    let consumer = transport.consume(Queue::Arrivals, 4);
    publish(&transport, Queue::Arrivals, 0..MANY).await;
    let mut waiting = BTreeSet::new();
    while waiting.len() < MANY as usize {
        let batch = receive(&consumer, 1).await;
        waiting.extend(batch.iter().map(|received| received.id));
        settle_all(&consumer, batch, &Settlement::Later(50 * LIMIT)).await;
    }
    publish(&transport, Queue::Arrivals, MANY..MANY + 1).await;
    let stranger = receive(&consumer, 1).await;
    assert!(!waiting.contains(&stranger[0].id), "what waits came again before its time");
    settle_all(&consumer, stranger, &Settlement::Done).await;
}

async fn settling_out_of_order_keeps_the_unsettled(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    publish(&transport, Queue::Arrivals, 0..6).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    let mut batch: BTreeMap<u32, Received> = receive(&consumer, 6)
        .await
        .into_iter()
        .map(|received| (u32::try_from(received.id.as_u128()).unwrap(), received))
        .collect();
    for numbers in [vec![5], vec![2, 0], vec![3]] {
        let part = numbers.iter().map(|number| batch.remove(number).unwrap()).collect();
        settle_all(&consumer, part, &Settlement::Done).await;
    }
    drop(consumer);
    let consumer = transport.consume(Queue::Arrivals, 10);
    assert_eq!(numbers(&receive(&consumer, 2).await), [1, 4]);
    assert_quiet(&consumer).await;
}

async fn outcomes_can_be_mixed(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport =
        open(TransportOptions { retry_pause: Duration::from_millis(1), ..TransportOptions::default() }).await;
    publish(&transport, Queue::Arrivals, 0..400).await;
    let consumer = transport.consume(Queue::Arrivals, 64);
    let undertaker = transport.consume(Queue::Dead, 100);
    let (mut done, mut dead) = (BTreeSet::new(), BTreeSet::new());
    while done.len() + dead.len() < 400 {
        let batch = timeout(LIMIT, consumer.next_batch(32)).await.expect("messages come");
        let decide = |received: Received| {
            let number = numbers(std::slice::from_ref(&received))[0];
            let outcome = match (number % 5, received.delivery_count) {
                (0, 0) => Settlement::Retry("first".to_owned()),
                (1, _) if dead.insert(number) => Settlement::Dead("one in five".to_owned()),
                _ if done.insert(number) => Settlement::Done,
                _ => panic!("{number} came twice"),
            };
            (received, outcome)
        };
        let outcomes = batch.into_iter().map(decide).collect();
        consumer.settle(outcomes).await;
    }
    let letters = receive(&undertaker, 80).await;
    assert_eq!(numbers(&letters).into_iter().collect::<BTreeSet<_>>(), dead);
    assert_quiet(&consumer).await;
}

async fn bodies_arrive_as_they_were(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    let all_bytes: Vec<u8> = (0..=255).collect();
    let bodies = [
        Vec::new(),
        all_bytes.clone(),
        all_bytes.repeat(800),
        b"{\"name\":\"\xc5\x81ukasz \xf0\x9f\x8f\xa1\"}".to_vec(),
    ];
    for (number, body) in (0..).zip(&bodies) {
        transport.publish(Queue::Arrivals, Message { id: id(number), body: body.clone().into() }).await.unwrap();
    }
    let consumer = transport.consume(Queue::Arrivals, 10);
    let batch = receive(&consumer, bodies.len()).await;
    assert!(batch.iter().map(|received| received.body.as_ref()).eq(bodies.iter().map(Vec::as_slice)));
}

async fn order_is_kept(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    for start in [0, 200, 400] {
        publish(&transport, Queue::Arrivals, start..start + 200).await;
    }
    let consumer = transport.consume(Queue::Arrivals, 1_000);
    drop(transport); // a consumer keeps what it needs
    assert_eq!(numbers(&receive(&consumer, 600).await), (0..600).collect::<Vec<_>>());
}

async fn receiving_can_be_cancelled(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    let consumer = transport.consume(Queue::Arrivals, 7);
    let publisher = tokio::spawn({
        let transport = transport.clone();
        async move {
            for number in 0..100 {
                transport.publish(Queue::Arrivals, message(number)).await.unwrap();
            }
        }
    });
    let (mut seen, started) = (BTreeSet::new(), Instant::now());
    while seen.len() < 100 {
        assert!(started.elapsed() < LIMIT, "only {} of 100 came", seen.len());
        if let Ok(batch) = timeout(Duration::from_micros(300), consumer.next_batch(3)).await {
            seen.extend(numbers(&batch));
            settle_all(&consumer, batch, &Settlement::Done).await;
        }
    }
    publisher.await.unwrap();
}

async fn prefetch_bounds_what_is_unsettled(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    publish(&transport, Queue::Arrivals, 0..10).await;
    let consumer = transport.consume(Queue::Arrivals, 3);
    let mut batch = receive(&consumer, 3).await;
    assert_quiet(&consumer).await;
    settle_all(&consumer, batch.split_off(2), &Settlement::Done).await;
    assert_eq!(numbers(&receive(&consumer, 1).await), [3]);
    assert_quiet(&consumer).await;
}

async fn a_full_queue_refuses(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport =
        open(TransportOptions { queue_bytes_max: 2_000, local_messages_max: 10, ..TransportOptions::default() }).await;
    let big = |number| Message { id: id(number), body: Bytes::from(vec![b'x'; 200]) };
    let mut refusals = Vec::new();
    for number in 0..100 {
        refusals.extend(transport.publish(Queue::Arrivals, big(number)).await.err());
    }
    assert!(refusals.len() > 50, "{} of 100 were refused", refusals.len());
    assert!(refusals.iter().all(|error| matches!(error, PublishError::Full)), "{refusals:?}");
    let consumer = transport.consume(Queue::Arrivals, 100);
    let batch = receive(&consumer, 100 - refusals.len()).await;
    settle_all(&consumer, batch, &Settlement::Done).await;
    wait::until("room", LIMIT, async || transport.publish(Queue::Arrivals, big(100)).await.ok()).await;
}

async fn queues_are_apart(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    for (number, queue) in (0..).zip(Queue::ALL) {
        publish(&transport, queue, number..number + 1).await;
    }
    for (number, queue) in (0..).zip(Queue::ALL) {
        let consumer = transport.consume(queue, 10);
        assert_eq!(numbers(&receive(&consumer, 1).await), [number]);
        assert_quiet(&consumer).await;
    }
}

async fn closing_ends_waiting(open: impl AsyncFn(TransportOptions) -> Transport) {
    let transport = open(TransportOptions::default()).await;
    let consumer = transport.consume(Queue::Arrivals, 10);
    assert_quiet(&consumer).await;
    let waiting = tokio::spawn(async move { consumer.next_batch(10).await });
    timeout(LIMIT, transport.close()).await.expect("closing ends");
    assert!(timeout(LIMIT, waiting).await.expect("waiting ends").unwrap().is_empty());
    let refused = transport.publish(Queue::Arrivals, message(1)).await;
    assert!(matches!(refused, Err(PublishError::Closed)), "{refused:?}");
    assert_eq!(transport.state().publishing, LinkState::Closed);
    assert!(!transport.is_ready());
}
