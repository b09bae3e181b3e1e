//! One publishing channel and its confirms. A lane is one task: on a shared channel the library numbers a message and
//! puts it on the wire in two steps, so that two publishers could get each other's confirms.

use std::{
    collections::HashSet,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lapin::{Channel, Confirmation, options::BasicPublishOptions};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::{
    flight::CompletionSet,
    headers::{self, Outgoing},
};
use crate::message::PublishError;

/// Messages taken from the callers in one go.
const TAKE: usize = 64;

/// A message and who waits for its confirm.
pub(super) struct Job {
    pub(super) outgoing: Outgoing,
    pub(super) answer: oneshot::Sender<Result<(), PublishError>>,
}

/// The callers' end of a lane.
pub(super) struct Lane {
    pub(super) jobs: mpsc::Sender<Job>,
    silent: Arc<AtomicBool>,
}

impl Lane {
    /// A lane that holds up to `limit` unconfirmed messages, and its task, which ends when the channel does, when a
    /// message was returned, or when no caller is left.
    pub(super) fn new(channel: Channel, limit: usize, patience: Duration) -> (Self, impl Future<Output = ()> + Send) {
        // Bounded by what may be unconfirmed: more callers would only wait in here, beyond their own limit of time.
        let (sender, jobs) = mpsc::channel(limit);
        let silent = Arc::new(AtomicBool::new(false));
        let driver = Driver { channel, jobs, limit, patience, silent: silent.clone() };
        (Self { jobs: sender, silent }, driver.run())
    }

    /// True when RabbitMQ owes confirms and has sent none for as long as a publisher waits.
    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }
}

struct Driver {
    channel: Channel,
    jobs: mpsc::Receiver<Job>,
    limit: usize,
    patience: Duration,
    silent: Arc<AtomicBool>,
}

type Sending = Pin<Box<dyn Future<Output = PublishResult> + Send>>;

/// A message of which RabbitMQ has spoken, or never will.
struct PublishResult {
    id: Uuid,
    result: lapin::Result<Confirmation>,
    answer: oneshot::Sender<Result<(), PublishError>>,
}

