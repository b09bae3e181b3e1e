//! The worker's part: batches taken from a queue and decided, as they should be or with something going wrong.

use ripen_domain::arrival::Arrival;
use ripen_qualifier::{BatchReport, Item, decide};
use ripen_queue::{Message, Queue, Received, Settlement};
use ripen_store::arrival::spool::SpoolKey;
use ripen_testkit::wait::until;

use crate::harness::LIMIT;

use super::{
    desk, fault,
    operation::{Fault, Point, Waiting, Way},
    world::{Outcome, World, waiting},
};

/// Messages that were taken, and what they say.
struct Batch {
    queue: Queue,
    items: Vec<Item>,
    keys: Vec<SpoolKey>,
}

impl Batch {
    fn read(queue: Queue, received: &[Received]) -> Result<Self, String> {
        let read = |message: &Received| match queue {
            Queue::Requalify => Item::requalify(&message.body),
            _ => Item::arrival(&message.body),
        };
        let items = received.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self {
            queue,
            items,
            keys: received.iter().map(|message| SpoolKey::of(message.id, &message.body)).collect(),
        })
    }

    fn items(&self) -> Vec<&Item> {
        self.items.iter().collect()
    }

    /// What leaves the spool with the batch.
    fn spooled(&self) -> &[SpoolKey] {
        if self.queue == Queue::Arrivals { &self.keys } else { &[] }
    }

    fn arrivals(&self) -> Vec<&Arrival> {
        let arrivals = self.items.iter().filter_map(|item| match item {
            Item::Arrival(arrival) => Some(arrival.as_ref()),
            Item::Requalify(_) => None,
        });
        arrivals.collect()
    }

    fn one_by_one(self) -> impl Iterator<Item = Self> {
        let queue = self.queue;
        self.items.into_iter().zip(self.keys).map(move |(item, key)| Self { queue, items: vec![item], keys: vec![key] })
    }
}

impl World {
    /// Takes what waits and decides it.
    pub async fn decide(&mut self, from: Waiting, way: Way) -> Outcome {
        let queue = match from {
            Waiting::Arrivals => Queue::Arrivals,
            Waiting::Requalify => Queue::Requalify,
        };
        let consumer = self.qualifier.transport.consume(queue, 256);
        let received = waiting(&consumer);
        if received.is_empty() {
            return Ok(());
        }
        if queue == Queue::Requalify {
            let taken = received.iter().map(|message| Message { id: message.id, body: message.body.clone() });
            self.messages.extend(taken.map(|message| (queue, message)));
        }
        let batch = Batch::read(queue, &received)?;
        match way {
            Way::Once => self.commit(&batch).await?,
            Way::Apart => {
                for one in batch.one_by_one() {
                    self.moment();
                    self.commit(&one).await?;
                }
            }
            Way::Twice => {
                self.commit(&batch).await?;
                self.moment();
                self.commit(&batch).await?;
            }
            Way::AtOnce => self.at_once(&batch).await?,
            Way::Suppressed(person) => {
                self.model.opted_out.insert(person);
                let suppressed = desk::suppressed(self.qualifier.store.clone(), person, self.now());
                let (committed, suppressed) = tokio::join!(self.commit(&batch), suppressed);
                committed?;
                suppressed?;
            }
            Way::Again(point, fault) => {
                if !self.fail(&batch, point, fault).await? {
                    self.moment();
                    self.commit(&batch).await?;
                }
            }
            Way::Crash(point, fault) => {
                self.fail(&batch, point, fault).await?;
                return self.die().await;
            }
            Way::CrashAfter => {
                self.run(&batch).await?;
                self.absorb(&batch).await;
                return self.die().await;
            }
        }
        consumer.settle(received.into_iter().map(|message| (message, Settlement::Done)).collect()).await;
        Ok(())
    }

    /// No two batches have one instant: the order of a lead's decisions is the order of their instants.
    fn moment(&self) {
        assert!(self.qualifier.clock.advance(jiff::SignedDuration::from_millis(1)));
    }

    async fn die(&mut self) -> Outcome {
        self.restart().await;
        Ok(())
    }

    async fn run(&self, batch: &Batch) -> Result<BatchReport, String> {
        let items = batch.items();
        // A transaction that a fault ended is rolled back in the background, and holds its locks until then: what is set
        // aside for it comes again, as the worker has it come.
        until("nobody holds a lock", LIMIT, || async {
            self.moment();
            match decide(&self.qualifier, &items, batch.spooled()).await {
                Ok(report) if report.set_aside.is_empty() => Some(Ok(report)),
                Ok(_) => None,
                Err(error) => Some(Err(format!("a healthy batch failed: {error}"))),
            }
        })
        .await
    }

    /// Decides a batch and does what the worker does after it.
    async fn commit(&mut self, batch: &Batch) -> Outcome {
        let report = self.run(batch).await?;
        self.absorb(batch).await;
        self.offer(&report).await;
        Ok(())
    }

    /// Two workers decide the same messages; one of them may have to run again.
    async fn at_once(&mut self, batch: &Batch) -> Outcome {
        let items = batch.items();
        let one = decide(&self.qualifier, &items, batch.spooled());
        let other = decide(&self.qualifier, &items, batch.spooled());
        let (one, other) = tokio::join!(one, other);
        let mut went_through = false;
        for result in [one, other] {
            match result {
                Ok(report) => {
                    went_through = true;
                    self.absorb(batch).await;
                    self.offer(&report).await;
                }
                Err(ripen_qualifier::DecideError::Store(error))
                    if error.is_conflict() || matches!(error, ripen_store::StoreError::Moved(_)) => {}
                Err(error) => return Err(format!("one of two batches at once failed: {error}")),
            }
        }
        if !went_through {
            return Err("of two batches at once neither went through".to_owned());
        }
        // What each set aside because the other held it comes again, as the worker has it come.
        self.moment();
        self.commit(batch).await
    }

    /// Decides a batch that fails at a point, if it comes there. True where it did not.
    async fn fail(&mut self, batch: &Batch, point: Point, fault: Fault) -> Result<bool, String> {
        fault::arm(&self.pool, point, fault).await;
        let result = decide(&self.qualifier, &batch.items(), batch.spooled()).await;
        fault::disarm(&self.pool).await;
        match result {
            Ok(report) => {
                self.absorb(batch).await;
                self.offer(&report).await;
                Ok(true)
            }
            Err(ripen_qualifier::DecideError::Store(error)) if fault == Fault::Cut && !error.is_unreachable() => {
                Err(format!("a cut connection is taken for something else: {error}"))
            }
            Err(_) => Ok(false),
        }
    }

    /// The batch is committed: the model learns of it, and of leads that the criteria closed.
    async fn absorb(&mut self, batch: &Batch) {
        self.model.absorb(&batch.arrivals());
        let sql = "select p.name from lead l join person p on p.id = l.person_id where l.stage in ('lead', 'contact', 'opportunity')";
        let open: Vec<String> = sqlx::query_scalar(sql).fetch_all(&self.pool).await.unwrap();
        let open: Vec<_> = open.iter().map(|name| super::posting::person_of(name)).collect();
        self.model.open.retain(|person, _| open.contains(person));
    }

    /// Wakes the dispatcher, as the worker does after a commit.
    async fn offer(&self, report: &BatchReport) {
        let offers = report.deliveries.iter().map(|due| super::deliver::offer(due.delivery, due.endpoint));
        for result in self.qualifier.transport.publish_all(Queue::Deliveries, offers.collect()).await {
            result.unwrap();
        }
    }
}
