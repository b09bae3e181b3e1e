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

/// A count of a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCount {
    /// The count.
    pub count: ReadyCount,
    /// When counting began: what is new since is not in it.
    pub began: Instant,
}

impl KnownCount {
    /// When it is counted anew.
    pub fn ends(&self) -> Instant {
        self.began + KEPT
    }
}

/// What was counted a moment ago.
#[derive(Default)]
pub struct WaitingCounts(Mutex<HashMap<WaitingFor, KnownCount>>);

impl WaitingCounts {
    /// What was counted within the last second.
    pub fn known(&self, whom: &WaitingFor) -> Option<KnownCount> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(whom).filter(|known| known.began.elapsed() < KEPT).copied()
    }

    /// Keeps a count.
    pub fn note(&self, whom: WaitingFor, known: KnownCount) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED {
            counts.retain(|_, known| known.began.elapsed() < KEPT);
        }
        counts.insert(whom, known);
    }
}
