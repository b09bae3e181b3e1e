//! When each lead was sent and when its webhook arrived, by the lead's number.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::lead;

/// The book of one process of Ripen.
pub struct Stamps {
    begun: Instant,
    /// Nanoseconds since the beginning; 0 for not yet.
    sent: Vec<AtomicU64>,
    arrived: Vec<AtomicU64>,
    count: AtomicU64,
    doubled: AtomicU64,
    waiting: Vec<Notify>,
}

impl Stamps {
    /// An empty book. `clients` is how many wait for their own leads to arrive, lead `n` being client `n % clients`'s.
    pub fn new(clients: usize) -> Self {
        let empty = || (0..lead::MOST).map(|_| AtomicU64::new(0)).collect();
        Self {
            begun: Instant::now(),
            sent: empty(),
            arrived: empty(),
            count: AtomicU64::new(0),
            doubled: AtomicU64::new(0),
            waiting: (0..clients).map(|_| Notify::new()).collect(),
        }
    }

    fn since_begun(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.begun).as_nanos()).expect("a run is shorter than centuries").max(1)
    }

    /// Lead `number` was sent at `at`.
    pub fn sent(&self, number: u64, at: Instant) {
        self.sent[index(number)].store(self.since_begun(at), Ordering::Relaxed);
    }

    /// The webhook of lead `number` is here.
    pub fn arrived(&self, number: u64) {
        let now = self.since_begun(Instant::now());
        if self.arrived[index(number)].swap(now, Ordering::Relaxed) == 0 {
            self.count.fetch_add(1, Ordering::Relaxed);
        } else {
            self.doubled.fetch_add(1, Ordering::Relaxed);
        }
        self.waiting[index(number) % self.waiting.len()].notify_one();
    }

    /// Waits until the webhook of lead `number` is here.
    pub async fn wait_for(&self, number: u64) {
        while self.arrived[index(number)].load(Ordering::Relaxed) == 0 {
            self.waiting[index(number) % self.waiting.len()].notified().await;
        }
    }

    /// How many leads arrived.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// How many webhooks came for leads that had arrived before.
    pub fn doubled(&self) -> u64 {
        self.doubled.load(Ordering::Relaxed)
    }

    /// From sending to arrival, of the leads from `first` to before `end` that did arrive; sorted.
    pub fn times(&self, first: u64, end: u64) -> Vec<Duration> {
        let time = |number: u64| {
            let (sent, arrived) = (&self.sent[index(number)], &self.arrived[index(number)]);
            let (sent, arrived) = (sent.load(Ordering::Relaxed), arrived.load(Ordering::Relaxed));
            (sent > 0 && arrived > 0).then(|| Duration::from_nanos(arrived.saturating_sub(sent)))
        };
        let mut times: Vec<_> = (first..end).filter_map(time).collect();
        times.sort_unstable();
        times
    }

    /// From the first to the last arrival of these leads.
    pub fn arrival_span(&self, first: u64, end: u64) -> Duration {
        let arrived = self.arrived[index(first)..index(end)].iter().map(|stamp| stamp.load(Ordering::Relaxed));
        let arrived: Vec<_> = arrived.filter(|stamp| *stamp > 0).collect();
        let (begin, end) = (arrived.iter().min().unwrap_or(&0), arrived.iter().max().unwrap_or(&0));
        Duration::from_nanos(end - begin)
    }

    /// From the first sending to the last arrival of these leads.
    pub fn span(&self, first: u64, end: u64) -> Duration {
        let of = |book: &[AtomicU64]| {
            let stamps = book[index(first)..index(end)].iter().map(|stamp| stamp.load(Ordering::Relaxed));
            stamps.filter(|stamp| *stamp > 0).collect::<Vec<_>>()
        };
        let begin = of(&self.sent).into_iter().min().unwrap_or(0);
        Duration::from_nanos(of(&self.arrived).into_iter().max().unwrap_or(0).saturating_sub(begin))
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a lead's number is small")
}
