//! One process without RabbitMQ, or several with one: never a second beside the first, whose queues it cannot see and whose
//! leases it would end.

use std::time::Duration;

use ripen_runtime::{health::Health, lifecycle::Stop};
use ripen_store::{
    Store, StoreError,
    process::{Company, ProcessPlace},
};
use tokio::time::{Instant, sleep, timeout};

/// A process that was just killed still has its connection for an instant; of one whose machine is gone, PostgreSQL learns
/// after `database.tcp_timeout_s`.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How often the place is looked at, and how long the database has to answer.
const CHECKED_EVERY: Duration = Duration::from_secs(2);

/// There is no place for this process.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// This one has no RabbitMQ, and is not the first.
    #[error(
        "another process works on this database, and this one has no RabbitMQ to share with it (amqp.url is empty): each would end what the other has under way. Stop the other one, or set amqp.url for both. To import beside it, name it with --server"
    )]
    NotAlone,
    /// The other one has no RabbitMQ.
    #[error(
        "a process without RabbitMQ (its amqp.url is empty) works on this database, and would not see what this one does. Stop it first, or give it the same amqp.url"
    )]
    OneAlone,
    /// The database does not say.
    #[error("the database does not say who works on it")]
    Unknown(#[from] StoreError),
}

/// The place that this process has.
pub struct KeptPlace {
    store: Store,
    company: Company,
    held: ProcessPlace,
}

impl KeptPlace {
    /// Takes a place.
    ///
    /// # Errors
    /// When there is none after a moment.
    pub async fn take(store: &Store, company: Company) -> Result<Self, NoPlace> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(held) = store.process_place(company).await? {
                return Ok(Self { store: store.clone(), company, held });
            }
            if Instant::now() >= until {
                return Err(no_place(company));
            }
            sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    /// Keeps the place until the soft stop, through restarts of the database.
    ///
    /// # Errors
    /// When another process has taken it while the database was away.
    pub async fn keep(mut self, health: Health, stop: Stop) -> Result<(), NoPlace> {
        loop {
            tokio::select! {
                biased;
                () = stop.soft().cancelled() => return Ok(()),
                () = sleep(CHECKED_EVERY) => {}
            }
            if matches!(timeout(CHECKED_EVERY, self.held.check()).await, Ok(Ok(()))) {
                continue;
            }
            match timeout(PATIENCE * 2, Self::take(&self.store, self.company)).await {
                Ok(Ok(again)) => {
                    health.note("place", None);
                    self = again;
                }
                Ok(Err(NoPlace::Unknown(_))) | Err(_) => {}
                // What arrived through RabbitMQ is nobody else's; whoever is alone there must go.
                Ok(Err(error)) if self.company == Company::Others => health.note("place", Some(error.to_string())),
                Ok(Err(error)) => return Err(error),
            }
        }
    }
}

const fn no_place(company: Company) -> NoPlace {
    match company {
        Company::Alone => NoPlace::NotAlone,
        Company::Others => NoPlace::OneAlone,
    }
}
