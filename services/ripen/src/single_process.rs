//! One process without RabbitMQ, or several with one: never a second beside the first, whose queues it cannot see and whose
//! leases it would end.

use std::time::Duration;

use ripen_runtime::{clock::Clock, health::Health, lifecycle::Stop, random::uuid_v7};
use ripen_store::{
    Store, StoreError,
    process::{Company, PlaceTaken, ProcessPlace},
};
use tokio::time::{Instant, sleep, timeout};

/// A process that was just killed still has its connection for an instant; of one whose machine is gone, PostgreSQL learns
/// after `database.tcp_timeout_s`.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How often the place is looked at, and after how long people are told that the database does not answer.
const CHECKED_EVERY: Duration = Duration::from_secs(2);
/// How long the answer is waited for: while the session lives, frozen or not, nobody else can take the place.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// How long a session that this process has given up may take to end: a database that stands still ends nothing.
const FORMER_ENDS_WITHIN: Duration = Duration::from_secs(600);

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
    /// A session that this process has given up.
    #[error(
        "an earlier session of this process is open on the database still, and has its place there: it is being ended"
    )]
    Former,
    /// The database does not say.
    #[error("the database does not say who works on it")]
    Unknown(#[from] StoreError),
}

/// The place that this process has.
pub struct KeptPlace {
    store: Store,
    company: Company,
    /// By what the process knows sessions of its own.
    mark: String,
    held: Option<ProcessPlace>,
}

impl KeptPlace {
    /// Takes a place.
    ///
    /// # Errors
    /// When there is none after a moment.
    pub async fn take(store: &Store, company: Company) -> Result<Self, NoPlace> {
        let mark = format!("ripen {}", uuid_v7(Clock::system().now()));
        let mut place = Self { store: store.clone(), company, mark, held: None };
        place.held = Some(place.taken().await?);
        Ok(place)
    }

    async fn taken(&self) -> Result<ProcessPlace, NoPlace> {
        let until = Instant::now() + PATIENCE;
        loop {
            let why_not = match self.store.process_place(self.company, &self.mark).await? {
                PlaceTaken::Held(held) => return Ok(held),
                PlaceTaken::ByFormerSession => NoPlace::Former,
                PlaceTaken::ByOthers => no_place(self.company),
            };
            if Instant::now() >= until {
                return Err(why_not);
            }
            sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    /// Keeps the place until the soft stop, through restarts and standstills of the database.
    ///
    /// # Errors
    /// When another process has taken it while the database was away.
    pub async fn keep(mut self, health: Health, stop: Stop) -> Result<(), NoPlace> {
        tokio::select! {
            biased;
            () = stop.soft().cancelled() => Ok(()),
            ended = self.keep_on(&health) => ended,
        }
    }

    async fn keep_on(&mut self, health: &Health) -> Result<(), NoPlace> {
        loop {
            sleep(CHECKED_EVERY).await;
            if !self.is_held(health).await {
                // Open, it would keep its session alive, and that the place from this process too.
                self.held = None;
                self.take_again(health).await?;
            }
            health.note("place", None);
        }
    }

    async fn is_held(&mut self, health: &Health) -> bool {
        let Some(held) = &mut self.held else { return false };
        let mut answer = std::pin::pin!(timeout(ANSWERS_WITHIN, held.check()));
        let checked = tokio::select! {
            biased;
            checked = &mut answer => checked,
            () = sleep(CHECKED_EVERY) => {
                health.note("place", Some("the database does not answer".to_owned()));
                answer.await
            }
        };
        matches!(checked, Ok(Ok(())))
    }

    async fn take_again(&mut self, health: &Health) -> Result<(), NoPlace> {
        let until = Instant::now() + FORMER_ENDS_WITHIN;
        loop {
            match timeout(PATIENCE * 2, self.taken()).await {
                Ok(Ok(held)) => {
                    self.held = Some(held);
                    return Ok(());
                }
                Ok(Err(error)) if self.goes_on_after(&error, until) => health.note("place", Some(error.to_string())),
                Ok(Err(error)) => return Err(error),
                Err(_) => health.note("place", Some("the database does not answer".to_owned())),
            }
            sleep(CHECKED_EVERY).await;
        }
    }

    /// Whether a place may be had later, or is not needed.
    fn goes_on_after(&self, error: &NoPlace, until: Instant) -> bool {
        match error {
            NoPlace::Unknown(_) => true,
            NoPlace::Former => Instant::now() < until,
            // What arrived through RabbitMQ is nobody else's; whoever is alone there must go.
            NoPlace::NotAlone | NoPlace::OneAlone => self.company == Company::Others,
        }
    }
}

const fn no_place(company: Company) -> NoPlace {
    match company {
        Company::Alone => NoPlace::NotAlone,
        Company::Others => NoPlace::OneAlone,
    }
}
