//! Workers that wait because the database takes nothing, and messages at which it fails though it takes others: shown by
//! `/readyz`, a metric and one line a minute.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ripen_runtime::{
    every::{NextTick, every},
    health::Health,
    lifecycle::Stop,
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::setbacks::Setbacks;

/// What lasts is said so often.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// A message that is not back by then was taken by another process.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked who is not back.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(10);
const WAITING: &str = "ripen_qualifier_waiting_workers";
const ALONE: &str = "ripen_qualifier_waiting_messages";
const SET_ASIDE: &str = "ripen_messages_set_aside_total";

/// Which workers wait, and for what. One for all workers of a process.
#[derive(Debug)]
pub struct Standstill {
    health: Health,
    waiting: Mutex<BTreeMap<usize, String>>,
    waiting_alone: Mutex<BTreeMap<Uuid, WaitingAlone>>,
    said: Mutex<BTreeMap<&'static str, Instant>>,
    /// Messages that failed alone and come again.
    pub alone: Setbacks,
    /// Messages that met a lock.
    pub locked: Setbacks,
    /// Messages of clients whose criteria cannot be read.
    pub unreadable: Setbacks,
}

/// A message that waits for what it failed of.
#[derive(Debug)]
struct WaitingAlone {
    why: String,
    until: Instant,
}

impl Standstill {
    /// Nobody waits.
    pub fn new(health: Health) -> Self {
        metrics::describe_gauge!(WAITING, "Workers of the qualifier that wait for the database to take leads");
        metrics::describe_counter!(SET_ASIDE, "Messages left for later, by why");
        metrics::gauge!(WAITING).set(0.0);
        metrics::describe_gauge!(ALONE, "Messages at which the database fails though it takes others");
        metrics::gauge!(ALONE).set(0.0);
        for why in ["locked", "conflict", "criteria", "database"] {
            metrics::counter!(SET_ASIDE, "why" => why).increment(0);
        }
        let (waiting, waiting_alone, said) = Default::default();
        let (alone, locked, unreadable) = Default::default();
        let standstill = Self { health, waiting, waiting_alone, said, alone, locked, unreadable };
        standstill.health.set("qualifier", Ok(()));
        standstill
    }

    /// How often messages were left, by why.
    pub const fn setbacks(&self) -> [&Setbacks; 3] {
        [&self.alone, &self.locked, &self.unreadable]
    }

    /// This worker waits, and for what.
    pub fn waits(&self, worker: usize, why: &str) {
        self.change(|waiting| drop(waiting.insert(worker, why.to_owned())));
        if self.is_time_to_say("waits") {
            tracing::error!(why, "the database takes no leads; they wait");
        }
    }

    /// This worker works.
    pub fn works(&self, worker: usize) {
        self.change(|waiting| drop(waiting.remove(&worker)));
    }

    /// The database fails at this message, which waits for so long.
    pub fn waits_alone(&self, message: Uuid, why: String, pause: Duration) {
        let waiting = WaitingAlone { why, until: Instant::now() + pause + COMES_BACK_WITHIN };
        self.change_alone(|alone| drop(alone.insert(message, waiting)));
    }

    /// These messages passed, or were given up.
    pub fn waits_no_more(&self, messages: &[Uuid]) {
        self.change_alone(|alone| messages.iter().for_each(|message| drop(alone.remove(message))));
    }

    fn change_alone(&self, change: impl FnOnce(&mut BTreeMap<Uuid, WaitingAlone>)) {
        let mut alone = self.waiting_alone.lock().unwrap_or_else(PoisonError::into_inner);
        let before = alone.len();
        change(&mut alone);
        let now = Instant::now();
        alone.retain(|_, waiting| waiting.until > now);
        if (before, alone.len()) == (0, 0) {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "a count of messages")]
        metrics::gauge!(ALONE).set(alone.len() as f64);
        let one = alone.values().next();
        let note = one.map(|one| {
            let what = "the database fails at so many messages that others pass; they wait";
            format!("{}: {what}: {}", alone.len(), one.why)
        });
        // Others are graded: it is to be seen, and no reason to send nothing here any more.
        self.health.note("qualifier", note);
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<usize, String>)) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut waiting);
        #[allow(clippy::cast_precision_loss, reason = "a count of workers")]
        metrics::gauge!(WAITING).set(waiting.len() as f64);
        // Still locked: of two workers that change at once the later must not be told of first.
        let why = waiting.values().next().map(|why| format!("the database takes no leads, and they wait: {why}"));
        self.health.set("qualifier", why.map_or(Ok(()), Err));
    }

    /// Messages were left for later; `why` is the metric's word.
    pub fn set_aside(&self, why: &'static str, count: usize, error: &str) {
        metrics::counter!(SET_ASIDE, "why" => why).increment(count as u64);
        if self.is_time_to_say(why) {
            tracing::warn!(why, messages = count, error, "messages are left for later; said once a minute");
        }
    }

    fn is_time_to_say(&self, what: &'static str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_time = said.get(what).is_none_or(|at| now.duration_since(*at) >= SAY_AGAIN_AFTER);
        if is_time {
            said.insert(what, now);
        }
        is_time
    }
}

/// Looks now and then who is not back, until asked to stop.
pub async fn watch(standstill: Arc<Standstill>, stop: Stop) {
    every("the look at messages that wait", LOOK_AGAIN_AFTER, stop.soft(), || async {
        standstill.waits_no_more(&[]);
        standstill.setbacks().into_iter().for_each(Setbacks::forget_old);
        Ok::<_, Infallible>(NextTick::InAPeriod)
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_message_that_waits_alone_is_shown_until_it_passes_or_does_not_come_back() {
        let health = Health::default();
        let standstill = Standstill::new(health.clone());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        standstill.waits_alone(one, "42501".to_owned(), Duration::from_secs(60));
        standstill.waits_alone(other, "42501".to_owned(), Duration::from_secs(15));
        let [(_, note)] = &health.notes()[..] else { panic!("no note") };
        assert!(note.starts_with("2:") && note.contains("42501"), "{note}");
        assert!(health.is_ready(), "others pass");
        standstill.waits_no_more(&[one]);
        assert!(health.notes()[0].1.starts_with("1:"));
        tokio::time::advance(Duration::from_secs(46)).await;
        standstill.waits_no_more(&[]);
        assert!(health.notes().is_empty(), "another process took it");
    }

    #[tokio::test(start_paused = true)]
    async fn one_worker_that_waits_makes_the_process_not_ready() {
        let health = Health::default();
        let standstill = Standstill::new(health.clone());
        assert!(health.is_ready());
        standstill.waits(1, "42501");
        standstill.waits(2, "42501");
        standstill.works(1);
        assert!(!health.is_ready());
        standstill.works(2);
        assert!(health.is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn what_lasts_is_said_once_a_minute() {
        let standstill = Standstill::new(Health::default());
        assert!(standstill.is_time_to_say("locked") && standstill.is_time_to_say("conflict"));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(!standstill.is_time_to_say("locked"));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(standstill.is_time_to_say("locked"));
    }
}
