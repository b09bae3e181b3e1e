//! RabbitMQ ends under load: intake goes on into the spool, and those leads are graded when it returns.

use std::sync::{Arc, Mutex};

use ripen_testkit::{postgres, rabbit::Rabbit, receiver::Receiver, wait::until};

use crate::harness::{CRITERIA, Installation, LIMIT, audit::audit, posters::Load};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rabbitmq_loses_nothing_and_intake_goes_on() {
    let database = postgres::database().await;
    let mut broker = Rabbit::start().await;
    let mut installation = Installation::on(database.url(), &broker.url()).await;
    // What RabbitMQ did not take is offered when it is back. Whatever waited for an offer to run out would wait for an hour.
    installation.set("QUALIFIER__OFFER_S", "3600");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let hook = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &hook, "--allow-private"]).await;
    let process = installation.serve("").await;
    let load = Load::start(16, &source, Arc::new(Mutex::new(process.url.clone())));
    load.wait_for(200).await;
    broker.kill9();
    load.wait_for(200).await;
    assert!(installation.count("select count(*) from spool").await > 0, "the spool takes what RabbitMQ cannot");
    until("a process that needs RabbitMQ says that it is away", LIMIT, || async {
        (process.get("/readyz").await.0 == 503).then_some(())
    })
    .await;
    broker.start_again().await;
    load.wait_for(100).await;
    assert_eq!(load.refused(), 0, "nobody is turned away");
    let accepted = load.finish().await;
    audit(&installation, &accepted, &receiver, 0).await;
    assert_eq!(process.stop().await, Some(0));
}
