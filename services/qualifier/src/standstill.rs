//! Workers that wait because the database takes nothing: shown by `/readyz`, a metric and one line a minute.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ripen_runtime::health::Health;
use tokio::time::Instant;

/// What lasts is said so often.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(60);
const WAITING: &str = "ripen_qualifier_waiting_workers";
const SET_ASIDE: &str = "ripen_messages_set_aside_total";

/// Which workers wait, and for what. One for all workers of a process.
#[derive(Debug)]
pub struct Standstill {
    health: Health,
    waiting: Mutex<BTreeMap<usize, String>>,
    said: Mutex<BTreeMap<&'static str, Instant>>,
}

impl Standstill {
    /// Nobody waits.
    pub fn new(health: Health) -> Self {
        metrics::describe_gauge!(WAITING, "Workers of the qualifier that wait for the database to take leads");
        metrics::describe_counter!(SET_ASIDE, "Messages left for later, by why");
        metrics::gauge!(WAITING).set(0.0);
        for why in ["locked", "conflict", "criteria"] {
            metrics::counter!(SET_ASIDE, "why" => why).increment(0);
        }
        let standstill = Self { health, waiting: Mutex::default(), said: Mutex::default() };
        standstill.health.set("qualifier", Ok(()));
        standstill
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

#[cfg(test)]
mod tests {
    use super::*;

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
