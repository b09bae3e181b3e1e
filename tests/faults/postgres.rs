//! PostgreSQL ends under load. With RabbitMQ intake goes on; on the local transport senders are told to come again.

use std::sync::{Arc, Mutex};

use ripen_testkit::{
    postgres::{self, Postgres},
    rabbit,
    receiver::Receiver,
};

use crate::harness::{CRITERIA, Installation, Kind, audit::audit, posters::Load};

/// Deliveries whose attempt could not be recorded are repeated, under the same id.
const IN_FLIGHT: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgresql_loses_nothing_on_rabbitmq() {
    killed(Kind::Rabbit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgresql_loses_nothing_on_the_local_transport() {
    killed(Kind::Local).await;
}

async fn killed(kind: Kind) {
    let mut server = Postgres::start().await;
    let database = postgres::database_on(&server.url()).await;
    let amqp = if kind == Kind::Rabbit { rabbit::shared_vhost().await } else { String::new() };
    let mut installation = Installation::on(database.url(), &amqp).await;
    // A lease that is lost with the server is over soon.
    installation.set("DISPATCHER__LEASE_S", "10");
    installation.set("DISPATCHER__TIMEOUT_S", "3");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let receiver = Receiver::start().await;
    let hook = receiver.url("/hook");
    installation.json(&["endpoint", "add", "--client", "acme", "--webhook", &hook, "--allow-private"]).await;
    let process = installation.serve("").await;
    let load = Load::start(16, &source, Arc::new(Mutex::new(process.url.clone())));
    load.wait_for(200).await;
    server.kill9();
    if kind == Kind::Rabbit {
        load.wait_for(100).await;
    }
    server.start_again().await;
    load.wait_for(100).await;
    let accepted = load.finish().await;
    audit(&installation, &accepted, &receiver, IN_FLIGHT).await;
    assert_eq!(process.stop().await, Some(0));
}
