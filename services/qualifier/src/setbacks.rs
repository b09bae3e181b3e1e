//! How often messages in this process were left for later: each time for longer. A message that rests in a row comes back as a
//! new one, which says nothing of that itself.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use uuid::Uuid;

/// A message that is not back by then was taken by another process, or its row is gone. Longer than the longest pause, with an
/// offer that nobody took in between.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10 * 60);

/// Messages that were left, and how often each.
#[derive(Debug, Default)]
pub struct Setbacks {
    left: Mutex<BTreeMap<Uuid, Setback>>,
}

#[derive(Debug, Clone, Copy)]
struct Setback {
    times: u32,
    last: Instant,
}

impl Setbacks {
    /// How often this message was left.
    pub fn of(&self, message: Uuid) -> u32 {
        self.left().get(&message).map_or(0, |left| left.times)
    }

    /// It was left so often by now.
    pub fn note(&self, message: Uuid, times: u32) {
        self.left().insert(message, Setback { times, last: Instant::now() });
    }

    /// It is left once more; returns how often it was before.
    pub fn count(&self, message: Uuid) -> u32 {
        let times = self.of(message);
        self.note(message, times.saturating_add(1));
        times
    }

    /// These passed, or were given up.
    pub fn forget(&self, messages: &[Uuid]) {
        let mut left = self.left();
        for message in messages {
            left.remove(message);
        }
    }

    /// Forgets what is not coming back.
    pub fn forget_old(&self) {
        let now = Instant::now();
        self.left().retain(|_, left| now.duration_since(left.last) < FORGOTTEN_AFTER);
    }

    fn left(&self) -> MutexGuard<'_, BTreeMap<Uuid, Setback>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_left_is_known_until_it_passes_or_does_not_come_back() {
        let setbacks = Setbacks::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        setbacks.note(one, 3);
        assert_eq!(setbacks.count(other), 0);
        assert_eq!((setbacks.of(one), setbacks.of(other), setbacks.of(Uuid::nil())), (3, 1, 0));
        setbacks.forget(&[one]);
        assert_eq!(setbacks.of(one), 0);
        tokio::time::advance(FORGOTTEN_AFTER).await;
        setbacks.forget_old();
        assert_eq!(setbacks.of(other), 0);
    }
}
