//! Runs the private PostgreSQL and RabbitMQ that a whole run of the tests shares, for `tests/run`.
//!
//! Says in lines of `NAME=value` how tests reach them, and one migrated database for the compiler's check of the
//! queries. Both end when the standard input is closed, or with this process.
#![allow(clippy::unwrap_used, reason = "a harness stops at the first surprise")]
#![allow(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::io::Read as _;

use ripen_testkit::{
    postgres::{Postgres, database_on},
    rabbit::Rabbit,
};

#[tokio::main]
async fn main() {
    let (postgres, rabbit) = tokio::join!(Postgres::start_careless(), Rabbit::start());
    let migrated = database_on(&postgres.url()).await;
    println!("RIPEN_TEST_POSTGRES_URL={}", postgres.url());
    println!("RIPEN_TEST_RABBIT={}:{}", rabbit.node().amqp_port, rabbit.node().control_port);
    println!("DATABASE_URL={}", migrated.url());
    println!("READY=yes");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
