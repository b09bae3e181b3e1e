//! What becomes of the messages of one batch.
//!
//! A healthy message is never dead-lettered for its neighbours or for the database. When a batch fails, a trial lead tells
//! whether the database takes leads at all. While it does not, nothing is tried: the messages are held for a moment and then
//! go back to the queue. While it does, the batch is split until the message to blame stands alone.
//!
//! The life of a poisonous message, step by step:
//!
//! 1. It comes with up to 255 healthy ones. Their batch fails; a trial lead passes, so it is not the database: the batch is split in
//!    halves ([`Handler::attempt`], `decide_all`). Its neighbours are done after eight runs at most, and it stands alone.
//! 2. Alone it is noted in the table `suspect` *before* it is tried (`decide_alone`): where it takes the process down, the note is what the
//!    next process finds. [`Suspects`] clears the notes of those that pass.
//! 3. It fails again while a trial passes. Where its own values are to blame, or nobody knows what is, that counts as a try; a conflict, a
//!    disk, or criteria that cannot be read count as none (`end_alone`). It comes again after a pause that grows to a minute. How often it
//!    failed so is kept in this process ([`Standstill::alone`]), as a row that comes back is a new message; `/readyz` and a metric show it
//!    as waiting alone.
//! 4. With three setbacks, here or as RabbitMQ counts them, it is not put into a batch any more (`sort`): it goes to step 2 at once.
//! 5. After the fifth try that counts it is a dead letter, with the reason, and what was noted of it is forgotten.
//!
//! Beside it: a message that meets a lock leaves its batch and comes again ([`Standstill::locked`]), and so does one whose client's criteria
//! cannot be read ([`Standstill::unreadable`]). Both cost no try, and split nothing.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use ripen_domain::backoff::Backoff;
use ripen_queue::{Queue, Received, Settlement};
use ripen_runtime::{
    lifecycle::Stop,
    random,
    retry::{GaveUp, RetryLimit, retry},
};
use ripen_store::{Failure, arrival::spool::SpoolKey};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::{
    batch::{BatchReport, decide},
    batch_fault::{AFTER_CRITERIA, BatchFault, Blame, FailedAlone},
    context::QualifierContext,
    dead_letters::TRIES_BEFORE_DEAD_LETTER,
    left_in_rows,
    message::Item,
    set_aside::WhyAside,
    standstill::Standstill,
    suspects::Suspects,
    trial,
    wake_dispatcher::offer_deliveries,
};

/// A message that came back so often is tried alone.
const SUSPICIOUS_DELIVERIES: u32 = 3;
/// Runs of a batch that met another transaction, before it is split.
const RUNS: u32 = 3;
/// What is held longer goes back to the queue: RabbitMQ ends a consumer that holds a message for half an hour.
pub const HELD_AT_MOST: Duration = Duration::from_secs(10 * 60);
/// When a message comes again that met a lock.
const AFTER_A_LOCK: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };
/// So often it comes again as soon: most locks are held for a moment. Later ever less often: some are of a transaction that
/// somebody forgot.
const MOMENTS: u32 = 10;
/// What failed alone comes again at the latest after this time: the queue holds nothing for longer.
const ALONE_AT_MOST: Duration = Duration::from_secs(60);
/// Pauses between runs of a batch, and between trials.
pub const BACKOFF: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(2) };

/// A message with what it says.
type Read = (Received, Item);

/// How a batch ended.
pub(crate) enum Handled {
    /// Each message has its end.
    Settled(Vec<(Received, Settlement)>),
    /// The database takes nothing: what was not decided goes back to the queue.
    Refused(Vec<(Received, Settlement)>),
    /// Asked to stop meanwhile: nothing is settled, and all of it comes back.
    Stopped,
}

/// How one run came out.
enum RunOutcome {
    /// It went through, but for the messages at these places.
    Passed(BTreeMap<usize, WhyAside>),
    Failed(BatchFault),
    /// The database takes nothing.
    Refused,
    Stopped,
}

/// What decides the batches of one worker.
pub struct Handler<'a> {
    pub ctx: &'a QualifierContext,
    pub queue: Queue,
    pub stop: &'a Stop,
    pub standstill: &'a Standstill,
    pub suspects: &'a Suspects,
    /// The worker's number.
    pub worker: usize,
    /// What it holds for longer goes back to the queue.
    pub held_at_most: Duration,
}

