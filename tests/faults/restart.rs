//! Processes that end: SIGTERM under load, `kill -9` of a qualifier in mid-batch, of everything in one process.

use std::sync::{Arc, Mutex};

use ripen_testkit::receiver::Receiver;

use crate::harness::{CRITERIA, Installation, Kind, Source, audit::audit, posters::Load};

/// Deliveries that one process can have in flight.
const IN_FLIGHT: usize = 256;

async fn prepared(kind: Kind) -> (Installation, Source, Receiver) {
    let installation = Installation::new(kind).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &url, "--allow-private"]).await;
    (installation, source, receiver)
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_loses_nothing_on_the_local_transport() {
    sigterm_under_load(Kind::Local).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_loses_nothing_on_rabbitmq() {
    sigterm_under_load(Kind::Rabbit).await;
}

async fn sigterm_under_load(kind: Kind) {
    let (installation, source, receiver) = prepared(kind).await;
    let process = installation.serve("").await;
    let url = Arc::new(Mutex::new(process.url.clone()));
    let load = Load::start(16, &source, Arc::clone(&url));
    load.wait_for(200).await;
    assert_eq!(process.stop().await, Some(0), "it stops as it should under load");
    let again = installation.serve("").await;
    url.lock().unwrap().clone_from(&again.url);
    load.wait_for(100).await;
    let accepted = load.finish().await;
    audit(&installation, &accepted, &receiver, 0).await;
    assert_eq!(again.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_on_the_local_transport() {
    let (installation, source, receiver) = prepared(Kind::Local).await;
    let process = installation.serve("").await;
    let url = Arc::new(Mutex::new(process.url.clone()));
    let load = Load::start(16, &source, Arc::clone(&url));
    load.wait_for(300).await;
    process.kill9().await;
    let again = installation.serve("").await;
    url.lock().unwrap().clone_from(&again.url);
    load.wait_for(100).await;
    let accepted = load.finish().await;
    audit(&installation, &accepted, &receiver, IN_FLIGHT).await;
    assert_eq!(again.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qualifier_killed_in_mid_batch_loses_nothing() {
    let (installation, source, receiver) = prepared(Kind::Rabbit).await;
    let intake = installation.serve("intake").await;
    let dispatcher = installation.serve("dispatcher").await;
    let load = Load::start(16, &source, Arc::new(Mutex::new(intake.url.clone())));
    for _ in 0..3 {
        let qualifier = installation.serve("qualifier").await;
        load.wait_for(100).await;
        qualifier.kill9().await;
    }
    let qualifier = installation.serve("qualifier").await;
    let accepted = load.finish().await;
    audit(&installation, &accepted, &receiver, 0).await;
    for process in [intake, qualifier, dispatcher] {
        assert_eq!(process.stop().await, Some(0));
    }
}
