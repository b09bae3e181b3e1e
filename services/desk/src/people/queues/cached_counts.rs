//! Counts that are kept for a moment, for all pages that ask at once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ripen_domain::id::ClientId;
use tokio::time::Instant;

/// For how long a count is kept: every batch has every page ask.
const KEPT: Duration = Duration::from_secs(1);
/// Agents with the same clients and languages share one; so many kinds of agents are remembered.
const REMEMBERED: usize = 500;

/// For whom leads wait.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WaitingFor {
    /// Of these clients; empty for all.
    pub clients: Vec<ClientId>,
    /// In these languages, the first part of a tag; empty for any.
    pub languages: Vec<String>,
}

/// How many wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyCount {
    /// So many were found.
    pub leads: usize,
    /// There may be more.
    pub is_more: bool,
}

/// What was counted a moment ago.
#[derive(Default)]
pub struct WaitingCounts(Mutex<HashMap<WaitingFor, (Instant, ReadyCount)>>);

impl WaitingCounts {
    /// What was counted within the last second.
    pub fn known(&self, whom: &WaitingFor) -> Option<ReadyCount> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(whom).filter(|(at, _)| at.elapsed() < KEPT).map(|(_, count)| *count)
    }

    /// Keeps a count.
    pub fn note(&self, whom: WaitingFor, count: ReadyCount) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED {
            counts.retain(|_, (at, _)| at.elapsed() < KEPT);
        }
        counts.insert(whom, (Instant::now(), count));
    }
}