impl Handler<'_> {
    /// Decides what was received.
    pub async fn handle(&self, received: Vec<Received>) -> Handled {
        let mut handled = self.decide_all(received).await;
        if let Handled::Settled(settled) | Handled::Refused(settled) = &mut handled {
            left_in_rows::leave(self.ctx, self.queue, settled).await;
        }
        handled
    }

    async fn decide_all(&self, received: Vec<Received>) -> Handled {
        let since = Instant::now();
        let mut settled = Vec::with_capacity(received.len());
        let (healthy, mut suspects) = self.sort(received, &mut settled);
        let mut waiting = vec![healthy];
        while let Some(mut batch) = waiting.pop() {
            if batch.is_empty() {
                continue;
            }
            if since.elapsed() > self.held_at_most {
                waiting.extend([batch, suspects]);
                return refused(settled, waiting.into_iter().flatten());
            }
            match self.attempt(&batch).await {
                RunOutcome::Passed(aside) => {
                    let done = batch.iter().enumerate().filter(|(place, _)| !aside.contains_key(place));
                    let done: Vec<_> = done.map(|(_, (message, _))| message).collect();
                    self.passed(&done).await;
                    let ended = batch.into_iter().enumerate().map(|(place, read)| self.end(read, aside.get(&place)));
                    settled.extend(ended);
                }
                RunOutcome::Failed(_) if batch.len() == 1 => suspects.append(&mut batch),
                RunOutcome::Failed(fault) => {
                    metrics::counter!("ripen_batches_split_total").increment(1);
                    tracing::debug!(error = fault.why, messages = batch.len(), "a batch failed and is split");
                    // In halves: of 256 messages the one to blame stands alone after eight runs.
                    let second = batch.split_off(batch.len() / 2);
                    waiting.extend([second, batch]);
                }
                RunOutcome::Refused => {
                    waiting.extend([batch, suspects]);
                    return refused(settled, waiting.into_iter().flatten());
                }
                RunOutcome::Stopped => return Handled::Stopped,
            }
        }
        self.handle_alone(settled, suspects, since).await
    }

    /// Messages to try together, and those to try alone. What cannot be read is settled.
    fn sort(&self, received: Vec<Received>, settled: &mut Vec<(Received, Settlement)>) -> (Vec<Read>, Vec<Read>) {
        let (mut healthy, mut suspects) = (Vec::with_capacity(received.len()), Vec::new());
        for message in received {
            match self.read(&message.body) {
                // Tried again, it would be as unreadable, and its neighbours would wait for it.
                Err(why) => settled.push((message, dead(why))),
                Ok(item) if self.setbacks(&message) >= SUSPICIOUS_DELIVERIES => suspects.push((message, item)),
                Ok(item) => healthy.push((message, item)),
            }
        }
        (healthy, suspects)
    }

    fn read(&self, body: &Bytes) -> Result<Item, String> {
        match self.queue {
            Queue::Requalify => Item::requalify(body),
            _ => Item::arrival(body),
        }
    }

    async fn handle_alone(
        &self,
        mut settled: Vec<(Received, Settlement)>,
        suspects: Vec<Read>,
        since: Instant,
    ) -> Handled {
        let mut suspects = suspects.into_iter();
        while let Some(suspect) = suspects.next() {
            if since.elapsed() > self.held_at_most {
                return refused(settled, std::iter::once(suspect).chain(suspects));
            }
            match self.decide_alone(suspect).await {
                Alone::Settled(message, outcome) => settled.push((message, outcome)),
                Alone::Refused(suspect) => return refused(settled, std::iter::once(suspect).chain(suspects)),
                Alone::Stopped => return Handled::Stopped,
            }
        }
        Handled::Settled(settled)
    }

    /// Tries one message alone, noting first that it is tried: should it take the process down, the note remains.
    async fn decide_alone(&self, suspect: Read) -> Alone {
        let (id, reason) = (suspect.0.id, suspect.0.reason.clone());
        let why = reason.as_deref().unwrap_or("failed in a batch, or came back too often");
        let tries = match self.note_try(id, why).await {
            Ok(tries) => tries,
            Err(GaveUp::Stopped) => return Alone::Stopped,
            Err(GaveUp::Limit(_)) => return Alone::Refused(suspect),
        };
        if tries > TRIES_BEFORE_DEAD_LETTER {
            return Alone::Settled(suspect.0, dead(format!("gave up after {TRIES_BEFORE_DEAD_LETTER} tries: {why}")));
        }
        let batch = [suspect];
        let attempt = self.attempt(&batch).await;
        let [suspect] = batch;
        match attempt {
            RunOutcome::Passed(aside) => {
                match aside.is_empty() {
                    true => self.passed(&[&suspect.0]).await,
                    // What it was tried alone for did not come again; what it waits for now is counted on.
                    false => self.suspects.passed(&[&suspect.0]).await,
                }
                let (message, outcome) = self.end(suspect, aside.get(&0));
                Alone::Settled(message, outcome)
            }
            RunOutcome::Failed(fault) => self.end_alone(suspect.0, fault, tries).await,
            RunOutcome::Refused => {
                self.suspects.uncount(id).await;
                Alone::Refused(suspect)
            }
            RunOutcome::Stopped => {
                // It would be given up after five restarts.
                self.suspects.uncount(id).await;
                Alone::Stopped
            }
        }
    }

    async fn end_alone(&self, mut message: Received, fault: BatchFault, tries: i32) -> Alone {
        if fault.counts() {
            tracing::warn!(message.id = %message.id, tries, error = fault.why, "a message failed alone while others pass");
        } else {
            self.standstill.set_aside(word(fault.blame), 1, &fault.why);
            self.suspects.uncount(message.id).await;
        }
        let first = Duration::from_millis(self.ctx.settings.qualifier.alone_pause_ms);
        let pauses = Backoff { first, longest: ALONE_AT_MOST };
        let deliveries = self.setbacks(&message);
        let shown = fault.is_shown(deliveries).then(|| fault.why.clone());
        let outcome = fault.end(FailedAlone { tries, deliveries, pauses });
        match (&outcome, shown) {
            (Settlement::Dead(_), _) => {
                self.waits_no_more(&[message.id]);
                metrics::counter!("ripen_dead_letters_total").increment(1);
            }
            (Settlement::Later(pause), why) => {
                if let Some(why) = why {
                    self.standstill.waits_alone(message.id, why, *pause);
                }
                // It is known by its count when it comes back, and its note is cleared when it passes.
                message.delivery_count = deliveries.saturating_add(1);
                self.standstill.alone.note(message.id, message.delivery_count);
            }
            _ => {}
        }
        Alone::Settled(message, outcome)
    }

    /// Counts one more try of a message; returns how many there were.
    async fn note_try(&self, id: Uuid, why: &str) -> Result<i32, GaveUp<ripen_store::StoreError>> {
        self.suspects.note(id);
        let note = || async {
            // First, or a try that proved nothing would be one too many.
            self.suspects.settle().await;
            self.ctx.store.suspect_note(id, self.queue.name(), why, self.ctx.clock.now()).await.into()
        };
        let noted: Result<i32, GaveUp<ripen_store::StoreError>> =
            retry(BACKOFF, self.hold(), self.stop.soft(), note).await;
        noted.map(|tries| self.suspects.counting(id, tries))
    }

    /// How often it came before, here or on the way here.
    fn setbacks(&self, message: &Received) -> u32 {
        message.delivery_count.max(self.standstill.alone.of(message.id))
    }

    fn waits_no_more(&self, messages: &[Uuid]) {
        self.standstill.waits_no_more(messages);
        self.standstill.setbacks().into_iter().for_each(|setbacks| setbacks.forget(messages));
    }

    /// How a message ended that was in a batch that passed.
    fn end(&self, (message, _): Read, aside: Option<&WhyAside>) -> (Received, Settlement) {
        let settlement = match aside {
            None => Settlement::Done,
            Some(WhyAside::Locked) => {
                let times = self.standstill.locked.count(message.id);
                Settlement::Later(AFTER_A_LOCK.pause(times.saturating_sub(MOMENTS), 1.0))
            }
            Some(WhyAside::Criteria) => {
                Settlement::Later(AFTER_CRITERIA.pause(self.standstill.unreadable.count(message.id), 1.0))
            }
        };
        (message, settlement)
    }

    /// Forgets what was noted of messages that went through now.
    async fn passed(&self, messages: &[&Received]) {
        self.waits_no_more(&messages.iter().map(|message| message.id).collect::<Vec<_>>());
        self.suspects.passed(messages).await;
    }

    /// Runs a batch: again after a conflict, and after the database was away.
    async fn attempt(&self, batch: &[Read]) -> RunOutcome {
        let mut runs = 0;
        loop {
            let fault = match self.decide(batch).await {
                Ok(report) => return RunOutcome::Passed(self.finish(report).await),
                Err(fault) => fault,
            };
            runs += 1;
            match fault.blame {
                Blame::Nobody if runs < RUNS && !fault.waited => {
                    tokio::select! {
                        biased;
                        () = self.stop.soft().cancelled() => return RunOutcome::Stopped,
                        () = tokio::time::sleep(BACKOFF.pause(runs, random::fraction())) => {}
                    }
                }
                Blame::Nobody | Blame::Message | Blame::Hours => return RunOutcome::Failed(fault),
                blame @ (Blame::Outside | Blame::Database(_)) => {
                    match self.until_a_trial_passes(&fault.why).await {
                        Ok(()) => {}
                        Err(GaveUp::Stopped) => return RunOutcome::Stopped,
                        Err(GaveUp::Limit(_)) => return RunOutcome::Refused,
                    }
                    // A connection that broke may have broken by itself, once. A message that takes the server down with it
                    // breaks it each time.
                    if blame != Blame::Database(Failure::Away) || runs > 1 {
                        return RunOutcome::Failed(fault);
                    }
                }
            }
        }
    }

    async fn decide(&self, batch: &[Read]) -> Result<BatchReport, BatchFault> {
        let items: Vec<_> = batch.iter().map(|(_, item)| item).collect();
        let spooled = self.spooled(batch);
        let limit = Duration::from_secs(self.ctx.settings.qualifier.batch_timeout_s);
        match timeout(limit, decide(self.ctx, &items, &spooled)).await {
            Ok(result) => result.map_err(BatchFault::from),
            Err(_) => Err(BatchFault::silent(limit)),
        }
    }

    /// The rows that rest in the spool until these messages are decided; none where RabbitMQ keeps them.
    fn spooled(&self, batch: &[Read]) -> Vec<SpoolKey> {
        if self.ctx.transport.keeps(self.queue) || self.queue != Queue::Arrivals {
            return Vec::new();
        }
        batch.iter().map(|(message, _)| SpoolKey::of(message.id, &message.body)).collect()
    }

    /// Tries trial leads for as long as messages are held.
    async fn until_a_trial_passes(&self, why: &str) -> Result<(), GaveUp<ripen_store::StoreError>> {
        let passed = retry(BACKOFF, self.hold(), self.stop.soft(), async || {
            let passed = trial::run(self.ctx).await;
            passed.inspect_err(|_| self.standstill.waits(self.worker, why)).into()
        });
        passed.await.inspect(|()| self.standstill.works(self.worker))
    }

    fn hold(&self) -> RetryLimit {
        RetryLimit::Until(Instant::now() + Duration::from_secs(self.ctx.settings.qualifier.hold_s))
    }

    /// Counts what was done and has it sent; returns what was set aside.
    async fn finish(&self, report: BatchReport) -> BTreeMap<usize, WhyAside> {
        metrics::counter!("ripen_arrivals_stored_total").increment(report.arrivals as u64);
        for (grade, count) in ["A", "B", "C"].into_iter().zip(report.decisions) {
            metrics::counter!("ripen_decisions_total", "grade" => grade).increment(count as u64);
        }
        offer_deliveries(self.ctx, &report.deliveries).await;
        let count = |why| report.set_aside.values().filter(|one| **one == why).count();
        let (locked, unread) = (count(WhyAside::Locked), count(WhyAside::Criteria));
        if locked > 0 {
            self.standstill.set_aside("locked", locked, "another transaction holds their persons");
        }
        if unread > 0 {
            self.standstill.set_aside("criteria", unread, report.broken_criteria.as_deref().unwrap_or_default());
        }
        report.set_aside
    }
}

/// How a message that was tried alone ended.
enum Alone {
    Settled(Received, Settlement),
    Refused(Read),
    Stopped,
}

/// The metric's word.
const fn word(blame: Blame) -> &'static str {
    match blame {
        Blame::Hours => "criteria",
        Blame::Outside => "database",
        _ => "conflict",
    }
}

fn refused(mut settled: Vec<(Received, Settlement)>, rest: impl Iterator<Item = Read>) -> Handled {
    settled.extend(rest.map(|(message, _)| (message, Settlement::Later(Duration::ZERO))));
    Handled::Refused(settled)
}

fn dead(why: String) -> Settlement {
    metrics::counter!("ripen_dead_letters_total").increment(1);
    Settlement::Dead(why)
}

#[cfg(test)]
mod tests;