impl Driver {
    async fn run(mut self) {
        let mut flight: CompletionSet<Sending> = CompletionSet::new();
        let mut fresh = Vec::with_capacity(TAKE);
        let mut heard = Instant::now();
        let mut callers = true;
        // Until the last confirm: who waits for one must hear of it even when the callers are gone.
        while callers || !flight.is_empty() {
            // A limit of 0 makes `recv_many` return at once, as if the callers were gone: hence the guard on its
            // branch.
            let room = TAKE.min(self.limit - flight.len());
            tokio::select! {
                // Confirms first: publishers wait for them, and each makes room for another message.
                biased;
                landed = flight.landed(), if !flight.is_empty() => {
                    heard = Instant::now();
                    self.silent.store(false, Ordering::Relaxed);
                    if !answer(landed) {
                        return;
                    }
                }
                taken = self.jobs.recv_many(&mut fresh, room), if callers && room > 0 => {
                    callers = taken > 0;
                    // Nothing was owed until now: a pause between messages is no silence of RabbitMQ's.
                    if flight.is_empty() {
                        heard = Instant::now();
                    }
                    // Who no longer waits has put the message elsewhere already.
                    for job in fresh.drain(..).filter(|job| !job.answer.is_closed()) {
                        // Boxed, so that all of them fit into one collection.
                        flight.push(Box::pin(send(self.channel.clone(), job)));
                    }
                }
                // Silence counts only while something is owed, and is told once.
                () = sleep_until(heard + self.patience), if !flight.is_empty() && !self.silent.load(Ordering::Relaxed) => {
                    self.silent.store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

async fn send(channel: Channel, Job { outgoing, answer }: Job) -> PublishResult {
    // Without `mandatory`, a message for a queue that is gone is confirmed and lost.
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let name = outgoing.queue.name().into();
    // Published and confirmed in one future: numbering and wire in two steps are why a lane is a single task.
    let result = match channel.basic_publish("".into(), name, options, &outgoing.body, outgoing.properties()).await {
        Ok(confirm) => confirm.await,
        Err(error) => Err(error),
    };
    PublishResult { id: outgoing.id, result, answer }
}

/// Tells the publishers; false when the channel is not to be used any more. A returned message means that a queue is
/// gone, and a new connection declares it again.
fn answer(landed: Vec<PublishResult>) -> bool {
    // Of everything that was completed, because a returned message may have come with any of these confirms.
    let returned: HashSet<Option<Uuid>> = landed.iter().filter_map(returned).collect();
    let mut usable = returned.is_empty();
    for sent in landed {
        let result = match sent.result {
            // An id that cannot be read may be any of them: all of these count as returned, and publishing again is
            // safe.
            Ok(Confirmation::Ack(_)) if returned.contains(&Some(sent.id)) || returned.contains(&None) => {
                Err(PublishError::Returned)
            }
            Ok(Confirmation::Ack(_)) => Ok(()),
            // Refused by the queue's limit. The caller puts the message elsewhere, and publishing again is safe.
            Ok(Confirmation::Nack(_)) => Err(PublishError::Full),
            Ok(Confirmation::NotRequested) => Err(PublishError::Lost(None)),
            Err(error) => {
                usable = false;
                Err(PublishError::Lost(Some(Arc::new(error))))
            }
        };
        // A publisher that gave up has dropped its end.
        drop(sent.answer.send(result));
    }
    usable
}

/// The id of the returned message that came with this confirm (of whichever message that is), where one did.
fn returned(sent: &PublishResult) -> Option<Option<Uuid>> {
    match &sent.result {
        Ok(Confirmation::Ack(Some(message)) | Confirmation::Nack(Some(message))) => {
            Some(headers::id_of(&message.properties))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lapin::{
        BasicProperties,
        message::{BasicReturnMessage, Delivery},
    };

    use super::*;

    type Answered = oneshot::Receiver<Result<(), PublishError>>;

    fn sent(id: u128, confirmation: Confirmation) -> (PublishResult, Answered) {
        let (answer, answered) = oneshot::channel();
        (PublishResult { id: Uuid::from_u128(id), result: Ok(confirmation), answer }, answered)
    }

    fn returned_message(id: Option<u128>) -> BasicReturnMessage {
        let mut delivery = Delivery::mock(0, "".into(), "ripen.arrivals".into(), false, Vec::new());
        if let Some(id) = id {
            let id = Uuid::from_u128(id).to_string();
            delivery.properties = BasicProperties::default().with_message_id(id.into());
        }
        BasicReturnMessage { delivery, reply_code: 312, reply_text: "NO_ROUTE".into() }
    }

    fn words(answered: Vec<Answered>) -> Vec<&'static str> {
        answered.into_iter().map(|mut one| one.try_recv().unwrap().err().map_or("ok", |error| error.word())).collect()
    }

    #[test]
    fn a_returned_message_is_found_whichever_confirm_brought_it() {
        let (landed, answered) = [
            sent(1, Confirmation::Ack(Some(returned_message(Some(2))))),
            sent(2, Confirmation::Ack(None)),
            sent(3, Confirmation::Ack(None)),
        ]
        .into_iter()
        .unzip();
        assert!(!answer(landed), "the queue must be declared again");
        assert_eq!(words(answered), ["ok", "returned", "ok"]);
    }

    #[test]
    fn a_nameless_returned_message_could_be_any() {
        let (landed, answered) =
            [sent(1, Confirmation::Nack(Some(returned_message(None)))), sent(2, Confirmation::Ack(None))]
                .into_iter()
                .unzip();
        assert!(!answer(landed));
        assert_eq!(words(answered), ["full", "returned"]);
    }

    #[test]
    fn only_a_plain_confirm_counts() {
        let (landed, answered) =
            [sent(1, Confirmation::Ack(None)), sent(2, Confirmation::Nack(None)), sent(3, Confirmation::NotRequested)]
                .into_iter()
                .unzip();
        assert!(answer(landed), "a full queue is no reason to connect again");
        assert_eq!(words(answered), ["ok", "full", "lost"]);
    }
}
